// SPDX-License-Identifier: ISC
// Runs pam_stepup.so as libpam loads it, against a fake stepupd.  Runs as root, since the module
// talks only to a socket of root's; starts no system service and changes nothing outside its own
// directory in /tmp.
#include <stdio.h>

#include "tests/integration/pam_module.h"

#include <CppUTest/CommandLineTestRunner.h>
#include <CppUTest/MemoryLeakWarningPlugin.h>

namespace {

using namespace stepup::fakes;

constexpr int kExitSkipped = 77;

// What sudo does once the password is out of the way.
int play_sudo(const char* confdir) {
  FakeConversation application;
  const Transaction transaction(confdir, application.conv());
  if (transaction.account() != PAM_SUCCESS) return 1;
  if (pam_open_session(transaction.handle(), 0) != PAM_SUCCESS) return 2;
  return pam_close_session(transaction.handle(), 0) == PAM_SUCCESS ? 0 : 3;
}

// What sshd does once somebody is let in.
int play_sshd(const char* confdir, const char* info) {
  FakeConversation application;
  const Transaction transaction(confdir, application.conv());
  const std::string variable = std::string("SSH_AUTH_INFO_0=") + info;
  if (pam_putenv(transaction.handle(), variable.c_str()) != PAM_SUCCESS) return 1;
  return pam_open_session(transaction.handle(), 0) == PAM_SUCCESS ? 0 : 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (own_file().ends_with("/sudo") && argc == 2) return play_sudo(argv[1]);
  if (own_file().ends_with("/sudo") && argc == 3) return play_watched_sudo(argv[1]);
  if (own_file().ends_with("/sshd") && argc == 3) return play_sshd(argv[1], argv[2]);
  if (geteuid() != 0) {
    (void)fputs("pam_module_test: SKIPPED, nothing was tested: it needs root\n", stderr);
    return kExitSkipped;
  }
  // The fake daemon's thread allocates too.
  MemoryLeakWarningPlugin::turnOnThreadSafeNewDeleteOverloads();
  return CommandLineTestRunner::RunAllTests(argc, argv);
}
