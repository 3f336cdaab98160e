// SPDX-License-Identifier: ISC
// identify_peer and read_asker on real sockets: the peer is this process, or a child of it.
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>

#include "stepupd/session/asker.h"
#include "stepupd/session/peer.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::session;

TEST_GROUP(Asker) {
  int ends[2] = {-1, -1};
  void setup() override {
    LONGS_EQUAL(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
  }
  void teardown() override {
    for (const int end : ends) {
      if (end >= 0) (void)close(end);
    }
  }
};

TEST(Asker, IsWhoConnected) {
  const auto peer = identify_peer(ends[0]);
  CHECK(peer.has_value());
  LONGS_EQUAL(getpid(), peer->pid);
  UNSIGNED_LONGS_EQUAL(geteuid(), peer->uid);
  CHECK(still_runs(*peer));
  const auto asker = read_asker(*peer, ends[0], *read_own_uid_map());
  CHECK(asker.has_value());
  UNSIGNED_LONGS_EQUAL(getuid(), asker->real_uid);
  LONGS_EQUAL(getpid(), asker->where.process);
  CHECK(asker->where.process_start == read_stat(getpid())->start);
  CHECK(asker->in_host_namespaces);
  CHECK(asker->where.subject == kNoUid);
}

TEST(Asker, IsRefusedOnceTheConnectionEnded) {
  const auto peer = identify_peer(ends[0]);
  CHECK(peer.has_value());
  (void)close(ends[1]);
  ends[1] = -1;
  const auto asker = read_asker(*peer, ends[0], *read_own_uid_map());
  CHECK_FALSE(asker.has_value());
  CHECK(asker.error().code == Errc::Closed);
}

TEST(Asker, IsRefusedWhenItsPidBelongsToAnotherProcess) {
  auto peer = identify_peer(ends[0]);
  CHECK(peer.has_value());
  peer->start = read_stat(getpid())->start;
  CHECK(read_asker(*peer, ends[0], *read_own_uid_map()).has_value());
  *peer->start += 1;  // as if the pid had been given to a process that started later
  CHECK_FALSE(read_asker(*peer, ends[0], *read_own_uid_map()).has_value());
}

TEST(Asker, IsNotIdentifiedAfterItsProcessEnded) {
  int pair[2];
  const pid_t child = fork();
  if (child == 0) _exit(0);
  LONGS_EQUAL(child, waitpid(child, nullptr, 0));
  LONGS_EQUAL(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
  auto peer = identify_peer(pair[0]);
  CHECK(peer.has_value());
  peer->pid = child;
  CHECK_FALSE(read_asker(*peer, pair[0], *read_own_uid_map()).has_value());
  (void)close(pair[0]);
  (void)close(pair[1]);
}

TEST(Asker, OfAHelperIsTheProcessItServesAndNoYoungerOne) {
  const auto peer = identify_peer(ends[0]);
  CHECK(peer.has_value());
  auto helper = *read_asker(*peer, ends[0], *read_own_uid_map());
  const auto requester = read_requester(getpid(), helper, ends[0], *read_own_uid_map());
  CHECK(requester.has_value());
  LONGS_EQUAL(getpid(), requester->where.process);
  UNSIGNED_LONGS_EQUAL(getuid(), requester->real_uid);
  helper.where.process_start -= 1;  // as if this process had got the pid of one that ended
  CHECK_FALSE(read_requester(getpid(), helper, ends[0], *read_own_uid_map()).has_value());
}

TEST(Asker, OfAHelperIsNobodyOnceTheProcessItServesEnded) {
  const auto peer = identify_peer(ends[0]);
  CHECK(peer.has_value());
  auto helper = *read_asker(*peer, ends[0], *read_own_uid_map());
  helper.where.process_start = UINT64_MAX;
  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t ended{};
  LONGS_EQUAL(0, waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT));
  CHECK_FALSE(read_requester(child, helper, ends[0], *read_own_uid_map()).has_value());
  LONGS_EQUAL(child, waitpid(child, nullptr, 0));
  CHECK_FALSE(read_requester(child, helper, ends[0], *read_own_uid_map()).has_value());
}

TEST(Asker, IsNobodyOnADescriptorThatIsNoSocket) {
  CHECK_FALSE(identify_peer(STDIN_FILENO).has_value());
}
