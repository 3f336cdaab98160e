// SPDX-License-Identifier: ISC
// The public key of a security key as ssh-keygen writes it, pasted or read from a file.
// Property: a line is refused, or is a key that can be used, whose blob is what the line spells and
// tells the whole key, and whose application is bounded text; a comment changes nothing.
#include <algorithm>
#include <string>

#include "stepupd/factor/base64.h"
#include "stepupd/factor/ssh_sk.h"
#include "tests/fuzz/check.h"

using namespace stepup;
using namespace stepup::factor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line = fuzz::text_of(data, size);
  const auto key = read_ssh_sk_line(line);
  if (!key) return 0;
  fuzz::require(line.starts_with("sk-") && line.size() <= kMaxSshKeyLine + 2,
                "a key is a bounded line that begins with its type");
  fuzz::require(require_usable(key->public_key).has_value(), "a key can be used");
  fuzz::require(key->public_key.algorithm != CoseAlgorithm::Rs256, "a key is of either type");
  fuzz::require(!key->application.empty() && key->application.size() <= 255 &&
                    std::ranges::none_of(key->application,
                                         [](unsigned char c) { return c < 0x20 || c == 0x7f; }),
                "an application is bounded text");
  fuzz::require(read_ssh_sk_blob(key->blob) == *key, "a blob tells the whole key");
  const std::size_t front = line.find_first_of(" \t") + 1;
  const std::string_view spelt = line.substr(front, line.find_first_of(" \t\r\n", front) - front);
  fuzz::require(read_base64(spelt) == key->blob, "a blob is what the line spells");
  const std::string with_comment = std::string(line.substr(0, front)) + std::string(spelt) + " c";
  fuzz::require(read_ssh_sk_line(with_comment) == *key, "a comment changes nothing");
  return 0;
}
