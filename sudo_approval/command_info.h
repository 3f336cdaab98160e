// SPDX-License-Identifier: ISC
// What sudo tells a plugin: vectors of "name=value" that end with a null pointer (sudo_plugin(5)).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "stepupd/base/result.h"
#include "stepupd/wire/messages.h"

namespace stepup::sudo_approval {

// The words of `vector`, which may be null.
[[nodiscard]] std::span<const char* const> words_of(const char* const* vector);

// The value of `name` in `vector`, which may be null; empty when it is not there.
[[nodiscard]] std::string_view value_of(const char* const* vector, std::string_view name);

// Whether a shell was asked for, by the settings of open(): one that can run any command.
[[nodiscard]] bool runs_shell(const char* const* settings);

// The command that sudo is about to run.  sudo has decided on it, and these are its own words, but
// the person chose the arguments.  Of an edit it is "sudoedit" and the files, whatever the editor.
// What exceeds the limits of the wire is left out, and `truncated` says so.
[[nodiscard]] wire::ExactCommand exact_command(const char* const* command_info,
                                               const char* const* run_argv);

// The request about it; a shell is sent as truncated, since nobody knows what it will run.  Fails
// with Internal when sudo names no command or no uid to run it as, or when /proc/self cannot be
// read.
[[nodiscard]] Result<wire::CheckRequest> build_request(const char* const* command_info,
                                                       const char* const* run_argv,
                                                       const char* const* user_info, bool shell);

}  // namespace stepup::sudo_approval
