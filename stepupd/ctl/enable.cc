// SPDX-License-Identifier: ISC
#include "stepupd/ctl/enable.h"

#include <errno.h>
#include <pwd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "stepupd/base/printable.h"
#include "stepupd/ctl/daemon_query.h"
#include "stepupd/ctl/monitor_mode.h"
#include "stepupd/ctl/output.h"
#include "stepupd/ctl/pam_change.h"
#include "stepupd/ctl/pam_edit.h"
#include "stepupd/ctl/pam_effect.h"
#include "stepupd/ctl/run_program.h"
#include "stepupd/ctl/sudo_users.h"
#include "stepupd/ctl/way_back.h"

namespace stepup::ctl {
namespace {

constexpr char kMonitorRemark[] = "mode = \"monitor\"";

void say(const std::string& text) { (void)write_all(STDOUT_FILENO, text + "\n"); }

// Where distributions keep PAM modules.
bool module_is_installed(const HostFiles& host) {
  std::vector<std::string> directories = {"/lib/security", "/usr/lib/security", "/lib64/security",
                                          "/usr/lib64/security"};
  for (const std::string& name : host.names_in(host.path("/usr/lib"))) {
    directories.push_back("/usr/lib/" + name + "/security");
  }
  return std::ranges::any_of(directories, [&](const std::string& directory) {
    return access(host.path(directory + "/pam_stepup.so").c_str(), R_OK) == 0;
  });
}

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

// Of those who used sudo in the last 30 days: who has an account and, as far as can be told, no
// factor.
std::vector<std::string> people_without_factor(const HostFiles& host, const std::string& socket) {
  std::vector<std::string> people;
  const SudoUsers users = recent_sudo_users(host);
  if (!users.known) {
    complain("warning: neither a journal nor auth.log tells who used sudo");
  }
  for (const std::string& name : users.names) {
    if (host.is_running_host()) {
      // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
      if (getpwnam(name.c_str()) == nullptr) continue;
      const auto held = ask_credentials(socket, name);
      if (held && !held->credentials.empty()) continue;
    }
    people.push_back(printable(name));
  }
  return people;
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

// What speaks against going on; empty when nothing does.
std::string objection(const EnableCommand& command, const HostFiles& host,
                      const std::vector<PamChange>& changes, const std::string& socket) {
  if (!module_is_installed(host)) return "pam_stepup.so is not installed, so sudo would fail";
  if (host.is_running_host() && !ask_status(socket)) {
    return "stepupd does not answer at " + printable(socket) +
           ", so everybody would be refused; run: systemctl start stepupd";
  }
  const PamReader now = host.pam_reader();
  const PamReader then = after(changes, now);
  if (mentions_us("login", then)) {
    return "the console would pass stepup: login has a line of pam_stepup, or a file that it "
           "includes; take it out first";
  }
  if (const std::string way = way_back(host, then); !way.empty()) {
    say("A way to root that does not pass stepup: " + way + ". Try it now.");
  } else if (!command.no_way_back) {
    return "no way to root is found that does not pass stepup: give root a password for the "
           "console, or a key for ssh; or say --no-way-back";
  }
  const std::vector<std::string> people = people_without_factor(host, socket);
  if (people.empty()) return "";
  std::string names;
  for (const std::string& name : people) names += "  " + name + "\n";
  say("These used sudo in the last 30 days and have no second factor:\n" + names +
      "Once the mode is \"enforce\", they are refused until they have enrolled.");
  return command.yes ? "" : "nothing was changed; to go on all the same, say --yes";
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

// What taking our blocks out of `file` changes; nothing when it has none.
std::expected<std::optional<PamChange>, std::string> removal(const HostFiles& host,
                                                             const std::string& file) {
  const std::string path = host.pam_path(file);
  const auto text = host.read(path);
  const bool no_file =
      !text && (text.error().code == Errc::NotFound || text.error().sys_errno == EISDIR);
  if (no_file) return std::nullopt;
  if (!text) return std::unexpected(printable(path) + ": cannot be read");
  auto removed = without_blocks(file, *text);
  if (!removed) return std::unexpected(removed.error());
  if (!removed->had_block) return std::nullopt;
  PamChange change{file, path, *text, std::move(removed->text), path};
  if (removed->was_copied) {
    const auto vendor = host.read(host.vendor_path(file));
    if (vendor && *vendor == *change.after) {
      change.after.reset();
    } else {
      complain("warning: " + printable(path) +
               " stays, because it differs from the vendor's file that it is a copy of");
    }
  }
  return change;
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
  if (changes->empty()) {
    say(std::string(service->name) + " is enabled already.");
    say_mode(mode->mode);
    return ExitCode::Done;
  }
  if (!show(*changes)) return ExitCode::Refused;
  const bool begins = !mode->chosen && nothing_enabled_yet(host);
  if (begins) say("It begins in monitor mode, since stepupd.conf names no mode.");
  const std::string against = objection(command, host, *changes, socket);
  if (!against.empty()) complain(against);
  if (command.dry_run) {
    say("Nothing was written.");
    return ExitCode::Done;
  }
  if (!against.empty()) return ExitCode::Refused;
  if (begins && !begin_in_monitor_mode(host, socket)) return ExitCode::Refused;
  if (!carry_out(*changes)) return ExitCode::Refused;
  say(std::string(service->name) +
      " is enabled. Keep this shell open until a command has run in another one.");
  say_mode(begins ? rules::Mode::Monitor : mode->mode);
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
