// SPDX-License-Identifier: ISC
#include <string>

#include "stepupd/ctl/ssh_key_file.h"

#include <CppUTest/TestHarness.h>

using namespace stepup::ctl;

TEST_GROUP(CtlSshKeyFile){};

TEST(CtlSshKeyFile, TakesTheOneKeyOfAFileWithoutItsComment) {
  struct Case {
    const char* name;
    std::string text;
    const char* want;  // the key, or why there is none
  };
  const Case cases[] = {
      {"with a comment", "sk-ssh-ed25519@openssh.com AAAA alice at home\n",
       "sk-ssh-ed25519@openssh.com AAAA"},
      {"without", "type AAAA", "type AAAA"},
      {"among lines", "# mine\n\n  type\tAAAA\r\n\n", "type AAAA"},
      {"two", "type AAAA\ntype BBBB\n", "holds several keys; they are enrolled one by one"},
      {"none", "\n# nothing\n", "holds no public key of OpenSSH"},
      {"the other half", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n",
       "holds a private key; name the file of the public one, *.pub"},
      {"no text", "type \x1b[2J\n", "holds no public key of OpenSSH"},
      {"longer than any", "type " + std::string(4092, 'A'), "holds no public key of OpenSSH"},
  };
  for (const Case& c : cases) {
    const auto key = ssh_key_in(c.text);
    STRCMP_EQUAL_TEXT(c.want, (key ? *key : key.error()).c_str(), c.name);
  }
  CHECK_TRUE(ssh_key_in("type " + std::string(4091, 'A')).has_value());
}

TEST(CtlSshKeyFile, NamesTheFileThatItCannotRead) {
  STRCMP_EQUAL("/nonexistent/key.pub: No such file or directory",
               read_ssh_key_file("/nonexistent/key.pub").error().c_str());
  STRCMP_EQUAL("/: Is a directory", read_ssh_key_file("/").error().c_str());
  STRCMP_EQUAL("/dev/zero: holds no public key of OpenSSH",
               read_ssh_key_file("/dev/zero").error().c_str());
}
