// SPDX-License-Identifier: ISC
// A mapping file of pam_yubico, perhaps its user's own.
// Property: that of import_property.h; nothing is ever read from it, since no secret is in it.
#include "tests/fuzz/import_property.h"

using namespace stepup;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto records = import::parse_authorized_yubikeys(text);
  fuzz::check_records(text, records);
  fuzz::require(!records, "it holds nothing that could be read");
  fuzz::check_records(text, import::parse_file(text));
  return 0;
}
