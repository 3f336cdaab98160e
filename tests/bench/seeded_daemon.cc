// SPDX-License-Identifier: ISC
#include "tests/bench/seeded_daemon.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <iterator>

#include "stepupd/daemon/grant_memory.h"
#include "stepupd/daemon/start.h"
#include "stepupd/session/asker.h"
#include "tests/bench/caller.h"

namespace stepup::bench {
namespace {

// Where this process stands, as stepupd will see it.
Coordinates own_coordinates() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) give_up("socketpair");
  const UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  const auto peer = session::identify_peer(ours.get());
  if (!peer) give_up(peer.error().what);
  const auto own_uid_map = session::read_own_uid_map();
  if (!own_uid_map) give_up(own_uid_map.error().what);
  const auto asker = session::read_asker(*peer, ours.get(), *own_uid_map);
  if (!asker) give_up(asker.error().what);
  return asker->where;
}

policy::Grant grant_at(const Coordinates& where) {
  return {.where = where,
          .scope = Scope::Session,
          .level = Level::Otp,
          .factor = FactorKind::Totp,
          .credential_id = 1,
          .auth_time = boot_now()};
}

// Another user's place: one of `number`, in no session of which logind would know that it ended.
Coordinates other_coordinates(Coordinates where, int number) {
  constexpr uid_t kFirst = 100'000;  // above every user of a host
  where.subject = kFirst + static_cast<uid_t>(number);
  where.session = {SessionKey::Kind::Manager, where.subject};
  where.widest = Scope::Tty;
  return where;
}

}  // namespace

Passed make_passed(const std::string& directory, int sessions, const std::string& user) {
  auto sockets = daemon::bind_sockets(directory);
  if (!sockets) give_up(sockets.error().what);
  const auto boot_id = read_boot_id();
  if (!boot_id) give_up(boot_id.error().what);
  auto memory = daemon::GrantMemory::open({}, *boot_id, suspended_since_boot());
  if (!memory) give_up(memory.error().what);

  Coordinates where = own_coordinates();
  for (int i = 1; i < sessions; ++i) (void)memory->keep(grant_at(other_coordinates(where, i)));
  where.subject = uid_of(user);
  if (sessions > 0) (void)memory->keep(grant_at(where));
  return {std::move(sockets->stepupd), std::move(sockets->control), UniqueFd(dup(memory->fd()))};
}

void become_daemon(const Passed& passed, char** command) {
  constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
  const int from[] = {passed.stepupd.get(), passed.control.get(), passed.grants.get()};
  int aside[std::size(from)];  // out of the way of those numbers
  for (std::size_t i = 0; i < std::size(from); ++i) {
    aside[i] = fcntl(from[i], F_DUPFD_CLOEXEC, kFirst + static_cast<int>(std::size(from)));
  }
  for (std::size_t i = 0; i < std::size(from); ++i) {
    if (dup2(aside[i], kFirst + static_cast<int>(i)) < 0) give_up("dup2");
  }
  (void)setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  (void)setenv("LISTEN_FDS", std::to_string(std::size(from)).c_str(), 1);
  (void)setenv("LISTEN_FDNAMES", "stepupd:control:grants", 1);
  (void)execv(command[0], command);
  give_up(std::string("run ") + command[0]);
}

}  // namespace stepup::bench
