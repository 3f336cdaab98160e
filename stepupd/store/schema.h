// SPDX-License-Identifier: ISC
// The tables, and how a file is recognised.
#pragma once

#include <cstdint>
#include <string>

#include "stepupd/base/result.h"
#include "stepupd/store/sql.h"

namespace stepup::store {

inline constexpr std::uint32_t kSchema = 5;                     // PRAGMA user_version
inline constexpr std::uint32_t kApplicationId = 0x53'54'55'50;  // "STUP"

// Makes the tables in the empty file behind `database`.
[[nodiscard]] Status create_schema(Database& database);

// Input is untrusted: whatever file lies at `path`, before SQLite, which repairs and rewrites, has
// opened it.  Fails with Storage when it is no database of ours (an empty file is none) or is
// newer.
[[nodiscard]] Status recognise_file(const char* path);

// The same through the open database, and its whole structure (PRAGMA quick_check).
[[nodiscard]] Status examine(Database& database);

// Brings the tables of an older stepup to kSchema, in one transaction, and keeps a copy of what was
// beside its file `path`, as PATH.schema-N.  On failure the database is as it was.  Requires that
// examine() succeeded.
[[nodiscard]] Status migrate(Database& database, const std::string& path);

}  // namespace stepup::store
