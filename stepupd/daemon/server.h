// SPDX-License-Identifier: ISC
// The two listening sockets: accepts, bounds what one user may hold open, starts the dialogues.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stepupd/daemon/connection.h"
#include "stepupd/daemon/engine.h"
#include "stepupd/daemon/io_source.h"

namespace stepup::daemon {

class Server {
 public:
  explicit Server(Engine& engine) : engine_(engine) {}

  // Serves the listening sockets until the loop ends.
  Status start(sd_event* loop, UniqueFd stepupd_socket, UniqueFd control_socket);

 private:
  struct Held {
    std::unique_ptr<Connection> connection;
    uid_t user = 0;  // whom it counts for
    bool counted = false;
  };

  void accept_on(wire::Socket socket);
  void admit(UniqueFd fd, wire::Socket socket);
  Task<wire::Verdict> begin(Connection& connection, wire::Packet packet);
  bool count(Connection& connection, uid_t user);
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
  std::map<uid_t, int> per_user_[2];
  int open_[2] = {0, 0};
  std::vector<Connection*> ended_;
};

}  // namespace stepup::daemon
