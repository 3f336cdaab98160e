// SPDX-License-Identifier: ISC
#include "stepupd/ctl/monitor_mode.h"

#include <string.h>

#include <string_view>
#include <utility>
#include <vector>

namespace stepup::ctl {
namespace {

constexpr std::string_view kLine = "mode = \"monitor\"\n";

struct Loaded {
  std::vector<rules::SourceFile> files;
  rules::RuleSet set;
};

std::expected<Loaded, std::string> load(const HostFiles& host) {
  rules::Layout layout;
  layout.etc_dir = host.path(layout.etc_dir);
  layout.vendor_dir = host.path(layout.vendor_dir);
  auto files = rules::read_files(
      layout, host.is_running_host() ? rules::OwnerRule::Root : rules::OwnerRule::Anyone);
  if (!files) return std::unexpected(rules::to_string(files.error().front()));
  auto set = rules::parse(*files);
  if (!set) return std::unexpected(rules::to_string(set.error().front()));
  return Loaded{std::move(*files), std::move(*set)};
}

std::string_view stripped(std::string_view line, std::string_view characters) {
  const std::size_t begin = line.find_first_not_of(characters);
  return begin == std::string_view::npos ? "" : line.substr(begin);
}

// Where the top-level line `key =` begins, comments counted or not; npos if there is none.
std::size_t find_mode(std::string_view conf, std::string_view before_key) {
  for (std::size_t at = 0; at < conf.size();) {
    const std::size_t end = conf.find('\n', at);
    const std::string_view line = conf.substr(at, end - at);
    if (stripped(line, " \t").starts_with('[')) break;
    const std::string_view rest = stripped(line, before_key);
    if (rest.starts_with("mode") && stripped(rest.substr(4), " \t").starts_with('=')) return at;
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  return std::string_view::npos;
}

}  // namespace

std::expected<ModeInForce, std::string> read_mode(const HostFiles& host) {
  const auto loaded = load(host);
  if (!loaded) return std::unexpected(loaded.error());
  const bool chosen = find_mode(loaded->files.front().text, " \t\"'") != std::string_view::npos;
  return ModeInForce{loaded->set.settings.mode, chosen};
}

std::string with_monitor_mode(const std::string& conf) {
  std::size_t at = find_mode(conf, "# \t");
  if (at == std::string_view::npos) return std::string(kLine) + conf;
  at = conf.find('\n', at);
  if (at == std::string::npos) return conf + "\n" + std::string(kLine);
  return conf.substr(0, at + 1) + std::string(kLine) + conf.substr(at + 1);
}

std::expected<void, std::string> write_monitor_mode(const HostFiles& host) {
  auto loaded = load(host);
  if (!loaded) return std::unexpected(loaded.error());
  rules::SourceFile& conf = loaded->files.front();
  const std::string before = std::exchange(conf.text, with_monitor_mode(conf.text));
  auto after = rules::parse(loaded->files);
  if (!after) return std::unexpected(rules::to_string(after.error().front()));
  const bool as_meant =
      std::exchange(after->settings.mode, loaded->set.settings.mode) == rules::Mode::Monitor &&
      after->settings == loaded->set.settings && after->rules.size() == loaded->set.rules.size();
  if (!as_meant) return std::unexpected(conf.path + ": no place for a mode line is found");
  const auto written = replace_file(conf.path, before, conf.text, conf.path);
  if (!written) {
    const char* const cause = strerrordesc_np(written.error().sys_errno);
    return std::unexpected(conf.path + ": " + written.error().what +
                           (written.error().sys_errno == 0 ? "" : std::string(": ") + cause));
  }
  return {};
}

}  // namespace stepup::ctl
