// SPDX-License-Identifier: ISC
#include "stepupd/daemon/gone_accounts.h"

#include "stepupd/base/accounts.h"
#include "stepupd/base/printable.h"

namespace stepup::daemon {
namespace {

constexpr int kMaxAsked = 64;

bool is_gone(const Subject& recorded) {
  const auto now = account_of(recorded.uid);
  if (now) return now->name != recorded.name;
  // With an errno it may be the service that is gone.
  return now.error().code == Errc::NotFound && now.error().sys_errno == 0;
}

}  // namespace

Result<std::vector<Subject>> gone_accounts(store::Store& store) {
  auto transaction = store.begin_reading();
  if (!transaction) return std::unexpected(transaction.error());
  const auto recorded = transaction->holders();
  if (!recorded) return std::unexpected(recorded.error());
  const auto local = read_local_accounts();
  std::vector<Subject> gone;
  int asked = 0;
  for (const Subject& subject : *recorded) {
    const auto known = local.find(subject.name);
    if (known != local.end() && known->second.uid == subject.uid) continue;
    if (++asked > kMaxAsked) break;
    if (is_gone(subject)) gone.push_back(subject);
  }
  return gone;
}

std::string about_gone(const Subject& recorded) {
  return "Credentials are kept of \"" + printable(recorded.name) + "\" (uid " +
         std::to_string(recorded.uid) +
         "), who has no account: whoever gets both again has them. Then run: stepupctl reset NAME";
}

}  // namespace stepup::daemon
