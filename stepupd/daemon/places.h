// SPDX-License-Identifier: ISC
// How many connections a user, and all users together, may hold open on a socket.
#pragma once

#include <sys/types.h>

#include <map>

namespace stepup::daemon {

class Places {
 public:
  Places(int of_one, int of_all) : of_one_(of_one), of_all_(of_all) {}

  // Whether `user` gets one more; then give_back() must follow.
  [[nodiscard]] bool take(uid_t user);
  void give_back(uid_t user);

  static constexpr int kReservedForRoot = 64;  // beyond those of all

 private:
  int of_one_;
  int of_all_;
  int taken_ = 0;
  std::map<uid_t, int> held_;
};

}  // namespace stepup::daemon
