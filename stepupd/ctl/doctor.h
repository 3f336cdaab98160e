// SPDX-License-Identifier: ISC
// stepupctl doctor: what makes stepup ineffective, or dangerous, on this host.
#pragma once

#include <string>
#include <vector>

#include "stepupd/ctl/command_line.h"
#include "stepupd/ctl/exit_code.h"
#include "stepupd/ctl/finding.h"
#include "stepupd/ctl/host_files.h"
#include "stepupd/rules/rules.h"

namespace stepup::ctl {

// Reports every finding.  Returns Refused when there is one.
[[nodiscard]] ExitCode doctor(const DoctorCommand& command, const std::string& socket,
                              bool as_json);

// The parts, each of which adds what it finds.  `asked` are the services in which a rule asks.
void examine_pam(const HostFiles& host, const std::vector<std::string>& asked,
                 std::vector<Finding>& out);
// By their text: what sudo itself makes of them is not asked.
void examine_sudoers(const HostFiles& host, std::vector<Finding>& out);
// `gated`: whether a rule asks in ssh-command.
void examine_sshd(const HostFiles& host, bool gated, std::vector<Finding>& out);
// The kernel, and who becomes root by other ways.
void examine_host(const HostFiles& host, const std::string& socket, std::vector<Finding>& out);
// Drop-ins that are without effect.
void examine_drop_ins(const HostFiles& host, const std::vector<rules::SourceFile>& files,
                      const rules::RuleSet& set, std::vector<Finding>& out);
void examine_daemon(const HostFiles& host, const std::string& socket, std::vector<Finding>& out);
void examine_state(const HostFiles& host, std::vector<Finding>& out);

}  // namespace stepup::ctl
