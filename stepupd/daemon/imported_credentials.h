// SPDX-License-Identifier: ISC
// Takes the credentials of another tool's file over.  Runs on the worker thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/daemon/throttle.h"
#include "stepupd/import/records.h"
#include "stepupd/store/store.h"
#include "stepupd/wire/import_messages.h"

namespace stepup::daemon {

struct ImportOrder {
  std::string actor;         // who has it done: a user name
  std::string rp_id;         // of the security keys in the file
  std::string own_rp_id;     // of this host
  std::string key_obstacle;  // not empty: why security keys cannot be imported now
  bool dry_run = false;
};

struct OwnedRecord {
  Subject owner;
  import::Record record;
};

struct ImportOutcome {
  std::vector<wire::ImportRow> rows;  // as the records, when there is no problem
  std::vector<wire::ImportProblem> problems;
};

[[nodiscard]] wire::ImportProblem problem_at(const import::Place& at, std::string what);

// Stores all of `records` in one transaction, and tells their owners; or nothing, when there is a
// problem, and on a dry run, which finds what the real one would.  What is enrolled already, and no
// other in anything, is left as it is: its counter may be ahead of the file's.  Fails with Storage,
// and with Untrusted for a sealing key that is missing or not the database's.
[[nodiscard]] Result<ImportOutcome> store_imported(store::Store& store,
                                                   std::span<const OwnedRecord> records,
                                                   const ImportOrder& order, const Now& now);

}  // namespace stepup::daemon
