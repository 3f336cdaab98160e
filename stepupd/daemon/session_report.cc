// SPDX-License-Identifier: ISC
#include "stepupd/daemon/session_report.h"

#include <utility>

#include "stepupd/daemon/audit.h"

namespace stepup::daemon {

using wire::Phase;

void report_session(Engine& engine, const session::Asker& asker,
                    const wire::CheckRequest& request) {
  if (request.program != wire::Program::Other) return;
  const SessionKey session = asker.where.session;
  if (request.phase == Phase::OpenSession) {
    auto login = reported_login(request, asker, boot_now());
    if (!login) return;
    audit::login(*login, request.pam_user);
    (void)engine.ledger.open_login(std::move(*login));
    return;
  }
  // The session ends, and what it proved with it.  Another process than the one that opened it may
  // close another session inside of it: then the login stays known, and only counts no more.
  const Login* const login = engine.ledger.logins().find(session);
  const bool is_opener = login != nullptr && login->where.process == asker.where.process &&
                         login->where.process_start == asker.where.process_start;
  if (is_opener) {
    engine.ledger.close_session(session);
    engine.activity.forget_session(session);
  } else {
    engine.ledger.forget_session(session);
  }
}

}  // namespace stepup::daemon
