// SPDX-License-Identifier: ISC
// Times starts of stepupd, from fork to its first answer on a socket that is passed to it.
//
//   start_ups USER ROUNDS DIRECTORY SESSIONS COMMAND WORD...
//
// Prints one line a round: nanoseconds.
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/caller.h"
#include "tests/bench/seeded_daemon.h"

using namespace stepup::bench;

int main(int argc, char** argv) {
  if (argc < 6) give_up("Usage: start_ups USER ROUNDS DIRECTORY SESSIONS COMMAND WORD...");
  const std::string user = argv[1];
  const std::string directory = argv[3];
  const int rounds = number(argv[2]);
  const Bytes request = request_of(user);
  become_sudo_of(user);
  for (int round = 0; round < rounds; ++round) {
    const Passed passed = make_passed(directory, number(argv[4]), user);
    const auto start = now_ns();
    const pid_t pid = fork();
    if (pid < 0) give_up("fork");
    if (pid == 0) become_daemon(passed, argv + 5);
    round_trip(directory + "/stepupd.sock", request);
    const auto end = now_ns();
    (void)kill(pid, SIGTERM);
    int status = 0;
    if (waitpid(pid, &status, 0) != pid || status != 0) give_up("stepupd did not end well");
    (void)printf("%ld\n", end - start);
  }
}
