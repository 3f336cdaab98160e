// SPDX-License-Identifier: ISC
#include "stepupd/ctl/pam_stack.h"

#include <algorithm>
#include <cctype>

namespace stepup::ctl {
namespace {

constexpr std::string_view kBlank = " \t\r\n";
constexpr int kMaxReads = 100;  // files that include each other in circles must end

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// The next word of `text`, which it is taken from; "[a b]" is one.
std::string take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  std::size_t size = 0;
  if (text.starts_with('[')) {
    std::size_t close = text.find(']');
    while (close != std::string_view::npos && text[close - 1] == '\\') {
      close = text.find(']', close + 1);
    }
    size = close == std::string_view::npos ? text.size() : close + 1;
  } else {
    size = std::min(text.find_first_of(kBlank), text.size());
  }
  std::string word(text.substr(0, size));
  text.remove_prefix(size);
  return word;
}

std::optional<PamPhase> phase_of(std::string_view word) {
  for (const PamPhase phase :
       {PamPhase::Auth, PamPhase::Account, PamPhase::Password, PamPhase::Session}) {
    if (word == to_string(phase)) return phase;
  }
  return std::nullopt;
}

// "[socket=/a b]" is given without the brackets, and "\]" in it as "]".
std::string argument_of(std::string_view word) {
  if (!word.starts_with('[')) return std::string(word);
  std::string argument(word.substr(1, word.size() - (word.ends_with(']') ? 2 : 1)));
  for (std::size_t at = 0; (at = argument.find("\\]", at)) != std::string::npos; ++at) {
    argument.erase(at, 1);
  }
  return argument;
}

// `rule` is one rule without comments and continuation marks.
PamLine line_of(std::string_view rule) {
  PamLine line;
  std::string word = lower(take_word(rule));
  if (word == "@include") {
    line.kind = PamLine::Kind::TextInclude;
    line.target = take_word(rule);
    return line;
  }
  if (word.starts_with('-')) word.erase(0, 1);
  line.phase = phase_of(word);
  if (!line.phase) return line;
  line.control = lower(take_word(rule));
  line.target = take_word(rule);
  if (line.target.empty()) return {};
  line.kind = PamLine::Kind::Module;
  if (line.control == "include") line.kind = PamLine::Kind::Include;
  if (line.control == "substack") line.kind = PamLine::Kind::Substack;
  while (!(word = take_word(rule)).empty()) line.arguments.push_back(argument_of(word));
  return line;
}

// NOLINTBEGIN(misc-no-recursion): no more than kMaxReads files
bool adds(std::string_view text, PamPhase phase, const PamReader& reader, int& reads);

bool adds(const PamLine& line, PamPhase phase, const PamReader& reader, int& reads) {
  switch (line.kind) {
    case PamLine::Kind::Module:
    case PamLine::Kind::Include:
    case PamLine::Kind::Substack: return line.phase == phase;
    case PamLine::Kind::Broken: return false;
    case PamLine::Kind::TextInclude: break;
  }
  if (--reads < 0) return true;
  const auto text = reader(line.target);
  return !text || adds(*text, phase, reader, reads);
}

bool adds(std::string_view text, PamPhase phase, const PamReader& reader, int& reads) {
  return std::ranges::any_of(parse_pam_text(text).lines,
                             [&](const PamLine& line) { return adds(line, phase, reader, reads); });
}
// NOLINTEND(misc-no-recursion)

}  // namespace

PamText parse_pam_text(std::string_view text) {
  PamText out;
  std::string rule;  // what was read of the current one
  std::size_t begin = 0;
  unsigned first = 0;
  unsigned number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t newline = text.find('\n', at);
    const std::size_t next = newline == std::string_view::npos ? text.size() : newline + 1;
    std::string_view line = text.substr(at, next - at);
    const std::size_t here = at;
    at = next;
    ++number;
    const std::size_t hash = line.find('#');
    const bool commented = hash != std::string_view::npos;
    line = line.substr(0, hash);
    line = line.substr(0, line.find_last_not_of(kBlank) + 1);
    // Blank lines and comments stand between continuation lines without ending them.
    if (line.empty()) continue;
    if (!out.open_end) {
      begin = here;
      first = number;
    }
    // A comment swallows the backslash behind it, and the newline ends the rule.
    out.open_end = !commented && line.ends_with('\\');
    if (out.open_end) line.remove_suffix(1);
    rule.append(line).push_back(' ');
    if (out.open_end && at < text.size()) continue;
    if (rule.find_first_not_of(kBlank) != std::string::npos) {
      PamLine parsed = line_of(rule);
      parsed.begin = begin;
      parsed.end = next;
      parsed.number = first;
      out.lines.push_back(std::move(parsed));
    }
    rule.clear();
  }
  return out;
}

bool is_ours(const PamLine& line) {
  constexpr std::string_view kModule = "pam_stepup.so";
  return line.kind == PamLine::Kind::Module &&
         (line.target == kModule || line.target.ends_with("/pam_stepup.so"));
}

std::vector<ControlWord> spelled_out(const std::string& control) {
  if (control == "required") {
    return {
        {"success", "ok"    },
        {"ignore",  "ignore"},
        {"default", "bad"   }
    };
  }
  if (control == "requisite") {
    return {
        {"success", "ok"    },
        {"ignore",  "ignore"},
        {"default", "die"   }
    };
  }
  if (control == "sufficient") {
    return {
        {"success", "done"  },
        {"default", "ignore"}
    };
  }
  if (control == "optional") {
    return {
        {"success", "ok"    },
        {"default", "ignore"}
    };
  }
  std::vector<ControlWord> words;
  if (!control.starts_with('[') || !control.ends_with(']')) return words;
  std::string_view rest(control);
  rest = rest.substr(1, rest.size() - 2);
  for (std::string word = take_word(rest); !word.empty(); word = take_word(rest)) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) return {};
    words.push_back({word.substr(0, equals), word.substr(equals + 1)});
  }
  return words;
}

bool contributes(const PamLine& line, PamPhase phase, const PamReader& reader) {
  int reads = kMaxReads;
  return adds(line, phase, reader, reads);
}

}  // namespace stepup::ctl
