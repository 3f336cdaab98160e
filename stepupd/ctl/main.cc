// SPDX-License-Identifier: ISC
// stepupctl: the person's and the administrator's command.
//
// SECURITY
//   Runs as whoever calls it and is not set-uid: it can ask stepupd for nothing that the caller
//   could not ask with a program of their own.  What the caller may have is decided by stepupd,
//   from what the kernel says of the connection.
//   Talks to stepupd over control.sock only.  What comes from there is bounded, decoded strictly
//   and made printable before it reaches the terminal.
//   Opens, besides, the controlling terminal, and conf files for "config check".  As root, it reads
//   the file that "import" names, whose text it hands to stepupd unread; "enable", "disable"
//   and "rollback" write /etc/pam.d, /var/lib/stepup-rollback and stepupd.conf, and "doctor" reads
//   what root may; they start journalctl and systemctl, by absolute path and in a clean
//   environment, and "enable" runs the host's PAM modules in a child of its own.  "gate" becomes
//   the command of its caller, as its caller, and with nothing of its own left open or blocked.
//   Secrets are typed, never arguments (ps(1) shows those to everybody); they are wiped after use,
//   and no core file is left.  The terminal is restored on every way out, signals included.
#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/printable.h"
#include "stepupd/ctl/command_line.h"
#include "stepupd/ctl/config_check.h"
#include "stepupd/ctl/dialogue.h"
#include "stepupd/ctl/doctor.h"
#include "stepupd/ctl/enable.h"
#include "stepupd/ctl/exit_code.h"
#include "stepupd/ctl/explain.h"
#include "stepupd/ctl/gate.h"
#include "stepupd/ctl/import_file.h"
#include "stepupd/ctl/log.h"
#include "stepupd/ctl/output.h"
#include "stepupd/ctl/rehearse_rules.h"
#include "stepupd/ctl/report.h"
#include "stepupd/ctl/rollback.h"
#include "stepupd/ctl/signals.h"
#include "stepupd/ctl/ssh_key_file.h"
#include "stepupd/ctl/terminal.h"
#include "stepupd/wire/client.h"
#include "stepupd/wire/credential_messages.h"
#include "stepupd/wire/grant_messages.h"

namespace stepup::ctl {
namespace {

// How long a person may take is the daemon's to say (enrolment takes minutes); that it lives is
// told by its heartbeats.
constexpr BootTime kPatience = std::chrono::hours(24);

// What is said when a request that changes something was granted.
template <typename Request>
constexpr std::string_view kDoneWords = "";
template <>
constexpr std::string_view kDoneWords<wire::EnrollRequest> = "Enrolled.\n";
template <>
constexpr std::string_view kDoneWords<wire::RemoveRequest> = "Removed.\n";
template <>
constexpr std::string_view kDoneWords<wire::RevokeRequest> = "Revoked.\n";
template <>
constexpr std::string_view kDoneWords<wire::VerifyRequest> =
    "Verified. To see how far it reaches run: stepupctl status\n";

// Whether the caller means it.  Returns Done for yes.
ExitCode confirm_reset(const Terminal& terminal, const std::string& user) {
  Question question(
      terminal,
      "This clears all second factors of " + printable(user) + ". To go on, type the user's name: ",
      true);
  const auto reply = question.wait();
  if (!reply) return ExitCode::Interrupted;
  if (reply->kind == Reply::Kind::Line && reply->text.text() == user) return ExitCode::Done;
  complain(terminal.interactive() ? "that is not the name: nothing was changed"
                                  : "nothing was changed; without a terminal, confirm with --yes");
  return terminal.interactive() ? ExitCode::Refused : ExitCode::Usage;
}

template <typename Request>
ExitCode talk(const Request& request, const Terminal& terminal, const CommandLine& line,
              Upload* upload = nullptr, AgentUse agent = AgentUse::Never) {
  wire::Deadlines deadlines;
  deadlines.message = kPatience;
  auto client = wire::Client::connect(line.socket, wire::Socket::Control, deadlines);
  if (!client) {
    complain_of_absence(line.socket, client.error());
    return ExitCode::Unavailable;
  }
  // A failure shows when the answer is read, which may be a refusal that was sent before the daemon
  // closed; what parse_command_line() returns always fits.
  (void)client->send(request);
  return relay(*client, terminal, line.socket, line.json, upload, {}, agent);
}

template <typename Request>
ExitCode carry_out(const Request& request, const CommandLine& line, Upload* upload = nullptr) {
  const Terminal terminal;
  if constexpr (std::is_same_v<Request, wire::ResetRequest>) {
    if (!line.confirmed) {
      const ExitCode answer = confirm_reset(terminal, request.user);
      if (answer != ExitCode::Done) return answer;
    }
  }
  const ExitCode code = talk(request, terminal, line, upload);
  if (code == ExitCode::Done) (void)write_all(STDOUT_FILENO, kDoneWords<Request>);
  return code;
}

ExitCode carry_out(const ConfigCommand& command, const CommandLine& line) {
  return work_on_config(command, line.socket, line.json);
}
ExitCode carry_out(const ExplainCommand& command, const CommandLine& line) {
  return explain(command, line.json);
}
ExitCode carry_out(const EnableCommand& command, const CommandLine& line) {
  return enable(command, line.socket);
}
ExitCode carry_out(const DisableCommand& command, const CommandLine&) { return disable(command); }
ExitCode carry_out(const ConfirmCommand&, const CommandLine& line) { return confirm(line.socket); }
ExitCode carry_out(const RollbackCommand&, const CommandLine&) { return rollback(); }
ExitCode carry_out(const ImportCommand& command, const CommandLine& line) {
  auto file = read_import_file(command);
  if (!file) {
    complain(file.error());
    return ExitCode::Refused;
  }
  const ExitCode code = carry_out(file->request, line, &file->upload);
  if (code == ExitCode::Done) {
    const Upload& upload = file->upload;
    (void)write_all(STDOUT_FILENO,
                    command.dry_run ? "Nothing was changed (--dry-run).\n"
                                    : import_outcome(upload.credentials, upload.enrolled_already));
  }
  return code;
}
ExitCode carry_out(const GateCommand&, const CommandLine& line) {
  const std::string command = gated_command();
  // What it would prove is what the gate asks for: nobody should need two codes.
  if (command == "stepupctl verify") return carry_out(wire::VerifyRequest{false}, line);
  if (command == "stepupctl verify --session") return carry_out(wire::VerifyRequest{true}, line);
  if (const ExitCode code = may_pass(command); code != ExitCode::Done) return code;
  const Terminal terminal = Terminal::that_controls();
  const ExitCode code = talk(gate_request(command), terminal, line, nullptr, AgentUse::WhenAsked);
  return code == ExitCode::Done ? become(command) : code;
}
ExitCode carry_out(const EnrollSshKeyCommand& command, const CommandLine& line) {
  wire::EnrollRequest request = command.request;
  auto key = read_ssh_key_file(command.file);
  if (!key) {
    complain(key.error());
    return ExitCode::Refused;
  }
  request.public_key = std::move(*key);
  return carry_out(request, line);
}
ExitCode carry_out(const LogCommand& command, const CommandLine& line) {
  return show_log(command, line.socket, line.json);
}
ExitCode carry_out(const RehearseCommand& command, const CommandLine& line) {
  return rehearse_rules(command, line.socket, line.json);
}
ExitCode carry_out(const DoctorCommand& command, const CommandLine& line) {
  return doctor(command, line.socket, line.json);
}

ExitCode run(int argc, const char* const* argv) {
  auto line = parse_command_line(argc, argv);
  if (!line) {
    const Stop& stop = line.error();
    if (stop.code != ExitCode::Done) {
      complain(stop.text);
      return stop.code;
    }
    return write_all(STDOUT_FILENO, stop.text) ? stop.code : ExitCode::Refused;
  }
  return std::visit([&](const auto& command) { return carry_out(command, *line); }, line->command);
}

}  // namespace
}  // namespace stepup::ctl

int main(int argc, char** argv) {
  // Against core files, also those that a crash handler takes whatever the size limit says.
  (void)prctl(PR_SET_DUMPABLE, 0);
  stepup::ctl::block_ending_signals();
  try {
    return static_cast<int>(stepup::ctl::run(argc, argv));
  } catch (const std::exception& fault) {  // no memory, most likely
    stepup::ctl::complain(stepup::printable(fault.what()));
    return static_cast<int>(stepup::ctl::ExitCode::Unavailable);
  }
}
