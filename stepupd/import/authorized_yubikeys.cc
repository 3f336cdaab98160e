// SPDX-License-Identifier: ISC
// The mapping of pam_yubico: /etc/yubikey_mappings, ~/.yubico/authorized_yubikeys.  It names the
// YubiKeys of each user.  What would judge their codes is with a validation server.
#include "stepupd/factor/yubico_otp.h"
#include "stepupd/import/formats.h"
#include "stepupd/import/line_reader.h"

namespace stepup::import {

Records parse_authorized_yubikeys(std::string_view text) {
  LineReader reader(text, LineReader::Comments::Skipped);
  while (reader.next()) {
    const auto fields = split(reader.line(), ":");
    if (fields.size() < 2) {
      reader.problem(reader.line(), "not of the form USER:PUBLIC_ID");
      continue;
    }
    for (std::size_t i = 1; i < fields.size(); ++i) {
      reader.problem(fields[i],
                     factor::is_yubico_public_id(fields[i])
                         ? "of this YubiKey the private id and the AES key are missing, which no "
                           "file of pam_yubico has: \"stepupctl enroll yubikey --existing\" asks "
                           "for them, \"stepupctl enroll yubikey\" makes new ones"
                         : "not a public id, which has 12 characters of modhex");
    }
  }
  return reader.finish();
}

}  // namespace stepup::import
