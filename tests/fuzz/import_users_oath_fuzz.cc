// SPDX-License-Identifier: ISC
// The file of pam_oath.
// Property: that of import_property.h; each line is one authenticator, of somebody named.
#include "tests/fuzz/import_property.h"

using namespace stepup;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto records = import::parse_users_oath(text);
  fuzz::check_records(text, records);
  if (records) {
    fuzz::require(records->size() == fuzz::count_lines(text), "each line is an authenticator");
    for (const import::Record& record : *records) {
      fuzz::require(!record.user.empty(), "each authenticator is a user's");
    }
  }
  fuzz::check_records(text, import::parse_file(text));
  return 0;
}
