// SPDX-License-Identifier: ISC
// Bytes that nobody can guess.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"

namespace stepup::factor {

// Fills `bytes` from the kernel's generator (getrandom(2)), which has no state in this process that
// a fork could copy.  Fails with Internal, and then `bytes` must not be used: a constant key is
// worse than none.
[[nodiscard]] Status fill_random(std::span<std::uint8_t> bytes);

// `size` such bytes.
[[nodiscard]] Result<SecretBytes> random_bytes(std::size_t size);

}  // namespace stepup::factor
