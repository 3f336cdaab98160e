// SPDX-License-Identifier: ISC
#include "stepupd/ctl/doctor.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>

#include "stepupd/base/printable.h"
#include "stepupd/ctl/daemon_query.h"
#include "stepupd/ctl/json_report.h"
#include "stepupd/ctl/output.h"
#include "stepupd/rules/rules.h"

namespace stepup::ctl {
namespace {

constexpr char kStepupdSocket[] = "/run/stepup/stepupd.sock";
constexpr char kStateDir[] = "/var/lib/stepup";
constexpr std::size_t kMaxShown = 2048;

// The rules, and what is wrong with them.  Returns the services in which one asks; sudo and su
// where there are none to be read.
std::vector<std::string> examine_rules(const HostFiles& host, std::vector<Finding>& out) {
  rules::Layout layout;
  layout.etc_dir = host.path(layout.etc_dir);
  layout.vendor_dir = host.path(layout.vendor_dir);
  const auto bad = [&](const std::vector<rules::Problem>& problems) {
    for (const rules::Problem& problem : problems) {
      out.push_back({"conf", rules::to_string(problem),
                     "stepupd goes on with its last good rules, or refuses everybody",
                     "mend it, then run: stepupctl config check && systemctl reload stepupd"});
    }
    return std::vector<std::string>{"sudo", "su"};
  };
  const auto files = rules::read_files(
      layout, host.is_running_host() ? rules::OwnerRule::Root : rules::OwnerRule::Anyone);
  if (!files) return bad(files.error());
  const auto set = rules::parse(*files);
  if (!set) return bad(set.error());
  examine_drop_ins(host, *files, *set, out);
  std::vector<std::string> asked;
  for (const policy::Rule& rule : set->rules) {
    if (rule.level == Level::None) continue;
    asked.insert(asked.end(), rule.service.begin(), rule.service.end());
    if (rule.service.empty())
      asked.insert(asked.end(), {"sudo", "su", "ssh-command"});  // it holds everywhere
  }
  return asked;
}

std::string render(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    out += printable(finding.what, kMaxShown) +
           "\n  why it matters: " + printable(finding.why, kMaxShown) +
           "\n  what to do:     " + printable(finding.remedy, kMaxShown) + "\n";
  }
  return findings.empty() ? "Nothing was found.\n" : out;
}

}  // namespace

void examine_daemon(const HostFiles& host, const std::string& socket, std::vector<Finding>& out) {
  if (!host.is_running_host()) return;
  struct stat status = {};
  if (lstat(kStepupdSocket, &status) != 0 || !S_ISSOCK(status.st_mode)) {
    out.push_back({"socket", std::string(kStepupdSocket) + " is missing",
                   "pam_stepup cannot ask stepupd, and refuses everybody",
                   "run: systemctl start stepupd.socket stepupd-control.socket"});
  } else if (status.st_uid != 0 || (status.st_mode & 0077) != 0) {
    out.push_back({"socket", std::string(kStepupdSocket) + " is not root's alone",
                   "pam_stepup refuses a socket that others may have made",
                   "run: systemctl restart stepupd.socket"});
  }
  const auto report = ask_status(socket);
  if (!report) {
    out.push_back({"daemon", "stepupd does not answer at " + socket,
                   "everybody is refused where a PAM file names pam_stepup",
                   "run: systemctl status stepupd.service stepupd.socket stepupd-control.socket; "
                   "the way out is in pam_stepup(8), RECOVERY"});
    return;
  }
  for (const std::string& remark : report->remarks) {
    out.push_back(
        {"remark", "stepupd says: " + remark,
         "people are refused, or asked for something else than it seems, or a factor is nobody's",
         "mend what it names, unless it is meant; see stepupd.conf(5), stepupd(8)"});
  }
  timex clock = {};
  const int state = adjtimex(&clock);
  if (state == TIME_ERROR || (state >= 0 && (clock.status & STA_UNSYNC) != 0)) {
    out.push_back({"clock", "the clock of this host is not synchronised",
                   "right codes of authenticators look wrong once it is half a minute off",
                   "run: timedatectl set-ntp true"});
  }
}

void examine_state(const HostFiles& host, std::vector<Finding>& out) {
  const std::string directory = host.path(kStateDir);
  struct stat whole = {};
  if (lstat(directory.c_str(), &whole) != 0) return;  // nothing kept yet
  std::vector<std::string> paths = {directory};
  for (const std::string& name : host.names_in(directory)) {
    paths.push_back(host.path(kStateDir).append("/").append(name));
  }
  for (const std::string& path : paths) {
    struct stat status = {};
    if (lstat(path.c_str(), &status) != 0) continue;
    if ((status.st_mode & 0077) == 0 && status.st_uid == whole.st_uid) continue;
    out.push_back({"state", path + " is open to others, or belongs to somebody else",
                   "the secrets of all authenticators are kept there",
                   "run: chmod -R go= " + std::string(kStateDir) + " && chown -R _stepup:_stepup " +
                       kStateDir});
  }
}

ExitCode doctor(const DoctorCommand& command, const std::string& socket, bool as_json) {
  if (geteuid() != 0) {
    complain("only root may read all that doctor looks at");
    return ExitCode::Refused;
  }
  const HostFiles host(command.place.root, command.place.pam_dir);
  std::vector<Finding> findings;
  const std::vector<std::string> asked = examine_rules(host, findings);
  examine_pam(host, asked, findings);
  examine_sudoers(host, findings);
  examine_sshd(host, std::ranges::find(asked, "ssh-command") != asked.end(), findings);
  examine_host(host, socket, findings);
  examine_daemon(host, socket, findings);
  examine_state(host, findings);
  if (!write_all(STDOUT_FILENO, as_json ? json(findings) : render(findings))) {
    return ExitCode::Refused;
  }
  return findings.empty() ? ExitCode::Done : ExitCode::Refused;
}

}  // namespace stepup::ctl
