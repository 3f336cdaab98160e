// SPDX-License-Identifier: ISC
// A mapping file of pam_u2f, perhaps its user's own.
// Property: that of import_property.h; no line is left out, and each is another user's.
#include <set>
#include <string>

#include "tests/fuzz/import_property.h"

using namespace stepup;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto records = import::parse_u2f_keys(text);
  fuzz::check_records(text, records);
  if (records) {
    std::set<std::string> users;
    for (const import::Record& record : *records) users.insert(record.user);
    fuzz::require(users.size() == fuzz::count_lines(text), "each line is of a user of its own");
    fuzz::require(!users.contains(""), "each key is a user's");
  }
  fuzz::check_records(text, import::parse_file(text));
  return 0;
}
