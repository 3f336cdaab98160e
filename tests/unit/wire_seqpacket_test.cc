// SPDX-License-Identifier: ISC
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "stepupd/base/unique_fd.h"
#include "stepupd/wire/seqpacket.h"
#include "tests/fakes/fake_stepupd.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::wire;

namespace {

struct Pair {
  UniqueFd ours;
  UniqueFd theirs;
  Pair() {
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) abort();
    ours.reset(fds[0]);
    theirs.reset(fds[1]);
  }
};

// Sends one byte and `count` copies of `descriptor`.
void send_with_descriptors(int fd, int descriptor, std::size_t count) {
  char byte = 'x';
  iovec part{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(count * sizeof(int));
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(count * sizeof(int));
  for (std::size_t i = 0; i < count; ++i) {
    memcpy(CMSG_DATA(header) + i * sizeof(int), &descriptor, sizeof descriptor);
  }
  CHECK_EQUAL(1, sendmsg(fd, &message, 0));
}

int lowest_free_descriptor() {
  const int fd = dup(0);
  (void)close(fd);
  return fd;
}

}  // namespace

TEST_GROUP(WireSeqpacket){};

TEST(WireSeqpacket, CarriesOnePacketAtATime) {
  const Pair pair;
  CHECK_TRUE(send_packet(pair.ours.get(), SecretBytes("one")).has_value());
  CHECK_TRUE(send_packet(pair.ours.get(), SecretBytes("three")).has_value());
  CHECK_TRUE(receive_packet(pair.theirs.get())->text() == "one");
  CHECK_TRUE(receive_packet(pair.theirs.get())->text() == "three");
  CHECK_TRUE(receive_packet(pair.theirs.get()).error().code == Errc::Busy);
}

TEST(WireSeqpacket, TakesTheLargestPacketAndRefusesALargerOne) {
  const Pair pair;
  CHECK_TRUE(send_packet(pair.ours.get(), SecretBytes(kMaxPacket)).has_value());
  CHECK_EQUAL(kMaxPacket, receive_packet(pair.theirs.get())->size());
  CHECK_TRUE(send_packet(pair.ours.get(), SecretBytes(kMaxPacket + 1)).has_value());
  CHECK_TRUE(receive_packet(pair.theirs.get()).error().code == Errc::TooLarge);
  CHECK_TRUE(receive_packet(pair.theirs.get()).error().code == Errc::Busy);  // it is gone
}

TEST(WireSeqpacket, TellsTheEndOfAConnection) {
  Pair pair;
  pair.theirs.reset();
  CHECK_TRUE(receive_packet(pair.ours.get()).error().code == Errc::Closed);
  CHECK_TRUE(send_packet(pair.ours.get(), SecretBytes("x")).error().code == Errc::Closed);
}

TEST(WireSeqpacket, TellsAResetApart) {
  Pair pair;
  CHECK_TRUE(send_packet(pair.ours.get(), SecretBytes("unread")).has_value());
  pair.theirs.reset();
  const auto received = receive_packet(pair.ours.get());
  CHECK_TRUE(received.error().code == Errc::Closed);
  CHECK_EQUAL(ECONNRESET, received.error().sys_errno);
}

TEST(WireSeqpacket, NeverBlocksOnAFullQueue) {
  const Pair pair;
  Status sent;
  for (int i = 0; i < 1000 && sent; ++i) {
    sent = send_packet(pair.ours.get(), SecretBytes(kMaxPacket));
  }
  CHECK_TRUE(sent.error().code == Errc::Busy);
}

TEST(WireSeqpacket, RefusesDescriptorsAndClosesThem) {
  const int before = lowest_free_descriptor();
  {
    const Pair pair;
    for (const std::size_t count : {1, 2, 8}) {
      send_with_descriptors(pair.ours.get(), 0, count);
      CHECK_TRUE(receive_packet(pair.theirs.get()).error().code == Errc::Malformed);
    }
  }
  CHECK_EQUAL(before, lowest_free_descriptor());
}

TEST(WireSeqpacket, HandsOverOneDescriptorWhereOneIsExpected) {
  const int before = lowest_free_descriptor();
  {
    const Pair pair;
    const Pair handed;
    UniqueFd taken;
    CHECK_TRUE(send_packet(pair.ours.get(), SecretBytes("x"), handed.ours.get()).has_value());
    CHECK_TRUE(receive_packet(pair.theirs.get(), nullptr, &taken).has_value());
    CHECK_TRUE((fcntl(taken.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK_TRUE(send_packet(taken.get(), SecretBytes("by the copy")).has_value());
    CHECK_TRUE(receive_packet(handed.theirs.get())->text() == "by the copy");
    // What was taken earlier is not left over where none comes.
    CHECK_TRUE(send_packet(pair.ours.get(), SecretBytes("x")).has_value());
    CHECK_TRUE(receive_packet(pair.theirs.get(), nullptr, &taken).has_value());
    CHECK_FALSE(static_cast<bool>(taken));
    for (const std::size_t count : {2, 8}) {
      send_with_descriptors(pair.ours.get(), 0, count);
      CHECK_TRUE(receive_packet(pair.theirs.get(), nullptr, &taken).error().code ==
                 Errc::Malformed);
      CHECK_FALSE(static_cast<bool>(taken));
    }
  }
  CHECK_EQUAL(before, lowest_free_descriptor());
}

TEST(WireSeqpacket, NamesTheSenderWhenTheSocketSaysSo) {
  const Pair pair;
  pid_t sender = -1;
  CHECK_TRUE(send_packet(pair.ours.get(), SecretBytes("x")).has_value());
  CHECK_TRUE(receive_packet(pair.theirs.get(), &sender).has_value());
  CHECK_EQUAL(0, sender);
  const int on = 1;
  CHECK_EQUAL(0, setsockopt(pair.theirs.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
  CHECK_TRUE(send_packet(pair.ours.get(), SecretBytes("x")).has_value());
  CHECK_TRUE(receive_packet(pair.theirs.get(), &sender).has_value());
  CHECK_EQUAL(getpid(), sender);
}

TEST(WireSeqpacket, FailsOnABadDescriptor) {
  CHECK_TRUE(receive_packet(-1).error().code == Errc::Internal);
  CHECK_TRUE(send_packet(-1, SecretBytes("x")).error().code == Errc::Internal);
}

TEST(WireSeqpacket, SaysWhyItCannotConnect) {
  const fakes::ScratchDirectory scratch;
  const auto error_of = [](const std::string& path) {
    const auto fd = connect_to(path);
    CHECK_FALSE(fd.has_value());
    CHECK_TRUE(fd.error().code == Errc::Unreachable);
    return fd.error().sys_errno;
  };
  CHECK_EQUAL(ENOENT, error_of(scratch.file("absent")));
  CHECK_EQUAL(ENAMETOOLONG, error_of(""));
  CHECK_EQUAL(ENAMETOOLONG, error_of("/" + std::string(107, 'a')));
  CHECK_EQUAL(ENOENT, error_of("/" + std::string(106, 'a')));
  const UniqueFd plain(open(scratch.file("plain").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  CHECK_EQUAL(ECONNREFUSED, error_of(scratch.file("plain")));
}

TEST(WireSeqpacket, ConnectsWithoutBlockingAndClosesOnExec) {
  const fakes::ScratchDirectory scratch;
  const fakes::FakeListener listener(scratch.file("sock"), 0);
  const auto fd = connect_to(listener.path());
  CHECK_TRUE(fd.has_value());
  CHECK_TRUE((fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK_TRUE((fcntl(fd->get(), F_GETFL) & O_NONBLOCK) != 0);
  // A full backlog is an error at once, and not a wait.
  const auto second = connect_to(listener.path());
  CHECK_TRUE(second.error().code == Errc::Unreachable);
  CHECK_EQUAL(EAGAIN, second.error().sys_errno);
}
