// SPDX-License-Identifier: ISC
// Security keys that the administrator declares: /etc/stepup/credentials.d/USER.toml
// (stepup-credentials(5)).
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/rules/rules.h"
#include "stepupd/rules/trusted_dir.h"

namespace stepup::rules {

inline constexpr std::size_t kMaxDeclared = 32;  // in one file

// One [[fido2]].  Texts stand as in the file: whether they are keys is seen where keys are known.
struct DeclaredCredential {
  std::string label;
  std::string rp_id;  // empty: that of the host
  std::string credential_id;
  std::string public_key;
  bool uv_capable = false;  // implied by the next
  bool uv_required = false;
  Problem place;  // of the table, to say what is wrong with it
  bool operator==(const DeclaredCredential&) const = default;
};

// All that one file declares, or everything that is wrong with it: never a part, since half a list
// of keys is not what was meant.
using DeclaredCredentials = std::expected<std::vector<DeclaredCredential>, std::vector<Problem>>;

// Input is untrusted: `file.text` may be anything.  Pure.
[[nodiscard]] DeclaredCredentials parse_credentials(const SourceFile& file);

// Reads and parses the file of `user`.  No file, an empty one and a link to /dev/null declare
// nothing, as does a user whose name cannot be that of a file.  Blocks.
[[nodiscard]] DeclaredCredentials read_credentials(const Layout& layout, std::string_view user,
                                                   const Trust& trust);

// What is wrong with the files of all users.  Blocks.
[[nodiscard]] std::vector<Problem> check_credential_files(const Layout& layout, const Trust& trust);

}  // namespace stepup::rules
