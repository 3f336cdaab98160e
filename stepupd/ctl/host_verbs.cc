// SPDX-License-Identifier: ISC
// The verbs that put stepup to work on a host.
#include "stepupd/ctl/verb_options.h"
#include "stepupd/ctl/verbs.h"

namespace stepup::ctl {
namespace {

constexpr char kServices[] = "sudo, su, doas, sshd or polkit";
constexpr char kDryRun[] = "show the change and do not make it";

void add_place(CLI::App* verb, Place& place) {
  verb->add_option("--root", place.root, "another host's files, such as an image's")
      ->type_name("DIR")
      ->check(from_one_to(wire::kMaxText));
  verb->add_option("--pam-dir", place.pam_dir, "instead of /etc/pam.d")
      ->type_name("DIR")
      ->check(from_one_to(wire::kMaxText));
}

void add_enable(CLI::App& app, CommandLine& line) {
  auto* const verb =
      app.add_subcommand("enable", "put stepup into a service's PAM files; needs root");
  const auto command = request_of<EnableCommand>(verb, line);
  verb->add_option("SERVICE", command->service, kServices)
      ->type_name("")
      ->required()
      ->check(from_one_to(wire::kMaxName));
  verb->add_flag("--dry-run", command->dry_run, kDryRun);
  verb->add_flag("--yes", command->yes, "although people have no second factor yet");
  verb->add_flag("--no-way-back", command->no_way_back,
                 "although every way to root that is found passes stepup");
  verb->add_flag("--no-rollback", command->no_rollback, "it stays, although nobody confirms it");
  add_place(verb, command->place);
}

void add_disable(CLI::App& app, CommandLine& line) {
  auto* const verb = app.add_subcommand("disable", "take stepup out of PAM files; needs root");
  const auto command = std::make_shared<DisableCommand>();
  auto* const services = verb->add_option("SERVICE", command->services, kServices)
                             ->type_name("")
                             ->check(from_one_to(wire::kMaxName));
  verb->add_flag("--all", command->all, "out of every file")->excludes(services);
  verb->add_flag("--dry-run", command->dry_run, kDryRun);
  verb->callback([&line, command] {
    if (!command->all && command->services.empty()) {
      throw CLI::ValidationError("name a service, or say --all");
    }
    line.command = *command;
  });
  add_place(verb, command->place);
}

}  // namespace

void add_host_verbs(CLI::App& app, CommandLine& line) {
  add_enable(app, line);
  request_of<ConfirmCommand>(
      app.add_subcommand("confirm", "keep what enable has changed; needs root"), line);
  request_of<RollbackCommand>(
      app.add_subcommand("rollback", "take back what is not confirmed; needs root"), line);
  add_disable(app, line);
  auto* const doctor =
      app.add_subcommand("doctor", "look for what makes stepup ineffective; needs root");
  add_json(doctor, line);
  add_place(doctor, request_of<DoctorCommand>(doctor, line)->place);
}

}  // namespace stepup::ctl
