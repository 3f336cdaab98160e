// SPDX-License-Identifier: ISC
#include "stepupd/factor/random.h"

#include <errno.h>
#include <sys/random.h>

namespace stepup::factor {

Status fill_random(std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = getrandom(bytes.data(), bytes.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return failure(Errc::Internal, "getrandom", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<SecretBytes> random_bytes(std::size_t size) {
  SecretBytes bytes(size);
  if (const auto filled = fill_random(bytes.bytes()); !filled) {
    return std::unexpected(filled.error());
  }
  return bytes;
}

}  // namespace stepup::factor
