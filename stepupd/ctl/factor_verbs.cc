// SPDX-License-Identifier: ISC
// The verbs by which factors come and go.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "stepupd/ctl/verb_options.h"
#include "stepupd/ctl/verbs.h"
#include "stepupd/wire/control_terms.h"
#include "stepupd/wire/credential_messages.h"
#include "stepupd/wire/import_messages.h"

namespace stepup::ctl {
namespace {

constexpr struct {
  std::string_view name;
  wire::HashAlgorithm algorithm;
} kAlgorithms[] = {
    {"sha1",   wire::HashAlgorithm::Sha1  },
    {"sha256", wire::HashAlgorithm::Sha256},
    {"sha512", wire::HashAlgorithm::Sha512},
};

void add_algorithm(CLI::App* verb, wire::HashAlgorithm& algorithm) {
  const auto take = [&algorithm](const std::string& name) {
    for (const auto& known : kAlgorithms) {
      if (known.name == name) algorithm = known.algorithm;
    }
  };
  verb->add_option_function<std::string>("--algorithm", take,
                                         "sha1 (the default), sha256 or sha512")
      ->type_name("NAME")
      ->check([](const std::string& name) -> Failure {
        const bool known =
            std::ranges::any_of(kAlgorithms, [&](const auto& one) { return one.name == name; });
        return known ? "" : "must be sha1, sha256 or sha512";
      });
}

void add_digits(CLI::App* verb, std::uint8_t& digits) {
  verb->add_option_function<int>(
          "--digits", [&digits](int value) { digits = static_cast<std::uint8_t>(value); },
          "length of its codes: 6 (the default), 7 or 8")
      ->type_name("N")
      ->check(CLI::Range(6, 8).description(""));
}

void add_label(CLI::App* verb, const char* option, std::string& label, const char* what) {
  verb->add_option(option, label, what)->type_name("LABEL")->check(from_one_to(wire::kMaxLabel));
}

void add_authenticator_options(CLI::App* verb, wire::EnrollRequest& request) {
  add_user(verb, request.user);
  add_label(verb, "--label", request.label, "what you will call it");
  add_label(verb, "--replace", request.replace_label, "remove this one once the new one is proved");
}

std::shared_ptr<wire::EnrollRequest> request_for(CLI::App* verb, CommandLine& line,
                                                 wire::EnrollKind kind) {
  auto request = request_of<wire::EnrollRequest>(verb, line);
  request->kind = kind;
  add_authenticator_options(verb, *request);
  return request;
}

void add_totp(CLI::App* enroll, CommandLine& line) {
  auto* const verb = enroll->add_subcommand("totp", "an authenticator that shows one-time codes");
  const auto request = request_for(verb, line, wire::EnrollKind::Totp);
  add_algorithm(verb, request->algorithm);
  add_digits(verb, request->digits);
}

void add_hotp(CLI::App* enroll, CommandLine& line) {
  auto* const verb =
      enroll->add_subcommand("hotp", "one that shows the next code when it is pressed");
  add_digits(verb, request_for(verb, line, wire::EnrollKind::Hotp)->digits);
}

void add_yubikey(CLI::App* enroll, CommandLine& line) {
  auto* const verb =
      enroll->add_subcommand("yubikey", "a YubiKey that types a code when it is touched");
  const auto request = request_for(verb, line, wire::EnrollKind::YubiKey);
  verb->add_flag_callback(
      "--existing", [request] { request->kind = wire::EnrollKind::ExistingYubiKey; },
      "keep the secret that it holds; its private id and AES key are asked for");
}

void add_fido2(CLI::App* enroll, CommandLine& line) {
  auto* const verb = enroll->add_subcommand("fido2", "a security key that is plugged in here");
  const auto request = request_for(verb, line, wire::EnrollKind::Fido2);
  verb->add_flag("--uv", request->uv, "with its PIN or fingerprint, now and at every use");
  verb->add_flag("--discoverable", request->discoverable,
                 "store the credential in the key, where it can be listed");
}

void add_ssh_sk(CLI::App* enroll, CommandLine& line) {
  auto* const verb =
      enroll->add_subcommand("ssh-sk", "a security key at your end of ssh, by its ssh key");
  const auto command = request_of<EnrollSshKeyCommand>(verb, line);
  command->request.kind = wire::EnrollKind::SshSk;
  add_authenticator_options(verb, command->request);
  verb->add_option("FILE", command->file, "its public key, as ssh-keygen writes it: *.pub")
      ->type_name("")
      ->required()
      ->check(from_one_to(wire::kMaxText));
  verb->add_flag("--uv", command->request.uv,
                 "with its PIN or fingerprint at every use (ssh-keygen -O verify-required)");
}

void add_recovery_codes(CLI::App* enroll, CommandLine& line) {
  auto* const verb =
      enroll->add_subcommand("recovery-codes", "ten codes for a lost device, instead of old ones");
  const auto request = request_of<wire::EnrollRequest>(verb, line);
  request->kind = wire::EnrollKind::RecoveryCodes;
  add_user(verb, request->user);
}

void add_enroll(CLI::App& app, CommandLine& line) {
  auto* const enroll = app.add_subcommand("enroll", "add a second factor");
  enroll->require_subcommand(1);
  add_totp(enroll, line);
  add_hotp(enroll, line);
  add_yubikey(enroll, line);
  add_fido2(enroll, line);
  add_ssh_sk(enroll, line);
  add_recovery_codes(enroll, line);
}

void add_name(CLI::App* verb, std::string& user) {
  verb->add_option("USER", user, "the person's user name")
      ->type_name("")
      ->required()
      ->check(from_one_to(wire::kMaxName));
}

}  // namespace

void add_factor_verbs(CLI::App& app, CommandLine& line) {
  add_enroll(app, line);
  auto* const ticket =
      app.add_subcommand("ticket", "let a person enrol a first factor; needs root");
  add_name(ticket, request_of<wire::TicketRequest>(ticket, line)->user);
  auto* const reset =
      app.add_subcommand("reset", "clear a person's factors and print a new ticket; needs root");
  add_name(reset, request_of<wire::ResetRequest>(reset, line)->user);
  reset->add_flag("--yes", line.confirmed, "do not ask for confirmation");
  auto* const list = app.add_subcommand("list", "show enrolled factors");
  add_user(list, request_of<wire::ListRequest>(list, line)->user);
  add_json(list, line);
  auto* const remove = app.add_subcommand("remove", "remove a factor");
  const auto removal = request_of<wire::RemoveRequest>(remove, line);
  remove->add_option("LABEL", removal->label, "as \"stepupctl list\" shows it")
      ->type_name("")
      ->required()
      ->check(from_one_to(wire::kMaxLabel));
  add_user(remove, removal->user);
}

void add_import_verb(CLI::App& app, CommandLine& line) {
  auto* const verb =
      app.add_subcommand("import", "take factors over from another tool's file; needs root");
  const auto command = request_of<ImportCommand>(verb, line);
  verb->add_option("FILE", command->file,
                   "of pam_u2f, google-authenticator, pam_oath or pam_yubico")
      ->type_name("")
      ->required()
      ->check(from_one_to(wire::kMaxText));
  verb->add_option("--origin", command->origin, "that pam_u2f had; by default pam://HOSTNAME")
      ->type_name("ORIGIN")
      ->check(from_one_to(wire::kMaxRpId));
  verb->add_option("--user", command->user, "whose file it is, instead of its owner's")
      ->type_name("USER")
      ->check(from_one_to(wire::kMaxName));
  verb->add_flag("--dry-run", command->dry_run, "show what would be imported and change nothing");
}

}  // namespace stepup::ctl
