// SPDX-License-Identifier: ISC
// A change to one file of /etc/pam.d: shown, then made.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "stepupd/ctl/host_files.h"

namespace stepup::ctl {

struct PamChange {
  std::string file;  // name of the service
  std::string path;
  std::optional<std::string> before;  // nothing: there is no such file yet
  std::optional<std::string> after;   // nothing: it goes
  std::string model;                  // whose owner and mode a new file gets
};

// As unified diffs, on standard output.  Returns whether it could be written.
[[nodiscard]] bool show(const std::vector<PamChange>& changes);

// Makes them, one after the other, each whole or not at all.  Says what failed and returns false;
// the same command, given again, goes on from there.
[[nodiscard]] bool carry_out(const std::vector<PamChange>& changes);

// What taking our blocks out of `file` changes; nothing when it has none.  Fails with words.
[[nodiscard]] std::expected<std::optional<PamChange>, std::string> removal(const HostFiles& host,
                                                                           const std::string& file);

// Every stack as it is after `changes`.  Both must outlive the reader.
[[nodiscard]] PamReader after(const std::vector<PamChange>& changes, const PamReader& now);

}  // namespace stepup::ctl
