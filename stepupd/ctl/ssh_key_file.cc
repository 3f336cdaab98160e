// SPDX-License-Identifier: ISC
#include "stepupd/ctl/ssh_key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <algorithm>

#include "stepupd/base/printable.h"
#include "stepupd/base/small_file.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/wire/credential_messages.h"

namespace stepup::ctl {
namespace {

constexpr std::size_t kMaxFile = 64 * 1024;
constexpr std::string_view kBlank = " \t\r";

// Takes the first word off `text`.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(kBlank)));
  const std::string_view word = text.substr(0, text.find_first_of(kBlank));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

std::expected<std::string, std::string> ssh_key_in(std::string_view text) {
  if (text.contains("PRIVATE KEY-----")) {
    return std::unexpected("holds a private key; name the file of the public one, *.pub");
  }
  std::string key;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::string_view type = take_word(line);
    const std::string_view body = take_word(line);
    if (type.empty() || type.starts_with('#')) continue;
    if (!key.empty()) return std::unexpected("holds several keys; they are enrolled one by one");
    key.append(type).append(" ").append(body);
  }
  const bool plain = std::ranges::all_of(key, [](char c) { return c >= ' ' && c <= '~'; });
  if (key.empty() || key.size() > wire::kMaxPublicKey || !plain) {
    return std::unexpected("holds no public key of OpenSSH");
  }
  return key;
}

std::expected<std::string, std::string> read_ssh_key_file(const std::string& path) {
  const auto refused = [&](const std::string& why) {
    return std::unexpected(printable(path) + ": " + why);
  };
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd) return refused(strerrordesc_np(errno));
  const auto text = read_all(fd.get(), kMaxFile);
  if (!text) {
    return refused(text.error().code == Errc::TooLarge ? "holds no public key of OpenSSH"
                                                       : strerrordesc_np(text.error().sys_errno));
  }
  auto key = ssh_key_in(*text);
  if (!key) return refused(key.error());
  return key;
}

}  // namespace stepup::ctl
