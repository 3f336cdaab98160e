// SPDX-License-Identifier: ISC
// Starts a stepupd that holds SESSIONS grants, one of them for USER in this very session.
//
//   daemon_with_grants USER DIRECTORY SESSIONS COMMAND WORD...
//
// Its sockets are in DIRECTORY.
#include "tests/bench/caller.h"
#include "tests/bench/seeded_daemon.h"

using namespace stepup::bench;

int main(int argc, char** argv) {
  if (argc < 5) give_up("Usage: daemon_with_grants USER DIRECTORY SESSIONS COMMAND WORD...");
  become_daemon(make_passed(argv[2], number(argv[3]), argv[1]), argv + 4);
}
