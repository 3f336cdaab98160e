// SPDX-License-Identifier: ISC
// The verbs of stepupctl, in the order of its help: each group adds its own to `app`.  Once one of
// them was read whole it stands in `line`, which must outlive `app`.
#pragma once

#include "stepupd/ctl/command_line.h"

namespace CLI {
class App;
}

namespace stepup::ctl {

void add_factor_verbs(CLI::App& app, CommandLine& line);   // enroll, ticket, reset, list, remove
void add_session_verbs(CLI::App& app, CommandLine& line);  // status, verify, gate, sessions, ...
void add_config_verb(CLI::App& app, CommandLine& line);
void add_host_verbs(CLI::App& app,
                    CommandLine& line);  // enable, confirm, rollback, disable, doctor
void add_import_verb(CLI::App& app, CommandLine& line);
void add_policy_verbs(CLI::App& app, CommandLine& line);  // explain, rehearse

}  // namespace stepup::ctl
