// SPDX-License-Identifier: ISC
#include "stepupd/ctl/pam_edit.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stepupd/ctl/pam_effect.h"

#include <CppUTest/TestHarness.h>

namespace {

using namespace stepup::ctl;

// Some files, in place of /etc/pam.d.
using Files = std::map<std::string, std::string>;

PamReader reader_of(const Files& files) {
  return [&files](const std::string& name) -> std::optional<std::string> {
    const auto found = files.find(name);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  };
}

// The stock files of a distribution.
Files stock(const std::string& distribution) {
  Files files;
  for (const char* name :
       {"sudo", "sudo-i", "su", "su-l", "doas", "sshd", "polkit-1", "login", "common-auth",
        "common-account", "common-password", "common-session", "common-session-noninteractive"}) {
    std::ifstream in("tests/data/pam.d/" + distribution + "/" + name, std::ios::binary);
    CHECK_TEXT(in.good(), name);
    files[name] = std::string(std::istreambuf_iterator<char>(in), {});
  }
  return files;
}

std::string enabled(Files& files, const std::string& file, const char* service,
                    Copied copied = Copied::No) {
  const auto text =
      with_lines(file, files[file], find_service(service)->lines, copied, reader_of(files));
  CHECK_TEXT(text.has_value(), text ? "" : text.error().c_str());
  return *text;
}

std::string refusal(Files files, const std::string& file, const char* service) {
  const auto text =
      with_lines(file, files[file], find_service(service)->lines, Copied::No, reader_of(files));
  return text ? "enabled" : text.error();
}

std::string disabled(const std::string& text) {
  const auto removed = without_blocks("x", text);
  CHECK_TEXT(removed.has_value(), removed ? "" : removed.error().c_str());
  return removed->text;
}

std::string refused_removal(const std::string& text) {
  const auto removed = without_blocks("sudo", text);
  return removed ? "removed" : removed.error();
}

constexpr char kAccountBlock[] =
    "# stepup begin: put in by stepupctl enable\n"
    "account [success=ok ignore=ignore default=die] pam_stepup.so\n"
    "# stepup end\n";
constexpr char kAuthBlock[] =
    "# stepup begin: put in by stepupctl enable\n"
    "auth [success=ok ignore=ignore default=die] pam_stepup.so\n"
    "# stepup end\n";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A stack of a few lines, and common files as Debian's.
Files with_sudo(const std::string& text) {
  Files files = stock("debian12");
  files["sudo"] = text;
  return files;
}

}  // namespace

TEST_GROUP(CtlPamEdit){};

TEST(CtlPamEdit, EnablesAndDisablesEveryStockFileByteForByte) {
  for (const char* distribution : {"debian12", "debian13"}) {
    Files files = stock(distribution);
    const Files before = files;
    for (const Service& service : services()) {
      for (const std::string_view name : service.files) {
        const std::string file(name);
        const std::string once = enabled(files, file, std::string(service.name).c_str());
        files[file] = once;
        for (const WantedLine line : service.lines) {
          if (!line.decides) continue;
          CHECK_TEXT(effect_of(file, line.phase, reader_of(files)).state == LineState::InEffect,
                     file.c_str());
          CHECK_TEXT(!stands_alone(file, line.phase, reader_of(files)), file.c_str());
        }
        CHECK_TEXT(enabled(files, file, std::string(service.name).c_str()) == once, file.c_str());
        CHECK_TEXT(disabled(once) == before.at(file), file.c_str());
      }
    }
    CHECK_TEXT(!mentions_us("login", reader_of(files)), distribution);
  }
}

TEST(CtlPamEdit, PutsTheLineBeforeTheIncludeOfTheAccountPhase) {
  Files files = stock("debian12");
  for (const char* file : {"sudo", "sudo-i", "doas"}) {
    const std::string text = enabled(files, file, "sudo");
    CHECK_TEXT(has(text, std::string("@include common-auth\n") + kAccountBlock +
                             "@include common-account\n"),
               file);
  }
}

TEST(CtlPamEdit, PutsTheLineOfAuthBehindThePassword) {
  Files files = stock("debian12");
  const std::string sshd = enabled(files, "sshd", "sshd");
  CHECK(has(sshd, std::string("@include common-auth\n") + kAuthBlock));
  CHECK(has(sshd,
            "@include common-session\n# stepup begin: put in by stepupctl enable\n"
            "session optional pam_stepup.so\n# stepup end\n"));
  CHECK(has(enabled(files, "polkit-1", "polkit"),
            std::string("@include common-auth\n") + kAuthBlock + "@include common-account\n"));
}

TEST(CtlPamEdit, LeavesAFileThatIncludesAnEnabledOneAlone) {
  Files files = stock("debian12");
  const std::string before = files["su-l"];
  files["su"] = enabled(files, "su", "su");
  CHECK(enabled(files, "su-l", "su") == before);
}

TEST(CtlPamEdit, NotesACopyInItsMarkerAndKnowsItAgain) {
  Files files = stock("debian12");
  const std::string text = enabled(files, "polkit-1", "polkit", Copied::Yes);
  const auto removed = without_blocks("polkit-1", text);
  CHECK(removed->was_copied);
  CHECK(removed->text == files["polkit-1"]);
  CHECK(!without_blocks("polkit-1", enabled(files, "polkit-1", "polkit"))->was_copied);
}

TEST(CtlPamEdit, KeepsForeignEditsByteForByte) {
  Files files = stock("debian12");
  const std::string text = enabled(files, "sudo", "sudo");
  const std::string foreign = "auth\trequired  pam_foreign.so # mine\r\n\n";
  const std::string end = "# stepup end\n";
  const std::string original = files["sudo"];
  CHECK(disabled(foreign + text) == foreign + original);
  CHECK(disabled(text + foreign) == original + foreign);
  // Also between the markers.
  std::string inside = text;
  inside.insert(inside.find(end), foreign);
  std::string want = original;
  want.insert(want.find("@include common-account"), foreign);
  CHECK(disabled(inside) == want);
}

TEST(CtlPamEdit, RestoresAFileWithoutAFinalNewline) {
  for (const char* text : {
           "auth required pam_unix.so\naccount required pam_unix.so",
           "account required pam_unix.so\n@include common-auth",
           "@include common-account",
       }) {
    Files files = with_sudo(text);
    const std::string once = enabled(files, "sudo", "sudo");
    CHECK_TEXT(disabled(once) == text, text);
    files["sudo"] = once;
    CHECK_TEXT(enabled(files, "sudo", "sudo") == once, text);
  }
  Files files = with_sudo("account required pam_unix.so");
  const std::string once = enabled(files, "sudo", "sudo");
  CHECK(disabled(once + "\n# later\n") == "account required pam_unix.so\n# later\n");
}

TEST(CtlPamEdit, TakesCarriageReturnsAsTheyAre) {
  const std::string text = "@include common-auth\r\n@include common-account\r\n";
  Files files = with_sudo(text);
  const std::string once = enabled(files, "sudo", "sudo");
  CHECK(once ==
        std::string("@include common-auth\r\n") + kAccountBlock + "@include common-account\r\n");
  CHECK(disabled(once) == text);
  // An editor that changed every line of the file has changed the markers too.
  std::string changed;
  for (const char c : once)
    changed += c == '\n' && !changed.ends_with('\r') ? "\r\n" : std::string(1, c);
  CHECK(disabled(changed) == text);
}

TEST(CtlPamEdit, KeepsContinuationLinesTogether) {
  const std::string text =
      "auth required \\\n  pam_unix.so\naccount \\\n# a comment\n sufficient \\\npam_unix.so\n";
  Files files = with_sudo(text);
  const std::string once = enabled(files, "sudo", "sudo");
  CHECK(has(once, std::string("pam_unix.so\n") + kAccountBlock + "account \\\n"));
  CHECK(disabled(once) == text);
  CHECK(has(refusal(with_sudo("account required pam_unix.so \\\n"), "sudo", "sudo"), "backslash"));
}

TEST(CtlPamEdit, TakesCommentedLinesForComments) {
  Files files = stock("debian12");
  files["sshd"].insert(0, "#auth required pam_stepup.so\n# @include common-auth\n");
  const std::string text = enabled(files, "sshd", "sshd");
  CHECK(has(text, std::string("\n@include common-auth\n") + kAuthBlock));
  CHECK(disabled(text) == files["sshd"]);
}

TEST(CtlPamEdit, IsContentWithALinePutInByHand) {
  for (const char* line : {
           "account required pam_stepup.so\n",
           "account requisite /lib/security/pam_stepup.so socket=/run/x\n",
           "-account [success=ok default=die] pam_stepup.so\n",
           "ACCOUNT [success=ok ignore=ignore authinfo_unavail=ignore default=die] pam_stepup.so\n",
       }) {
    Files files = with_sudo(std::string(line) + "@include common-account\n");
    CHECK_TEXT(enabled(files, "sudo", "sudo") == files["sudo"], line);
    CHECK_TEXT(disabled(files["sudo"]) == files["sudo"], line);
  }
}

TEST(CtlPamEdit, RefusesNextToALineThatHasNoEffect) {
  const struct {
    const char* text;
    const char* words;
  } kCases[] = {
      {"account sufficient pam_stepup.so\n@include common-account\n",                   "lets a refusal pass"},
      {"account optional pam_stepup.so\n@include common-account\n",                     "lets a refusal pass"},
      {"account [success=ok perm_denied=ignore default=die] pam_stepup.so\n",
       "lets a refusal pass"                                                                                 },
      {"account [success=ok authinfo_unavail=done default=die] pam_stepup.so\n",
       "lets a refusal pass"                                                                                 },
      {"account [success=done default=die] pam_stepup.so\n",                            "lets a refusal pass"},
      {"@include common-account\naccount required pam_stepup.so\n",                     "common-account:17"  },
      {"account sufficient pam_localuser.so\naccount required pam_stepup.so\n",         "sudo:1"             },
      {"account [success=1 default=ignore] pam_x.so\naccount required pam_stepup.so\n", "sudo:1"             },
  };
  for (const auto& c : kCases) {
    const std::string words = refusal(with_sudo(c.text), "sudo", "sudo");
    CHECK_TEXT(has(words, c.words), (std::string(c.text) + words).c_str());
  }
}

TEST(CtlPamEdit, RefusesWhereALineWouldNeverBeReached) {
  Files files = with_sudo("");
  files["sshd"] =
      "auth include system-auth\naccount required pam_unix.so\n"
      "session required pam_unix.so\n";
  files["system-auth"] = "auth sufficient pam_unix.so\nauth required pam_deny.so\n";
  CHECK(has(refusal(files, "sshd", "sshd"), "system-auth:1"));
  // A substack keeps its end to itself.
  files["sshd"].replace(5, 7, "substack");
  CHECK(refusal(files, "sshd", "sshd") == "enabled");
}

TEST(CtlPamEdit, RefusesAStackWithoutThatPhase) {
  CHECK(has(refusal(with_sudo("auth required pam_unix.so\n"), "sudo", "sudo"), "account"));
  CHECK(has(refusal(with_sudo(""), "sudo", "sudo"), "account"));
}

TEST(CtlPamEdit, StandsBeforeAnIncludeThatCannotBeRead) {
  Files files = with_sudo("@include nowhere\naccount required pam_unix.so\n");
  CHECK(enabled(files, "sudo", "sudo") ==
        kAccountBlock + std::string("@include nowhere\naccount required pam_unix.so\n"));
}

TEST(CtlPamEdit, RefusesHalfAMarkerAndNamesItsLine) {
  const std::string begin = "# stepup begin: put in by stepupctl enable\n";
  const std::string line = "account required pam_stepup.so\n";
  for (const std::string& text :
       {begin + line, line + "# stepup end\n", begin + begin + line + "# stepup end\n"}) {
    CHECK_TEXT(refused_removal(text).starts_with("sudo:2: "), refused_removal(text).c_str());
    CHECK_TEXT(refusal(with_sudo(text), "sudo", "sudo").starts_with("sudo:2: "), text.c_str());
  }
}

TEST(CtlPamEdit, PutsItsBlockAnewWhenTheStackWasChangedAroundIt) {
  Files files = stock("debian12");
  const std::string original = files["sudo"];
  files["sudo"] = "account sufficient pam_localuser.so\n" + enabled(files, "sudo", "sudo");
  CHECK(effect_of("sudo", PamPhase::Account, reader_of(files)).state == LineState::CanBeSkipped);
  const std::string again = enabled(files, "sudo", "sudo");
  CHECK(again == kAccountBlock + ("account sufficient pam_localuser.so\n" + original));
}

TEST(CtlPamEdit, EndsWithIncludesThatIncludeThemselves) {
  Files files = with_sudo("@include sudo\naccount include sudo\naccount required pam_unix.so\n");
  CHECK(refusal(files, "sudo", "sudo") != "");
  CHECK(!mentions_us("sudo", reader_of(files)));
}

TEST(CtlPamEdit, KnowsTheServicesByName) {
  for (const char* name : {"sudo", "su", "doas", "sshd", "polkit", "polkit-1"}) {
    CHECK_TEXT(find_service(name) != nullptr, name);
  }
  for (const char* name : {"login", "", "sudo-i", "common-auth", "other"}) {
    CHECK_TEXT(find_service(name) == nullptr, name);
  }
}

TEST_GROUP(CtlPamEffect){};

TEST(CtlPamEffect, FindsAStackThatACodeAloneWouldOpen) {
  const struct {
    const char* text;
    bool alone;
  } kCases[] = {
      {"auth required pam_stepup.so\n",                                                        true },
      {"auth required pam_env.so\nauth required pam_stepup.so\nauth required pam_permit.so\n",
       true                                                                                         },
      {"auth required pam_unix.so\nauth required pam_stepup.so\n",                             false},
      {"auth substack inner\nauth required pam_stepup.so\n",                                   false},
      {"auth required pam_unix.so\n",                                                          false},
      {"",                                                                                     false},
  };
  for (const auto& c : kCases) {
    const Files files = {
        {"x",     c.text                       },
        {"inner", "auth required pam_unix.so\n"}
    };
    CHECK_EQUAL_TEXT(c.alone, stands_alone("x", PamPhase::Auth, reader_of(files)), c.text);
  }
}

TEST(CtlPamEffect, FollowsSubstacksOnBothSides) {
  const Files files = {
      {"x",     "account substack inner\naccount required pam_unix.so\n"       },
      {"y",     "account sufficient pam_a.so\naccount substack inner\n"        },
      {"z",
       "account [success=2 default=ignore] pam_a.so\naccount substack inner\n"
       "account required pam_stepup.so\naccount required pam_unix.so\n"        },
      {"inner", "account required pam_stepup.so\naccount sufficient pam_b.so\n"},
      {"w",     "account substack ends\naccount required pam_stepup.so\n"      },
      {"ends",  "account sufficient pam_b.so\n"                                },
  };
  const auto state = [&](const char* name) {
    return effect_of(name, PamPhase::Account, reader_of(files)).state;
  };
  CHECK(state("x") == LineState::InEffect);
  CHECK(state("y") == LineState::CanBeSkipped);
  CHECK(state("z") == LineState::CanBeSkipped);
  CHECK(state("w") == LineState::InEffect);
  CHECK(state("ends") == LineState::Missing);
  CHECK(state("nowhere") == LineState::Missing);
}

TEST(CtlPamEffect, LetsACodeBeTheLastThatIsAskedInSshdAlone) {
  const char* const text =
      "auth [success=done ignore=ignore default=die] pam_stepup.so\nauth required pam_unix.so\n"
      "account [success=done ignore=ignore default=die] pam_stepup.so\n";
  const Files files = {
      {"sshd",     text},
      {"polkit-1", text}
  };
  const auto state = [&](const char* name, PamPhase phase) {
    return effect_of(name, phase, reader_of(files)).state;
  };
  CHECK(state("sshd", PamPhase::Auth) == LineState::InEffect);
  CHECK(state("sshd", PamPhase::Account) == LineState::WeakControl);
  CHECK(state("polkit-1", PamPhase::Auth) == LineState::WeakControl);
}

TEST(CtlPamEffect, TellsALineThatPassesWithoutTheDaemon) {
  const Files files = {
      {"x", "account [success=ok authinfo_unavail=ignore default=die] pam_stepup.so\n"},
      {"y", "account required pam_stepup.so\n"                                        },
  };
  CHECK(effect_of("x", PamPhase::Account, reader_of(files)).passes_without_daemon);
  CHECK(!effect_of("y", PamPhase::Account, reader_of(files)).passes_without_daemon);
}
