// SPDX-License-Identifier: ISC
// SQLite with owners and errors as values.  Every value is bound, never written into SQL text.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stepupd/base/c_handle.h"
#include "stepupd/base/result.h"

namespace stepup::store {

// One prepared statement.  Text and bytes that are bound must live until step() or run().
class Statement {
 public:
  explicit Statement(sqlite3_stmt* prepared) : handle_(prepared) {}

  // Binds the parameters from the first on: integers, text, bytes, std::nullopt.
  template <typename... Values>
  Statement& bind(const Values&... values) {
    int index = 0;
    (bind_at(++index, values), ...);
    return *this;
  }

  // True when there is a row.  Fails with Storage, also when a bind() failed.
  [[nodiscard]] Result<bool> step();
  // Runs a statement that has no rows.
  [[nodiscard]] Status run();

  // The row's columns, from 0 on.  Requires that step() returned true.  A column of another type
  // than asked for reads as 0 or as empty.
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::vector<std::uint8_t> bytes(int column) const;

 private:
  void bind_at(int index, std::int64_t value);
  void bind_at(int index, std::string_view value);
  void bind_at(int index, std::span<const std::uint8_t> value);
  void bind_at(int index, std::nullopt_t);
  template <typename T>
  void bind_at(int index, const std::optional<T>& value) {
    value ? bind_at(index, *value) : bind_at(index, std::nullopt);
  }

  CHandle<sqlite3_stmt, &sqlite3_finalize> handle_;
  int bound_ = SQLITE_OK;
};

// One connection.  Empty, and failing, until it is opened.
class Database {
 public:
  // Opens the existing file `path` to read and write.  Nothing is read from it yet.
  [[nodiscard]] static Result<Database> open(const std::string& path);

  [[nodiscard]] Result<Statement> prepare(const char* sql);
  // Prepares, binds and runs `sql`, which has no rows.
  template <typename... Values>
  [[nodiscard]] Status run(const char* sql, const Values&... values) {
    auto statement = prepare(sql);
    if (!statement) return std::unexpected(statement.error());
    return statement->bind(values...).run();
  }
  // Runs several statements without parameters.
  [[nodiscard]] Status script(const char* sql);
  // The first column of the first row.  Fails with Storage when there is no row.
  [[nodiscard]] Result<std::int64_t> number(const char* sql);

  // Rows that the last statement inserted, changed or deleted.
  [[nodiscard]] std::int64_t changes() const;
  [[nodiscard]] std::int64_t last_id() const;
  // Whether no transaction is open.
  [[nodiscard]] bool idle() const;
  // Closing will not copy the write-ahead log into the database: the files stay as they are.
  void leave_files_alone() const;

 private:
  CHandle<sqlite3, &sqlite3_close_v2> handle_;
};

}  // namespace stepup::store
