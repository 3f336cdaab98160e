// SPDX-License-Identifier: ISC
#include "stepupd/ctl/enable.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "stepupd/base/printable.h"
#include "stepupd/ctl/daemon_query.h"
#include "stepupd/ctl/enrolled.h"
#include "stepupd/ctl/monitor_mode.h"
#include "stepupd/ctl/output.h"
#include "stepupd/ctl/pam_change.h"
#include "stepupd/ctl/pam_edit.h"
#include "stepupd/ctl/pam_effect.h"
#include "stepupd/ctl/rehearsal.h"
#include "stepupd/ctl/rollback.h"
#include "stepupd/ctl/run_program.h"
#include "stepupd/ctl/way_back.h"

namespace stepup::ctl {
namespace {

constexpr char kMonitorRemark[] = "mode = \"monitor\"";

void say(const std::string& text) { (void)write_all(STDOUT_FILENO, text + "\n"); }

// What enabling `service` changes; `any` is set when one of its files exists.
std::expected<std::vector<PamChange>, std::string> planned(const HostFiles& host,
                                                           const Service& service, bool& any) {
  std::vector<PamChange> changes;
  const PamReader now = host.pam_reader();
  const PamReader then = after(changes, now);  // su-l includes su
  for (const std::string_view name : service.files) {
    const std::string file(name);
    auto text = host.read(host.pam_path(file));
    const bool copied = !text && text.error().code == Errc::NotFound;
    if (copied) text = host.read(host.vendor_path(file));
    if (!text && text.error().code == Errc::NotFound) continue;
    if (!text) return std::unexpected(printable(host.pam_path(file)) + ": cannot be read");
    any = true;
    auto edited = with_lines(file, *text, service.lines, copied ? Copied::Yes : Copied::No, then);
    if (!edited) return std::unexpected(edited.error());
    if (*edited == *text) continue;
    changes.push_back({file, host.pam_path(file), copied ? std::nullopt : std::optional(*text),
                       std::move(*edited), copied ? host.vendor_path(file) : host.pam_path(file)});
  }
  return changes;
}

bool nothing_enabled_yet(const HostFiles& host) {
  const PamReader now = host.pam_reader();
  return std::ranges::none_of(host.pam_names(),
                              [&](const std::string& name) { return mentions_us(name, now); });
}

// Begins a host in monitor mode, unless its administrator has chosen a mode.  Returns false, having
// said why, when that failed.
bool begin_in_monitor_mode(const HostFiles& host, const std::string& socket) {
  if (const auto written = write_monitor_mode(host); !written) {
    complain(written.error());
    return false;
  }
  say("Wrote mode = \"monitor\" into " + host.path("/etc/stepup/stepupd.conf") + ".");
  if (!host.is_running_host()) return true;
  if (!output_of({"/usr/bin/systemctl", "reload", "stepupd.service"}, 4096)) {
    complain("cannot reload stepupd: run \"systemctl reload stepupd\", then enable again");
    return false;
  }
  for (int tries = 0; tries < 50; ++tries) {  // 5 s: the daemon reads its files in its own time
    const auto status = ask_status(socket);
    if (status && std::ranges::any_of(status->remarks, [](const std::string& remark) {
          return remark.starts_with(kMonitorRemark);
        })) {
      return true;
    }
    const timespec pause = {0, 100'000'000};
    (void)nanosleep(&pause, nullptr);
  }
  complain("stepupd has not taken up mode = \"monitor\": see journalctl -u stepupd");
  return false;
}

void say_mode(rules::Mode mode) {
  if (mode == rules::Mode::Monitor) {
    say("The mode is \"monitor\": nobody is asked yet, and the journal tells who would be:\n"
        "  journalctl -t stepupd STEPUP_REASON=monitor-mode\n"
        "To ask in earnest, set mode = \"enforce\" in /etc/stepup/stepupd.conf, then run:\n"
        "  stepupctl config check && systemctl reload stepupd");
  } else {
    say("The mode is \"enforce\": whoever the rules concern is asked from now on.");
  }
}

// Returns whether somebody who will be asked has nothing to answer with, having said who.
bool tell_of_missing_factors(const HostFiles& host, const Enrolled& people) {
  std::string lacking;
  for (const std::string& name : people.without) lacking += "  " + printable(name) + "\n";
  if (!lacking.empty()) {
    lacking = "These used sudo in the last 30 days and have no second factor:\n" + lacking;
  }
  // Anybody can swell the journal until it cannot be read.
  if (!people.known) lacking += "Neither a journal nor auth.log tells who else used sudo.\n";
  if (!people.caller.empty() && !people.caller_is) {
    lacking += "You, " + printable(people.caller) + ", have no second factor.\n";
  }
  if (host.is_running_host() && people.admin.empty()) {
    lacking +=
        "Nobody who administers this host has a second factor, as far as sudo's log and the "
        "groups sudo, wheel and admin tell.\n";
  }
  if (lacking.empty()) return false;
  say(lacking + "Once the mode is \"enforce\", who has none is refused until they have enrolled.");
  return true;
}

// What speaks against going on; empty when nothing does.
std::string objection(const EnableCommand& command, const HostFiles& host,
                      const std::vector<PamChange>& changes, const Enrolled& people,
                      const std::string& socket) {
  if (!host.has_module()) return "pam_stepup.so is not installed, so sudo would fail";
  if (host.is_running_host() && !ask_status(socket)) {
    return "stepupd does not answer at " + printable(socket) +
           ", so everybody would be refused; run: systemctl start stepupd";
  }
  const PamReader now = host.pam_reader();
  const PamReader then = after(changes, now);
  if (may_refuse("login", then)) {
    return "the console would pass stepup: login has a line of pam_stepup that may refuse, or a "
           "file that it "
           "includes; take it out first";
  }
  if (const std::string way = way_back(host, then); !way.empty()) {
    say("A way to root that does not pass stepup: " + way + ". Try it now.");
  } else if (!command.no_way_back) {
    return "no way to root is found that does not pass stepup: give root a password for the "
           "console, or a key for ssh; or say --no-way-back";
  }
  const bool somebody_lacks = tell_of_missing_factors(host, people);
  return !somebody_lacks || command.yes ? ""
                                        : "nothing was changed; to go on all the same, say --yes";
}

// Who sits here, if they can answer, else an administrator, for whom nobody answers.
Rehearser rehearser_of(const Enrolled& people) {
  if (!people.caller.empty()) return {people.caller, people.caller_is, people.caller_is};
  if (!people.admin.empty()) return {people.admin, true, false};
  return {"root", false, false};
}

// Makes the changes, having made sure that they are taken back unless somebody confirms them.
bool carry_out_for_now(const HostFiles& host, const std::vector<PamChange>& changes) {
  const auto store = RollbackStore::open(host);
  if (!store || !store->add(changes)) {
    complain("/var/lib/stepup-rollback cannot be written: nothing was changed");
    return false;
  }
  if (!start_rollback_timer()) {
    complain(
        "stepup-rollback.timer cannot be started, so nothing was changed; to go on without it, "
        "say --no-rollback");
    return false;
  }
  if (carry_out(changes)) return true;
  (void)store->take_back();
  return false;
}

void say_it_waits() {
  say("Keep this shell open. Five minutes after enable this is taken back, unless you log in anew "
      "and run there:\n  stepupctl verify && sudo stepupctl confirm");
}

// Whether what enable did for the service is still to be confirmed.
bool waits_for_confirm(const HostFiles& host, const Service& service) {
  const auto store = RollbackStore::open(host);
  const auto pending = store ? store->pending() : std::unexpected(store.error());
  const Pending waiting = pending ? pending->value_or(Pending{}) : Pending{};
  return std::ranges::any_of(waiting.files, [&](const std::string& file) {
    return std::ranges::find(service.files, file) != service.files.end();
  });
}

bool is_root() {
  if (geteuid() == 0) return true;
  complain("only root may change /etc/pam.d");
  return false;
}

// Refuses what is no service, having said why.
const Service* service_named(const std::string& name) {
  const Service* const service = find_service(name);
  if (service != nullptr) return service;
  complain(name == "login" ? "login is the way back in, and stays without stepup"
                           : "no such service: \"" + printable(name) +
                                 "\"; there are sudo, su, doas, sshd and polkit");
  return nullptr;
}

// Says which of `files` name the module all the same after `changes`.
bool lines_remain(const HostFiles& host, const std::vector<std::string>& files,
                  const std::vector<PamChange>& changes) {
  const PamReader now = host.pam_reader();
  const PamReader then = after(changes, now);
  bool remain = false;
  for (const std::string& file : files) {
    const auto change = std::ranges::find(changes, file, &PamChange::file);
    if (change != changes.end() && !change->after) continue;  // it goes
    const auto text = then(file);
    if (!text) continue;
    for (const PamLine& line : parse_pam_text(*text).lines) {
      if (!is_ours(line)) continue;
      complain(printable(host.pam_path(file)) + ":" + std::to_string(line.number) +
               ": a line of pam_stepup that stepupctl did not put in; remove it by hand");
      remain = true;
    }
  }
  return remain;
}

}  // namespace

ExitCode enable(const EnableCommand& command, const std::string& socket) {
  const Service* const service = service_named(command.service);
  if (service == nullptr) return ExitCode::Usage;
  if (!is_root()) return ExitCode::Refused;
  const HostFiles host(command.place.root, command.place.pam_dir);
  bool any = false;
  const auto changes = planned(host, *service, any);
  if (!changes) {
    complain(changes.error());
    complain("nothing was changed; pam_stepup(8) tells where the line belongs");
    return ExitCode::Refused;
  }
  if (!any) {
    complain("there is no PAM file for " + std::string(service->name) + " on this host");
    return ExitCode::Refused;
  }
  const auto mode = read_mode(host);
  if (!mode) {
    complain(mode.error());
    complain("nothing was changed; see: stepupctl config check");
    return ExitCode::Refused;
  }
  // The stacks that are in effect, and not those of an image or of somebody's experiments.
  const bool lives = host.is_running_host() && command.place.pam_dir.empty();
  if (changes->empty()) {
    say(std::string(service->name) + " is enabled already.");
    say_mode(mode->mode);
    if (lives && waits_for_confirm(host, *service)) say_it_waits();
    return ExitCode::Done;
  }
  if (!show(*changes)) return ExitCode::Refused;
  const bool begins = !mode->chosen && nothing_enabled_yet(host);
  if (begins) say("It begins in monitor mode, since stepupd.conf names no mode.");
  const Enrolled people = find_enrolled(host, socket);
  std::string against = objection(command, host, *changes, people, socket);
  if (against.empty() && lives && !command.dry_run) {
    against = rehearse(host, *service, *changes, rehearser_of(people));
  }
  if (!against.empty()) complain(against);
  if (command.dry_run) {
    say("Nothing was written.");
    return ExitCode::Done;
  }
  if (!against.empty()) return ExitCode::Refused;
  if (begins && !begin_in_monitor_mode(host, socket)) return ExitCode::Refused;
  const bool waits = lives && !command.no_rollback;
  if (!(waits ? carry_out_for_now(host, *changes) : carry_out(*changes))) return ExitCode::Refused;
  say(std::string(service->name) + " is enabled.");
  say_mode(begins ? rules::Mode::Monitor : mode->mode);
  if (waits) say_it_waits();
  return ExitCode::Done;
}

ExitCode disable(const DisableCommand& command) {
  const HostFiles host(command.place.root, command.place.pam_dir);
  std::vector<std::string> files;
  if (command.all) files = host.pam_names();
  for (const std::string& name : command.services) {
    const Service* const service = service_named(name);
    if (service == nullptr) return ExitCode::Usage;
    files.insert(files.end(), service->files.begin(), service->files.end());
  }
  if (!is_root()) return ExitCode::Refused;
  std::vector<PamChange> changes;
  bool good = true;
  for (const std::string& file : files) {
    const auto change = removal(host, file);
    if (!change) {
      complain(change.error());
      good = false;  // the others go all the same: less stands in the way of a recovery
      continue;
    }
    const std::optional<PamChange>& taken_out = *change;
    if (taken_out) changes.push_back(*taken_out);
  }
  if (!show(changes)) return ExitCode::Refused;
  if (lines_remain(host, files, changes)) good = false;
  if (command.dry_run) {
    say("Nothing was written.");
    return good ? ExitCode::Done : ExitCode::Refused;
  }
  good = carry_out(changes) && good;
  if (good) say(changes.empty() ? "There was nothing to disable." : "Disabled.");
  return good ? ExitCode::Done : ExitCode::Refused;
}

}  // namespace stepup::ctl
