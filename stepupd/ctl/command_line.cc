// SPDX-License-Identifier: ISC
#include "stepupd/ctl/command_line.h"

#include <time.h>
#include <CLI/CLI.hpp>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "stepupd/base/printable.h"
#include "stepupd/rules/duration.h"
#include "stepupd/wire/control_terms.h"
#include "stepupd/wire/import_messages.h"

namespace stepup::ctl {
namespace {

using Failure = std::string;  // empty = the value is good

// Empty would mean "not given" on the wire, and so another request than the one that was typed.
auto from_one_to(std::size_t limit) {
  return [limit](const std::string& value) -> Failure {
    if (value.empty()) return "must not be empty";
    if (value.size() > limit) return "is longer than " + std::to_string(limit) + " bytes";
    return "";
  };
}

CLI::Option* add_user(CLI::App* verb, std::string& user) {
  return verb->add_option("--user", user, "whose factors, instead of your own; needs root")
      ->type_name("USER")
      ->check(from_one_to(wire::kMaxName));
}

CLI::Option* add_name(CLI::App* verb, std::string& user) {
  return verb->add_option("USER", user, "the person's user name")
      ->type_name("")
      ->required()
      ->check(from_one_to(wire::kMaxName));
}

constexpr struct {
  std::string_view name;
  wire::HashAlgorithm algorithm;
} kAlgorithms[] = {
    {"sha1",   wire::HashAlgorithm::Sha1  },
    {"sha256", wire::HashAlgorithm::Sha256},
    {"sha512", wire::HashAlgorithm::Sha512},
};

Failure an_algorithm(const std::string& value) {
  for (const auto& known : kAlgorithms) {
    if (known.name == value) return "";
  }
  return "must be sha1, sha256 or sha512";
}

// "audit:7", as SessionKey is written; nothing for anything else.
std::optional<SessionKey> session_key_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(colon + 1);
  for (const auto kind :
       {SessionKey::Kind::Audit, SessionKey::Kind::Logind, SessionKey::Kind::Manager}) {
    if (text.substr(0, colon) != to_string(kind)) continue;
    SessionKey key{kind, 0};
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), key.id);
    if (error == std::errc() && end == digits.data() + digits.size()) return key;
  }
  return std::nullopt;
}

// The moment that "7d" ago was, or at which the day "2026-11-24" began here; nothing for anything
// else.
std::optional<std::int64_t> since_of(const std::string& text) {
  const time_t now = time(nullptr);
  if (const auto ago = rules::parse_duration(text)) {
    return now - std::chrono::floor<std::chrono::seconds>(*ago).count();
  }
  struct tm day = {};
  const char* const end = strptime(text.c_str(), "%Y-%m-%d", &day);
  if (end == nullptr || *end != '\0') return std::nullopt;
  day.tm_isdst = -1;
  return mktime(&day);
}

// The whole grammar, and where its values go.
class Grammar {
 public:
  Grammar() {
    app_.name("stepupctl");
    app_.set_version_flag("--version", "stepupctl " STEPUP_VERSION);
    app_.footer("See stepupctl(1).");
    app_.fallthrough();  // --socket may also follow the verb
    app_.require_subcommand(1);
    app_.add_option("--socket", line_.socket, "where stepupd listens")
        ->type_name("PATH")
        ->capture_default_str()
        ->check(from_one_to(kMaxSocketPath));
    add_enroll();
    add_administration();
    add_own();
    add_sessions();
    add_log();
    add_config();
    add_pam();
    add_import();
    add_explain();
    add_rehearse();
  }

  std::expected<CommandLine, Stop> parse(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForVersion& version) {
      return std::unexpected(Stop{ExitCode::Done, std::string(version.what()) + "\n"});
    } catch (const CLI::CallForHelp&) {
      return std::unexpected(Stop{ExitCode::Done, app_.help()});
    } catch (const CLI::CallForAllHelp&) {
      return std::unexpected(Stop{ExitCode::Done, app_.help("", CLI::AppFormatMode::All)});
    } catch (const CLI::ParseError& error) {
      // CLI11 asks for a command before it looks at the word that stands in its place.
      const std::vector<std::string> unknown = app_.remaining(true);
      const bool misspelt = dynamic_cast<const CLI::RequiredError*>(&error) && !unknown.empty();
      const std::string what =
          misspelt ? "\"" + unknown.front() + "\" makes no sense here" : error.what();
      return std::unexpected(
          Stop{ExitCode::Usage, printable(what) + "\nstepupctl: see " + help_command()});
    }
    line_.command = chosen();
    return std::move(line_);
  }

 private:
  static constexpr std::size_t kMaxSocketPath = 107;  // sockaddr_un, without the final NUL

  void add_enroll() {
    enroll_ = app_.add_subcommand("enroll", "add a second factor");
    enroll_->require_subcommand(1);
    totp_ = add_authenticator("totp", "an authenticator that shows one-time codes");
    totp_->add_option("--algorithm", algorithm_, "sha1 (the default), sha256 or sha512")
        ->type_name("NAME")
        ->check(an_algorithm);
    add_digits(totp_);
    hotp_ = add_authenticator("hotp", "one that shows the next code when it is pressed");
    add_digits(hotp_);
    yubikey_ = add_authenticator("yubikey", "a YubiKey that types a code when it is touched");
    yubikey_->add_flag("--existing", existing_,
                       "keep the secret that it holds; its private id and AES key are asked for");
    fido2_ = add_authenticator("fido2", "a security key that is plugged in here");
    fido2_->add_flag("--uv", enrollment_.uv, "with its PIN or fingerprint, now and at every use");
    fido2_->add_flag("--discoverable", enrollment_.discoverable,
                     "store the credential in the key, where it can be listed");
    ssh_sk_ = add_authenticator("ssh-sk", "a security key at your end of ssh, by its ssh key");
    ssh_sk_->add_option("FILE", key_file_, "its public key, as ssh-keygen writes it: *.pub")
        ->type_name("")
        ->required()
        ->check(from_one_to(wire::kMaxText));
    ssh_sk_->add_flag("--uv", enrollment_.uv,
                      "with its PIN or fingerprint at every use (ssh-keygen -O verify-required)");
    recovery_codes_ = enroll_->add_subcommand("recovery-codes",
                                              "ten codes for a lost device, instead of old ones");
    add_user(recovery_codes_, enrollment_.user);
  }

  CLI::App* add_authenticator(const char* name, const char* what) {
    CLI::App* const verb = enroll_->add_subcommand(name, what);
    add_user(verb, enrollment_.user);
    verb->add_option("--label", enrollment_.label, "what you will call it")
        ->type_name("LABEL")
        ->check(from_one_to(wire::kMaxLabel));
    verb->add_option("--replace", enrollment_.replace_label,
                     "remove this one once the new one is proved")
        ->type_name("LABEL")
        ->check(from_one_to(wire::kMaxLabel));
    return verb;
  }

  void add_digits(CLI::App* verb) {
    verb->add_option("--digits", digits_, "length of its codes: 6 (the default), 7 or 8")
        ->type_name("N")
        ->check(CLI::Range(6, 8).description(""));
  }

  void add_administration() {
    ticket_ = app_.add_subcommand("ticket", "let a person enrol a first factor; needs root");
    add_name(ticket_, user_);
    reset_ =
        app_.add_subcommand("reset", "clear a person's factors and print a new ticket; needs root");
    add_name(reset_, user_);
    reset_->add_flag("--yes", line_.confirmed, "do not ask for confirmation");
  }

  void add_own() {
    list_ = app_.add_subcommand("list", "show enrolled factors");
    add_user(list_, user_);
    add_json(list_);
    remove_ = app_.add_subcommand("remove", "remove a factor");
    remove_->add_option("LABEL", label_, "as \"stepupctl list\" shows it")
        ->type_name("")
        ->required()
        ->check(from_one_to(wire::kMaxLabel));
    add_user(remove_, user_);
    status_ = app_.add_subcommand("status", "show what this session has proved, and the rules");
    add_json(status_);
    verify_ = app_.add_subcommand("verify", "step up now, before sudo or su asks");
    verify_->add_flag("--session", whole_session_,
                      "for the whole login session, where the administrator allows it");
    gate_ =
        app_.add_subcommand("gate", "step up before a command over ssh; for sshd's ForceCommand");
  }

  void add_sessions() {
    sessions_ = app_.add_subcommand("sessions", "show which proofs hold, and where");
    add_user(sessions_, user_);
    add_json(sessions_);
    revoke_ = app_.add_subcommand("revoke", "forget proofs, so that the next command asks");
    auto* const user = add_user(revoke_, revocation_.user);
    auto* const all = revoke_->add_flag("--all", revocation_.all, "everybody's; needs root");
    auto* const session = revoke_->add_option("--session", session_, "those of one login session");
    session->type_name("KIND:ID")->check([](const std::string& text) -> Failure {
      return session_key_of(text) ? "" : "must be as \"stepupctl sessions\" shows it: audit:7";
    });
    all->excludes(user)->excludes(session);
    user->excludes(session);
  }

  void add_log() {
    log_ = app_.add_subcommand("log", "show what was decided lately");
    log_->add_option("--user", logging_.request.user, "of one person; needs an administrator")
        ->type_name("USER")
        ->check(from_one_to(wire::kMaxName));
    log_->add_option("--session", session_, "of one login session")
        ->type_name("KIND:ID")
        ->check([](const std::string& text) -> Failure {
          return session_key_of(text) ? "" : "must be as \"stepupctl sessions\" shows it: audit:7";
        });
    add_since(log_, "such as 2h, 7d or 2026-11-24");
    log_->add_flag("--follow", logging_.follow, "go on with what is decided from now on");
    add_json(log_);
  }

  void add_since(CLI::App* verb, const char* what) {
    verb->add_option("--since", since_, what)
        ->type_name("TIME")
        ->check([](const std::string& text) -> Failure {
          return since_of(text) ? "" : "must be a duration, such as 7d, or a day, as 2026-11-24";
        });
  }

  void add_rehearse() {
    rehearse_ = app_.add_subcommand(
        "rehearse", "show what other rules would have asked for lately, and of whom");
    rehearse_
        ->add_option("--config", rehearsing_.directory,
                     "holds stepupd.conf; by default /etc/stepup")
        ->type_name("DIR")
        ->check(from_one_to(wire::kMaxText));
    add_since(rehearse_, "by default 7d");
    add_json(rehearse_);
  }

  void add_json(CLI::App* verb) { verb->add_flag("--json", line_.json, "for programs"); }

  void add_place(CLI::App* verb) {
    verb->add_option("--root", place_.root, "another host's files, such as an image's")
        ->type_name("DIR")
        ->check(from_one_to(wire::kMaxText));
    verb->add_option("--pam-dir", place_.pam_dir, "instead of /etc/pam.d")
        ->type_name("DIR")
        ->check(from_one_to(wire::kMaxText));
  }

  void add_pam() {
    enable_ = app_.add_subcommand("enable", "put stepup into a service's PAM files; needs root");
    enable_->add_option("SERVICE", enabling_.service, "sudo, su, doas, sshd or polkit")
        ->type_name("")
        ->required()
        ->check(from_one_to(wire::kMaxName));
    enable_->add_flag("--dry-run", dry_run_, "show the change and do not make it");
    enable_->add_flag("--yes", enabling_.yes, "although people have no second factor yet");
    enable_->add_flag("--no-way-back", enabling_.no_way_back,
                      "although every way to root that is found passes stepup");
    enable_->add_flag("--no-rollback", enabling_.no_rollback,
                      "it stays, although nobody confirms it");
    add_place(enable_);
    confirm_ = app_.add_subcommand("confirm", "keep what enable has changed; needs root");
    rollback_ = app_.add_subcommand("rollback", "take back what is not confirmed; needs root");
    disable_ = app_.add_subcommand("disable", "take stepup out of PAM files; needs root");
    auto* const services =
        disable_->add_option("SERVICE", disabling_.services, "sudo, su, doas, sshd or polkit")
            ->type_name("")
            ->check(from_one_to(wire::kMaxName));
    disable_->add_flag("--all", disabling_.all, "out of every file")->excludes(services);
    disable_->add_flag("--dry-run", dry_run_, "show the change and do not make it");
    disable_->callback([this] {
      if (!disabling_.all && disabling_.services.empty()) {
        throw CLI::ValidationError("name a service, or say --all");
      }
    });
    add_place(disable_);
    doctor_ = app_.add_subcommand("doctor", "look for what makes stepup ineffective; needs root");
    add_json(doctor_);
    add_place(doctor_);
  }

  void add_import() {
    import_ =
        app_.add_subcommand("import", "take factors over from another tool's file; needs root");
    import_
        ->add_option("FILE", importing_.file,
                     "of pam_u2f, google-authenticator, pam_oath or pam_yubico")
        ->type_name("")
        ->required()
        ->check(from_one_to(wire::kMaxText));
    import_
        ->add_option("--origin", importing_.origin, "that pam_u2f had; by default pam://HOSTNAME")
        ->type_name("ORIGIN")
        ->check(from_one_to(wire::kMaxRpId));
    import_->add_option("--user", importing_.user, "whose file it is, instead of its owner's")
        ->type_name("USER")
        ->check(from_one_to(wire::kMaxName));
    import_->add_flag("--dry-run", dry_run_, "show what would be imported and change nothing");
  }

  void add_explain() {
    explain_ = app_.add_subcommand("explain", "show what the rules would ask for, and why");
    const auto add = [&](const char* name, auto& value, const char* type, const char* what) {
      return explain_->add_option(name, value, what)
          ->type_name(type)
          ->check(from_one_to(wire::kMaxText));
    };
    add("SERVICE", explaining_.service, "", "sudo, su, doas, sshd, ...")->required();
    add("--user", explaining_.user, "USER", "who asks, instead of yourself");
    add("--target", explaining_.target, "USER", "whose rights are taken");
    add("--command", explaining_.command, "COMMAND", "which command is run, as it is typed");
    add("--source", explaining_.source, "ADDRESS", "where the person logged in from, or \"local\"");
    add("--tty", explaining_.tty, "NAME", "the terminal, such as pts/0, or \"none\"");
    add("--login-method", explaining_.login_methods, "METHOD", "how the person logged in");
    add("--tag", explaining_.tags, "TAG", "as on a host with this tag");
    add("--at", explaining_.at, "TIME", "instead of now: \"2026-11-27 14:00\"");
    add("--config", explaining_.directory, "DIR", "holds stepupd.conf; by default /etc/stepup");
    add_json(explain_);
  }

  void add_config() {
    config_ = app_.add_subcommand("config", "work with the configuration");
    config_->require_subcommand(1);
    check_ = add_config_verb("check", "look for mistakes in the configuration files",
                             "holds stepupd.conf; by default /etc/stepup");
    add_json(check_);
    show_ = add_config_verb("show", "print every setting and rule, and where it comes from",
                            "holds stepupd.conf; by default /etc/stepup");
    add_json(show_);
    diff_ =
        add_config_verb("diff", "print what the files of a directory would change",
                        "holds the stepupd.conf to compare; by default, /etc/stepup is compared "
                        "with what packages brought");
    diff_->add_flag("--running", running_,
                    "compare with the rules that stepupd has in force; needs root");
    add_json(diff_);
    schema_ = config_->add_subcommand("schema", "print a JSON schema of the files, for editors");
  }
  CLI::App* add_config_verb(const char* name, const char* does, const char* what_dir_does) {
    CLI::App* verb = config_->add_subcommand(name, does);
    verb->add_option("DIR", directory_, what_dir_does)
        ->type_name("")
        ->check(from_one_to(wire::kMaxText));
    return verb;
  }

  Command chosen() {
    if (explain_->parsed()) return explaining_;
    if (enable_->parsed()) {
      enabling_.dry_run = dry_run_;
      enabling_.place = place_;
      return enabling_;
    }
    if (disable_->parsed()) {
      disabling_.dry_run = dry_run_;
      disabling_.place = place_;
      return disabling_;
    }
    if (confirm_->parsed()) return ConfirmCommand{};
    if (rollback_->parsed()) return RollbackCommand{};
    if (import_->parsed()) {
      importing_.dry_run = dry_run_;
      return importing_;
    }
    if (doctor_->parsed()) return DoctorCommand{place_};
    if (gate_->parsed()) return GateCommand{};
    if (log_->parsed()) {
      if (!session_.empty()) logging_.request.session = session_key_of(session_);
      if (!since_.empty()) logging_.request.since = since_of(since_).value_or(0);
      return logging_;
    }
    if (rehearse_->parsed()) {
      rehearsing_.since = since_of(since_.empty() ? "7d" : since_).value_or(0);
      return rehearsing_;
    }
    if (sessions_->parsed()) return wire::SessionsRequest{user_};
    if (revoke_->parsed()) {
      if (!session_.empty()) revocation_.session = session_key_of(session_);
      return revocation_;
    }
    if (totp_->parsed()) {
      enrollment_.kind = wire::EnrollKind::Totp;
      for (const auto& known : kAlgorithms) {
        if (known.name == algorithm_) enrollment_.algorithm = known.algorithm;
      }
      enrollment_.digits = static_cast<std::uint8_t>(digits_);
      return enrollment_;
    }
    if (hotp_->parsed()) {
      enrollment_.kind = wire::EnrollKind::Hotp;
      enrollment_.digits = static_cast<std::uint8_t>(digits_);
      return enrollment_;
    }
    if (fido2_->parsed()) {
      enrollment_.kind = wire::EnrollKind::Fido2;
      return enrollment_;
    }
    if (ssh_sk_->parsed()) {
      enrollment_.kind = wire::EnrollKind::SshSk;
      return EnrollSshKeyCommand{enrollment_, key_file_};
    }
    if (yubikey_->parsed()) {
      enrollment_.kind = existing_ ? wire::EnrollKind::ExistingYubiKey : wire::EnrollKind::YubiKey;
      return enrollment_;
    }
    if (recovery_codes_->parsed()) {
      enrollment_.kind = wire::EnrollKind::RecoveryCodes;
      return enrollment_;
    }
    if (ticket_->parsed()) return wire::TicketRequest{user_};
    if (reset_->parsed()) return wire::ResetRequest{user_};
    if (list_->parsed()) return wire::ListRequest{user_};
    if (remove_->parsed()) return wire::RemoveRequest{user_, label_};
    if (verify_->parsed()) return wire::VerifyRequest{whole_session_};
    if (check_->parsed()) return ConfigCommand{ConfigCommand::Verb::Check, directory_};
    if (show_->parsed()) return ConfigCommand{ConfigCommand::Verb::Show, directory_};
    if (diff_->parsed()) {
      return ConfigCommand{ConfigCommand::Verb::Diff, directory_, running_};
    }
    if (schema_->parsed()) return ConfigCommand{ConfigCommand::Verb::Schema, {}};
    return wire::StatusRequest{};
  }

  // "stepupctl enroll totp --help", for the verb that was being read.
  [[nodiscard]] std::string help_command() const {
    std::string words = "stepupctl";
    for (const CLI::App* verb = &app_; verb != nullptr;) {
      const auto parsed = verb->get_subcommands();
      verb = parsed.empty() ? nullptr : parsed.front();
      if (verb != nullptr) words.append(" ").append(verb->get_name());
    }
    return words + " --help";
  }

  CLI::App app_{"Step up, and manage your second factors on this host."};
  CLI::App* enroll_ = nullptr;
  CLI::App* totp_ = nullptr;
  CLI::App* hotp_ = nullptr;
  CLI::App* yubikey_ = nullptr;
  CLI::App* fido2_ = nullptr;
  CLI::App* ssh_sk_ = nullptr;
  CLI::App* recovery_codes_ = nullptr;
  CLI::App* ticket_ = nullptr;
  CLI::App* reset_ = nullptr;
  CLI::App* list_ = nullptr;
  CLI::App* remove_ = nullptr;
  CLI::App* status_ = nullptr;
  CLI::App* verify_ = nullptr;
  CLI::App* gate_ = nullptr;
  CLI::App* log_ = nullptr;
  CLI::App* sessions_ = nullptr;
  CLI::App* revoke_ = nullptr;
  CLI::App* enable_ = nullptr;
  CLI::App* confirm_ = nullptr;
  CLI::App* rollback_ = nullptr;
  CLI::App* disable_ = nullptr;
  CLI::App* doctor_ = nullptr;
  CLI::App* import_ = nullptr;
  CLI::App* config_ = nullptr;
  CLI::App* check_ = nullptr;
  CLI::App* show_ = nullptr;
  CLI::App* diff_ = nullptr;
  CLI::App* schema_ = nullptr;
  CLI::App* explain_ = nullptr;
  CLI::App* rehearse_ = nullptr;

  CommandLine line_;
  wire::EnrollRequest enrollment_;
  std::string algorithm_ = "sha1";
  int digits_ = 6;
  bool existing_ = false;
  std::string key_file_;
  wire::RevokeRequest revocation_;
  EnableCommand enabling_;
  DisableCommand disabling_;
  ImportCommand importing_;
  ExplainCommand explaining_;
  RehearseCommand rehearsing_;
  Place place_;
  bool dry_run_ = false;
  LogCommand logging_;
  std::string session_;
  std::string since_;
  std::string user_;
  std::string label_;
  std::string directory_;
  bool running_ = false;
  bool whole_session_ = false;
};

}  // namespace

std::expected<CommandLine, Stop> parse_command_line(int argc, const char* const* argv) {
  return Grammar().parse(argc, argv);
}

}  // namespace stepup::ctl
