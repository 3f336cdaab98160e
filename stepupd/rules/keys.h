// SPDX-License-Identifier: ISC
// Which keys the conf file knows, and what to say about one that it does not know.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace stepup::rules {

inline constexpr std::array<std::string_view, 12> kTopKeys = {
    "mode",  "unenrolled", "verify_session", "source_reuse", "attempts", "host",
    "fido2", "ssh_sk",     "login",          "admin_group",  "activity", "rule"};
inline constexpr std::array<std::string_view, 2> kAttemptsKeys = {"max_failures", "max_backoff"};
inline constexpr std::array<std::string_view, 3> kHostKeys = {"rp_id", "tags", "language"};
inline constexpr std::array<std::string_view, 3> kFido2Keys = {"enabled", "devices", "aaguids"};
inline constexpr std::array<std::string_view, 1> kSshSkKeys = {"enabled"};
inline constexpr std::array<std::string_view, 2> kActivityKeys = {"keep", "arguments"};
inline constexpr std::array<std::string_view, 1> kLoginKeys = {"sk_requires_touch"};
inline constexpr std::array<std::string_view, 23> kRuleKeys = {
    "name",        "service",        "pam_service",   "user",         "target_user",  "command",
    "host_tag",    "source",         "remote",        "tty",          "login_method", "time",
    "except_user", "except_command", "except_source", "level",        "factors",      "max_age",
    "max_idle",    "scope",          "deny",          "login_counts", "enforce"};

// Of [[fido2]] in a file of credentials.d.
inline constexpr std::array<std::string_view, 6> kCredentialKeys = {
    "label", "rp_id", "credential_id", "public_key", "uv_capable", "uv_required"};

// Says that a table which holds the keys `known` has no `key`, and which was probably meant.
[[nodiscard]] std::string unknown_key(std::string_view key,
                                      std::span<const std::string_view> known);

// A table that holds keys.
enum class Place : std::uint8_t {
  Main,
  DropIn,
  Attempts,
  Host,
  Fido2,
  SshSk,
  Login,
  Activity,
  Rule
};

// Why `key`, which `place` does not know, is refused there: where it belongs when another table
// knows it, else the key that was probably meant.
[[nodiscard]] std::string explain_unknown_key(std::string_view key, Place place);

}  // namespace stepup::rules
