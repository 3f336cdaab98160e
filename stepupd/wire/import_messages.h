// SPDX-License-Identifier: ISC
// The messages of control.sock by which credentials of other tools are taken over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "stepupd/base/secret_bytes.h"
#include "stepupd/base/terms.h"
#include "stepupd/wire/control_terms.h"
#include "stepupd/wire/messages.h"

namespace stepup::wire {

inline constexpr std::size_t kMaxRpId = 253;
inline constexpr std::size_t kMaxImport = 1024 * 1024;    // bytes of a file of another tool
inline constexpr std::size_t kMaxImportText = 48 * 1024;  // that come in one packet
inline constexpr std::size_t kMaxRemarks = 4;
inline constexpr std::size_t kMaxRemark = 256;

// Take the credentials of another tool's file over, all of them or none.  Its text follows, piece
// by piece, each when the daemon asks for it: secrets, and perhaps of the user's own writing.
struct ImportRequest {
  static constexpr auto kType = MessageType::ImportRequest;
  std::string user;   // whose file it is: it may name nobody else; empty = anybody's
  std::string rp_id;  // of the security keys in it, which the file does not tell
  std::uint32_t size = 0;
  bool dry_run = false;  // do all of it, and undo it
  bool operator==(const ImportRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.user, kMaxName);
    a.text(m.rp_id, kMaxRpId);
    a.number(m.size);
    a.flag(m.dry_run);
    if constexpr (Archive::kDecoding) {
      if (m.size > kMaxImport) a.refuse();
    }
  }
};

struct ImportText {
  static constexpr auto kType = MessageType::ImportText;
  SecretBytes text;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.secret(m.text, kMaxImportText);
  }
};

struct ImportTextWanted {
  static constexpr auto kType = MessageType::ImportTextWanted;
  bool operator==(const ImportTextWanted&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self&, Archive&) {}
};

// One credential of the file.
struct ImportRow {
  std::uint32_t line = 0;
  std::string user;
  FactorKind factor = FactorKind::Totp;
  std::string label;                 // that it has here
  std::string details;               // as in CredentialRow
  bool enrolled = false;             // it was before, so nothing is changed
  std::vector<std::string> remarks;  // what of it does not come along
  bool operator==(const ImportRow&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.number(m.line);
    a.text(m.user, kMaxName);
    a.choice(m.factor);
    a.text(m.label, kMaxLabel);
    a.text(m.details, kMaxText);
    a.flag(m.enrolled);
    a.list(m.remarks, kMaxRemarks, [](auto& remark, auto& in) { in.text(remark, kMaxRemark); });
  }
};

// What keeps the file from being imported.
struct ImportProblem {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string what;
  bool operator==(const ImportProblem&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.number(m.line);
    a.number(m.column);
    a.text(m.what, kMaxText);
  }
};

// A part of what came of it; more may follow.
struct ImportReport {
  static constexpr auto kType = MessageType::ImportReport;
  std::vector<ImportRow> rows;
  std::vector<ImportProblem> problems;
  bool operator==(const ImportReport&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.list(m.rows, kMaxRows, [](auto& row, auto& in) { ImportRow::fields(row, in); });
    a.list(m.problems, kMaxRows, [](auto& one, auto& in) { ImportProblem::fields(one, in); });
  }
};

}  // namespace stepup::wire
