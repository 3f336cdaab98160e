// SPDX-License-Identifier: ISC
// mode = "monitor" for a host that is enabled for the first time.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "stepupd/ctl/host_files.h"
#include "stepupd/rules/rules.h"

namespace stepup::ctl {

struct ModeInForce {
  rules::Mode mode = rules::Mode::Enforce;
  bool chosen = false;  // stepupd.conf has a line for it
};

// What the files below the root of `host` say.  Fails with the first problem, in words: then
// stepupd would refuse, and nothing should be enabled.
[[nodiscard]] std::expected<ModeInForce, std::string> read_mode(const HostFiles& host);

// The text of stepupd.conf with mode = "monitor" beside its comment, or at its beginning, where no
// table has begun.
[[nodiscard]] std::string with_monitor_mode(const std::string& conf);

// Writes that into stepupd.conf, having made sure that it changes the mode and nothing else.
// Fails with words.
[[nodiscard]] std::expected<void, std::string> write_monitor_mode(const HostFiles& host);

}  // namespace stepup::ctl
