// SPDX-License-Identifier: ISC
// The files that other tools keep second factors in.
#pragma once

#include <string_view>

#include "stepupd/import/records.h"

namespace stepup::import {

// Input is untrusted, here and below: many of these files are their users' own.  Reads `text` as
// what its first line with something in it looks like.  No I/O but the local time zone, in which
// users.oath has its times.
[[nodiscard]] Records parse_file(std::string_view text);

// pam_u2f(8): "USER:KEY_HANDLE,PUBLIC_KEY[,TYPE,ATTRIBUTES][:...]", a line for each user.
[[nodiscard]] Records parse_u2f_keys(std::string_view text);

// pam_google_authenticator(8): the secret, then options, then scratch codes.  Names no user.
[[nodiscard]] Records parse_google_authenticator(std::string_view text);

// pam_oath(8): "TYPE USER PIN SECRET [COUNTER [LAST_CODE [TIME]]]", a line for each authenticator.
[[nodiscard]] Records parse_users_oath(std::string_view text);

// pam_yubico(8): "USER:PUBLIC_ID[:...]".  Always problems: the secrets are elsewhere.
[[nodiscard]] Records parse_authorized_yubikeys(std::string_view text);

}  // namespace stepup::import
