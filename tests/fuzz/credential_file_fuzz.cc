// SPDX-License-Identifier: ISC
// A file of /etc/stepup/credentials.d, and the keys that it spells.
// Property: it is all declared or refused with a problem that names its place and is printable;
// what is declared keeps its bounds; a public key is refused or can be used.
#include <algorithm>
#include <set>
#include <string>

#include "stepupd/factor/base64.h"
#include "stepupd/factor/public_key_text.h"
#include "stepupd/rules/credential_files.h"
#include "tests/fuzz/check.h"

using namespace stepup;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path = "/etc/stepup/credentials.d/alice.toml";
  const auto declared = rules::parse_credentials({path, std::string(fuzz::text_of(data, size))});
  if (!declared) {
    fuzz::require(!declared.error().empty(), "a refusal names a problem");
    for (const rules::Problem& problem : declared.error()) {
      fuzz::require(problem.file == path, "a problem names its file");
      const std::string line = rules::to_string(problem);
      fuzz::require(std::ranges::all_of(line, [](char c) { return c >= ' ' && c < 0x7f; }),
                    "a problem is printable");
    }
    return 0;
  }
  fuzz::require(declared->size() <= rules::kMaxDeclared, "there are not too many");
  std::set<std::string> labels;
  for (const rules::DeclaredCredential& one : *declared) {
    fuzz::require(!one.label.empty() && labels.insert(one.label).second, "labels differ");
    fuzz::require(!one.credential_id.empty() && !one.public_key.empty(), "nothing is left out");
    const auto id = factor::read_base64(one.credential_id);
    fuzz::require(!id || (!id->empty() && id->size() <= one.credential_id.size()),
                  "base 64 does not grow");
    const auto key = factor::read_public_key(one.public_key);
    fuzz::require(!key || factor::require_usable(*key).has_value(), "a key can be used");
  }
  return 0;
}
