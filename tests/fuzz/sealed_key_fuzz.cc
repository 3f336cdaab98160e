// SPDX-License-Identifier: ISC
// A sealed key as the database holds it, which somebody may have written to: the input is laid over
// a good one, byte by byte, and what is longer is appended.
// Property: it opens only when it is what seal() returned, and then gives what seal() was given;
// never for another record.
#include <algorithm>
#include <vector>

#include "stepupd/store/seal.h"
#include "tests/fuzz/check.h"

using namespace stepup;
using namespace stepup::store;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const SealingKey kKey = *SealingKey::derive(SecretBytes(std::size_t{32}));
  static const SealContext kRecord{7, 1000, FactorKind::Totp, ""};
  static const SecretBytes kSecret(std::string_view("12345678901234567890"));
  static const std::vector<std::uint8_t> kSealed = *kKey.seal(kSecret, kRecord);

  std::vector<std::uint8_t> bytes = kSealed;
  bytes.resize(std::max(bytes.size(), size));
  for (std::size_t i = 0; i < size; ++i) bytes[i] ^= data[i];
  const auto opened = kKey.open(bytes, kRecord);
  fuzz::require(opened.has_value() == (bytes == kSealed), "opens only unchanged");
  if (opened) fuzz::require(opened->text() == kSecret.text(), "gives what was sealed");
  fuzz::require(!kKey.open(bytes, {7, 1001, FactorKind::Totp, ""}), "never for another record");
  const std::span input(data, size);  // libFuzzer may have learnt kSealed from the comparison above
  fuzz::require(!kKey.open(input, kRecord) || std::ranges::equal(input, kSealed),
                "nothing else is a sealed key");
  return 0;
}
