// SPDX-License-Identifier: ISC
// What the options of several verbs have in common.
#pragma once

#include <CLI/CLI.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "stepupd/ctl/command_line.h"

namespace stepup::ctl {

using Failure = std::string;  // empty = the value is good

// What the options of `verb` fill, and what stands in `line` once they are all read.
template <typename Request>
std::shared_ptr<Request> request_of(CLI::App* verb, CommandLine& line) {
  auto request = std::make_shared<Request>();
  verb->callback([&line, request] { line.command = *request; });
  return request;
}

// Refuses the empty value, too: it would mean "not given" on the wire, and so another request than
// the one that was typed.
[[nodiscard]] std::function<Failure(const std::string&)> from_one_to(std::size_t limit);

CLI::Option* add_user(CLI::App* verb, std::string& user);

void add_json(CLI::App* verb, CommandLine& line);

// The moment that "7d" ago was, or at which the day "2026-11-24" began here, in Unix seconds;
// nothing for anything else.
[[nodiscard]] std::optional<std::int64_t> since_of(const std::string& text);

void add_since(CLI::App* verb, std::int64_t& since, const char* what);

}  // namespace stepup::ctl
