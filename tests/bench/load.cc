// SPDX-License-Identifier: ISC
// Counts how many round trips several clients, each a process, complete together.
//
//   load USER CLIENTS MILLISECONDS SOCKET...
//
// Loads one socket after the other.  Prints one line: round trips a second, in their order.
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <vector>

#include "tests/bench/caller.h"

using namespace stepup::bench;

namespace {

// What the parent and its clients share.
struct Shared {
  std::atomic<std::int64_t> done;
  std::atomic<bool> begun;
  std::atomic<bool> over;
};

[[noreturn]] void be_a_client(Shared& shared, const std::string& socket, const Bytes& request) {
  while (!shared.begun) (void)usleep(1000);
  while (!shared.over) {
    round_trip(socket, request);
    ++shared.done;
  }
  _exit(0);
}

double rate(int clients, int milliseconds, const std::string& socket, const Bytes& request) {
  void* memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) give_up("mmap");
  auto& shared = *new (memory) Shared{};
  for (int i = 0; i < clients; ++i) {
    const pid_t pid = fork();
    if (pid < 0) give_up("fork");
    if (pid == 0) be_a_client(shared, socket, request);
  }
  (void)usleep(50'000);  // until all have started
  shared.begun = true;
  (void)usleep(50'000);  // until all are at it
  const auto start = now_ns();
  const std::int64_t before = shared.done;
  (void)usleep(static_cast<useconds_t>(milliseconds) * 1000);
  const auto done = static_cast<double>(shared.done - before);
  const auto seconds = static_cast<double>(now_ns() - start) / 1e9;
  shared.over = true;
  for (int i = 0; i < clients; ++i) {
    int status = 0;
    if (wait(&status) < 0 || status != 0) give_up("a client failed");
  }
  (void)munmap(memory, sizeof(Shared));
  return done / seconds;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) give_up("Usage: load USER CLIENTS MILLISECONDS SOCKET...");
  const Bytes request = request_of(argv[1]);
  become_sudo_of(argv[1]);
  for (int i = 4; i < argc; ++i) {
    (void)printf("%f ", rate(number(argv[2]), number(argv[3]), argv[i], request));
    (void)fflush(stdout);  // or the next clients would print it again
  }
  (void)puts("");
}
