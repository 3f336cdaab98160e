// SPDX-License-Identifier: ISC
// sshd_config(5) as sshd reads it: the first value of a setting counts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stepupd/ctl/host_files.h"

namespace stepup::ctl {

struct SshdSetting {
  std::string key;    // lower case
  std::string value;  // without quotes around it
  std::string match;  // the criteria of its Match block; empty: for everybody
  std::string where;  // "/etc/ssh/sshd_config:7"
};

// In the order in which they count, includes where they stand; none where sshd has no file.
[[nodiscard]] std::vector<SshdSetting> read_sshd_config(const HostFiles& host);

// What holds for everybody, or for a connection that `match` is for; `unset` if nothing is said.
[[nodiscard]] std::string sshd_value(const std::vector<SshdSetting>& settings, std::string_view key,
                                     std::string_view unset, std::string_view match = "");

// The pieces of a text or a line.
[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);
[[nodiscard]] std::string_view take_word(std::string_view& rest, std::string_view separators);

}  // namespace stepup::ctl
