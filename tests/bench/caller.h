// SPDX-License-Identifier: ISC
// What every measuring program needs: to look like sudo, to ask once, and a clock.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace stepup::bench {

using Bytes = std::vector<std::uint8_t>;

// Ends the program: a measurement that failed is no figure.
[[noreturn]] void give_up(const std::string& what);

// A whole number of the command line.
int number(const char* word);

[[nodiscard]] std::int64_t now_ns();

[[nodiscard]] uid_t uid_of(const std::string& user);

// Real uid `user`, effective uid root, as sudo has when it calls PAM.
void become_sudo_of(const std::string& user);

// The packet that pam_stepup sends for "sudo id" of `user` in the account phase.
[[nodiscard]] Bytes request_of(const std::string& user);

// Connects, sends, receives, closes.  Gives up unless stepupd granted, or a probe answered.
void round_trip(const std::string& socket_path, const Bytes& request);

}  // namespace stepup::bench
