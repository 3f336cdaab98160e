// SPDX-License-Identifier: ISC
#include "stepupd/daemon/server.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <chrono>
#include <utility>

#include "stepupd/daemon/audit.h"
#include "stepupd/daemon/check_dialogue.h"
#include "stepupd/daemon/control_dialogue.h"
#include "stepupd/session/asker.h"

namespace stepup::daemon {
namespace {

using namespace std::chrono_literals;
using wire::MessageId;
using wire::VerdictCode;

constexpr BootTime kTick = 500ms;         // a heartbeat is late by at most this
constexpr BootTime kAcceptPause = 100ms;  // when there is no descriptor left

// Open connections, of one user and in all.  With three descriptors each, the third an ssh agent's,
// they stay below LimitNOFILE=16384, and control.sock, where everybody may connect, can never
// starve stepupd.sock.
constexpr int kMaxOfUser[] = {256, 16};
constexpr int kMaxOfAll[] = {2500, 1000};

// On stepupd.sock, besides these: whose request is yet to come, within five seconds.  For whom they
// count is told from what is read for the request anyway; for more of them it is read at once.
constexpr int kMaxUnknown = 64;

constexpr const char* kUnreadable =
    "refusing; if /proc is mounted with hidepid, add gid=_stepup to its options";

std::size_t index_of(wire::Socket socket) { return socket == wire::Socket::Stepupd ? 0 : 1; }

Task<wire::Verdict> refuse(VerdictCode code, wire::Words words) {
  co_return wire::Verdict{code, std::move(words)};
}

}  // namespace

Server::Server(Engine& engine)
    : engine_(engine),
      places_{Places(kMaxOfUser[0], kMaxOfAll[0]), Places(kMaxOfUser[1], kMaxOfAll[1])} {}

Status Server::start(sd_event* loop, UniqueFd stepupd_socket, UniqueFd control_socket) {
  loop_ = loop;
  auto own_uid_map = session::read_own_uid_map();
  if (!own_uid_map) return std::unexpected(own_uid_map.error());
  own_uid_map_ = std::move(*own_uid_map);
  sockets_[0] = std::move(stepupd_socket);
  sockets_[1] = std::move(control_socket);
  for (const wire::Socket socket : {wire::Socket::Stepupd, wire::Socket::Control}) {
    const std::size_t i = index_of(socket);
    auto listening = accepting_[i].start(loop, sockets_[i].get(), EPOLLIN,
                                         [this, socket](std::uint32_t) { accept_on(socket); });
    if (!listening) return listening;
  }
  auto reaping = reaping_.start(loop, [this] { reap(); });
  if (!reaping) return reaping;
  return ticking_.start(loop, [this] { tick(); });
}

void Server::accept_on(wire::Socket socket) {
  const std::size_t i = index_of(socket);
  UniqueFd fd(accept4(sockets_[i].get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd) {
    admit(std::move(fd), socket);
    return;
  }
  if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
    audit::trouble({Errc::Internal, errno, "accept"}, "pausing it");
    accepting_[0].enable(false);
    accepting_[1].enable(false);
    ticking_.arm(kAcceptPause);
  }
}

void Server::admit(UniqueFd fd, wire::Socket socket) {
  auto peer = session::identify_peer(fd.get());
  if (!peer) {
    if (peer.error().code != Errc::Closed && peer.error().code != Errc::NotFound) {
      audit::trouble(peer.error(), kUnreadable);
    }
    return;
  }
  const uid_t uid = peer->uid;
  // stepupd.sock is 0600 root; this holds also if somebody loosened it.
  if (socket == wire::Socket::Stepupd && uid != 0) {
    audit::peer_refused(peer->pid, uid, "stepupd.sock", "not root");
    return;
  }
  // SECURITY: a user can stop his sudo between its connection and its request, and so must take
  // the places of nobody else with them.  Beyond its bound a connection is closed at once.
  std::optional<uid_t> user;
  if (socket == wire::Socket::Control || unknown_ >= kMaxUnknown) {
    user = session::counts_for(*peer, own_uid_map_);
    if (!places_[index_of(socket)].take(*user)) return;
  }
  auto connection = std::make_unique<Connection>(
      std::move(fd), socket, std::move(*peer),
      [this](Connection& from, wire::Packet packet) { return begin(from, std::move(packet)); },
      [this](Connection& ended) {
        ended_.push_back(&ended);
        reaping_.arm();
      });
  Connection& admitted = *connection;
  if (engine_.rules) admitted.speak(engine_.rules->set.settings.language);
  if (user) {
    admitted.keep_for_reader();
  } else {
    ++unknown_;
  }
  connections_[&admitted] = {std::move(connection), user};
  if (const auto started = admitted.start(loop_); !started) {
    audit::trouble(started.error(), "closing a connection");
    ended_.push_back(&admitted);
    reaping_.arm();
    return;
  }
  if (!ticking_.is_armed()) ticking_.arm(kTick);
}

Task<wire::Verdict> Server::begin(Connection& connection, wire::Packet packet) {
  auto asker = session::read_asker(connection.peer(), connection.fd(), own_uid_map_);
  if (!asker) {
    if (asker.error().code != Errc::Closed && asker.error().code != Errc::NotFound) {
      audit::trouble(asker.error(), kUnreadable);
    }
    // Denied, not Unavailable: a caller may be able to make himself unreadable.
    return refuse(VerdictCode::Denied, {
                                           MessageId::RefusedIdentity, {"stepup", engine_.host}
    });
  }
  if (connection.socket() == wire::Socket::Control) {
    return control_dialogue(engine_, connection, std::move(*asker), std::move(packet));
  }
  if (!asker->in_host_namespaces) {
    audit::peer_refused(connection.peer().pid, connection.peer().uid, "stepupd.sock",
                        "a process of a container");
    return refuse(VerdictCode::Denied, {MessageId::RefusedNamespace, {engine_.host}});
  }
  if (auto& user = connections_[&connection].user; !user) {
    if (!places_[index_of(connection.socket())].take(asker->counts_for)) {
      return refuse(VerdictCode::LockedOut, {MessageId::RefusedBusy, {engine_.host}});
    }
    user = asker->counts_for;
    --unknown_;
    connection.keep_for_reader();
  }
  auto request = wire::decode<wire::CheckRequest>(packet);
  if (!request) {
    audit::peer_refused(connection.peer().pid, connection.peer().uid, "stepupd.sock",
                        request.error().what);
    return refuse(VerdictCode::Denied, {});
  }
  return check_dialogue(engine_, connection, std::move(*asker), std::move(*request));
}

void Server::tick() {
  accepting_[0].enable(true);
  accepting_[1].enable(true);
  engine_.notice_suspend();  // also ends what waits for an answer
  const BootTime now = boot_now();
  for (auto& [connection, held] : connections_) connection->tick(now);
  if (!connections_.empty()) ticking_.arm(kTick);
}

void Server::reap() {
  for (Connection* connection : std::exchange(ended_, {})) {
    const auto found = connections_.find(connection);
    if (found == connections_.end()) continue;
    if (const auto user = found->second.user) {
      places_[index_of(connection->socket())].give_back(*user);
    } else {
      --unknown_;
    }
    connections_.erase(found);
  }
}

}  // namespace stepup::daemon
