// SPDX-License-Identifier: ISC
// Somebody who calls sudo with an ssh agent.  Include it before CppUTest.
#pragma once

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "stepupd/base/unique_fd.h"

namespace stepup::fakes {

inline constexpr uid_t kCaller = 54321;  // nobody's

// A stream socket at `path` that `uid` owns and listens on.
class AgentListener {
 public:
  AgentListener(std::string path, uid_t uid, int backlog = 8) : path_(std::move(path)) {
    if (setegid(uid) != 0 || seteuid(uid) != 0) abort();
    fd_.reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    address_.sun_family = AF_UNIX;
    path_.copy(address_.sun_path, sizeof address_.sun_path - 1);
    if (uid == 0) (void)unlink(path_.c_str());
    if (bind(fd_.get(), address(), sizeof address_) != 0) abort();
    if (listen(fd_.get(), backlog) != 0) abort();
    if (seteuid(0) != 0 || setegid(0) != 0) abort();
  }
  ~AgentListener() { (void)unlink(path_.c_str()); }
  AgentListener(const AgentListener&) = delete;
  AgentListener& operator=(const AgentListener&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] UniqueFd connect_once() const {
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect(fd.get(), address(), sizeof address_) != 0) abort();
    return fd;
  }

 private:
  [[nodiscard]] const sockaddr* address() const {
    return reinterpret_cast<const sockaddr*>(&address_);
  }

  std::string path_;
  sockaddr_un address_{};
  UniqueFd fd_;
};

// Runs a program as a set-uid one that kCaller calls, with `variable` as its environment.  Returns
// its exit code.
inline int run_as_caller(std::vector<std::string> words, std::string variable) {
  const pid_t child = fork();
  if (child == 0) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    char* environment[] = {variable.data(), nullptr};
    if (setresgid(kCaller, 0, 0) == 0 && setresuid(kCaller, 0, 0) == 0) {
      (void)execve(argv[0], argv.data(), environment);
    }
    _exit(127);
  }
  int status = -1;
  (void)waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace stepup::fakes
