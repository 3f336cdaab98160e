// SPDX-License-Identifier: ISC
// The file that "stepupctl enroll ssh-sk" names.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace stepup::ctl {

// Input is untrusted.  The one public key in the text of a file as ssh-keygen(1) writes it, without
// its comment, or why there is none ("holds several keys").  Whether it is a key that can be used
// is stepupd's to say.
[[nodiscard]] std::expected<std::string, std::string> ssh_key_in(std::string_view text);

// The same of the file at `path`.  A failure begins with its name.
[[nodiscard]] std::expected<std::string, std::string> read_ssh_key_file(const std::string& path);

}  // namespace stepup::ctl
