// SPDX-License-Identifier: ISC
#include "stepupd/rules/advice.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "stepupd/rules/login_method.h"

namespace stepup::rules {
namespace {

using policy::Rule;

// Pagers, editors, interpreters and what else runs a command that its user names.
constexpr auto kOpenEnded = std::to_array<std::string_view>({
    "sudoedit", "vi",    "vim",  "view",  "nano",    "emacs", "ed",         "ex",        "joe",
    "mcedit",   "less",  "more", "most",  "man",     "info",  "journalctl", "systemctl", "git",
    "sh",       "bash",  "dash", "zsh",   "ksh",     "fish",  "csh",        "tcsh",      "python",
    "perl",     "ruby",  "lua",  "node",  "php",     "awk",   "gawk",       "sed",       "find",
    "xargs",    "env",   "nice", "nohup", "timeout", "tar",   "zip",        "rsync",     "ssh",
    "scp",      "mysql", "psql", "gdb",   "strace",  "tmux",  "screen",     "watch",     "tcpdump",
    "docker",   "su",    "sudo",
});

bool is_open_ended(std::string_view program) {
  std::string_view name = program.substr(program.rfind('/') + 1);
  // python3.11 is python.
  name = name.substr(0, name.find_last_not_of("0123456789.") + 1);
  return std::ranges::find(kOpenEnded, name) != kOpenEnded.end();
}

bool concerns(const Rule& rule, const std::string& family) {
  const bool asks = rule.enforce && (rule.level != Level::None || rule.deny);
  const bool lists = std::ranges::find(rule.service, family) != rule.service.end();
  return asks && (rule.service.empty() || lists);
}

// How whoever asks gets past a rule that this is true of.
struct WayOut {
  bool (*leads_past)(const Rule& rule);
  const char* sentence;
};
constexpr WayOut kWaysOut[] = {
    {[](const Rule& rule) { return !rule.command.empty(); },
     " has a command, which a copy of a program under another name is not: demand something of all "
     "commands, and except some"},
    {[](const Rule& rule) {
       return !rule.tty.empty() && std::ranges::find(rule.tty, "none") == rule.tty.end();
     },                                                 " is for terminals, which nobody needs for a command (setsid(1)): demand something of tty "
     "\"none\", too"},
};

}  // namespace

std::vector<std::string> advice(const RuleSet& set) {
  std::vector<std::string> sentences;
  std::set<std::string> families = {"sudo", "su"};
  for (const Rule& rule : set.rules) families.insert(rule.service.begin(), rule.service.end());
  for (const std::string& family : families) {
    for (const WayOut& way : kWaysOut) {
      const Rule* last = nullptr;
      bool all_have = true;
      for (const Rule& rule : set.rules) {
        if (!concerns(rule, family)) continue;
        last = &rule;
        all_have = all_have && way.leads_past(rule);
      }
      if (last == nullptr || !all_have) continue;
      sentences.push_back(last->origin + ": every demand in " + family + way.sentence);
    }
  }
  for (const Rule& rule : set.rules) {
    for (const std::string& method : rule.login_method) {
      const std::string remark = remark_on_login_method(method);
      if (!remark.empty()) sentences.push_back(rule.origin + ": " + remark);
    }
    for (const policy::CommandPattern& pattern : rule.except_command) {
      if (!is_open_ended(pattern.words.front())) continue;
      sentences.push_back(rule.origin + ": except_command \"" + pattern.text +
                          "\" lets a program run that can start any other");
    }
  }
  return sentences;
}

}  // namespace stepup::rules
