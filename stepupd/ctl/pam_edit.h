// SPDX-License-Identifier: ISC
// Our lines in a PAM file, between two marker comments: put in, and taken out again.  Pure: text
// in, text out.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "stepupd/ctl/pam_stack.h"

namespace stepup::ctl {

// One line that a service wants.
struct WantedLine {
  PamPhase phase = PamPhase::Account;
  bool decides = true;  // false: a session line, which is optional and only reports
};

// A service that can be enabled by name, with every PAM file that its programs use.
struct Service {
  std::string_view name;
  std::span<const std::string_view> files;
  std::span<const WantedLine> lines;
};
[[nodiscard]] std::span<const Service> services();
[[nodiscard]] const Service* find_service(std::string_view name);  // null: not known

enum class Copied : std::uint8_t { No, Yes };  // from the vendor's directory: noted in the marker

// The text of `file` with `wanted` in it, each where it takes effect: of account, before the first
// line that could end the stack; of auth, directly after the password.  Unchanged when all are in
// effect already.  `reader` must give `text` for `file`.  Fails with a sentence, printable, about
// what stands in the way; then nothing may be written.
[[nodiscard]] std::expected<std::string, std::string> with_lines(const std::string& file,
                                                                 std::string_view text,
                                                                 std::span<const WantedLine> wanted,
                                                                 Copied copied,
                                                                 const PamReader& reader);

// The text without our blocks: markers and lines of pam_stepup between them.  Everything else
// stays byte for byte, also what somebody has put between the markers.
struct Removed {
  std::string text;
  bool had_block = false;
  bool was_copied = false;  // the block says that the file is a copy of the vendor's
};
// Fails with a sentence when a marker has no partner.
[[nodiscard]] std::expected<Removed, std::string> without_blocks(const std::string& file,
                                                                 std::string_view text);

}  // namespace stepup::ctl
