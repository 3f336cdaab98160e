// SPDX-License-Identifier: ISC
#include <algorithm>
#include <string_view>

#include "stepupd/ctl/doctor.h"
#include "stepupd/ctl/pam_edit.h"
#include "stepupd/ctl/pam_effect.h"
#include "stepupd/ctl/way_back.h"
#include "stepupd/wire/module_options.h"

namespace stepup::ctl {
namespace {

constexpr char kPamLine[] = "pam-line";

void examine_line(const HostFiles& host, const Service& service, const std::string& file,
                  PamPhase phase, bool wanted, std::vector<Finding>& out) {
  const PamReader pam = host.pam_reader();
  const Effect effect = effect_of(file, phase, pam);
  const std::string enable = "run: stepupctl enable " + std::string(service.name);
  switch (effect.state) {
    case LineState::Missing:
      if (wanted) {
        out.push_back({kPamLine, file + " has no line of pam_stepup in " + to_string(phase),
                       "a rule names it, and nobody is asked there", enable});
      }
      return;
    case LineState::CanBeSkipped:
      out.push_back(
          {kPamLine,
           "the line of pam_stepup for " + file + " can be passed over, because of " + effect.cause,
           "libpam may end the stack before it, and then nobody is asked",
           "move it in front of that, or remove it and " + enable});
      return;
    case LineState::WeakControl:
      out.push_back({kPamLine,
                     "the line of pam_stepup for " + file + " lets a refusal pass: " + effect.cause,
                     "a command runs although the person gave no right code",
                     "write [success=ok ignore=ignore default=die] as its control value"});
      return;
    case LineState::InEffect: break;
  }
  if (effect.passes_without_daemon) {
    out.push_back({kPamLine, file + " lets everybody pass while stepupd is away",
                   "whoever can stop stepupd needs no second factor",
                   "remove authinfo_unavail=ignore, if that is not meant"});
  }
  if (stands_alone(file, phase, pam)) {
    out.push_back(
        {kPamLine,
         "in " + file + ", nothing but pam_stepup can make " + to_string(phase) + " succeed",
         "a one-time code would replace the password, or the checks of the account",
         "add the distribution's line again, such as @include common-" +
             std::string(to_string(phase))});
  }
}

void examine_options(const std::string& path, std::string_view text, std::vector<Finding>& out) {
  for (const PamLine& line : parse_pam_text(text).lines) {
    if (!is_ours(line)) continue;
    std::vector<const char*> words;
    words.reserve(line.arguments.size());
    for (const std::string& word : line.arguments) words.push_back(word.c_str());
    const auto options = wire::parse_module_options(words);
    if (options) continue;
    out.push_back({kPamLine,
                   path + ":" + std::to_string(line.number) + ": pam_stepup.so does not take \"" +
                       options.error() + '"',
                   line.phase == PamPhase::Session ? "stepupd learns of no login there"
                                                   : "everybody is refused there",
                   "mend it or take it out: pam_stepup(8) lists the OPTIONS, each once at most"});
  }
}

}  // namespace

void examine_pam(const HostFiles& host, const std::vector<std::string>& asked,
                 std::vector<Finding>& out) {
  const PamReader pam = host.pam_reader();
  const bool has_module = host.has_module();
  for (const Service& service : services()) {
    const bool named = std::ranges::any_of(
        asked, [&](const std::string& name) { return find_service(name) == &service; });
    const bool begun = std::ranges::any_of(
        service.files, [&](std::string_view file) { return mentions_us(std::string(file), pam); });
    for (const std::string_view name : service.files) {
      const std::string file(name);
      if (!pam(file)) continue;
      if (!has_module && mentions_us(file, pam)) {
        out.push_back(
            {kPamLine, file + " names pam_stepup.so, which is not installed",
             "libpam refuses everybody there: \"Module is unknown\"",
             "install libpam-stepup (of rpm: pam_stepup) again, or run: stepupctl disable "
             "--all"});
      }
      for (const WantedLine line : service.lines) {
        if (line.decides) examine_line(host, service, file, line.phase, named || begun, out);
      }
    }
  }
  for (const std::string& file : host.pam_names()) {
    const auto text = host.read(host.pam_path(file));
    if (!text) continue;
    examine_options(host.pam_path(file), *text, out);
    if (const auto removed = without_blocks(file, *text); !removed) {
      out.push_back({"pam-marker", removed.error(), "stepupctl disable cannot take its line out",
                     "remove both markers and the line between them by hand"});
    }
  }
  if (may_refuse("login", pam)) {
    out.push_back({"login",
                   "login has a line of pam_stepup that may refuse, or a file that it includes has",
                   "the console is the way back in when stepup refuses everybody",
                   "take it out; each service has a line of its own"});
  }
  if (way_back(host, pam).empty()) {
    out.push_back({"way-back", "no way to root is found that does not pass stepup",
                   "when stepup refuses everybody, nobody can mend it",
                   "give root a password for the console, or a key for ssh"});
  }
}

}  // namespace stepup::ctl
