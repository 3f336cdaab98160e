// SPDX-License-Identifier: ISC
#include "stepupd/ctl/run_program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "stepupd/base/small_file.h"
#include "stepupd/base/unique_fd.h"

namespace stepup::ctl {
namespace {

// How the child begins: output into `pipe`, no input, and none of our blocked signals.
struct Beginning {
  explicit Beginning(int pipe) {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, pipe, STDOUT_FILENO);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  }
  ~Beginning() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  Beginning(const Beginning&) = delete;
  Beginning& operator=(const Beginning&) = delete;

  posix_spawn_file_actions_t actions = {};
  posix_spawnattr_t attributes = {};
};

}  // namespace

Result<std::string> output_of(std::initializer_list<const char*> argv, std::size_t limit) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return failure(Errc::Internal, "pipe", errno);
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const Beginning beginning(write_end.get());
  std::vector<char*> words;
  // SAFETY: posix_spawn(3) does not write to the words; its signature predates const.
  for (const char* word : argv) words.push_back(const_cast<char*>(word));
  words.push_back(nullptr);
  char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char locale[] = "LC_ALL=C";
  char* const environment[] = {path, locale, nullptr};
  pid_t child = 0;
  const int error = posix_spawn(&child, words[0], &beginning.actions, &beginning.attributes,
                                words.data(), environment);
  write_end.reset();
  if (error != 0) {
    return failure(error == ENOENT ? Errc::NotFound : Errc::Internal, "start a program", error);
  }
  auto text = read_all(read_end.get(), limit);
  read_end.reset();  // a child that still writes ends by SIGPIPE
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (text && status != 0) return failure(Errc::Internal, "the program failed");
  return text;
}

}  // namespace stepup::ctl
