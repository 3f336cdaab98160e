// SPDX-License-Identifier: ISC
#include "sudo_approval/command_info.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "pam_stepup/own_process.h"

namespace stepup::sudo_approval {
namespace {

std::optional<uid_t> uid_in(std::string_view text) {
  uid_t uid = kNoUid;
  const auto [stopped, error] = std::from_chars(text.begin(), text.end(), uid);
  if (error != std::errc() || stopped != text.end() || uid == kNoUid) return std::nullopt;
  return uid;
}

// As whom the command runs.
std::optional<uid_t> runas_uid(const char* const* command_info) {
  const std::string_view effective = value_of(command_info, "runas_euid");
  return uid_in(effective.empty() ? value_of(command_info, "runas_uid") : effective);
}

}  // namespace

std::span<const char* const> words_of(const char* const* vector) {
  std::size_t count = 0;
  while (vector != nullptr && vector[count] != nullptr) ++count;
  return {vector, count};
}

std::string_view value_of(const char* const* vector, std::string_view name) {
  for (; vector != nullptr && *vector != nullptr; ++vector) {
    std::string_view entry = *vector;
    if (!entry.starts_with(name)) continue;
    entry.remove_prefix(name.size());
    if (entry.starts_with('=')) return entry.substr(1);
  }
  return {};
}

bool runs_shell(const char* const* settings) {
  return std::ranges::any_of(std::array{"run_shell", "login_shell", "implied_shell"},
                             [&](const char* name) { return value_of(settings, name) == "true"; });
}

wire::ExactCommand exact_command(const char* const* command_info, const char* const* run_argv) {
  wire::ExactCommand exact;
  exact.path = value_of(command_info, "command");
  exact.cwd = value_of(command_info, "cwd");
  std::span<const char* const> words = words_of(run_argv);
  if (value_of(command_info, "sudoedit") == "true") {
    exact.path = "sudoedit";
    exact.argv.emplace_back(exact.path);
    // The editor's words come first: sudo edits what stands behind the first "--".
    const auto dashes = std::ranges::find(words, std::string_view("--"));
    words = {dashes == words.end() ? dashes : std::next(dashes), words.end()};
  }
  if (exact.path.size() > wire::kMaxExactPath) {
    exact.path.clear();
    exact.truncated = true;
  }
  if (exact.cwd.size() > wire::kMaxExactPath) exact.cwd.clear();
  std::size_t size = 0;
  for (const std::string_view word : words) {
    size += word.size();
    if (size > wire::kMaxExactBytes || exact.argv.size() == wire::kMaxExactWords) {
      exact.truncated = true;
      break;
    }
    exact.argv.emplace_back(word);
  }
  return exact;
}

Result<wire::CheckRequest> build_request(const char* const* command_info,
                                         const char* const* run_argv, const char* const* user_info,
                                         bool shell) {
  auto request = pam_stepup::describe_own_process();
  if (!request) return request;
  const auto uid = runas_uid(command_info);
  if (!uid || value_of(command_info, "command").empty()) {
    return failure(Errc::Internal, "sudo names no command, or nobody to run it as");
  }
  request->phase = wire::Phase::Approval;
  request->service = "sudo";
  request->pam_user = value_of(command_info, "runas_user");
  request->pam_user_uid = *uid;
  if (const auto account = pam_stepup::account_of(*uid)) {
    request->pam_user = account->name;
    request->groups = pam_stepup::groups_of(*account);
  }
  request->tty_hint = value_of(user_info, "tty");
  auto& exact = request->exact.emplace(exact_command(command_info, run_argv));
  if (shell) exact.truncated = true;
  return request;
}

}  // namespace stepup::sudo_approval
