// SPDX-License-Identifier: ISC
// Times whole commands, from fork to exit.
//
//   commands USER ROUNDS [FILE VARIANT...] -- COMMAND WORD...
//
// Runs the command as USER, each time with another of the VARIANTs, files of the same directory, in
// the place of FILE.  Each round has an order of its own, and before each run comes a pause, so
// that what one leaves behind for the journal to do burdens no other.  Prints one line a round:
// nanoseconds, in the order of the variants.
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "tests/bench/caller.h"

using namespace stepup::bench;

namespace {

constexpr useconds_t kPause = 5000;

void put(const std::string& variant, const std::string& place) {
  const std::string link_name = place + ".next";
  (void)unlink(link_name.c_str());
  if (link(variant.c_str(), link_name.c_str()) != 0 ||
      rename(link_name.c_str(), place.c_str()) != 0) {
    give_up("put " + variant + " in place");
  }
  // rename(2) leaves both names when they are of one file already.
  (void)unlink(link_name.c_str());
}

void become(const std::string& user) {
  const passwd* account = getpwnam(user.c_str());
  if (account == nullptr || initgroups(user.c_str(), account->pw_gid) != 0 ||
      setresgid(account->pw_gid, account->pw_gid, account->pw_gid) != 0 ||
      setresuid(account->pw_uid, account->pw_uid, account->pw_uid) != 0) {
    give_up("become " + user);
  }
}

// Runs `command` to its end.  The child waits to be let go, so that what it does before counts for
// nobody.
std::int64_t run(const std::string& user, char** command) {
  int gate[2];
  if (pipe2(gate, O_CLOEXEC) != 0) give_up("pipe2");
  const pid_t pid = fork();
  if (pid < 0) give_up("fork");
  if (pid == 0) {
    become(user);
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (dup2(nowhere, STDOUT_FILENO) < 0) give_up("/dev/null");
    char go = 0;
    (void)!read(gate[0], &go, 1);
    (void)execv(command[0], command);
    give_up(std::string("run ") + command[0]);
  }
  (void)usleep(kPause);
  const auto start = now_ns();
  (void)!write(gate[1], "g", 1);
  int status = 0;
  if (waitpid(pid, &status, 0) != pid || status != 0) give_up(std::string(command[0]) + " failed");
  const auto end = now_ns();
  (void)close(gate[0]);
  (void)close(gate[1]);
  return end - start;
}

}  // namespace

int main(int argc, char** argv) {
  int words = 3;
  while (words < argc && strcmp(argv[words], "--") != 0) ++words;
  if (words + 1 >= argc || words == 4) {
    give_up("Usage: commands USER ROUNDS [FILE VARIANT...] -- COMMAND WORD...");
  }
  const int rounds = number(argv[2]);
  const auto variants = static_cast<std::size_t>(words > 3 ? words - 4 : 0);
  std::vector<std::int64_t> times(std::max<std::size_t>(variants, 1));
  std::vector<std::size_t> order(times.size());
  std::iota(order.begin(), order.end(), 0);
  std::minstd_rand random;  // the same orders in every run
  for (int round = 0; round < rounds; ++round) {
    std::ranges::shuffle(order, random);
    for (const std::size_t turn : order) {
      if (variants > 0) put(argv[4 + turn], argv[3]);
      times[turn] = run(argv[1], argv + words + 1);
    }
    for (const auto time : times) (void)printf("%ld ", time);
    (void)puts("");
  }
}
