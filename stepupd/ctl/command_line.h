// SPDX-License-Identifier: ISC
// The command line as one request.  Each group of verbs has a file, and they alone know CLI11.
#pragma once

#include <expected>
#include <string>
#include <variant>
#include <vector>

#include "stepupd/ctl/exit_code.h"
#include "stepupd/wire/activity_messages.h"
#include "stepupd/wire/credential_messages.h"
#include "stepupd/wire/grant_messages.h"
#include "stepupd/wire/status_messages.h"

namespace stepup::ctl {

inline constexpr char kDefaultSocket[] = "/run/stepup/control.sock";

// Works on conf files; needs no daemon, but for `running`.
struct ConfigCommand {
  enum class Verb : std::uint8_t { Check, Show, Diff, Schema };
  Verb verb = Verb::Check;
  std::string directory;  // empty = the host's own files
  bool running = false;   // diff: compare with what stepupd has in force
  bool operator==(const ConfigCommand&) const = default;
};

// Another host's files, such as those of an image; empty = this host.
struct Place {
  std::string root;     // instead of /
  std::string pam_dir;  // instead of /etc/pam.d
  bool operator==(const Place&) const = default;
};

struct EnableCommand {
  std::string service;
  bool dry_run = false;
  bool yes = false;          // although people without a factor have used sudo lately
  bool no_way_back = false;  // although no way to root is found that does not pass stepup
  bool no_rollback = false;  // it stays, although nobody confirms it
  Place place;
  bool operator==(const EnableCommand&) const = default;
};

struct DisableCommand {
  std::vector<std::string> services;
  bool all = false;
  bool dry_run = false;
  Place place;
  bool operator==(const DisableCommand&) const = default;
};

// What enable has changed stays, or goes.
struct ConfirmCommand {
  bool operator==(const ConfirmCommand&) const = default;
};
struct RollbackCommand {
  bool operator==(const RollbackCommand&) const = default;
};

struct DoctorCommand {
  Place place;
  bool operator==(const DoctorCommand&) const = default;
};

// Lets sshd's command go on, which the environment names, once stepupd allows it.
struct GateCommand {
  bool operator==(const GateCommand&) const = default;
};

// Prints recent activity.
struct LogCommand {
  wire::LogRequest request;
  bool follow = false;
  bool operator==(const LogCommand&) const = default;
};

// Takes the credentials of another tool's file over.
struct ImportCommand {
  std::string file;
  std::string user;    // whose it is; empty = its owner's, or anybody's when that is root
  std::string origin;  // of the security keys; empty = pam://HOSTNAME
  bool dry_run = false;
  bool operator==(const ImportCommand&) const = default;
};

// Enrols the ssh key that lies in a security key: `request` without its public key.
struct EnrollSshKeyCommand {
  wire::EnrollRequest request;
  std::string file;
  bool operator==(const EnrollSshKeyCommand&) const = default;
};

// What the rules would ask for; needs no daemon.  Empty = unknown, but for user, at and directory.
struct ExplainCommand {
  std::string service;
  std::string user;  // empty = the caller
  std::string target;
  std::string command;
  std::string source;  // an address, or "local"
  std::string tty;     // its name, or "none"
  std::vector<std::string> login_methods;
  std::vector<std::string> tags;  // besides those of the files
  std::string at;                 // empty = now
  std::string directory;          // empty = the host's own files
  bool operator==(const ExplainCommand&) const = default;
};

// Replays recorded decisions against other rules.
struct RehearseCommand {
  std::string directory;   // empty = the host's own files
  std::int64_t since = 0;  // Unix seconds
  bool operator==(const RehearseCommand&) const = default;
};

using Command =
    std::variant<RehearseCommand, LogCommand, EnrollSshKeyCommand, ExplainCommand, EnableCommand,
                 DisableCommand, ConfirmCommand, RollbackCommand, DoctorCommand, GateCommand,
                 ImportCommand, wire::SessionsRequest, wire::RevokeRequest, ConfigCommand,
                 wire::StatusRequest, wire::ListRequest, wire::EnrollRequest, wire::TicketRequest,
                 wire::ResetRequest, wire::RemoveRequest, wire::VerifyRequest>;

struct CommandLine {
  std::string socket = kDefaultSocket;
  Command command;
  bool confirmed = false;  // reset --yes
  bool json = false;       // reports for programs
};

// Why there is nothing to do: the help or version that was asked for (Done), or what is wrong with
// the command line (Usage).
struct Stop {
  ExitCode code = ExitCode::Usage;
  std::string text;  // printable, whole lines for Done
};

// Input is untrusted: a wrapper may pass another person's words.  Every limit of the wire is
// checked here, so that a request that is returned can be encoded.
[[nodiscard]] std::expected<CommandLine, Stop> parse_command_line(int argc,
                                                                  const char* const* argv);

}  // namespace stepup::ctl
