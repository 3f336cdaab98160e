// SPDX-License-Identifier: ISC
#include "stepupd/ctl/pam_edit.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "stepupd/base/printable.h"
#include "stepupd/ctl/pam_effect.h"

namespace stepup::ctl {
namespace {

constexpr std::string_view kBegin = "# stepup begin: put in by stepupctl enable";
constexpr std::string_view kCopyNote = ", which also made this copy of the vendor's file";
constexpr std::string_view kBeginMark = "# stepup begin";
constexpr std::string_view kEnd = "# stepup end";

constexpr WantedLine kInAccount[] = {
    {PamPhase::Account, true}
};
constexpr WantedLine kInAuth[] = {
    {PamPhase::Auth, true}
};
constexpr WantedLine kInSshd[] = {
    {PamPhase::Auth,    true },
    {PamPhase::Session, false}
};
constexpr std::string_view kSudoFiles[] = {"sudo", "sudo-i"};
constexpr std::string_view kSuFiles[] = {"su", "su-l"};
constexpr std::string_view kDoasFiles[] = {"doas"};
constexpr std::string_view kSshdFiles[] = {"sshd"};
constexpr std::string_view kPolkitFiles[] = {"polkit-1"};
constexpr Service kServices[] = {
    {"sudo",   kSudoFiles,   kInAccount},
    {"su",     kSuFiles,     kInAccount},
    {"doas",   kDoasFiles,   kInAccount},
    {"sshd",   kSshdFiles,   kInSshd   },
    {"polkit", kPolkitFiles, kInAuth   },
};

std::string block_of(WantedLine wanted, Copied copied) {
  std::string block(kBegin);
  if (copied == Copied::Yes) block += kCopyNote;
  block += "\n";
  block += to_string(wanted.phase);
  block += wanted.decides ? " [success=ok ignore=ignore default=die]" : " optional";
  return block + " pam_stepup.so\n" + std::string(kEnd) + "\n";
}

bool may_end_stack(const PamLine& line) {
  if (line.kind != PamLine::Kind::Module) return line.kind != PamLine::Kind::Broken;
  return std::ranges::any_of(spelled_out(line.control), [](const ControlWord& word) {
    return word.action != "ok" && word.action != "ignore" && word.action != "bad" &&
           word.action != "die";  // done, reset and jumps
  });
}

// Where the line of `phase` belongs; nothing when the stack has no such phase.
std::optional<std::size_t> place_for(PamPhase phase, const PamText& file, const PamReader& reader) {
  std::optional<std::size_t> after_last;
  for (const PamLine& line : file.lines) {
    if (!contributes(line, phase, reader)) continue;
    if (phase == PamPhase::Account && may_end_stack(line)) return line.begin;
    after_last = line.end;
    // The first file that is included asks for the password, and in session names the login.
    if (phase != PamPhase::Account && line.kind != PamLine::Kind::Module) break;
  }
  return after_last;
}

void insert(std::string& text, std::size_t at, std::string block) {
  if (at > 0 && text[at - 1] != '\n') {  // only at the end: a file without a final newline
    block.insert(0, "\n");
    block.pop_back();
  }
  text.insert(at, block);
}

std::string why_not(const std::string& file, PamPhase phase, const Effect& effect) {
  const std::string head = printable(file) + ": ";
  switch (effect.state) {
    case LineState::CanBeSkipped:
      return head + "a line of pam_stepup in " + to_string(phase) +
             " would not always be reached, because of " + printable(effect.cause);
    case LineState::WeakControl:
      return head + "the line that is there lets a refusal pass: " + printable(effect.cause);
    case LineState::Missing:
    case LineState::InEffect: break;
  }
  return head + "the line has no effect in " + to_string(phase);
}

bool in_effect(const std::string& file, WantedLine wanted, const PamReader& reader) {
  const Effect effect = effect_of(file, wanted.phase, reader);
  return effect.state == LineState::InEffect ||
         (!wanted.decides && effect.state != LineState::Missing);
}

std::string_view next_line(std::string_view text, std::size_t at) {
  const std::size_t newline = text.find('\n', at);
  return text.substr(at, newline == std::string_view::npos ? newline : newline + 1 - at);
}

std::string_view trimmed(std::string_view line) {
  return line.substr(0, line.find_last_not_of(" \t\r\n") + 1);
}

}  // namespace

std::span<const Service> services() { return kServices; }

const Service* find_service(std::string_view name) {
  if (name == "polkit-1") name = "polkit";
  const auto* const found = std::ranges::find(kServices, name, &Service::name);
  return found == std::end(kServices) ? nullptr : found;
}

std::expected<std::string, std::string> with_lines(const std::string& file, std::string_view text,
                                                   std::span<const WantedLine> wanted,
                                                   Copied copied, const PamReader& reader) {
  const auto all_in_effect = [&](const PamReader& read) {
    return std::ranges::all_of(wanted,
                               [&](WantedLine line) { return in_effect(file, line, read); });
  };
  const auto bare = without_blocks(file, text);
  if (!bare) return std::unexpected(bare.error());
  if (all_in_effect(reader)) return std::string(text);

  std::string edited = bare->text;
  const PamReader read_edited = [&](const std::string& name) {
    return name == file ? std::optional(edited) : reader(name);
  };
  for (const WantedLine line : wanted) {
    const Effect now = effect_of(file, line.phase, read_edited);
    if (in_effect(file, line, read_edited)) continue;
    if (now.state != LineState::Missing) return std::unexpected(why_not(file, line.phase, now));
    const PamText parsed = parse_pam_text(edited);
    if (parsed.open_end) {
      return std::unexpected(printable(file) + ": the last line ends in a backslash");
    }
    const auto place = place_for(line.phase, parsed, read_edited);
    // libpam would take that phase from "other"; with a line of ours alone it no longer would.
    if (!place) {
      return std::unexpected(printable(file) + ": it has no line of its own for " +
                             to_string(line.phase));
    }
    insert(edited, *place,
           block_of(line, copied == Copied::Yes || bare->was_copied ? Copied::Yes : Copied::No));
    const Effect then = effect_of(file, line.phase, read_edited);
    if (!in_effect(file, line, read_edited)) {
      return std::unexpected(why_not(file, line.phase, then));
    }
  }
  return edited;
}

std::expected<Removed, std::string> without_blocks(const std::string& file, std::string_view text) {
  Removed out;
  std::vector<std::pair<std::size_t, std::size_t>> goes;
  bool open = false;
  std::size_t begun = 0;  // where the block that is open began
  unsigned number = 0;
  const PamText parsed = parse_pam_text(text);
  const auto half = [&](const char* what) {
    return std::unexpected(printable(file) + ":" + std::to_string(number) + ": " + what +
                           "; remove the lines of stepup by hand");
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view line = next_line(text, at);
    ++number;
    if (line.starts_with(kBeginMark)) {
      if (open) return half("a second \"stepup begin\" without an end");
      open = true;
      begun = at;
      out.was_copied = out.was_copied || line.find(kCopyNote) != std::string_view::npos;
      goes.emplace_back(at, at + line.size());
    } else if (trimmed(line) == kEnd) {
      if (!open) return half("\"stepup end\" without a beginning");
      for (const PamLine& rule : parsed.lines) {
        if (is_ours(rule) && rule.begin > begun && rule.begin < at) {
          goes.emplace_back(rule.begin, rule.end);
        }
      }
      goes.emplace_back(at, at + line.size());
      open = false;
    }
    at += line.size();
  }
  if (open) return half("\"stepup begin\" without an end");

  out.had_block = !goes.empty();
  std::ranges::sort(goes);
  std::size_t at = 0;
  for (const auto& [begin, end] : goes) {
    if (begin > at) out.text.append(text.substr(at, begin - at));
    at = std::max(at, end);  // a rule that continues behind the marker overlaps with it
  }
  out.text.append(text.substr(at));
  // The newline before a block at the end of a file without a final one came with the block.
  const bool ended_so = out.had_block && goes.back().second == text.size() && !text.ends_with('\n');
  if (ended_so && out.text.ends_with('\n')) out.text.pop_back();
  return out;
}

}  // namespace stepup::ctl
