// SPDX-License-Identifier: ISC
#include <time.h>

#include "stepupd/ctl/command_line.h"

#include <string>
#include <variant>
#include <vector>

#include <CppUTest/TestHarness.h>

namespace {

using namespace stepup;
using ctl::Command;
using ctl::ConfigCommand;
using Verb = ctl::ConfigCommand::Verb;
using ctl::ExitCode;

// In the local time zone.
std::int64_t beginning_of_1970() {
  struct tm day = {};
  day.tm_year = 70;
  day.tm_mday = 1;
  day.tm_isdst = -1;
  return mktime(&day);
}

auto parse(const std::vector<std::string>& words) {
  std::vector<const char*> argv = {"stepupctl"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  return ctl::parse_command_line(static_cast<int>(argv.size()), argv.data());
}

wire::EnrollRequest enroll(wire::EnrollKind kind, const char* user, const char* label = "",
                           const char* replace = "",
                           wire::HashAlgorithm algorithm = wire::HashAlgorithm::Sha1,
                           std::uint8_t digits = 6) {
  return {.kind = kind,
          .user = user,
          .label = label,
          .replace_label = replace,
          .algorithm = algorithm,
          .digits = digits,
          .public_key = ""};
}

ctl::ExplainCommand explain_of(const char* service) {
  ctl::ExplainCommand command;
  command.service = service;
  return command;
}

}  // namespace

TEST_GROUP(CtlCommandLine){};

TEST(CtlCommandLine, TurnsEachVerbIntoItsRequest) {
  using enum wire::EnrollKind;
  const struct {
    const char* name;
    std::vector<std::string> words;
    Command want;
  } kCases[] = {
      {"status", {"status"}, wire::StatusRequest{}},
      {"own list", {"list"}, wire::ListRequest{""}},
      {"another's list", {"list", "--user", "alice"}, wire::ListRequest{"alice"}},
      {"option with =", {"list", "--user=alice"}, wire::ListRequest{"alice"}},
      {"import",
       {"import", "/etc/users.oath"},
       ctl::ImportCommand{"/etc/users.oath", "", "", false}},
      {"import with everything",
       {"import", "--dry-run", "--origin", "pam://old", "--user", "bob", "f"},
       ctl::ImportCommand{.file = "f", .user = "bob", .origin = "pam://old", .dry_run = true}},
      {"plain enrol", {"enroll", "totp"}, enroll(Totp, "")},
      {"enrol with everything",
       {"enroll", "totp", "--user", "bob", "--label", "new phone", "--replace", "phone",
        "--algorithm", "sha256", "--digits", "8"},
       enroll(Totp, "bob", "new phone", "phone", wire::HashAlgorithm::Sha256, 8)},
      {"sha512",
       {"enroll", "totp", "--algorithm", "sha512"},
       enroll(Totp, "", "", "", wire::HashAlgorithm::Sha512)},
      {"hotp", {"enroll", "hotp"}, enroll(Hotp, "")},
      {"hotp with everything",
       {"enroll", "hotp", "--user", "bob", "--label", "fob", "--replace", "old", "--digits", "8"},
       enroll(Hotp, "bob", "fob", "old", wire::HashAlgorithm::Sha1, 8)},
      {"a new yubikey", {"enroll", "yubikey"}, enroll(YubiKey, "")},
      {"a key at the end of ssh",
       {"enroll", "ssh-sk", "key.pub", "--label", "desk"},
       ctl::EnrollSshKeyCommand{enroll(SshSk, "", "desk"), "key.pub"}},
      {"a yubikey as it is",
       {"enroll", "yubikey", "--existing", "--label", "key", "--user", "bob"},
       enroll(ExistingYubiKey, "bob", "key")},
      {"recovery codes", {"enroll", "recovery-codes"}, enroll(RecoveryCodes, "")},
      {"another's recovery codes",
       {"enroll", "recovery-codes", "--user", "bob"},
       enroll(RecoveryCodes, "bob")},
      {"ticket", {"ticket", "alice"}, wire::TicketRequest{"alice"}},
      {"reset", {"reset", "alice"}, wire::ResetRequest{"alice"}},
      {"remove", {"remove", "phone"}, wire::RemoveRequest{"", "phone"}},
      {"remove another's",
       {"remove", "phone", "--user", "bob"},
       wire::RemoveRequest{"bob", "phone"}},
      {"a label like an option", {"remove", "--", "--user"}, wire::RemoveRequest{"", "--user"}},
      {"verify", {"verify"}, wire::VerifyRequest{false}},
      {"verify --session", {"verify", "--session"}, wire::VerifyRequest{true}},
      {"everybody's or own sessions", {"sessions"}, wire::SessionsRequest{""}},
      {"another's sessions", {"sessions", "--user", "bob"}, wire::SessionsRequest{"bob"}},
      {"revoke own", {"revoke"}, wire::RevokeRequest{"", false, {}}},
      {"revoke another's", {"revoke", "--user", "bob"}, wire::RevokeRequest{"bob", false, {}}},
      {"revoke all", {"revoke", "--all"}, wire::RevokeRequest{"", true, {}}},
      {"revoke a session",
       {"revoke", "--session", "manager:1000"},
       wire::RevokeRequest{"", false, SessionKey{SessionKey::Kind::Manager, 1000}}},
      {"log", {"log"}, ctl::LogCommand{}},
      {"log with everything",
       {"log", "--user", "bob", "--session", "audit:7", "--since", "1970-01-01", "--follow"},
       ctl::LogCommand{{"bob", SessionKey{SessionKey::Kind::Audit, 7}, beginning_of_1970(), 0},
                       true}},
      {"gate", {"gate"}, ctl::GateCommand{}},
      {"enable", {"enable", "sudo"}, ctl::EnableCommand{"sudo", false, false, false, false, {}}},
      {"enable with everything",
       {"enable", "--dry-run", "sshd", "--yes", "--no-way-back", "--no-rollback", "--root", "/r",
        "--pam-dir=/p"},
       ctl::EnableCommand{"sshd", true, true, true, true, {"/r", "/p"}}},
      {"confirm", {"confirm"}, ctl::ConfirmCommand{}},
      {"rollback", {"rollback"}, ctl::RollbackCommand{}},
      {"disable two",
       {"disable", "sudo", "su"},
       ctl::DisableCommand{{"sudo", "su"}, false, false, {}}},
      {"disable all", {"disable", "--all", "--dry-run"}, ctl::DisableCommand{{}, true, true, {}}},
      {"doctor", {"doctor"}, ctl::DoctorCommand{}},
      {"the host's files", {"config", "check"}, ConfigCommand{Verb::Check, ""}},
      {"other files", {"config", "check", "conf"}, ConfigCommand{Verb::Check, "conf"}},
      {"what holds", {"config", "show", "conf"}, ConfigCommand{Verb::Show, "conf"}},
      {"what may be written", {"config", "schema"}, ConfigCommand{Verb::Schema, ""}},
      {"what would change", {"config", "diff", "conf"}, ConfigCommand{Verb::Diff, "conf"}},
      {"what is not loaded", {"config", "diff", "--running"}, ConfigCommand{Verb::Diff, "", true}},
      {"explain", {"explain", "sudo"}, explain_of("sudo")},
      {"explain all of it",
       {"explain",        "sudo",      "--user",         "alice",
        "--target",       "root",      "--command",      "/usr/bin/psql -l",
        "--source",       "192.0.2.7", "--tty",          "none",
        "--login-method", "pwd",       "--login-method", "otp",
        "--tag",          "db",        "--at",           "2026-11-27 14:00",
        "--config",       "conf"},
       ctl::ExplainCommand{"sudo",
                           "alice",
                           "root",
                           "/usr/bin/psql -l",
                           "192.0.2.7",
                           "none",
                           {"pwd", "otp"},
                           {"db"},
                           "2026-11-27 14:00",
                           "conf"}},
      {"the longest label",
       {"remove", std::string(wire::kMaxLabel, 'x')},
       wire::RemoveRequest{"", std::string(wire::kMaxLabel, 'x')}},
  };
  for (const auto& c : kCases) {
    const auto line = parse(c.words);
    CHECK_TEXT(line.has_value(), c.name);
    CHECK_TEXT(line->command == c.want, c.name);
    CHECK_TEXT(line->socket == ctl::kDefaultSocket, c.name);
    CHECK_TEXT(!line->confirmed, c.name);
  }
}

TEST(CtlCommandLine, TakesTheSocketBeforeAndAfterTheVerb) {
  for (const auto& words : {
           std::vector<std::string>{"--socket", "/tmp/s", "enroll", "totp"},
           std::vector<std::string>{"enroll", "totp", "--socket=/tmp/s"}
  }) {
    const auto line = parse(words);
    CHECK(line.has_value());
    CHECK(line->socket == "/tmp/s");
    CHECK(std::holds_alternative<wire::EnrollRequest>(line->command));
  }
}

TEST(CtlCommandLine, TakesJsonForEveryListing) {
  for (const auto& words : {
           std::vector<std::string>{"list", "--json"},
           std::vector<std::string>{"sessions", "--json"},
           std::vector<std::string>{"log", "--json"},
           std::vector<std::string>{"rehearse", "--json"},
           std::vector<std::string>{"status", "--json"},
           std::vector<std::string>{"config", "check", "--json"},
           std::vector<std::string>{"config", "diff", "--json"},
           std::vector<std::string>{"doctor", "--json"}
  }) {
    CHECK_TEXT(parse(words)->json, words.front().c_str());
  }
  CHECK(!parse({"status"})->json);
}

TEST(CtlCommandLine, RehearsesTheLastSevenDaysUnlessToldOtherwise) {
  const auto since = [](const std::vector<std::string>& words) {
    return std::get<ctl::RehearseCommand>(parse(words)->command).since - time(nullptr);
  };
  CHECK(std::abs(since({"rehearse"}) + 7 * 86'400) <= 1);
  CHECK(std::abs(since({"rehearse", "--since", "2h"}) + 7200) <= 1);
  const auto line = parse({"rehearse", "--config", "conf"});
  STRCMP_EQUAL("conf", std::get<ctl::RehearseCommand>(line->command).directory.c_str());
}

TEST(CtlCommandLine, CountsADurationBackFromNow) {
  const auto line = parse({"log", "--since", "2h"});
  const std::int64_t since = std::get<ctl::LogCommand>(line->command).request.since;
  CHECK(since >= time(nullptr) - 7201 && since <= time(nullptr) - 7199);
}

TEST(CtlCommandLine, ConfirmsAResetOnlyByYes) {
  CHECK(!parse({"reset", "alice"})->confirmed);
  CHECK(parse({"reset", "alice", "--yes"})->confirmed);
}

TEST(CtlCommandLine, RefusesWhatMakesNoSense) {
  const struct {
    const char* name;
    std::vector<std::string> words;
  } kCases[] = {
      {"no verb",                             {}                                                   },
      {"unknown verb",                        {"enrol"}                                            },
      {"abbreviated verb",                    {"stat"}                                             },
      {"two verbs",                           {"status", "list"}                                   },
      {"enroll without a kind",               {"enroll"}                                           },
      {"config without a verb",               {"config"}                                           },
      {"ticket for nobody",                   {"ticket"}                                           },
      {"ticket for nobody, by an empty word", {"ticket", ""}                                       },
      {"remove nothing",                      {"remove"}                                           },
      {"empty label",                         {"remove", ""}                                       },
      {"empty label to replace",              {"enroll", "totp", "--replace="}                     },
      {"empty user",                          {"list", "--user", ""}                               },
      {"empty socket",                        {"status", "--socket="}                              },
      {"label too long for the wire",         {"remove", std::string(wire::kMaxLabel + 1, 'x')}    },
      {"user too long for the wire",          {"ticket", std::string(wire::kMaxName + 1, 'x')}     },
      {"socket too long for an address",      {"status", "--socket", std::string(108, 'x')}        },
      {"5 digits",                            {"enroll", "totp", "--digits", "5"}                  },
      {"9 digits",                            {"enroll", "totp", "--digits", "9"}                  },
      {"digits that wrap to 6",               {"enroll", "totp", "--digits", "262"}                },
      {"no number",                           {"enroll", "totp", "--digits", "six"}                },
      {"md5",                                 {"enroll", "totp", "--algorithm", "md5"}             },
      {"algorithm by its number",             {"enroll", "totp", "--algorithm", "1"}               },
      {"a code as an argument",               {"verify", "123456"}                                 },
      {"unknown option",                      {"status", "--force"}                                },
      {"import nothing",                      {"import"}                                           },
      {"import from no origin",               {"import", "f", "--origin", ""}                      },
      {"an origin too long for the wire",     {"import", "f", "--origin", std::string(254, 'x')}   },
      {"enable nothing",                      {"enable"}                                           },
      {"disable nothing",                     {"disable"}                                          },
      {"disable one and all",                 {"disable", "sudo", "--all"}                         },
      {"revoke all of one",                   {"revoke", "--all", "--user", "bob"}                 },
      {"revoke one and a session",            {"revoke", "--session", "audit:1", "--user", "b"}    },
      {"a session without a kind",            {"revoke", "--session", "7"}                         },
      {"a session of no kind",                {"revoke", "--session", "none:0"}                    },
      {"a session with a sign",               {"revoke", "--session", "audit:-1"}                  },
      {"a session too large",                 {"revoke", "--session", "audit:99999999999999999999"}},
      {"since no time",                       {"log", "--since", "yesterday"}                      },
      {"since a day that goes on",            {"log", "--since", "2026-11-24T"}                    },
      {"a log of no session",                 {"log", "--session", "7"}                            },
      {"JSON of what is no listing",          {"verify", "--json"}                                 },
      {"--yes where nothing is asked",        {"ticket", "alice", "--yes"}                         },
  };
  for (const auto& c : kCases) {
    const auto line = parse(c.words);
    CHECK_TEXT(!line.has_value(), c.name);
    CHECK_TEXT(line.error().code == ExitCode::Usage, c.name);
    CHECK_TEXT(line.error().text.find("--help") != std::string::npos, c.name);
  }
}

TEST(CtlCommandLine, NamesTheHelpOfTheVerbThatWasMistaken) {
  const auto line = parse({"enroll", "totp", "--digits", "9"});
  CHECK(line.error().text.ends_with("see stepupctl enroll totp --help"));
}

TEST(CtlCommandLine, NamesAWordThatStandsWhereACommandShould) {
  STRCMP_CONTAINS("\"enrol\" makes no sense here", parse({"enrol"}).error().text.c_str());
  STRCMP_CONTAINS("\"totpp\" makes no sense here", parse({"enroll", "totpp"}).error().text.c_str());
  STRCMP_CONTAINS("required", parse({"enroll"}).error().text.c_str());
}

TEST(CtlCommandLine, LetsNoEscapeSequenceThroughInAComplaint) {
  const auto line = parse({"status", "\x1b[2J"});
  CHECK(line.error().text.find('\x1b') == std::string::npos);
}

TEST(CtlCommandLine, EndsWellAfterHelpAndVersion) {
  for (const auto& words : {
           std::vector<std::string>{"--help"},
           std::vector<std::string>{"--version"},
           std::vector<std::string>{"enroll", "totp", "--help"}
  }) {
    const auto line = parse(words);
    CHECK(!line.has_value());
    CHECK(line.error().code == ExitCode::Done);
    CHECK(line.error().text.ends_with('\n'));
  }
  CHECK(parse({"--version"}).error().text == "stepupctl " STEPUP_VERSION "\n");
}
