// SPDX-License-Identifier: ISC
#include "stepupd/daemon/surroundings.h"

#include <algorithm>

#include "stepupd/base/local_time.h"
#include "stepupd/rules/safe_program.h"
#include "stepupd/session/login_origin.h"

namespace stepup::daemon {

Surroundings surroundings_of(const Engine& engine, const Connection& connection,
                             const session::Asker& asker, const wire::CheckRequest& request) {
  Surroundings surroundings;
  surroundings.rules = engine.rules.get();
  const std::int64_t now = engine.now().unix_seconds;
  if (const auto offset = local_offset_at(now)) surroundings.now = policy::Moment{now, *offset};
  surroundings.tty = asker.where.tty == 0 ? "" : session::terminal_name(asker.where.tty);
  if (engine.rules && engine.rules->asks_origin) {
    // What sudo, su and doas call a remote host is their caller's word.
    const bool logs_in = request.program == wire::Program::Other;
    surroundings.login =
        session::read_login_origin(connection.peer().pid, asker, logs_in ? request.rhost_hint : "");
    // logind may not know, or not be there, what the program that logged in told us.
    const Login* const login = engine.ledger.logins().find(asker.where.session);
    if (surroundings.login.host.empty() && surroundings.login.remote != false && login != nullptr &&
        !login->source.empty()) {
      surroundings.login = {true, login->source};
    }
  }
  return surroundings;
}

void look_at_program(const InForce& rules, policy::Command& command) {
  command.program_is_safe = true;
  command.program_is_safe =
      std::ranges::any_of(rules.excepted,
                          [&](const auto& pattern) {
                            return is_excepted(pattern, command) == policy::Holds::Yes;
                          }) &&
      rules::is_safe_program(command.words.front());
}

}  // namespace stepup::daemon
