// SPDX-License-Identifier: ISC
#include <string_view>

#include "stepupd/ctl/doctor.h"
#include "stepupd/ctl/sshd_config.h"

namespace stepup::ctl {
namespace {

constexpr char kSshd[] = "sshd";

bool is_gate(const SshdSetting& setting) {
  return setting.key == "forcecommand" && setting.value.find("stepupctl gate") != std::string::npos;
}

// Agents are what may be forwarded: the gate asks one for a touch, and none runs a command here.
bool forwards_only_agents(const std::vector<SshdSetting>& settings, const std::string& match) {
  static constexpr struct {
    const char* key;
    const char* unset;
  } kOthers[] = {
      {"allowtcpforwarding",         "yes"},
      {"allowstreamlocalforwarding", "yes"},
      {"x11forwarding",              "no" },
      {"permittunnel",               "no" },
  };
  for (const auto& other : kOthers) {
    if (sshd_value(settings, other.key, other.unset, match) != "no") return false;
  }
  return true;
}

// What leads around the gate that `gate` names.
void examine_gate(const std::vector<SshdSetting>& settings, const SshdSetting& gate,
                  std::vector<Finding>& out) {
  static constexpr struct {
    const char* key;
    const char* unset;
    const char* good;
    const char* line;
    const char* why;
  } kWanted[] = {
      {"permituserrc",          "yes", "no",  "PermitUserRC no",
       "sshd runs ~/.ssh/rc before it, without asking"             },
      {"permituserenvironment", "no",  "no",  "PermitUserEnvironment no",
       "~/.ssh/environment can have the shell run a file before it"},
      {"disableforwarding",     "no",  "yes", "DisableForwarding yes",
       "connections that are forwarded pass no gate"               },
  };
  for (const auto& wanted : kWanted) {
    if (sshd_value(settings, wanted.key, wanted.unset, gate.match) == wanted.good) continue;
    const bool is_forwarding = std::string_view(wanted.key) == "disableforwarding";
    if (is_forwarding && forwards_only_agents(settings, gate.match)) continue;
    out.push_back({kSshd, gate.where + ": stepupctl gate without " + wanted.line, wanted.why,
                   std::string("write ") + wanted.line + " beside it, and run: sshd -t && " +
                       "systemctl reload ssh"});
  }
  if (sshd_value(settings, "subsystem", "", gate.match).find("internal-sftp") !=
      std::string::npos) {
    out.push_back({kSshd, gate.where + ": stepupctl gate, and sftp is internal-sftp",
                   "no command can start that, so sftp and scp are refused",
                   "write: Subsystem sftp /usr/lib/openssh/sftp-server"});
  }
}

}  // namespace

void examine_sshd(const HostFiles& host, bool gated, std::vector<Finding>& out) {
  if (!host.read(host.path("/etc/ssh/sshd_config"))) return;
  const std::vector<SshdSetting> settings = read_sshd_config(host);
  if (sshd_value(settings, "usepam", "no") != "yes") {
    out.push_back({kSshd, "sshd does not use PAM",
                   "its logins have no login session of their own, so that what they prove reaches "
                   "no further than a terminal, and rules for sshd ask nobody",
                   "write UsePAM yes in /etc/ssh/sshd_config, and run: systemctl reload ssh"});
  }
  for (const SshdSetting& setting : settings) {
    if (!is_gate(setting)) continue;
    examine_gate(settings, setting, out);
    if (!gated) {
      out.push_back({kSshd, setting.where + ": stepupctl gate, and no rule names ssh-command",
                     "it lets every command pass", "add a rule with service = [\"ssh-command\"]"});
    }
  }
}

}  // namespace stepup::ctl
