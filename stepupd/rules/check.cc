// SPDX-License-Identifier: ISC
#include "stepupd/rules/check.h"
#include "stepupd/rules/advice.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <set>
#include <string_view>
#include <utility>

#include "stepupd/base/printable.h"
#include "stepupd/base/small_file.h"
#include "stepupd/rules/credential_files.h"
#include "stepupd/rules/node_reader.h"
#include "stepupd/rules/trusted_dir.h"

namespace stepup::rules {
namespace {

constexpr std::size_t kWidth = 100;  // of the line that is shown

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string_view line_of(std::string_view text, unsigned number) {
  for (; number > 1; --number) {
    const auto newline = text.find('\n');
    if (newline == text.npos) return {};
    text.remove_prefix(newline + 1);
  }
  return text.substr(0, text.find('\n'));
}

// A tab would move the caret by as much as the terminal pleases.
std::string shown(std::string_view part) {
  std::string plain(part);
  std::ranges::replace(plain, '\t', ' ');
  return printable(plain, plain.size() * 4 + 4);
}

std::string quoted_list(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + quote(word);
  return "[" + text + "]";
}

std::string date_of(std::int64_t unix_seconds) {
  const std::chrono::sys_days day{
      std::chrono::floor<std::chrono::days>(std::chrono::seconds(unix_seconds))};
  const std::chrono::year_month_day date(day);
  const auto two = [](unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return std::to_string(static_cast<int>(date.year())) + "-" +
         two(static_cast<unsigned>(date.month())) + "-" + two(static_cast<unsigned>(date.day()));
}

// Everything that holds, each once and in words that tell it from every other.
std::vector<std::string> statements(const Checked& checked) {
  std::vector<std::string> all;
  if (!checked.set) return all;
  for (const auto& [key, value] : list(checked.set->settings)) {
    all.push_back(std::string(key).append(" = ").append(value));
  }
  for (const policy::Rule& rule : checked.set->rules) {
    all.push_back("rule " + quote(rule.name) + ": " + describe(rule) + " (" +
                  describe_conditions(rule) + ")");
  }
  for (const std::string& masked : checked.set->masked)
    all.push_back(printable(masked) + ": masked");
  return all;
}

Trust trust_in(OwnerRule owner) {
  Trust trust;
  if (owner == OwnerRule::Root) trust.owner = 0;
  return trust;
}

Checked parsed(std::vector<SourceFile> files) {
  Checked checked{std::move(files), {}, {}};
  if (auto set = parse(checked.files)) {
    checked.set = *std::move(set);
  } else {
    checked.problems = std::move(set.error());
  }
  return checked;
}

}  // namespace

Checked check(const Layout& layout, OwnerRule owner) {
  auto files = read_files(layout, owner);
  if (!files) return {{}, {}, std::move(files.error())};
  Checked checked = parsed(*std::move(files));
  if (!checked.set) return checked;
  checked.problems = check_credential_files(layout, trust_in(owner));
  if (!checked.problems.empty()) checked.set.reset();
  return checked;
}

Checked check_vendor(const Layout& layout, OwnerRule owner) {
  const Trust trust = trust_in(owner);
  auto listed = list_directory(layout.vendor_dir + "/stepupd.conf.d", ".conf", trust);
  if (!listed) return {{}, {}, {std::move(listed.error())}};
  std::ranges::sort(listed->names);
  std::vector<SourceFile> files = {
      {"stepupd.conf", "# every setting at its default\n"}
  };
  for (const std::string& name : listed->names) {
    const std::string path = listed->path + '/' + name;
    auto text = read_trusted_file(listed->fd.get(), name, path, trust);
    if (!text) return {{}, {}, {std::move(text.error())}};
    files.push_back({path, std::move(*text).value_or("")});
  }
  return parsed(std::move(files));
}

std::string with_caret(const Problem& problem) {
  std::string text = to_string(problem);
  if (problem.line == 0) return text;
  const auto file = read_small_file(problem.file.c_str(), kMaxFileSize);
  if (!file) return text;
  const std::string_view line = line_of(*file, problem.line);
  if (line.empty()) return text;
  const std::size_t place = std::min<std::size_t>(std::max(problem.column, 1U) - 1, line.size());
  // Of a long line, what stands around the place.
  const std::size_t from = place < kWidth / 2 ? 0 : place - kWidth / 2;
  const std::string before = shown(line.substr(from, place - from));
  const std::string after = shown(line.substr(place, kWidth - (place - from)));
  const std::string number = std::to_string(problem.line);
  text += "\n  " + number + " | " + before + after;
  if (problem.column != 0) {
    text +=
        "\n  " + std::string(number.size(), ' ') + " | " + std::string(before.size(), ' ') + "^";
  }
  return text;
}

std::vector<std::string> warnings(const RuleSet& set) {
  std::vector<std::string> all;
  if (set.rules.empty()) all.emplace_back("there is no rule, so nobody is asked");
  if (set.settings.mode == Mode::Monitor) {
    all.emplace_back("mode is \"monitor\", so nobody is asked");
  }
  for (const std::string& sentence : advice(set)) all.push_back(printable(sentence, 1024));
  return all;
}

std::string summary(const Checked& checked) {
  if (!checked.set) return {};
  const RuleSet& set = *checked.set;
  std::string out;
  for (const policy::Rule& rule : set.rules) {
    out += printable(rule.origin) + ": " + (rule.enforce ? "" : "only reported: ") +
           printable(describe(rule)) + "  \"" + printable(rule.name) + "\"\n";
  }
  for (const std::string& masked : set.masked) out += printable(masked) + ": masked\n";
  return out + "No mistake found: " + counted(set.rules.size(), "rule") + " in " +
         counted(checked.files.size(), "file") + ".\n";
}

std::vector<std::pair<std::string, std::string>> list(const Settings& settings) {
  const auto truth = [](bool yes) { return std::string(yes ? "true" : "false"); };
  const Unenrolled& unenrolled = settings.unenrolled;
  return {
      {"mode",                    quote(to_string(settings.mode))               },
      {"unenrolled",              unenrolled.allow ? quote("allow-until " + date_of(unenrolled.until_unix - 1))
                                      : quote("deny")       },
      {"verify_session",          truth(settings.verify_session)                },
      {"source_reuse",            quote(format_duration(settings.source_reuse)) },
      {"attempts.max_failures",   std::to_string(settings.max_failures)         },
      {"attempts.max_backoff",    quote(format_duration(settings.max_backoff))  },
      {"host.rp_id",              quote(settings.rp_id)                         },
      {"host.tags",               quoted_list(settings.tags)                    },
      {"host.language",           quote(to_string(settings.language))           },
      {"fido2.enabled",           truth(settings.fido2)                         },
      {"fido2.devices",           quoted_list(settings.devices)                 },
      {"fido2.aaguids",           quoted_list(settings.aaguids)                 },
      {"ssh_sk.enabled",          truth(settings.ssh_sk)                        },
      {"login.sk_requires_touch", truth(settings.sk_requires_touch)             },
      {"admin_group",             quote(settings.admin_group)                   },
      {"activity.keep",           quote(format_duration(settings.activity_keep))},
      {"activity.arguments",      truth(settings.activity_arguments)            },
  };
}

std::string show(const Checked& checked) {
  if (!checked.set) return {};
  const RuleSet& set = *checked.set;
  std::string out;
  const auto defaults = list(Settings{});
  for (const auto& setting : list(set.settings)) {
    const bool is_default = std::ranges::find(defaults, setting) != defaults.end();
    out += setting.first + " = " + setting.second + "  # " +
           (is_default ? "default" : printable(checked.files.front().path)) + "\n";
  }
  for (const policy::Rule& rule : set.rules) {
    out += "rule " + quote(rule.name) + ": " + describe(rule) + " (" + describe_conditions(rule) +
           ")  # " + printable(rule.origin) + "\n";
  }
  for (const SourceFile& file : checked.files) {
    if (file.replaces.empty()) continue;
    const auto& masked = set.masked;
    const bool whole = std::ranges::find(masked, file.replaces) != masked.end();
    out += printable(file.replaces) + (whole ? ": masked by " : ": replaced by ") +
           printable(file.path) + "\n";
  }
  return out;
}

std::vector<Change> difference(const Checked& before, const Checked& after) {
  std::vector<Change> changes;
  const auto add_what_lacks = [&](const Checked& there, const Checked& here, bool comes) {
    const std::vector<std::string> known = statements(there);
    const std::set<std::string> unchanged(known.begin(), known.end());
    for (const std::string& statement : statements(here)) {
      if (!unchanged.contains(statement)) changes.push_back({comes, statement});
    }
  };
  add_what_lacks(after, before, false);
  add_what_lacks(before, after, true);
  std::ranges::stable_sort(changes, {}, [](const Change& change) {
    // By the setting, or the rule's name.
    return std::pair(change.statement.substr(0, change.statement.find_first_of("=:")),
                     change.comes);
  });
  return changes;
}

std::string to_string(const std::vector<Change>& changes) {
  std::string out;
  for (const Change& change : changes) {
    out += (change.comes ? "+ " : "- ") + change.statement + "\n";
  }
  return out;
}

}  // namespace stepup::rules
