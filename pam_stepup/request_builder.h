// SPDX-License-Identifier: ISC
// Collects what stepupd is told about a PAM transaction.
#pragma once

#include <security/pam_modules.h>

#include <string>
#include <string_view>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/wire/messages.h"

namespace stepup::pam_stepup {

// The program's command line as /proc shows it.
struct CommandLine {
  std::vector<std::string> argv;
  bool truncated = false;  // there was more, or it cannot be told
};

// Input is untrusted: the person who runs sudo chooses every word.  Splits the bytes of
// /proc/PID/cmdline.  A last word without its NUL is not whole; it is dropped and `truncated` set.
// So is what exceeds wire::kMaxArgvBytes or wire::kMaxArgvWords.
[[nodiscard]] CommandLine split_command_line(std::string_view bytes);

// The program whose file is `exe`, the target of /proc/self/exe.
[[nodiscard]] wire::Program program_of(std::string_view exe);

// The program that we are loaded into.  Fails when /proc/self/exe cannot be read: whose factor is
// asked for depends on it, so it must not be guessed.
[[nodiscard]] Result<wire::Program> read_program();

// Fills in the request for `phase` from the PAM items, /proc/self and the user database.  Fails
// with Internal when PAM has no service or user, or read_program() fails.  Nothing is cut to fit:
// an item beyond its limit makes wire::encode() fail later.
[[nodiscard]] Result<wire::CheckRequest> build_request(const pam_handle_t* pamh, wire::Phase phase);

}  // namespace stepup::pam_stepup
