// SPDX-License-Identifier: ISC
// A recovery code or ticket as typed from paper: the first byte chooses its length.
// Property: what is read has exactly that length and only signs of the alphabet, and printing it in
// groups and reading it back gives the same.
#include <algorithm>

#include "stepupd/factor/readable_code.h"
#include "tests/fuzz/check.h"

using namespace stepup;
using namespace stepup::factor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t length = data[0] % 40 + 2U;
  const auto code = read_readable(fuzz::text_of(data + 1, size - 1), length);
  if (!code) return 0;
  fuzz::require(code->size() == length, "exactly as long as asked for");
  fuzz::require(
      std::ranges::all_of(code->text(), [](char c) { return kReadableAlphabet.contains(c); }),
      "the alphabet alone");
  const SecretBytes printed = grouped(*code, {1, length - 1});
  const auto again = read_readable(printed.text(), length);
  fuzz::require(again && again->text() == code->text(), "what is printed reads the same");
  return 0;
}
