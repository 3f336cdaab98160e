// SPDX-License-Identifier: ISC
// The verbs about what sessions have proved.
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "stepupd/base/coordinates.h"
#include "stepupd/ctl/verb_options.h"
#include "stepupd/ctl/verbs.h"
#include "stepupd/wire/grant_messages.h"
#include "stepupd/wire/status_messages.h"

namespace stepup::ctl {
namespace {

// "audit:7", as SessionKey is written; nothing for anything else.
std::optional<SessionKey> session_key_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(colon + 1);
  for (const auto kind :
       {SessionKey::Kind::Audit, SessionKey::Kind::Logind, SessionKey::Kind::Manager}) {
    if (text.substr(0, colon) != to_string(kind)) continue;
    SessionKey key{kind, 0};
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), key.id);
    if (error == std::errc() && end == digits.data() + digits.size()) return key;
  }
  return std::nullopt;
}

CLI::Option* add_session(CLI::App* verb, std::optional<SessionKey>& session, const char* what) {
  return verb
      ->add_option_function<std::string>(
          "--session", [&session](const std::string& text) { session = session_key_of(text); },
          what)
      ->type_name("KIND:ID")
      ->check([](const std::string& text) -> Failure {
        return session_key_of(text) ? "" : "must be as \"stepupctl sessions\" shows it: audit:7";
      });
}

void add_revoke(CLI::App& app, CommandLine& line) {
  auto* const verb = app.add_subcommand("revoke", "forget proofs, so that the next command asks");
  const auto request = request_of<wire::RevokeRequest>(verb, line);
  auto* const user = add_user(verb, request->user);
  auto* const all = verb->add_flag("--all", request->all, "everybody's; needs root");
  auto* const session = add_session(verb, request->session, "those of one login session");
  all->excludes(user)->excludes(session);
  user->excludes(session);
}

void add_log(CLI::App& app, CommandLine& line) {
  auto* const verb = app.add_subcommand("log", "show what was decided lately");
  const auto command = request_of<LogCommand>(verb, line);
  verb->add_option("--user", command->request.user, "of one person; needs an administrator")
      ->type_name("USER")
      ->check(from_one_to(wire::kMaxName));
  add_session(verb, command->request.session, "of one login session");
  add_since(verb, command->request.since, "such as 2h, 7d or 2026-11-24");
  verb->add_flag("--follow", command->follow, "go on with what is decided from now on");
  add_json(verb, line);
}

}  // namespace

void add_session_verbs(CLI::App& app, CommandLine& line) {
  auto* const status =
      app.add_subcommand("status", "show what this session has proved, and the rules");
  request_of<wire::StatusRequest>(status, line);
  add_json(status, line);
  auto* const verify = app.add_subcommand("verify", "step up now, before sudo or su asks");
  verify->add_flag("--session", request_of<wire::VerifyRequest>(verify, line)->session,
                   "for the whole login session, where the administrator allows it");
  request_of<GateCommand>(
      app.add_subcommand("gate", "step up before a command over ssh; for sshd's ForceCommand"),
      line);
  auto* const sessions = app.add_subcommand("sessions", "show which proofs hold, and where");
  add_user(sessions, request_of<wire::SessionsRequest>(sessions, line)->user);
  add_json(sessions, line);
  add_revoke(app, line);
  add_log(app, line);
}

}  // namespace stepup::ctl
