// SPDX-License-Identifier: ISC
// The file of the last good rules, as it is read at a start.
// Property: unbundle() refuses, or returns files whose bundle is the very same bytes: nothing is
// skipped, and no two files on disk mean the same rules.
#include "stepupd/rules/rules.h"
#include "tests/fuzz/check.h"

using namespace stepup;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  const auto files = rules::unbundle(bytes);
  if (files) fuzz::require(rules::bundle(*files) == bytes, "a set of rules bundles to its bytes");
  return 0;
}
