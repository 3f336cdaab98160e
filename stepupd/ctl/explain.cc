// SPDX-License-Identifier: ISC
#include "stepupd/ctl/explain.h"

#include <time.h>
#include <unistd.h>

#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/base/accounts.h"
#include "stepupd/base/local_time.h"
#include "stepupd/base/printable.h"
#include "stepupd/ctl/config_check.h"
#include "stepupd/ctl/json_report.h"
#include "stepupd/ctl/output.h"
#include "stepupd/policy/command_line.h"
#include "stepupd/rules/login_method.h"
#include "stepupd/rules/resolve.h"
#include "stepupd/rules/safe_program.h"

namespace stepup::ctl {
namespace {

using Facts = policy::Facts;
using Failure = std::string;

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (!word.empty()) words.emplace_back(word);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return words;
}

// What stepupd would read, were this typed.
policy::CommandLine read_line(const ExplainCommand& command, const std::string& family) {
  std::vector<std::string> argv = {family};
  if (family == "su") {
    if (!command.command.empty()) argv.insert(argv.end(), {"-c", command.command});
    argv.push_back(command.target.empty() ? "root" : command.target);
    return policy::read_su_line(argv, false);
  }
  if (!command.target.empty()) argv.insert(argv.end(), {"-u", command.target});
  const auto words = words_of(command.command);
  argv.insert(argv.end(), words.begin(), words.end());
  if (family == "doas") return policy::read_doas_line(argv, false);
  return policy::read_sudo_line(argv, false);
}

void add_command(const ExplainCommand& command, Facts& facts) {
  const bool has_line = facts.family == "sudo" || facts.family == "su" || facts.family == "doas";
  if (!has_line) {
    if (policy::only_logs_in(facts.family)) facts.command.reading = policy::Command::Reading::None;
    return;
  }
  if (command.command.empty()) return;
  facts.command = read_line(command, facts.family).command;
  facts.command.program_is_safe = facts.command.reading == policy::Command::Reading::Words &&
                                  rules::is_safe_program(facts.command.words.front());
}

// The account that is named, or why it cannot be told.
std::expected<Subject, Failure> account_named(const std::string& name) {
  const auto account = account_of(name);
  if (account) return *account;
  return std::unexpected("there is no user \"" + printable(name) + "\" here");
}

std::optional<Failure> add_people(const ExplainCommand& command, Facts& facts) {
  std::string name = command.user;
  if (name.empty()) {
    const auto caller = account_of(getuid());
    if (!caller) return "your account cannot be found; name one with --user";
    name = caller->name;
  }
  const auto subject = account_named(name);
  if (!subject) return subject.error();
  facts.subject = subject->uid;
  facts.groups = groups_of(name);
  if (command.target.empty()) return std::nullopt;
  const auto target = account_named(command.target);
  if (!target) return target.error();
  facts.target_user = command.target;
  facts.target_uid = target->uid;
  facts.target_groups = groups_of(command.target);
  return std::nullopt;
}

std::optional<Failure> add_place(const ExplainCommand& command, Facts& facts) {
  if (command.source == "local") {
    facts.source = policy::LoginSource{};
    facts.remote = false;
  } else if (!command.source.empty()) {
    facts.source = policy::LoginSource{policy::parse_address(command.source)};
    facts.remote = true;
    if (!facts.source->address) {
      return "--source takes an address, or \"local\", not \"" + printable(command.source) + '"';
    }
  }
  if (!command.tty.empty()) facts.tty = command.tty == "none" ? "" : command.tty;
  for (const std::string& method : command.login_methods) {
    if (const auto read = rules::parse_login_method(method); !read) {
      return "--login-method: \"" + printable(method) + "\" " + read.error();
    }
  }
  if (!command.login_methods.empty()) facts.login_methods = command.login_methods;
  return std::nullopt;
}

// "2026-11-27 14:00" of the host's own time; empty = now.
std::optional<std::int64_t> unix_time_of(const std::string& text) {
  if (text.empty()) return time(nullptr);
  tm local{};
  local.tm_isdst = -1;
  const char* const end = strptime(text.c_str(), "%Y-%m-%d %H:%M", &local);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const time_t when = mktime(&local);
  return when == -1 ? std::nullopt : std::optional<std::int64_t>(when);
}

std::expected<Facts, Failure> facts_of(const ExplainCommand& command,
                                       const rules::Settings& settings) {
  Facts facts;
  facts.pam_service = command.service;
  facts.family = std::string(policy::family_of(command.service));
  facts.host_tags = settings.tags;
  facts.host_tags.insert(facts.host_tags.end(), command.tags.begin(), command.tags.end());
  const auto when = unix_time_of(command.at);
  if (!when) {
    return std::unexpected("--at takes a time such as \"2026-11-27 14:00\", not \"" +
                           printable(command.at) + '"');
  }
  if (const auto offset = local_offset_at(*when)) facts.now = policy::Moment{*when, *offset};
  add_command(command, facts);
  if (auto failed = add_people(command, facts)) return std::unexpected(std::move(*failed));
  if (auto failed = add_place(command, facts)) return std::unexpected(std::move(*failed));
  return facts;
}

std::string render(const Explanation& explanation) {
  std::string text;
  for (const ExplainedRule& explained : explanation.rules) {
    const policy::Rule& rule = *explained.rule;
    text += printable(rule.origin) + ": \"" + printable(rule.name) + "\" " +
            (explained.matches ? "matches" : "does not match") + '\n';
    for (const policy::ConditionResult& condition : explained.conditions) {
      std::string key = condition.key;
      key.resize(std::max<std::size_t>(key.size() + 1, 15), ' ');
      text += "    " + key + to_string(condition.holds);
      if (condition.holds == policy::Holds::Unknown) {
        text += condition.is_exception ? ", so not excepted" : ", counts as fulfilled";
      }
      text += '\n';
    }
    if (explained.matches) text += "    asks for " + rules::describe(rule) + '\n';
  }
  text += "Demand: " + explanation.enforced + '\n';
  if (explanation.reported != explanation.enforced) {
    text += "With the rules that only report: " + explanation.reported + '\n';
  }
  for (const std::string& remark : explanation.remarks) text += remark + '\n';
  return text;
}

}  // namespace

ExitCode explain(const ExplainCommand& command, bool as_json) {
  rules::Checked checked = read_config(command.directory);
  if (!checked.set) return complain_of(checked, as_json);
  rules::RuleSet& set = *checked.set;
  rules::resolve(set.rules, read_local_accounts());
  const auto facts = facts_of(command, set.settings);
  if (!facts) {
    complain(facts.error());
    return ExitCode::Usage;
  }
  Explanation explanation;
  for (const policy::Rule& rule : set.rules) {
    explanation.rules.push_back(
        {&rule, policy::matches(rule, *facts), policy::explain(rule, *facts)});
  }
  const policy::Joined joined = policy::join(set.rules, *facts);
  explanation.enforced = rules::describe(joined.enforced, set.rules);
  explanation.reported = rules::describe(joined.reported, set.rules);
  if (set.settings.mode == rules::Mode::Monitor) {
    explanation.remarks.emplace_back("mode is \"monitor\", so nobody is asked or refused.");
  }
  for (const std::string& method : command.login_methods) {
    const std::string remark = rules::remark_on_login_method(method);
    if (!remark.empty()) explanation.remarks.push_back(remark + '.');
  }
  const bool passes_root =
      facts->family == "sudo" || facts->family == "su" || facts->family == "doas";
  if (facts->subject == 0 && passes_root && !joined.names_root) {
    explanation.remarks.emplace_back("Root is not asked, since no rule that matches names it.");
  }
  const std::string text = as_json ? json(explanation) : render(explanation);
  return write_all(STDOUT_FILENO, text) ? ExitCode::Done : ExitCode::Refused;
}

}  // namespace stepup::ctl
