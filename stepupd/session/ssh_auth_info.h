// SPDX-License-Identifier: ISC
// What sshd says of how somebody logged in: SSH_AUTH_INFO_0 of the PAM environment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stepup::session {

// Bits, since a login may have taken several.
enum class LoginMethod : std::uint16_t {
  Password = 1,
  KeyboardInteractive = 2,
  PublicKey = 4,    // of any kind
  SecurityKey = 8,  // a key of a type that begins with "sk-"; whether it was touched is not told
  Certificate = 16,
  Gssapi = 32,
  HostBased = 64,
  Other = 128,
};
using LoginMethods = std::uint16_t;  // 0 = unknown

[[nodiscard]] constexpr bool has(LoginMethods methods, LoginMethod method) noexcept {
  return (methods & static_cast<LoginMethods>(method)) != 0;
}

struct SshAuthInfo {
  LoginMethods methods = 0;
  std::string key;  // "ssh-ed25519 AAAA...", the last one that was proved; empty = none
};

// Input is untrusted: sshd writes the text, but a client chose some of its words.  It has a line
// for each method that succeeded, "METHOD[/SUBMETHOD] [KEYTYPE BASE64] [MORE]".  Nothing for a text
// that is empty or has an empty line or word: a reading that is not certain is none.
[[nodiscard]] std::optional<SshAuthInfo> parse_ssh_auth_info(std::string_view text);

}  // namespace stepup::session
