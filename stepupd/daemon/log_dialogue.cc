// SPDX-License-Identifier: ISC
#include "stepupd/daemon/log_dialogue.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/base/accounts.h"
#include "stepupd/base/printable.h"
#include "stepupd/daemon/audit.h"
#include "stepupd/daemon/step_up.h"
#include "stepupd/session/peer.h"
#include "stepupd/wire/control_terms.h"

namespace stepup::daemon {
namespace {

using wire::MessageId;
using wire::Verdict;
using wire::VerdictCode;

constexpr std::size_t kRoom = 48 * 1024;  // of the texts in one packet

Verdict denied(MessageId id, std::vector<std::string> args) {
  return {
      VerdictCode::Denied, {id, std::move(args)}
  };
}

// Whether everybody's rows may be seen.
bool is_administrator(const Engine& engine, const Connection& connection) {
  if (connection.peer().uid == 0) return true;
  const auto admins = engine.rules ? engine.rules->admin_gid : std::nullopt;
  if (!admins) return false;
  const auto groups = session::read_peer_groups(connection.fd());
  return groups && std::ranges::find(*groups, *admins) != groups->end();
}

wire::ActivityRow row_of(const store::Activity& row) {
  const auto name = [](const std::string& text) { return printable(text, wire::kMaxName); };
  wire::ActivityRow shown;
  shown.id = static_cast<std::uint64_t>(row.id);
  shown.at = row.at;
  shown.user = name(row.subject.name);
  shown.uid = row.subject.uid;
  shown.session = row.session;
  shown.tty = name(row.tty);
  shown.service = name(row.service);
  shown.phase = name(row.phase);
  shown.target_user = name(row.target_user);
  shown.command = name(row.command);
  shown.digest = name(row.digest);
  shown.arguments = printable(row.arguments, wire::kMaxArguments);
  shown.verdict = name(row.verdict);
  shown.reason = name(row.reason);
  shown.rules = printable(row.rules, wire::kMaxText);
  shown.factor = name(row.factor);
  return shown;
}

std::size_t size_of(const wire::ActivityRow& row) {
  constexpr std::size_t kNumbers = 100;  // and the lengths of the texts
  return kNumbers + row.user.size() + row.tty.size() + row.service.size() + row.phase.size() +
         row.target_user.size() + row.command.size() + row.digest.size() + row.arguments.size() +
         row.verdict.size() + row.reason.size() + row.rules.size() + row.factor.size();
}

wire::ActivityReport report_of(const std::vector<store::Activity>& rows) {
  wire::ActivityReport report;
  std::size_t used = 0;
  for (const store::Activity& row : rows) {
    wire::ActivityRow shown = row_of(row);
    used += size_of(shown);
    if (used > kRoom || report.rows.size() >= wire::kMaxRows) {
      report.more = true;
      break;
    }
    report.rows.push_back(std::move(shown));
  }
  return report;
}

}  // namespace

Task<Verdict> log_dialogue(Engine& engine, Connection& connection, wire::LogRequest request) {
  const uid_t caller = connection.peer().uid;
  const bool everybodys = is_administrator(engine, connection);
  store::ActivityQuery query;
  query.session = request.session;
  query.since = request.since;
  query.after = static_cast<std::int64_t>(
      std::min<std::uint64_t>(request.after, std::numeric_limits<std::int64_t>::max()));
  query.limit = wire::kMaxRows + 1;
  if (!everybodys) query.uid = caller;
  if (!request.user.empty()) {
    // Others do not make us look up a name that is not their own: see target_of().
    auto looking = engine.on_worker<Subject>(
        caller, [caller, everybodys, user = request.user]() -> Result<Subject> {
          const auto own = account_of(caller);
          if (own && own->name == user) return own;
          if (!everybodys) return failure(Errc::Untrusted, "another user's activity");
          return account_of(user);
        });
    const Result<Subject> found = co_await looking;
    if (!found && found.error().code == Errc::Untrusted) {
      audit::peer_refused(connection.peer().pid, caller, "control.sock", found.error().what);
      co_return denied(MessageId::RefusedRights, {"see another user's activity"});
    }
    if (!found && found.error().code == Errc::NotFound) {
      co_return denied(MessageId::RefusedUnknownUser, {request.user});
    }
    if (!found) co_return unavailable(engine, found.error());
    query.uid = found->uid;
  }
  auto reading = engine.with_store<std::vector<store::Activity>>(
      caller,
      [query, waiting = engine.activity.take(), before = engine.activity_before()](
          store::Store& store) -> Result<std::vector<store::Activity>> {
        if (!waiting.empty()) {
          // What cannot be written now is lost, as in the background.
          (void)write_activity(store, waiting, before);
        }
        auto transaction = store.begin_reading();
        if (!transaction) return std::unexpected(transaction.error());
        return transaction->activity(query);
      });
  const Result<std::vector<store::Activity>> rows = co_await reading;
  if (!rows) co_return unavailable(engine, rows.error());
  connection.send(report_of(*rows));
  co_return Verdict{VerdictCode::Granted, {}};
}

}  // namespace stepup::daemon
