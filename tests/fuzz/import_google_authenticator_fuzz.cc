// SPDX-License-Identifier: ISC
// A file of google-authenticator, its user's own.
// Property: that of import_property.h; it is one authenticator, of nobody named.
#include "tests/fuzz/import_property.h"

using namespace stepup;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto records = import::parse_google_authenticator(text);
  fuzz::check_records(text, records);
  if (records) {
    fuzz::require(records->size() == 1 && records->front().user.empty(),
                  "a file is one authenticator, of nobody named");
  }
  fuzz::check_records(text, import::parse_file(text));
  return 0;
}
