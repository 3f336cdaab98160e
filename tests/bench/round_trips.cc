// SPDX-License-Identifier: ISC
// Times round trips: connect, one request, its reply, close.
//
//   round_trips USER ROUNDS SOCKET...
//
// Goes round all the sockets, so that whatever slows the machine down slows all of them.  Prints
// one line a round: nanoseconds, in the order of the sockets.
#include <stdio.h>

#include "tests/bench/caller.h"

using namespace stepup::bench;

int main(int argc, char** argv) {
  if (argc < 4) give_up("Usage: round_trips USER ROUNDS SOCKET...");
  const int rounds = number(argv[2]);
  const Bytes request = request_of(argv[1]);
  become_sudo_of(argv[1]);
  for (int round = 0; round < rounds; ++round) {
    for (int i = 3; i < argc; ++i) {
      const auto start = now_ns();
      round_trip(argv[i], request);
      (void)printf("%ld ", now_ns() - start);
    }
    (void)puts("");
  }
}
