// SPDX-License-Identifier: ISC
#include "stepupd/ctl/pam_effect.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace stepup::ctl {
namespace {

constexpr int kMaxReads = 100;  // files that include each other in circles must end

// One module of a stack; a substack is one step with steps of its own, which no jump and no end
// of the stack inside it leaves.
struct Step {
  PamLine line;
  std::string where;  // "common-auth:17"
  std::vector<Step> inside;
};

// NOLINTNEXTLINE(misc-no-recursion): no more than kMaxReads files
void flatten(const std::string& file, PamPhase phase, const PamReader& reader, int& reads,
             std::vector<Step>& out) {
  if (--reads < 0) return;
  const auto text = reader(file);
  if (!text) return;
  for (PamLine& line : parse_pam_text(*text).lines) {
    if (line.kind == PamLine::Kind::TextInclude) {
      flatten(line.target, phase, reader, reads, out);
      continue;
    }
    if (line.phase != phase) continue;
    if (line.kind == PamLine::Kind::Include) {
      flatten(line.target, phase, reader, reads, out);
      continue;
    }
    Step step;
    step.where = file + ":" + std::to_string(line.number);
    if (line.kind == PamLine::Kind::Substack) {
      flatten(line.target, phase, reader, reads, step.inside);
    }
    step.line = std::move(line);
    out.push_back(std::move(step));
  }
}

std::vector<Step> chain_of(const std::string& service, PamPhase phase, const PamReader& reader) {
  std::vector<Step> chain;
  int reads = kMaxReads;
  flatten(service, phase, reader, reads, chain);
  return chain;
}

std::string described(const Step& step) {
  return step.where + ": " + to_string(step.line.phase.value_or(PamPhase::Auth)) + " " +
         step.line.control + " " + step.line.target;
}

// How many modules an action jumps over; nothing when it is no jump.
std::optional<std::size_t> jump_of(const std::string& action) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(action.data(), action.data() + action.size(), count);
  if (error != std::errc() || end != action.data() + action.size()) return std::nullopt;
  return count;
}

// Whether `step` may leave its chain, or jump over at least `distance` further steps.
bool may_skip(const Step& step, std::size_t distance) {
  if (step.line.kind != PamLine::Kind::Module) return false;
  return std::ranges::any_of(spelled_out(step.line.control), [&](const ControlWord& word) {
    return word.action == "done" || jump_of(word.action).value_or(0) >= distance;
  });
}

std::string_view action_for(const std::vector<ControlWord>& words, std::string_view result) {
  for (const std::string_view name : {result, std::string_view("default")}) {
    const auto found = std::ranges::find(words, name, &ControlWord::result);
    if (found != words.end()) return found->action;
  }
  return "bad";  // libpam's, for what is not listed
}

// Every code with which pam_stepup, or a libpam that cannot load it, refuses.
constexpr std::array<std::string_view, 11> kRefusals = {
    "auth_err", "perm_denied", "maxtries",    "system_err",   "conv_err", "buf_err",
    "open_err", "symbol_err",  "service_err", "user_unknown", "abort"};

// `may_be_last`: stepupd asks there only after something else was proved (sshd).
Effect control_of(const Step& step, bool may_be_last) {
  Effect effect;
  const std::vector<ControlWord> words = spelled_out(step.line.control);
  const auto refuses = [&](std::string_view result) {
    const std::string_view action = action_for(words, result);
    return action == "bad" || action == "die";
  };
  const std::string_view success = action_for(words, "success");
  const bool good =
      !words.empty() &&
      (success == "ok" || success == "ignore" || (may_be_last && success == "done")) &&
      std::ranges::all_of(kRefusals, refuses);
  effect.passes_without_daemon = good && !refuses("authinfo_unavail");
  const bool only_ignores = action_for(words, "authinfo_unavail") == "ignore";
  effect.state = good && (!effect.passes_without_daemon || only_ignores) ? LineState::InEffect
                                                                         : LineState::WeakControl;
  if (effect.state == LineState::WeakControl) effect.cause = described(step);
  return effect;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the substacks that were read
Effect effect_in(const std::vector<Step>& chain, bool may_be_last) {
  Effect best;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    Effect found;
    if (is_ours(chain[i].line)) found = control_of(chain[i], may_be_last);
    if (chain[i].line.kind == PamLine::Kind::Substack)
      found = effect_in(chain[i].inside, may_be_last);
    if (found.state == LineState::Missing) continue;
    for (std::size_t before = 0; before < i && found.state == LineState::InEffect; ++before) {
      if (!may_skip(chain[before], i - before)) continue;
      found.state = LineState::CanBeSkipped;
      found.cause = described(chain[before]);
    }
    if (found.state == LineState::InEffect) return found;
    if (best.state == LineState::Missing) best = found;
  }
  return best;
}

// Modules that never say who somebody is: they only refuse, prepare or always agree.
constexpr std::array<std::string_view, 19> kNoProof = {
    "pam_access.so",     "pam_deny.so",   "pam_echo.so",      "pam_env.so",     "pam_faildelay.so",
    "pam_faillock.so",   "pam_group.so",  "pam_keyinit.so",   "pam_limits.so",  "pam_motd.so",
    "pam_nologin.so",    "pam_permit.so", "pam_securetty.so", "pam_selinux.so", "pam_shells.so",
    "pam_succeed_if.so", "pam_time.so",   "pam_warn.so",      "pam_wheel.so"};

std::string_view module_of(const PamLine& line) {
  return std::string_view(line.target).substr(line.target.rfind('/') + 1);
}

bool proves(const Step& step) {
  if (step.line.kind == PamLine::Kind::Substack) return std::ranges::any_of(step.inside, proves);
  return !is_ours(step.line) && std::ranges::find(kNoProof, module_of(step.line)) == kNoProof.end();
}

// NOLINTBEGIN(misc-no-recursion): as deep as the substacks that were read
bool has_module(const std::vector<Step>& chain, std::string_view module) {
  return std::ranges::any_of(chain, [module](const Step& step) {
    return module_of(step.line) == module || has_module(step.inside, module);
  });
}

bool has_ours(const std::vector<Step>& chain) {
  return std::ranges::any_of(
      chain, [](const Step& step) { return is_ours(step.line) || has_ours(step.inside); });
}
// NOLINTEND(misc-no-recursion)

}  // namespace

Effect effect_of(const std::string& service, PamPhase phase, const PamReader& reader) {
  return effect_in(chain_of(service, phase, reader), service == "sshd" && phase == PamPhase::Auth);
}

bool stands_alone(const std::string& service, PamPhase phase, const PamReader& reader) {
  const std::vector<Step> chain = chain_of(service, phase, reader);
  return has_ours(chain) && std::ranges::none_of(chain, proves);
}

bool loads(const std::string& service, PamPhase phase, std::string_view module,
           const PamReader& reader) {
  return has_module(chain_of(service, phase, reader), module);
}

bool may_refuse(const std::string& service, const PamReader& reader) {
  const auto stands_in = [&](PamPhase phase) {
    return effect_of(service, phase, reader).state != LineState::Missing;
  };
  return stands_in(PamPhase::Auth) || stands_in(PamPhase::Account);
}

bool mentions_us(const std::string& service, const PamReader& reader) {
  return std::ranges::any_of(
      std::array{PamPhase::Auth, PamPhase::Account, PamPhase::Password, PamPhase::Session},
      [&](PamPhase phase) { return has_ours(chain_of(service, phase, reader)); });
}

}  // namespace stepup::ctl
