// SPDX-License-Identifier: ISC
// The words after pam_stepup.so in a file of /etc/pam.d, and after stepup_approval.so in sudo.conf.
#pragma once

#include <chrono>
#include <expected>
#include <span>
#include <string>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/language.h"

namespace stepup::wire {

struct ModuleOptions {
  std::string socket = "/run/stepup/stepupd.sock";
  BootTime first_reply = std::chrono::seconds(3);
  Language language = Language::English;  // where stepupd, which knows the host's, is not heard
};

// Reads socket=PATH (absolute, and short enough for an address of unix(7)), timeout=SECONDS (1 to
// 60) and language=en, de or fr.  Fails with the first word that is unknown, malformed or given
// twice: a misspelt option must refuse, never fall back to something weaker.
[[nodiscard]] std::expected<ModuleOptions, std::string> parse_module_options(
    std::span<const char* const> words);

}  // namespace stepup::wire
