// SPDX-License-Identifier: ISC
// Stands in for stepupd at the other end of a socket: says what a test tells it to.  Header only,
// so that the unit tests and the integration tests can both use it.  Include it before CppUTest.
#pragma once

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "stepupd/base/unique_fd.h"
#include "stepupd/wire/packet.h"
#include "stepupd/wire/seqpacket.h"

namespace stepup::fakes {

// Waits until `fd` is readable; false after `limit`.
inline bool readable(int fd, std::chrono::milliseconds limit = std::chrono::seconds(5)) {
  pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&watched, 1, static_cast<int>(limit.count())) > 0;
}

// A directory of its own for one test, gone with everything in it afterwards.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    char path[] = "/tmp/stepup-test-XXXXXX";
    if (mkdtemp(path) == nullptr) abort();
    path_ = path;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    (void)std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// One accepted connection.
class FakeConnection {
 public:
  explicit FakeConnection(int fd) : fd_(fd) {}

  // The next packet of the client, waited for.  Its request id is echoed by what follows.  A
  // descriptor may come with it where there is a place for one.
  Result<wire::Packet> receive(UniqueFd* descriptor = nullptr) {
    if (!readable(fd_.get())) return failure(Errc::TimedOut, "fake");
    auto bytes = wire::receive_packet(fd_.get(), nullptr, descriptor);
    if (!bytes) return std::unexpected(bytes.error());
    auto packet = wire::split(std::move(*bytes));
    if (packet) id_ = packet->header.request_id;
    return packet;
  }

  template <typename Message>
  void send(const Message& message) {
    send_raw(*wire::encode(id_, message));
  }
  void send_raw(const SecretBytes& bytes) {
    (void)::send(fd_.get(), bytes.view().data(), bytes.size(), MSG_NOSIGNAL);
  }
  void close() { fd_.reset(); }
  // Blocks until the client has closed its end.
  void await_end() {
    for (char byte = 0; readable(fd_.get()) && recv(fd_.get(), &byte, 1, 0) > 0;) {
    }
  }

  [[nodiscard]] const wire::RequestId& id() const { return id_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  wire::RequestId id_{};
};

// A listening socket at `path`.
class FakeListener {
 public:
  explicit FakeListener(std::string path, int backlog = 16) : path_(std::move(path)) {
    fd_.reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    if (bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) abort();
    if (listen(fd_.get(), backlog) != 0) abort();
  }
  ~FakeListener() { (void)unlink(path_.c_str()); }
  FakeListener(const FakeListener&) = delete;
  FakeListener& operator=(const FakeListener&) = delete;

  FakeConnection accept() {
    return FakeConnection(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  UniqueFd fd_;
};

// A listener with a thread that runs `script` for each connection, one after the other.  The thread
// takes no signal, so that one sent to the process meets the thread under test.
class FakeStepupd {
 public:
  using Script = std::function<void(FakeConnection&)>;

  FakeStepupd(const std::string& path, Script script)
      : listener_(path), script_(std::move(script)) {
    if (pipe(stop_) != 0) abort();
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { serve(); });
    (void)pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  ~FakeStepupd() {
    (void)::close(stop_[1]);
    thread_.join();
    (void)::close(stop_[0]);
  }

  [[nodiscard]] const std::string& path() const { return listener_.path(); }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void serve() {
    for (;;) {
      pollfd watched[] = {
          {.fd = stop_[0],       .events = POLLIN, .revents = 0},
          {.fd = listener_.fd(), .events = POLLIN, .revents = 0}
      };
      (void)poll(watched, 2, -1);
      if (watched[0].revents != 0) return;
      FakeConnection connection = listener_.accept();
      ++connections_;
      script_(connection);
    }
  }

  FakeListener listener_;
  Script script_;
  int stop_[2];
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

}  // namespace stepup::fakes
