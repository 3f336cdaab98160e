// SPDX-License-Identifier: ISC
// The two listening sockets: accepts, bounds what one user may hold open, starts the dialogues.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stepupd/daemon/connection.h"
#include "stepupd/daemon/engine.h"
#include "stepupd/daemon/io_source.h"
#include "stepupd/daemon/places.h"

namespace stepup::daemon {

class Server {
 public:
  explicit Server(Engine& engine);

  // Serves the listening sockets until the loop ends.
  Status start(sd_event* loop, UniqueFd stepupd_socket, UniqueFd control_socket);

 private:
  struct Held {
    std::unique_ptr<Connection> connection;
    std::optional<uid_t> user;  // for whom it counts, once that is known
  };

  void accept_on(wire::Socket socket);
  void admit(UniqueFd fd, wire::Socket socket);
  Task<wire::Verdict> begin(Connection& connection, wire::Packet packet);
  void tick();
  void reap();

  Engine& engine_;
  sd_event* loop_ = nullptr;
  std::string own_uid_map_;
  UniqueFd sockets_[2];
  IoSource accepting_[2];
  TimerSource ticking_;
  DeferredSource reaping_;
  std::map<Connection*, Held> connections_;
  Places places_[2];
  int unknown_ = 0;  // connections that count for nobody
  std::vector<Connection*> ended_;
};

}  // namespace stepup::daemon
