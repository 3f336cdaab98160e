// SPDX-License-Identifier: ISC
// Who is not root sees half of this: he can make nothing that belongs to root, which is then what
// is refused.
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <utility>

#include "pam_stepup/dialogue.h"
#include "pam_stepup/socket_trust.h"
#include "tests/fakes/fake_stepupd.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::pam_stepup;
using fakes::FakeListener;
using wire::MessageId;

namespace {

bool is_root() { return geteuid() == 0; }

constexpr uid_t kNobody = 65534;

}  // namespace

TEST_GROUP(PamSocketTrust) {
  fakes::ScratchDirectory scratch;
  std::string directory = scratch.file("run");
  std::string path = directory + "/stepupd.sock";

  void setup() override {
    CHECK_TRUE(std::filesystem::create_directory(directory));
    CHECK_EQUAL(0, chmod(directory.c_str(), 0755));
  }

  Answered<wire::Client> open(const wire::CheckRequest& request = {}) const {
    return open_dialogue({.socket = path, .first_reply = std::chrono::seconds(1)}, {}, request);
  }

  // Neither is the path trusted, nor is anything sent to it.
  void check_refused(Errc code, const char* what, const char* name) {
    const auto trusted = check_socket_path(path);
    CHECK_TEXT(!trusted.has_value(), name);
    CHECK_TEXT(trusted.error().code == code, name);
    STRCMP_EQUAL_TEXT(what, trusted.error().what, name);
    const auto client = open();
    CHECK_TEXT(!client.has_value(), name);
    const bool absent = code == Errc::Unreachable;
    CHECK_TEXT(
        client.error().failure == (absent ? Failure::DaemonAbsent : Failure::DaemonUntrusted),
        name);
    CHECK_TEXT(client.error().words.id == MessageId::DaemonAbsent, name);
    CHECK_TEXT(client.error().words.args ==
                   (std::vector<std::string>{path, absent ? "No such file or directory" : what}),
               name);
  }
};

TEST(PamSocketTrust, IsForASocketOfRootsInADirectoryOfRoots) {
  const FakeListener listener(path);
  if (!is_root()) {
    check_refused(Errc::Untrusted, "it does not belong to root", "not root's");
    return;
  }
  CHECK_TRUE(check_socket_path(path).has_value());
  CHECK_TRUE(open().has_value());
}

TEST(PamSocketTrust, IsForNoOtherPath) {
  check_refused(Errc::Unreachable, "lstat", "no socket");
  {
    std::ofstream(path) << "x";
    check_refused(Errc::Untrusted, "it is not a socket", "a file");
    CHECK_EQUAL(0, unlink(path.c_str()));
  }
  {
    const FakeListener elsewhere(scratch.file("elsewhere"));
    std::filesystem::create_symlink(elsewhere.path(), path);
    check_refused(Errc::Untrusted, "it is not a socket", "a symlink");
    CHECK_EQUAL(0, unlink(path.c_str()));
  }
  std::filesystem::remove_all(directory);
  check_refused(Errc::Unreachable, "lstat", "no directory");
}

TEST(PamSocketTrust, IsForNothingThatOthersMayReplace) {
  if (!is_root()) return;
  const FakeListener listener(path);
  const char* const socket = path.c_str();
  const char* const parent = directory.c_str();
  CHECK_EQUAL(0, chown(socket, kNobody, 0));
  check_refused(Errc::Untrusted, "it does not belong to root", "socket of another");
  CHECK_EQUAL(0, chown(socket, 0, kNobody));  // a group may ask, but for the mode
  CHECK_TRUE(check_socket_path(path).has_value());
  CHECK_EQUAL(0, chown(parent, kNobody, 0));
  check_refused(Errc::Untrusted, "its directory does not belong to root", "directory of another");
  CHECK_EQUAL(0, chown(parent, 0, 0));
  for (const mode_t mode : {0775, 0757, 01777}) {
    CHECK_EQUAL(0, chmod(parent, mode));
    check_refused(Errc::Untrusted, "its directory can be written by others", "writable");
  }
}

TEST(PamSocketTrust, IsForNoPathWhoseDirectoryCannotBeSeen) {
  if (!is_root()) return;
  // An empty name stands for any directory that went away between two looks.
  const FakeListener listener(path);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory);
  const auto trusted = check_socket_path("stepupd.sock");
  std::filesystem::current_path(before);
  CHECK_FALSE(trusted.has_value());
  CHECK_TRUE(trusted.error().code == Errc::Unreachable);
  CHECK_EQUAL(ENOENT, trusted.error().sys_errno);
}

TEST(PamSocketTrust, IsForNoListenerThatRootDidNotStart) {
  FakeListener listener(path);
  if (is_root()) {
    // As after a race between the look at the path and connecting to it.
    CHECK_EQUAL(0, seteuid(kNobody));
    CHECK_EQUAL(0, listen(listener.fd(), 4));
    CHECK_EQUAL(0, seteuid(0));
    const auto refused = open();
    CHECK_FALSE(refused.has_value());
    CHECK_TRUE(refused.error().failure == Failure::DaemonUntrusted);
    CHECK_TRUE(refused.error().words.args ==
               (std::vector<std::string>{path, "it was not started by root"}));
  }
  auto client = wire::Client::connect(path, wire::Socket::Stepupd);
  CHECK_TRUE(client.has_value());
  const auto trusted = check_listener(*client);
  CHECK_FALSE(trusted.has_value());
  CHECK_TRUE(trusted.error().code == Errc::Untrusted);
  // Nor for one that cannot be told: this connection was taken away.
  const wire::Client taken = std::move(*client);
  const auto unknown = check_listener(*client);
  CHECK_FALSE(unknown.has_value());
  CHECK_TRUE(unknown.error().code == Errc::Internal);
}

TEST(PamSocketTrust, OfAStaleSocketEndsWhereNobodyListens) {
  if (!is_root()) return;
  {
    const FakeListener gone(scratch.file("gone"));
    std::filesystem::create_hard_link(gone.path(), path);
  }
  const auto client = open();
  CHECK_FALSE(client.has_value());
  CHECK_TRUE(client.error().failure == Failure::DaemonAbsent);
  CHECK_TRUE(client.error().words.args == (std::vector<std::string>{path, "Connection refused"}));
}

TEST(PamSocketTrust, DoesNotMakeARequestFitThatIsTooLong) {
  if (!is_root()) return;
  FakeListener listener(path);
  wire::CheckRequest request;
  request.service = std::string(wire::kMaxName + 1, 'a');
  const auto client = open(request);
  CHECK_FALSE(client.has_value());
  CHECK_TRUE(client.error().failure == Failure::Internal);
  auto daemon = listener.accept();
  const auto heard = daemon.receive();
  CHECK_TRUE(!heard && heard.error().code == Errc::Closed);
}
