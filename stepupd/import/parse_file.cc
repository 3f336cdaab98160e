// SPDX-License-Identifier: ISC
#include <algorithm>

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
  if (line.find(':') != std::string_view::npos) {
    return line.find(',') != std::string_view::npos ? parse_u2f_keys(text)
                                                    : parse_authorized_yubikeys(text);
  }
  if (is_base32(line)) return parse_google_authenticator(text);
  reader.problem(line,
                 "a line of none of the files that are known: pam_u2f's, google-authenticator's, "
                 "users.oath, authorized_yubikeys");
  return reader.finish();
}

}  // namespace stepup::import
