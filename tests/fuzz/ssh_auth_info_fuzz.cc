// SPDX-License-Identifier: ISC
// SSH_AUTH_INFO_0, some of whose words an ssh client chose.
// Property: a key of a security key is seen only where a line begins with "publickey sk-"; what is
// read of two texts is read of both together, line by line.
#include <string>

#include "stepupd/session/ssh_auth_info.h"
#include "tests/fuzz/check.h"

using namespace stepup;
using session::LoginMethod;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::text_of(data, size));
  const auto info = session::parse_ssh_auth_info(text);
  if (!info) return 0;
  fuzz::require(info->methods != 0, "what is known is something");
  if (session::has(info->methods, LoginMethod::SecurityKey)) {
    fuzz::require(
        ("\n" + text).contains("\npublickey sk-") || ("\n" + text).contains("\npublickey/"),
        "a security key only of a line of publickey");
  }
  if (text.ends_with('\n')) {
    const auto more = session::parse_ssh_auth_info(text + "password\n");
    fuzz::require(more && more->methods == (info->methods | static_cast<session::LoginMethods>(
                                                                LoginMethod::Password)),
                  "a further line adds what it says, and nothing else");
  }
  return 0;
}
