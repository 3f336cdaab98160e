// SPDX-License-Identifier: ISC
// What the tests of the import formats share.
#pragma once

#include <string>

#include "stepupd/import/formats.h"

namespace stepup::import {

// "3:7: what", for each problem a line; empty when there is none.
inline std::string problems_of(const Records& records) {
  std::string lines;
  if (records) return lines;
  for (const Problem& problem : records.error()) {
    lines += std::to_string(problem.at.line) + ":" + std::to_string(problem.at.column) + ": " +
             problem.what + "\n";
  }
  return lines;
}

// Whether there are problems, and the first begins with `want`.
inline bool fails_with(const Records& records, const std::string& want) {
  return !records && problems_of(records).starts_with(want);
}

}  // namespace stepup::import
