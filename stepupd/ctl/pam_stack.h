// SPDX-License-Identifier: ISC
// PAM files as libpam reads them (pam.d(5)).  Pure: text in, lines out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stepup::ctl {

enum class PamPhase : std::uint8_t { Auth, Account, Password, Session };

[[nodiscard]] constexpr const char* to_string(PamPhase phase) noexcept {
  switch (phase) {
    case PamPhase::Auth: return "auth";
    case PamPhase::Account: return "account";
    case PamPhase::Password: return "password";
    case PamPhase::Session: return "session";
  }
  return "?";
}

// One rule of a file, with its continuation lines.
struct PamLine {
  enum class Kind : std::uint8_t {
    Module,
    Include,      // "auth include FILE"
    Substack,     // "auth substack FILE"
    TextInclude,  // "@include FILE", Debian's: whatever phases the file has
    Broken,       // libpam refuses everybody for it
  };
  Kind kind = Kind::Broken;
  std::optional<PamPhase> phase;       // not of TextInclude and Broken
  std::string control;                 // lower case: "required", "[success=1 default=ignore]"
  std::string target;                  // the module, or the file that is included
  std::vector<std::string> arguments;  // as the module gets them
  std::size_t begin = 0;               // where it stands in the text, newline included
  std::size_t end = 0;
  unsigned number = 0;  // of its first line, from 1
};

struct PamText {
  std::vector<PamLine> lines;
  bool open_end = false;  // the last line asks for a continuation: what follows would join it
};

// Input is untrusted, as far as root's own files can be: any bytes give some lines.  A carriage
// return at the end of a line counts as blank here, though not for every libpam.
[[nodiscard]] PamText parse_pam_text(std::string_view text);

// Whether the line loads pam_stepup.so, by whatever path.
[[nodiscard]] bool is_ours(const PamLine& line);

// What a control value does for each result: "success" and so on, "default" among them.
struct ControlWord {
  std::string result;
  std::string action;
};
// The short words are spelled out; empty for a control that libpam does not know.
[[nodiscard]] std::vector<ControlWord> spelled_out(const std::string& control);

// Reads the file of a service or of an include: "sudo", "common-auth", or an absolute path.
// Nothing when it does not exist or cannot be read.
using PamReader = std::function<std::optional<std::string>(const std::string& name)>;

// Whether `line` adds to `phase`; an include that cannot be read might.
[[nodiscard]] bool contributes(const PamLine& line, PamPhase phase, const PamReader& reader);

}  // namespace stepup::ctl
