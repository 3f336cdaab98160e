// SPDX-License-Identifier: ISC
// What holds for whatever an import format makes of a file.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "stepupd/factor/cose_key.h"
#include "stepupd/factor/hotp_window.h"
#include "stepupd/import/formats.h"
#include "stepupd/import/line_reader.h"
#include "tests/fuzz/check.h"

namespace stepup::fuzz {

inline void check_place(std::string_view text, const import::Place& place) {
  std::string_view rest = text;
  for (std::uint32_t line = 1; line < place.line; ++line) {
    const std::size_t end = rest.find('\n');
    require(end != std::string_view::npos, "a place is on a line of the file");
    rest.remove_prefix(end + 1);
  }
  const std::size_t length = std::min(rest.find('\n'), rest.size());
  require(place.column >= 1 && place.column <= length + 1, "a place is in its line");
}

inline void check_record(const import::Record& record) {
  require(record.user.size() <= import::kMaxUserName, "a user's name has its bound");
  require(record.user.find_first_of(std::string_view("\n\0", 2)) == std::string::npos,
          "a user's name is of one line");
  require((record.factor == FactorKind::Fido2) == record.security_key.has_value(),
          "a security key has a public key, and nothing else has");
  if (record.security_key) {
    const auto& credential = record.security_key->credential;
    require(record.key.empty(), "a security key has no secret");
    require(!credential.id.empty() && credential.id.size() <= 1023, "an id has its bound");
    require(factor::require_usable(credential.public_key).has_value(), "a key can be used");
    return;
  }
  require(record.factor == FactorKind::Totp || record.factor == FactorKind::Hotp,
          "what is no security key makes codes");
  require(
      record.key.size() >= import::kMinSecretBytes && record.key.size() <= import::kMaxSecretBytes,
      "a secret has its bounds");
  require(record.last_step.value_or(0) <= factor::kHotpLastCounter, "a step has 63 bits");
  require(record.parameters.digits >= 6 && record.parameters.digits <= 8,
          "codes have 6 to 8 digits");
  require(record.parameters.period.count() >= 1 && record.parameters.period.count() <= 60,
          "a period is 1 to 60 seconds");
}

// Property: a file is read whole or refused with problems that stand in it, and none of whose words
// come from it; what is read keeps its bounds.
inline void check_records(std::string_view text, const import::Records& records) {
  if (!records) {
    require(!records.error().empty() && records.error().size() <= import::kMaxProblems,
            "a refusal tells a bounded number of problems");
    for (const import::Problem& problem : records.error()) {
      check_place(text, problem.at);
      require(*problem.what != '\0', "a problem has words");
    }
    return;
  }
  require(!records->empty() && records->size() <= import::kMaxRecords,
          "the records are of a bounded number");
  for (const import::Record& record : *records) {
    check_place(text, record.at);
    check_record(record);
  }
}

// How many lines have something in them, and are no comments.
inline std::size_t count_lines(std::string_view text) {
  import::LineReader reader(text, import::LineReader::Comments::Skipped);
  std::size_t count = 0;
  while (reader.next()) ++count;
  return count;
}

}  // namespace stepup::fuzz
