// SPDX-License-Identifier: ISC
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include "stepupd/base/unique_fd.h"
#include "stepupd/rules/credential_files.h"
#include "tests/fakes/fake_stepupd.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::rules;

namespace {

const std::string kOne = "[[fido2]]\nlabel = 'key'\ncredential_id = 'AQID'\npublic_key = 'oA'\n";

// What is wrong, one problem a line; empty when nothing is.
std::string lines_of(const DeclaredCredentials& read) {
  std::string lines;
  if (read) return lines;
  for (const Problem& problem : read.error()) {
    if (!lines.empty()) lines += '\n';
    lines += to_string(problem);
  }
  return lines;
}
std::string problems_of(const std::string& text) {
  return lines_of(parse_credentials({"alice.toml", text}));
}

struct Case {
  std::string text;
  const char* want;
};

}  // namespace

TEST_GROUP(CredentialFile){};

TEST(CredentialFile, ReadsEveryKey) {
  const auto read = parse_credentials({"alice.toml", R"(
[[fido2]]
label = "blue key"
rp_id = "example.org"
credential_id = "AQID"
public_key = """
-----BEGIN PUBLIC KEY-----
-----END PUBLIC KEY-----
"""
uv_capable = true
uv_required = true

[[fido2]]
label = "other"
credential_id = "BAUG"
public_key = "oA"
)"});
  CHECK_TRUE(read.has_value());
  LONGS_EQUAL(2, read->size());
  const DeclaredCredential first = {
      "blue key",
      "example.org",
      "AQID",
      "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
      true,
      true,
      {"alice.toml", 2, 1, ""}
  };
  CHECK((*read)[0] == first);
  const DeclaredCredential second = {
      "other", "", "BAUG", "oA", false, false, {"alice.toml", 13, 1, ""}
  };
  CHECK((*read)[1] == second);
}

TEST(CredentialFile, DeclaresNothingWhenItIsEmpty) {
  for (const char* text : {"", "# nothing\n", "fido2 = []"}) {
    const auto read = parse_credentials({"alice.toml", text});
    CHECK_TRUE(read.has_value() && read->empty());
  }
}

TEST(CredentialFile, SaysWhatIsWrongAndWhere) {
  const Case cases[] = {
      {"[[fido2]]\n",
       "alice.toml:1:1: a [[fido2]] without a label\n"
       "alice.toml:1:1: a [[fido2]] without a credential_id\n"
       "alice.toml:1:1: a [[fido2]] without a public_key"                                                                                 },
      {kOne + "lable = 'x'",                                           "alice.toml:5:9: unknown key \"lable\": did you mean \"label\"?"   },
      {kOne + "mode = 'monitor'",                                      "alice.toml:5:8: unknown key \"mode\""                             },
      {kOne + "uv_required = 'yes'",
       "alice.toml:5:15: uv_required takes true or false, not a string"                                                                   },
      {kOne + "uv_capable = 1",                                        "alice.toml:5:14: uv_capable takes true or false, not an integer"  },
      {kOne + "rp_id = ''",
       "alice.toml:5:9: rp_id takes printable ASCII characters without spaces, not \"\""                                                  },
      {kOne + "rp_id = 'a b'",
       "alice.toml:5:9: rp_id takes printable ASCII characters without spaces, not \"a b\""                                               },
      {kOne + kOne,                                                    "alice.toml:5:1: label \"key\" is already used at line 1"          },
      {"[fido2]\n",                                                    "alice.toml:1:1: fido2 takes two brackets ([[fido2]]), not a table"},
      {"fido2 = [1]",                                                  "alice.toml:1:10: a credential is a table, not an integer"         },
      {"[[fido]]\n",                                                   "alice.toml:1:1: unknown key \"fido\": did you mean \"fido2\"?"    },
      {"[[rule]]\n",                                                   "alice.toml:1:1: unknown key \"rule\""                             },
      {"[[fido2]]\nlabel = ''\ncredential_id = ''\npublic_key = ''\n",
       "alice.toml:2:9: label takes 1 to 64 printable ASCII characters, not \"\"\n"
       "alice.toml:3:17: credential_id takes base64, not \"\"\n"
       "alice.toml:4:14: public_key takes PEM or base64, not \"\""                                                                        },
      {"[[fido2]]\nlabel = 1\ncredential_id = 2\npublic_key = 3\n",
       "alice.toml:2:9: label takes 1 to 64 printable ASCII characters, not an integer\n"
       "alice.toml:3:17: credential_id takes base64, not an integer\n"
       "alice.toml:4:14: public_key takes PEM or base64, not an integer"                                                                  },
      {"fido2 = x",
       "alice.toml:1:9: not TOML: bad format: unknown value appeared (text stands in quotes)"                                             },
      {"\xff",                                                         "alice.toml:1:1: not UTF-8"                                        },
  };
  for (const Case& c : cases)
    STRCMP_EQUAL_TEXT(c.want, problems_of(c.text).c_str(), c.text.c_str());
}

TEST(CredentialFile, TakesLabelsAsEnrolmentDoes) {
  const auto with_label = [](const std::string& label) {
    return problems_of("[[fido2]]\nlabel = \"" + label +
                       "\"\ncredential_id = 'AQID'\npublic_key = 'oA'\n");
  };
  const std::string longest(64, 'x');
  for (const std::string& good : {longest, std::string("a b"), std::string("!~")}) {
    STRCMP_EQUAL("", with_label(good).c_str());
  }
  for (const std::string& bad : {longest + "x", std::string(" a"), std::string("a "),
                                 std::string("\xc3\xa9"), std::string("\\u007f")}) {
    CHECK_TEXT(!with_label(bad).empty(), bad.c_str());
  }
}

TEST(CredentialFile, IsBounded) {
  const auto with = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) {
      text += "[[fido2]]\nlabel = '" + std::to_string(i) +
              "'\ncredential_id = 'AQID'\npublic_key = 'oA'\n";
    }
    return problems_of(text);
  };
  STRCMP_EQUAL("", with(32).c_str());
  STRCMP_EQUAL("alice.toml:1:1: more than 32 [[fido2]]", with(33).c_str());
  const auto sized = [](std::size_t size) {
    return problems_of("[[fido2]]\nlabel = 'a'\ncredential_id = '" + std::string(size, 'A') +
                       "'\npublic_key = 'oA'\n");
  };
  STRCMP_EQUAL("", sized(4096).c_str());
  CHECK_FALSE(sized(4097).empty());
}

TEST_GROUP(CredentialFiles) {
  fakes::ScratchDirectory scratch;
  const std::string etc = scratch.file("etc");
  const std::string folder = etc + "/credentials.d";
  const Layout layout{etc, scratch.file("vendor")};
  const Trust trust{getuid(), scratch.path()};

  void setup() override {
    CHECK_EQUAL(0, mkdir(etc.c_str(), 0755));
    CHECK_EQUAL(0, mkdir(folder.c_str(), 0755));
  }
  void put(const std::string& name, const std::string& text, mode_t mode = 0644) {
    const UniqueFd fd(
        open((folder + "/" + name).c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600));
    CHECK_EQUAL(static_cast<ssize_t>(text.size()), write(fd.get(), text.data(), text.size()));
    CHECK_EQUAL(0, fchmod(fd.get(), mode));
  }
  // How many credentials; -1 for a problem.
  [[nodiscard]] int count(std::string_view user) const {
    const auto read = read_credentials(layout, user, trust);
    return read ? static_cast<int>(read->size()) : -1;
  }
};

TEST(CredentialFiles, DeclareForTheUserTheyAreNamedAfter) {
  put("alice.toml", kOne);
  LONGS_EQUAL(1, count("alice"));
  LONGS_EQUAL(0, count("bob"));
  LONGS_EQUAL(0, count("alic"));
  put("CORP\\bob.toml", kOne);
  LONGS_EQUAL(1, count("CORP\\bob"));
  put("b.toml", "");
  LONGS_EQUAL(0, count("b"));
  CHECK_EQUAL(0, symlink("/dev/null", (folder + "/c.toml").c_str()));
  LONGS_EQUAL(0, count("c"));
}

TEST(CredentialFiles, DeclareNothingWithoutTheirDirectory) {
  CHECK_EQUAL(0, rmdir(folder.c_str()));
  LONGS_EQUAL(0, count("alice"));
  CHECK_TRUE(check_credential_files(layout, trust).empty());
}

// A user database that an attacker writes to must not lead to a file of his.
TEST(CredentialFiles, AreFoundByNoNameThatLeavesTheirDirectory) {
  const UniqueFd fd(open((etc + "/alice.toml").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
  CHECK_EQUAL(static_cast<ssize_t>(kOne.size()), write(fd.get(), kOne.data(), kOne.size()));
  put(".hidden.toml", kOne);
  put(".toml", kOne);
  for (const std::string_view name :
       {std::string_view("../alice"), std::string_view("/etc/alice"), std::string_view("."),
        std::string_view(".."), std::string_view(".hidden"), std::string_view(""),
        std::string_view("a/../../alice"), std::string_view("alice\0x", 7)}) {
    LONGS_EQUAL(0, count(name));
  }
  LONGS_EQUAL(0, count(std::string(201, 'a')));
}

TEST(CredentialFiles, AreRefusedWhereAnybodyElseMayWrite) {
  put("alice.toml", kOne, 0664);
  LONGS_EQUAL(-1, count("alice"));
  put("bob.toml", kOne, 0646);
  LONGS_EQUAL(-1, count("bob"));
  put("carol.toml", kOne);
  LONGS_EQUAL(1, count("carol"));
  CHECK_EQUAL(0, symlink("carol.toml", (folder + "/dave.toml").c_str()));
  LONGS_EQUAL(-1, count("dave"));
  CHECK_EQUAL(0, mkfifo((folder + "/eve.toml").c_str(), 0644));
  LONGS_EQUAL(-1, count("eve"));
  CHECK_EQUAL(0, chmod(folder.c_str(), 0777));
  LONGS_EQUAL(-1, count("carol"));
}

TEST(CredentialFiles, WithAMistakeGiveNothingAndHarmNobodyElse) {
  put("alice.toml", kOne + "[[fido2]]\nlabel = 'second'\n");
  put("bob.toml", kOne);
  LONGS_EQUAL(-1, count("alice"));
  LONGS_EQUAL(1, count("bob"));
  put("ignored.conf", "x");
  put("zoe.toml", "x = 1");
  std::string lines = lines_of(std::unexpected(check_credential_files(layout, trust)));
  for (auto i = lines.find(folder); i != lines.npos; i = lines.find(folder)) {
    lines.erase(i, folder.size());
  }
  STRCMP_EQUAL(
      "/alice.toml:5:1: a [[fido2]] without a credential_id\n"
      "/alice.toml:5:1: a [[fido2]] without a public_key\n"
      "/zoe.toml:1:5: unknown key \"x\"",
      lines.c_str());
}
