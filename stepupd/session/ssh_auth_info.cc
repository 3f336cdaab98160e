// SPDX-License-Identifier: ISC
#include "stepupd/session/ssh_auth_info.h"

#include <algorithm>

namespace stepup::session {
namespace {

// Takes the text up to `separator` off the front of `rest`.
std::string_view take_until(std::string_view& rest, char separator) {
  const std::string_view word = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  return word;
}

LoginMethod method_of(std::string_view name) {
  constexpr struct {
    std::string_view name;
    LoginMethod method;
  } kKnown[] = {
      {"password",             LoginMethod::Password           },
      {"keyboard-interactive", LoginMethod::KeyboardInteractive},
      {"publickey",            LoginMethod::PublicKey          },
      {"gssapi-with-mic",      LoginMethod::Gssapi             },
      {"gssapi-keyex",         LoginMethod::Gssapi             },
      {"hostbased",            LoginMethod::HostBased          },
  };
  const auto* found = std::ranges::find(kKnown, name, [](const auto& row) { return row.name; });
  return found == std::end(kKnown) ? LoginMethod::Other : found->method;
}

// All that sshd takes for keys of security keys; another one that begins so is not guessed at.
bool is_security_key(std::string_view type) {
  constexpr std::string_view kTypes[] = {
      "sk-ssh-ed25519@openssh.com",
      "sk-ecdsa-sha2-nistp256@openssh.com",
      "sk-ssh-ed25519-cert-v01@openssh.com",
      "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
  };
  return std::ranges::find(kTypes, type) != std::end(kTypes);
}

bool is_base64(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
  });
}

void add(LoginMethods& methods, LoginMethod method) {
  methods = static_cast<LoginMethods>(methods | static_cast<LoginMethods>(method));
}

bool read_line(std::string_view line, SshAuthInfo& info) {
  std::string_view name = take_until(line, ' ');
  const LoginMethod method = method_of(take_until(name, '/'));
  add(info.methods, method);
  if (method != LoginMethod::PublicKey) return true;
  const std::string_view type = take_until(line, ' ');
  const std::string_view blob = take_until(line, ' ');
  if (type.empty() || !is_base64(blob)) return false;
  if (is_security_key(type)) add(info.methods, LoginMethod::SecurityKey);
  if (type.ends_with("-cert-v01@openssh.com")) add(info.methods, LoginMethod::Certificate);
  info.key.assign(type).append(" ").append(blob);
  return true;
}

}  // namespace

std::optional<SshAuthInfo> parse_ssh_auth_info(std::string_view text) {
  SshAuthInfo info;
  while (!text.empty()) {
    const std::string_view line = take_until(text, '\n');
    if (line.empty() || line.starts_with(' ') || line.starts_with('/')) return std::nullopt;
    if (!read_line(line, info)) return std::nullopt;
  }
  if (info.methods == 0) return std::nullopt;
  return info;
}

}  // namespace stepup::session
