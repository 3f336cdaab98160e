// SPDX-License-Identifier: ISC
// The verbs about what the configuration says.
#include <memory>
#include <string>

#include "stepupd/ctl/verb_options.h"
#include "stepupd/ctl/verbs.h"

namespace stepup::ctl {
namespace {

using Verb = ConfigCommand::Verb;

constexpr char kConfDirectory[] = "holds stepupd.conf; by default /etc/stepup";

std::shared_ptr<ConfigCommand> command_of(CLI::App* verb, CommandLine& line, Verb which) {
  auto command = request_of<ConfigCommand>(verb, line);
  command->verb = which;
  return command;
}

void add_directory(CLI::App* verb, std::string& directory, const char* what) {
  verb->add_option("DIR", directory, what)->type_name("")->check(from_one_to(wire::kMaxText));
}

void add_explain(CLI::App& app, CommandLine& line) {
  auto* const verb = app.add_subcommand("explain", "show what the rules would ask for, and why");
  const auto command = request_of<ExplainCommand>(verb, line);
  const auto add = [&](const char* name, auto& value, const char* type, const char* what) {
    return verb->add_option(name, value, what)->type_name(type)->check(from_one_to(wire::kMaxText));
  };
  add("SERVICE", command->service, "", "sudo, su, doas, sshd, ...")->required();
  add("--user", command->user, "USER", "who asks, instead of yourself");
  add("--target", command->target, "USER", "whose rights are taken");
  add("--command", command->command, "COMMAND", "which command is run, as it is typed");
  add("--source", command->source, "ADDRESS", "where the person logged in from, or \"local\"");
  add("--tty", command->tty, "NAME", "the terminal, such as pts/0, or \"none\"");
  add("--login-method", command->login_methods, "METHOD", "how the person logged in");
  add("--tag", command->tags, "TAG", "as on a host with this tag");
  add("--at", command->at, "TIME", "instead of now: \"2026-11-27 14:00\"");
  add("--config", command->directory, "DIR", kConfDirectory);
  add_json(verb, line);
}

void add_rehearse(CLI::App& app, CommandLine& line) {
  auto* const verb = app.add_subcommand(
      "rehearse", "show what other rules would have asked for lately, and of whom");
  const auto command = request_of<RehearseCommand>(verb, line);
  verb->add_option("--config", command->directory, kConfDirectory)
      ->type_name("DIR")
      ->check(from_one_to(wire::kMaxText));
  command->since = since_of("7d").value_or(0);
  add_since(verb, command->since, "by default 7d");
  add_json(verb, line);
}

}  // namespace

void add_config_verb(CLI::App& app, CommandLine& line) {
  auto* const config = app.add_subcommand("config", "work with the configuration");
  config->require_subcommand(1);
  auto* const check =
      config->add_subcommand("check", "look for mistakes in the configuration files");
  add_directory(check, command_of(check, line, Verb::Check)->directory, kConfDirectory);
  add_json(check, line);
  auto* const show =
      config->add_subcommand("show", "print every setting and rule, and where it comes from");
  add_directory(show, command_of(show, line, Verb::Show)->directory, kConfDirectory);
  add_json(show, line);
  auto* const diff =
      config->add_subcommand("diff", "print what the files of a directory would change");
  const auto comparison = command_of(diff, line, Verb::Diff);
  add_directory(diff, comparison->directory,
                "holds the stepupd.conf to compare; by default, /etc/stepup is compared with what "
                "packages brought");
  diff->add_flag("--running", comparison->running,
                 "compare with the rules that stepupd has in force; needs root");
  add_json(diff, line);
  command_of(config->add_subcommand("schema", "print a JSON schema of the files, for editors"),
             line, Verb::Schema);
}

void add_policy_verbs(CLI::App& app, CommandLine& line) {
  add_explain(app, line);
  add_rehearse(app, line);
}

}  // namespace stepup::ctl
