// SPDX-License-Identifier: ISC
// Secrets that a person reads from paper and types: recovery codes and tickets.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"

namespace stepup::factor {

// Crockford's base 32, 5 bits each: without i, l, o and u, which are mistaken for other signs.
inline constexpr std::string_view kReadableAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";

// `size` random characters of the alphabet.  Fails as random_bytes() does.
[[nodiscard]] Result<SecretBytes> random_readable(std::size_t size);

// `code` with a dash after each group of `groups` characters.  Requires sizes that add up to
// code.size().
[[nodiscard]] SecretBytes grouped(const SecretBytes& code,
                                  std::initializer_list<std::size_t> groups);

// Input is untrusted: what a person typed.  Returns its `size` characters in the form that
// random_readable() gives: lower case, without spaces and dashes, o read as 0, i and l as 1.
// Nothing when there are more or fewer, or another sign.
[[nodiscard]] std::optional<SecretBytes> read_readable(std::string_view typed, std::size_t size);

}  // namespace stepup::factor
