// SPDX-License-Identifier: ISC
#include <algorithm>

#include "stepupd/factor/yubico_otp.h"
#include "stepupd/import/formats.h"
#include "stepupd/import/line_reader.h"

namespace stepup::import {
namespace {

bool is_base32(std::string_view line) {
  return std::ranges::all_of(line, [](char sign) {
    return (sign >= 'A' && sign <= 'Z') || (sign >= 'a' && sign <= 'z') ||
           (sign >= '0' && sign <= '8') || sign == ' ' || sign == '-' || sign == '\t';
  });
}

}  // namespace

Records parse_file(std::string_view text) {
  LineReader reader(text, LineReader::Comments::Skipped);
  if (!reader.next()) return reader.finish();
  const std::string_view line = reader.line();
  const std::string_view word = split(line, " \t").front();
  if (word == "HOTP" || word.starts_with("HOTP/")) return parse_users_oath(text);
  if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    // passwd(5) has colons as well, and commas behind them.
    const auto fields = split(line.substr(colon + 1), ":");
    if (!fields.empty() && fields.front().contains(',')) return parse_u2f_keys(text);
    if (std::ranges::any_of(fields, factor::is_yubico_public_id)) {
      return parse_authorized_yubikeys(text);
    }
  }
  if (is_base32(line)) return parse_google_authenticator(text);
  reader.problem(line,
                 "this begins no file of a known kind, which are: pam_u2f's mapping, "
                 "google-authenticator's file, users.oath, authorized_yubikeys");
  return reader.finish();
}

}  // namespace stepup::import
