// SPDX-License-Identifier: ISC
#include "stepupd/daemon/login.h"

#include <set>
#include <utility>

#include "stepupd/factor/bytes_of.h"

namespace stepup::daemon {
namespace {

using session::LoginMethod;

std::string if_it_fits(const std::string& text, std::size_t limit) {
  return text.size() <= limit ? text : "";
}

bool touched(const Login& login, bool sk_requires_touch) {
  return sk_requires_touch && session::has(login.methods, LoginMethod::SecurityKey);
}

}  // namespace

std::optional<Login> reported_login(const wire::CheckRequest& request, const session::Asker& asker,
                                    BootTime now) {
  const SessionKey::Kind kind = asker.where.session.kind;
  if (kind != SessionKey::Kind::Audit && kind != SessionKey::Kind::Logind) return std::nullopt;
  if (request.pam_user_uid == kNoUid) return std::nullopt;
  if (asker.login_uid && *asker.login_uid != request.pam_user_uid) return std::nullopt;
  Login login;
  login.where = asker.where;
  login.where.subject = request.pam_user_uid;
  login.at = now;
  login.service = if_it_fits(request.service, kMaxLoginName);
  login.source = if_it_fits(request.rhost_hint, kMaxLoginSource);
  login.tty = if_it_fits(request.tty_hint, kMaxLoginName);
  const auto info =
      request.ssh_auth_info ? session::parse_ssh_auth_info(*request.ssh_auth_info) : std::nullopt;
  if (info) {
    login.methods = info->methods;
    if (!info->key.empty())
      login.key = factor::sha256(factor::bytes_of(info->key)).value_or(factor::Sha256Digest{});
  }
  return login;
}

policy::Grant proved_by(const Login& login, bool sk_requires_touch) {
  policy::Grant grant;
  grant.where = login.where;
  grant.scope = Scope::Session;
  if (!login.counts) return grant;
  grant.level = login.proof.level;
  grant.factor = login.proof.factor;
  grant.credential_id = login.proof.credential_id;
  grant.auth_time = login.proof.auth_time;
  if (touched(login, sk_requires_touch) && grant.level < Level::Touch) {
    grant.level = Level::Touch;
    grant.factor = FactorKind::Fido2;
    grant.credential_id = 0;
    grant.auth_time = login.at;
  }
  return grant;
}

std::vector<std::string> methods_of(const Login& login) {
  constexpr std::pair<LoginMethod, const char*> kNames[] = {
      {LoginMethod::Password,            "password"            },
      {LoginMethod::KeyboardInteractive, "keyboard-interactive"},
      {LoginMethod::PublicKey,           "publickey"           },
      {LoginMethod::SecurityKey,         "security-key"        },
      {LoginMethod::Certificate,         "certificate"         },
      {LoginMethod::Gssapi,              "gssapi"              },
      {LoginMethod::HostBased,           "hostbased"           },
      {LoginMethod::Other,               "other"               },
  };
  std::vector<std::string> names;
  for (const auto& [method, name] : kNames) {
    if (session::has(login.methods, method)) names.emplace_back(name);
  }
  return names;
}

std::vector<std::string> amr_of(const Login& login, bool sk_requires_touch) {
  const LoginProof& proof = login.proof;
  const bool own_key = proof.level >= Level::Touch;
  std::set<std::string> amr;
  if (session::has(login.methods, LoginMethod::Password)) amr.insert("pwd");
  if (session::has(login.methods, LoginMethod::PublicKey) || own_key) amr.insert("pop");
  if (session::has(login.methods, LoginMethod::SecurityKey) || own_key) amr.insert("hwk");
  if (touched(login, sk_requires_touch) || own_key) amr.insert("user");
  if (proof.level == Level::Otp) amr.insert("otp");
  // What is known and what is had; the key itself looked at a PIN or a finger besides.
  const bool had = amr.contains("pop") || amr.contains("otp");
  if ((amr.contains("pwd") && had) || proof.level == Level::TouchWithUv) amr.insert("mfa");
  return {amr.begin(), amr.end()};
}

}  // namespace stepup::daemon
