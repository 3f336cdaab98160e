// SPDX-License-Identifier: ISC
// Times PAM transactions: pam_start, pam_authenticate, pam_acct_mgmt, pam_end.
//
//   sudo USER ROUNDS SERVICE...
//
// Must be installed under the name sudo, which is how pam_stepup tells whose factor counts.  Each
// service's session is opened once before, for what a module like pam_timestamp keeps from it.
// Prints one line a round: nanoseconds, in the order of the services.
#include <errno.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/bench/caller.h"

using namespace stepup::bench;

namespace {

int refuse_to_talk(int, const pam_message**, pam_response**, void*) { return PAM_CONV_ERR; }

// One transaction; `first` opens and closes the session in place of the checks.
void transaction(const char* service, const char* user, const char* tty, bool first) {
  const pam_conv conversation{&refuse_to_talk, nullptr};
  pam_handle_t* pamh = nullptr;
  int r = pam_start(service, user, &conversation, &pamh);
  if (r == PAM_SUCCESS) r = pam_set_item(pamh, PAM_RUSER, user);
  if (r == PAM_SUCCESS) r = pam_set_item(pamh, PAM_TTY, tty);
  if (first) {
    if (r == PAM_SUCCESS) r = pam_open_session(pamh, 0);
  } else {
    if (r == PAM_SUCCESS) r = pam_authenticate(pamh, 0);
    if (r == PAM_SUCCESS) r = pam_acct_mgmt(pamh, 0);
  }
  if (r != PAM_SUCCESS) {
    errno = 0;
    give_up(std::string(service) + ": " + pam_strerror(pamh, r));
  }
  (void)pam_end(pamh, r);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) give_up("Usage: sudo USER ROUNDS SERVICE...");
  const int rounds = number(argv[2]);
  const char* tty = ttyname(STDIN_FILENO);
  if (tty == nullptr) give_up("no terminal");
  become_sudo_of(argv[1]);
  for (int i = 3; i < argc; ++i) transaction(argv[i], argv[1], tty, true);
  for (int round = 0; round < rounds; ++round) {
    for (int i = 3; i < argc; ++i) {
      const auto start = now_ns();
      transaction(argv[i], argv[1], tty, false);
      (void)printf("%ld ", now_ns() - start);
    }
    (void)puts("");
  }
}
