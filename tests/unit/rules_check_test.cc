// SPDX-License-Identifier: ISC
// What an administrator sees of the files before they are installed.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>

#include <algorithm>
#include <string>
#include <string_view>

#include "stepupd/base/unique_fd.h"
#include "stepupd/rules/check.h"
#include "stepupd/rules/keys.h"
#include "tests/fakes/fake_stepupd.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::rules;

TEST_GROUP(RulesCheck) {
  fakes::ScratchDirectory scratch;
  const Layout here{scratch.file("here"), scratch.file("vendor")};
  const Layout there{scratch.file("there"), scratch.file("vendor")};

  void setup() override {
    for (const std::string& parent : {here.etc_dir, there.etc_dir, here.vendor_dir}) {
      for (const std::string& path : {parent, parent + "/stepupd.conf.d"}) {
        CHECK_EQUAL(0, mkdir(path.c_str(), 0755));
      }
    }
  }

  static void put(const std::string& path, std::string_view text) {
    const UniqueFd fd(open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644));
    CHECK_TEXT(fd.get() >= 0, path.c_str());
    CHECK_EQUAL(static_cast<ssize_t>(text.size()), write(fd.get(), text.data(), text.size()));
  }

  // `text` without the scratch directory.
  [[nodiscard]] std::string plain(std::string text) const {
    for (auto i = text.find(scratch.path()); i != text.npos; i = text.find(scratch.path())) {
      text.erase(i, scratch.path().size() + 1);
    }
    return text;
  }

  [[nodiscard]] std::string complaint() const {
    const Checked checked = check(here, OwnerRule::Anyone);
    CHECK_FALSE(checked.set.has_value());
    CHECK_FALSE(checked.problems.empty());
    return plain(with_caret(checked.problems.front()));
  }
};

TEST(RulesCheck, PutsACaretUnderTheMistake) {
  put(here.etc_dir + "/stepupd.conf",
      "mode = \"enforce\"\n[[rule]]\nname = \"a\"\n\tservice = \"sudo\"\nlevel = \"otp\"\n");
  STRCMP_EQUAL(
      "here/stepupd.conf:4:12: service takes a list of strings such as [\"sudo\"], not a string\n"
      "  4 |  service = \"sudo\"\n"
      "    |            ^",
      complaint().c_str());
}

TEST(RulesCheck, ShowsWhatStandsAroundTheMistakeOfALongLine) {
  put(here.etc_dir + "/stepupd.conf", "mode = \"enforce\"\nunenrolled = \"" +
                                          std::string(500, 'x') +
                                          "\"\nverify_session = " + std::string(200, ' ') + "1\n");
  const Checked checked = check(here, OwnerRule::Anyone);
  CHECK_EQUAL(2, checked.problems.size());
  for (const Problem& problem : checked.problems) {
    const std::string text = with_caret(problem);
    const std::string drawn = text.substr(text.find('\n') + 1);
    const std::string line = drawn.substr(0, drawn.find('\n'));
    const std::string mark = drawn.substr(drawn.find('\n') + 1);
    CHECK_TRUE(line.size() < 110);
    CHECK_EQUAL(problem.line == 2 ? '"' : '1', line.at(mark.find('^')));
  }
}

TEST(RulesCheck, ShowsALineInAscii) {
  put(here.etc_dir + "/stepupd.conf", "mode = 1 # \xc2\x9b\xc3\xa9\n");
  STRCMP_EQUAL(
      "here/stepupd.conf:1:8: mode takes \"enforce\" or \"monitor\", not an integer\n"
      "  1 | mode = 1 # \\xc2\\x9b\\xc3\\xa9\n"
      "    |        ^",
      complaint().c_str());
}

TEST(RulesCheck, HasNoLineToShowOfAFileThatIsMissing) {
  STRCMP_EQUAL("here/stepupd.conf: missing", complaint().c_str());
}

TEST(RulesCheck, ListsEverySettingThatThereIs) {
  std::string listed;
  for (const auto& [key, value] : list(Settings{})) listed += key + "\n";
  const auto has = [&](const std::string& key) {
    CHECK_TEXT(listed.contains(key + "\n"), key.c_str());
  };
  for (const std::string_view key : kTopKeys) {
    constexpr std::array<std::string_view, 7> kTables = {"rule",  "attempts", "host",    "ssh_sk",
                                                         "fido2", "login",    "activity"};
    if (std::ranges::find(kTables, key) == kTables.end()) has(std::string(key));
  }
  for (const std::string_view key : kAttemptsKeys) has("attempts." + std::string(key));
  for (const std::string_view key : kHostKeys) has("host." + std::string(key));
  for (const std::string_view key : kFido2Keys) has("fido2." + std::string(key));
  for (const std::string_view key : kSshSkKeys) has("ssh_sk." + std::string(key));
  for (const std::string_view key : kLoginKeys) has("login." + std::string(key));
  for (const std::string_view key : kActivityKeys) has("activity." + std::string(key));
}

// What show prints of the settings is what the file may say.
TEST(RulesCheck, WritesSettingsAsTheFileDoes) {
  Settings settings;
  settings.unenrolled = {true, 1'798'761'600};
  settings.devices = {"/dev/a", "/dev/b"};
  std::string text;
  for (const auto& [key, value] : list(settings)) text += key + " = " + value + "\n";
  const auto again = parse({
      {"stepupd.conf", text}
  });
  CHECK_TRUE(again.has_value());
  CHECK_TRUE(again->settings == settings);
}

TEST(RulesCheck, ShowsWhereEverythingComesFrom) {
  put(here.etc_dir + "/stepupd.conf",
      "mode = \"monitor\"\n[[rule]]\nname = \"a\"\nlevel = \"otp\"\n");
  put(here.vendor_dir + "/stepupd.conf.d/10-x.conf", "[[rule]]\nname = \"x\"\nlevel = \"touch\"\n");
  put(here.vendor_dir + "/stepupd.conf.d/20-y.conf", "[[rule]]\nname = \"y\"\nlevel = \"touch\"\n");
  put(here.etc_dir + "/stepupd.conf.d/10-x.conf", "");
  put(here.etc_dir + "/stepupd.conf.d/20-y.conf", "[[rule]]\nname = \"y\"\nlevel = \"otp\"\n");
  const Checked checked = check(here, OwnerRule::Anyone);
  CHECK_TRUE(checked.set.has_value());
  const std::string text = plain(show(checked));
  for (const char* line :
       {"mode = \"monitor\"  # here/stepupd.conf\n", "verify_session = false  # default\n",
        "rule \"a\": otp within 15min, scope session (everything)  # stepupd.conf:2\n",
        "rule \"y\": otp within 15min, scope session (everything)  # 20-y.conf:1\n",
        "vendor/stepupd.conf.d/10-x.conf: masked by here/stepupd.conf.d/10-x.conf\n",
        "vendor/stepupd.conf.d/20-y.conf: replaced by here/stepupd.conf.d/20-y.conf\n"}) {
    CHECK_TEXT(text.contains(line), line);
  }
  CHECK_FALSE(text.contains("\"x\""));
  STRCMP_EQUAL("mode is \"monitor\", so nobody is asked", warnings(*checked.set).at(0).c_str());
}

TEST(RulesCheck, TellsWhatOtherFilesWouldChange) {
  put(here.etc_dir + "/stepupd.conf", "[[rule]]\nname = \"a\"\nlevel = \"otp\"\n");
  put(there.etc_dir + "/stepupd.conf",
      "mode = \"monitor\"\n[[rule]]\nname = \"a\"\nlevel = \"touch\"\n");
  put(there.etc_dir + "/stepupd.conf.d/50-b.conf", "[[rule]]\nname = \"b\"\nlevel = \"otp\"\n");
  put(here.vendor_dir + "/stepupd.conf.d/10-x.conf", "[[rule]]\nname = \"x\"\nlevel = \"otp\"\n");
  put(there.etc_dir + "/stepupd.conf.d/10-x.conf", "");
  const Checked old = check(here, OwnerRule::Anyone);
  const Checked fresh = check(there, OwnerRule::Anyone);
  STRCMP_EQUAL(
      "+ vendor/stepupd.conf.d/10-x.conf: masked\n"
      "- mode = \"enforce\"\n"
      "+ mode = \"monitor\"\n"
      "- rule \"a\": otp within 15min, scope session (everything)\n"
      "+ rule \"a\": touch within 15min, scope session (everything)\n"
      "+ rule \"b\": otp within 15min, scope session (everything)\n"
      "- rule \"x\": otp within 15min, scope session (everything)\n",
      plain(to_string(difference(old, fresh))).c_str());
  STRCMP_EQUAL("", to_string(difference(fresh, fresh)).c_str());
  STRCMP_EQUAL("+ rule \"a\": otp within 15min, scope session (everything)\n",
               to_string(difference(check_vendor(here, OwnerRule::Anyone), old)).c_str());
}

TEST(RulesCheck, FindsAMistakeInWhatPackagesBrought) {
  put(here.vendor_dir + "/stepupd.conf.d/10-x.conf", "[[rule]]\nnmae = \"x\"\n");
  const Checked checked = check_vendor(here, OwnerRule::Anyone);
  CHECK_FALSE(checked.set.has_value());
  STRCMP_CONTAINS("vendor/stepupd.conf.d/10-x.conf:2:8: unknown key \"nmae\"",
                  plain(to_string(checked.problems.back())).c_str());
}
