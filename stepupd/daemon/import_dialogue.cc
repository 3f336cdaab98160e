// SPDX-License-Identifier: ISC
#include "stepupd/daemon/import_dialogue.h"
#include "stepupd/base/accounts.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "stepupd/base/printable.h"
#include "stepupd/daemon/audit.h"
#include "stepupd/daemon/control_dialogue.h"
#include "stepupd/daemon/imported_credentials.h"
#include "stepupd/import/formats.h"
#include "stepupd/rules/settings.h"
#include "stepupd/wire/control_terms.h"

namespace stepup::daemon {
namespace {

using namespace std::chrono_literals;
using wire::MessageId;
using wire::Verdict;
using wire::VerdictCode;

// The name service may be asked for a thousand people.
constexpr BootTime kForLookUps = 10min;
// Of one report; far enough below a packet for one row more.
constexpr std::size_t kReportBytes = 48 * 1024;

Verdict refused() {
  return {
      VerdictCode::Denied, {MessageId::RefusedImport, {}}
  };
}

// The whole text; nothing when stepupctl gave up, or sends what was not announced.
Task<std::optional<SecretBytes>> receive_text(Connection& connection, std::uint32_t size) {
  SecretBytes text(size);
  for (std::size_t used = 0; used < size;) {
    auto asking = connection.ask_for_text();
    const Reply reply = co_await asking;
    const std::size_t came = reply.answer.size();
    if (reply.kind != Reply::Kind::Answered || came == 0 || came > size - used) {
      co_return std::nullopt;
    }
    std::ranges::copy(reply.answer.view(), text.bytes().subspan(used).begin());
    used += came;
  }
  co_return std::move(text);
}

// Sends as many reports as `items` need, each once stepupctl has read the one before: together they
// may be more than its socket holds.
template <typename Item>
Task<bool> send_all(Connection& connection, std::vector<Item> wire::ImportReport::* list,
                    std::vector<Item> items, std::size_t (*size_of)(const Item&)) {
  wire::ImportReport report;
  std::size_t used = 0;
  for (Item& item : items) {
    if (used >= kReportBytes || (report.*list).size() == wire::kMaxRows) {
      connection.send(std::exchange(report, {}));
      used = 0;
      auto asking = connection.ask_for_text();
      const Reply reply = co_await asking;
      if (reply.kind != Reply::Kind::Answered) co_return false;
    }
    used += size_of(item);
    (report.*list).push_back(std::move(item));
  }
  connection.send(report);
  co_return true;
}

Task<bool> send_report(Connection& connection, ImportOutcome outcome) {
  constexpr std::size_t kNumbers = 64;
  if (!outcome.problems.empty()) {
    return send_all<wire::ImportProblem>(
        connection, &wire::ImportReport::problems, std::move(outcome.problems),
        [](const wire::ImportProblem& problem) { return kNumbers + problem.what.size(); });
  }
  return send_all<wire::ImportRow>(connection, &wire::ImportReport::rows, std::move(outcome.rows),
                                   [](const wire::ImportRow& row) {
                                     std::size_t size = kNumbers + row.user.size() +
                                                        row.label.size() + row.details.size();
                                     for (const std::string& remark : row.remarks)
                                       size += remark.size();
                                     return size;
                                   });
}

// The refusal of a file, once its problems are told.
Task<Verdict> refuse(Connection& connection, std::vector<wire::ImportProblem> problems) {
  auto telling = send_report(connection, {{}, std::move(problems)});
  (void)co_await std::move(telling);
  co_return refused();
}

// Whose each record is, or why it is nobody's.
struct Owned {
  std::vector<OwnedRecord> records;
  std::vector<wire::ImportProblem> problems;
};

// Looks up each user of `records` once, in a turn of its own on the worker, so that a slow name
// service holds up nobody else for long.  `only` is whose file it is, if that is said.
Task<Result<Owned>> find_owners(Engine& engine, Connection& connection,
                                std::vector<import::Record> records, std::optional<Subject> only) {
  Owned owned;
  std::map<std::string, std::optional<Subject>, std::less<>> known;
  connection.expect_person(kForLookUps);
  for (import::Record& record : records) {
    if (record.user.empty()) {
      if (only) {
        owned.records.push_back({*only, std::move(record)});
      } else {
        owned.problems.push_back(
            problem_at(record.at, "the file does not say whose it is: say it with --user"));
      }
      continue;
    }
    if (!known.contains(record.user)) {
      auto looking = engine.on_worker<Subject>(connection.peer().uid,
                                               [name = record.user] { return account_of(name); });
      Result<Subject> subject = co_await looking;
      if (!subject && subject.error().code != Errc::NotFound) {
        co_return std::unexpected(subject.error());
      }
      known[record.user] = subject ? std::optional(std::move(*subject)) : std::nullopt;
    }
    const std::optional<Subject>& subject = known[record.user];
    const std::string name = "\"" + printable(record.user) + "\"";
    if (!subject) {
      owned.problems.push_back(problem_at(record.at, "there is no user " + name + " on this host"));
    } else if (only && subject->uid != only->uid) {
      owned.problems.push_back(problem_at(
          record.at, "it is for " + name + ", and the file is taken for " + printable(only->name) +
                         "'s alone: let root own a file that is about others"));
    } else {
      owned.records.push_back({*subject, std::move(record)});
    }
  }
  if (owned.problems.size() > import::kMaxProblems) owned.problems.resize(import::kMaxProblems);
  co_return owned;
}

std::string key_obstacle(const Engine& engine) {
  if (!engine.limits().security_keys) {
    return "security keys do not count here: [fido2] enabled is false in stepupd.conf(5)";
  }
  if (!engine.allows_model({})) {
    return "stepupd.conf(5) allows security keys of some models alone, and the file tells no model";
  }
  return "";
}

}  // namespace

Task<Verdict> import_dialogue(Engine& engine, Connection& connection, wire::ImportRequest request) {
  auto finding = target_of(engine, connection, request.user);
  const TargetOrRefusal found = co_await std::move(finding);
  if (!found.target) co_return found.refusal;
  const uid_t caller = connection.peer().uid;
  if (!rules::is_rp_id(request.rp_id)) co_return refused();

  auto receiving = receive_text(connection, request.size);
  std::optional<SecretBytes> text = co_await std::move(receiving);
  if (!text) co_return refused();
  auto reading = engine.on_worker<import::Records>(caller, [text = std::move(*text)] {
    return Result<import::Records>(std::in_place, import::parse_file(text.text()));
  });
  Result<import::Records> read = co_await reading;
  if (!read) co_return unavailable(engine, read.error());
  if (!*read) {
    std::vector<wire::ImportProblem> problems;
    for (const import::Problem& problem : read->error()) {
      problems.push_back(problem_at(problem.at, problem.what));
    }
    auto refusing = refuse(connection, std::move(problems));
    Verdict verdict = co_await std::move(refusing);
    co_return verdict;
  }

  std::optional<Subject> only;
  if (!request.user.empty()) only = found.target->subject;
  auto looking = find_owners(engine, connection, std::move(**read), std::move(only));
  Result<Owned> owned = co_await std::move(looking);
  if (!owned) co_return unavailable(engine, owned.error());
  if (!owned->problems.empty()) {
    auto refusing = refuse(connection, std::move(owned->problems));
    Verdict verdict = co_await std::move(refusing);
    co_return verdict;
  }

  auto records = std::make_shared<std::vector<OwnedRecord>>(std::move(owned->records));
  const ImportOrder order{found.target->actor, request.rp_id, engine.rp_id(), key_obstacle(engine),
                          request.dry_run};
  auto storing = engine.with_store<ImportOutcome>(
      caller, [records, order, now = engine.now()](store::Store& store) {
        return store_imported(store, *records, order, now);
      });
  Result<ImportOutcome> outcome = co_await storing;
  if (!outcome) co_return unavailable(engine, outcome.error());
  const bool is_done = outcome->problems.empty();
  for (std::size_t i = 0; is_done && !order.dry_run && i < records->size(); ++i) {
    if (outcome->rows[i].enrolled) continue;
    audit::credential_changed((*records)[i].owner, "imported", outcome->rows[i].label, order.actor);
  }
  auto telling = send_report(connection, std::move(*outcome));
  (void)co_await std::move(telling);
  co_return is_done ? Verdict{VerdictCode::Granted, {}} : refused();
}

}  // namespace stepup::daemon
