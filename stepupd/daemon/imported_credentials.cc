// SPDX-License-Identifier: ISC
#include "stepupd/daemon/imported_credentials.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "stepupd/base/printable.h"
#include "stepupd/daemon/credential_rows.h"
#include "stepupd/daemon/enrollment.h"
#include "stepupd/factor/digest.h"

namespace stepup::daemon {
namespace {

using import::Record;
using store::Credential;
using store::Holdings;
using store::Transaction;

std::string in_quotes(std::string_view text) { return "\"" + printable(text) + "\""; }

PendingAuthenticator pending_of(const Record& record, const std::string& rp_id) {
  PendingAuthenticator pending;
  pending.factor = record.factor;
  pending.parameters = record.parameters;
  pending.key = record.key.copy();
  pending.proved_step = record.last_step;
  if (record.security_key) {
    store::Fido2Key& key = pending.fido2.emplace();
    key.rp_id = rp_id;
    key.credential = record.security_key->credential;
    key.uv_required = record.security_key->uv_required;
    key.uv_capable = record.security_key->uv_required;
  }
  return pending;
}

// Whether both are used in the same way.  Requires that they are of the same secret or key.
bool same_use(const Credential& held, const Record& record) {
  if (held.factor != record.factor) return false;
  if (held.fido2 && record.security_key) {
    return held.fido2->credential.public_key == record.security_key->credential.public_key &&
           held.fido2->uv_required == record.security_key->uv_required;
  }
  return held.parameters == record.parameters;
}

class Importer {
 public:
  Importer(Transaction& transaction, const ImportOrder& order, const Now& now)
      : transaction_(transaction), order_(order), now_(now) {}

  // Fails when no more can be done; what is wrong with `one` is noted.
  Status add(const OwnedRecord& one) {
    auto held = transaction_.holdings(one.owner.uid);
    if (!held) return std::unexpected(held.error());
    if (!held->empty() && held->recorded_name != one.owner.name) {
      return problem(one, "the uid of " + in_quotes(one.owner.name) +
                              " holds credentials of another name: run stepupctl reset first");
    }
    const auto same = find_same(*held, one.record);
    if (!same) return std::unexpected(same.error());
    if (const Credential* const credential = *same) return meet(one, *credential);
    if (const auto obstacle = obstacle_of(one.record); !obstacle) {
      return std::unexpected(obstacle.error());
    } else if (!obstacle->empty()) {
      return problem(one, *obstacle);
    }
    auto label = add_imported(transaction_, one.owner, pending_of(one.record, order_.rp_id),
                              order_.actor, now_);
    if (!label) {
      if (label.error().refusal == EnrollRefusal::Failed) {
        return std::unexpected(label.error().error);
      }
      return problem(one, in_quotes(one.owner.name) +
                              " has as many credentials as stepup keeps for one person");
    }
    added_.emplace(one.owner.uid, *label);
    return note(one, *held, std::move(*label));
  }

  ImportOutcome outcome() { return std::move(outcome_); }

 private:
  Status problem(const OwnedRecord& one, std::string what) {
    if (outcome_.problems.size() < import::kMaxProblems) {
      outcome_.problems.push_back(problem_at(one.record.at, std::move(what)));
    }
    return {};
  }

  // The credential of this secret, or of this key, that its owner holds; null for none.
  Result<const Credential*> find_same(const Holdings& held, const Record& record) {
    for (const Credential& credential : held.credentials) {
      if (record.security_key && credential.fido2) {
        if (credential.fido2->rp_id == order_.rp_id &&
            credential.fido2->credential.id == record.security_key->credential.id) {
          return &credential;
        }
      } else if (!record.security_key && !credential.is_key()) {
        const auto key = transaction_.key_of(credential);
        if (!key) return std::unexpected(key.error());
        if (factor::equal_in_constant_time(key->view(), record.key.view())) return &credential;
      }
    }
    return nullptr;
  }

  // Deals with a record whose secret or key its owner holds.
  Status meet(const OwnedRecord& one, const Credential& credential) {
    if (added_.contains({one.owner.uid, credential.label})) {
      return problem(one, "the same credential stands earlier in the file");
    }
    if (!same_use(credential, one.record)) {
      return problem(one, "it is enrolled as " + in_quotes(credential.label) +
                              ", in another way: run stepupctl remove first");
    }
    outcome_.rows.push_back({one.record.at.line,
                             one.owner.name,
                             credential.factor,
                             credential.label,
                             details_of(credential),
                             true,
                             {}});
    return {};
  }

  // Why a record that nobody has yet cannot be stored; empty when it can.
  Result<std::string> obstacle_of(const Record& record) {
    if (record.factor == FactorKind::Totp) {
      const std::uint64_t newest =
          factor::totp_step(record.parameters, now_.unix_seconds) + factor::kTotpWindow;
      // No code would be right until then.
      if (record.last_step.value_or(0) > newest) {
        return "its last code was used at a time that is still to come by this host's clock";
      }
    }
    if (!record.security_key) return "";
    if (!order_.key_obstacle.empty()) return order_.key_obstacle;
    const auto taken = transaction_.has_fido2(order_.rp_id, record.security_key->credential.id);
    if (!taken) return std::unexpected(taken.error());
    return *taken ? "this security key is enrolled for somebody else" : "";
  }

  // The row of what was just added to `before`.
  Status note(const OwnedRecord& one, const Holdings& before, std::string label) {
    const auto held = transaction_.credentials(one.owner.uid);
    if (!held) return std::unexpected(held.error());
    wire::ImportRow row{one.record.at.line,
                        one.owner.name,
                        one.record.factor,
                        std::move(label),
                        held->empty() ? "" : details_of(held->back()),
                        false,
                        {}};
    row.remarks.assign(one.record.remarks.begin(), one.record.remarks.end());
    const bool meets_others =
        one.record.security_key &&
        std::ranges::any_of(before.credentials, [this](const Credential& credential) {
          return credential.fido2 && credential.fido2->rp_id != order_.rp_id;
        });
    if (meets_others) {
      // A touch is asked of the keys of one relying party, of this host's own first.
      row.remarks.emplace_back(
          order_.rp_id == order_.own_rp_id
              ? "its owner's keys of other origins are not asked for any more"
              : "it is not asked for while its owner has keys of another origin");
    }
    outcome_.rows.push_back(std::move(row));
    return {};
  }

  Transaction& transaction_;
  const ImportOrder& order_;
  const Now& now_;
  std::set<std::pair<uid_t, std::string>> added_;
  ImportOutcome outcome_;
};

}  // namespace

wire::ImportProblem problem_at(const import::Place& at, std::string what) {
  return {at.line, at.column, std::move(what)};
}

Result<ImportOutcome> store_imported(store::Store& store, std::span<const OwnedRecord> records,
                                     const ImportOrder& order, const Now& now) {
  auto transaction = store.begin();
  if (!transaction) return std::unexpected(transaction.error());
  Importer importer(*transaction, order, now);
  for (const OwnedRecord& one : records) {
    if (const auto added = importer.add(one); !added) return std::unexpected(added.error());
  }
  ImportOutcome outcome = importer.outcome();
  if (outcome.problems.empty() && !order.dry_run) {
    if (const auto done = transaction->commit(); !done) return std::unexpected(done.error());
  }
  return outcome;
}

}  // namespace stepup::daemon
