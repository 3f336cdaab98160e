// SPDX-License-Identifier: ISC
#include <string>
#include <vector>

#include "stepupd/daemon/request_facts.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::daemon;
using wire::Program;

namespace {

session::Asker asker_of(uid_t real_uid) {
  session::Asker asker;
  asker.real_uid = real_uid;
  asker.groups = {27, 100};
  asker.where.widest = Scope::Session;
  return asker;
}

wire::CheckRequest request_of(Program program, const char* service,
                              std::vector<std::string> argv = {"sudo", "id"}) {
  wire::CheckRequest request;
  request.program = program;
  request.service = service;
  request.pam_user = "root";
  request.pam_user_uid = 0;
  request.caller = "alice";
  request.argv = std::move(argv);
  return request;
}

}  // namespace

TEST_GROUP(RequestFactsOf){};

TEST(RequestFactsOf, V14SubjectIsTheCallerForSudoSuDoasAndPamUserElsewhere) {
  for (const Program program : {Program::Sudo, Program::Su, Program::Doas}) {
    const auto facts = facts_of(request_of(program, "x"), asker_of(1001));
    CHECK(facts->subject == (Subject{1001, "alice"}));
    CHECK(facts->where.subject == 1001);
    CHECK(facts->where.widest == Scope::Session);
    CHECK(facts->origin == Origin::Self);
  }
  const auto facts = facts_of(request_of(Program::Other, "sshd"), asker_of(0));
  CHECK(facts->subject == (Subject{0, "root"}));
  CHECK(facts->where.widest == Scope::Process);
  CHECK(facts->origin == Origin::Sshd);
  CHECK_FALSE(facts->policy.groups.has_value());
}

TEST(RequestFactsOf, ProgramDecidesTheFamilyWhateverTheServiceSays) {
  struct Case {
    Program program;
    const char* service;
    const char* family;
  };
  const Case cases[] = {
      {Program::Sudo,  "harmless", "sudo"},
      {Program::Su,    "su-l",     "su"  },
      {Program::Doas,  "doas",     "doas"},
      {Program::Other, "sudo-i",   "sudo"},
      {Program::Other, "su-l",     "su"  },
      {Program::Other, "sshd",     "sshd"},
  };
  for (const Case& c : cases) {
    const auto facts = facts_of(request_of(c.program, c.service), asker_of(1001));
    STRCMP_EQUAL(c.family, facts->policy.family.c_str());
    STRCMP_EQUAL(c.service, facts->policy.pam_service.c_str());
  }
}

TEST(RequestFactsOf, TargetIsKnownWhereTheCommandLineOrPamNamesIt) {
  const auto target = [](Program program, std::vector<std::string> argv) {
    return facts_of(request_of(program, "x", std::move(argv)), asker_of(1))
        ->policy.target_user.value_or("unknown");
  };
  STRCMP_EQUAL("root", target(Program::Doas, {"doas", "id"}).c_str());
  STRCMP_EQUAL("bob", target(Program::Sudo, {"sudo", "-u", "bob", "id"}).c_str());
  STRCMP_EQUAL("unknown", target(Program::Sudo, {"sudo", "id"}).c_str());
  STRCMP_EQUAL("root",
               facts_of(request_of(Program::Su, "su"), asker_of(1))->policy.target_user->c_str());
}

TEST(RequestFactsOf, TargetsGroupsAreTheModulesWordWhereItIsPamUser) {
  wire::CheckRequest request = request_of(Program::Su, "su");
  request.groups = std::vector<std::uint32_t>{0, 5};
  const auto facts = facts_of(request, asker_of(1))->policy;
  CHECK_TRUE((facts.target_groups == std::vector<gid_t>{0, 5}));
  CHECK_TRUE(facts.target_uid == 0U);
  CHECK_TRUE((facts.groups == std::vector<gid_t>{27, 100}));
  CHECK_FALSE(facts_of(request_of(Program::Sudo, "sudo"), asker_of(1))->policy.target_groups);
}

TEST(RequestFactsOf, ATargetOfThisHostIsKnownByNameUidAndGroup) {
  InForce rules;
  rules.local_accounts = {
      {"bob",  {1001, 100}},
      {"toor", {0, 0}     }
  };
  Surroundings surroundings;
  surroundings.rules = &rules;
  policy::Facts by_name;
  by_name.target_user = "toor";
  add_surroundings(surroundings, by_name);
  CHECK_TRUE(by_name.target_uid == 0U && by_name.target_gid == 0U);
  policy::Facts by_uid;
  by_uid.target_uid = 1001;
  add_surroundings(surroundings, by_uid);
  STRCMP_EQUAL("bob", by_uid.target_user->c_str());
  CHECK_TRUE(by_uid.target_gid == 100U);
  policy::Facts of_a_directory;
  of_a_directory.target_user = "eve";
  add_surroundings(surroundings, of_a_directory);
  CHECK_FALSE(of_a_directory.target_uid.has_value());
  policy::Facts unknown;
  add_surroundings(surroundings, unknown);
  CHECK_FALSE(unknown.target_user.has_value());
}

TEST(RequestFactsOf, WhereThePersonLoggedInFromIsAnAddressOrNotKnown) {
  const auto source_of = [](std::optional<bool> remote, const char* host) {
    Surroundings surroundings;
    surroundings.login = {remote, host};
    policy::Facts facts;
    add_surroundings(surroundings, facts);
    return facts;
  };
  CHECK_TRUE(source_of(true, "192.0.2.1").source->address == policy::parse_address("192.0.2.1"));
  CHECK_FALSE(source_of(true, "bastion.example.org").source.has_value());
  CHECK_FALSE(source_of(std::nullopt, "").source.has_value());
  CHECK_FALSE(source_of(false, "").source->address.has_value());
  CHECK_TRUE(source_of(false, "").remote == false);
}

TEST(RequestFactsOf, JournalNeverGetsAnArgument) {
  struct Case {
    Program program;
    std::vector<std::string> argv;
    const char* command;
  };
  const Case cases[] = {
      {Program::Sudo, {"sudo", "/usr/bin/mysqldump", "-ps3cret"}, "mysqldump"},
      {Program::Sudo, {"sudo", "DB_PASSWORD=hunter2", "id"},      "id"       },
      {Program::Sudo, {"sudo", "-u", "bob", "id"},                "id"       },
      {Program::Sudo, {"sudo", "-s", "mysqldump -ps3cret"},       ""         },
      {Program::Sudo, {"sudo", "--typo=s3cret", "id"},            ""         },
      {Program::Sudo, {"sudo", "mysqldump -ps3cret"},             "mysqldump"},
      {Program::Sudo, {"sudo"},                                   ""         },
      {Program::Su,   {"su", "-c", "mysqldump -ps3cret", "root"}, ""         },
      {Program::Su,   {"su", "secret"},                           ""         },
      {Program::Doas, {"doas", "id"},                             "id"       },
  };
  for (const Case& c : cases) {
    const auto facts = facts_of(request_of(c.program, "x", c.argv), asker_of(1001));
    STRCMP_EQUAL(c.command, facts->command.c_str());
  }
}

TEST(RequestFactsOf, ValidateIsKnownBecauseItsGrantIsForTheTerminal) {
  const auto validates = [](Program program, std::vector<std::string> argv) {
    return facts_of(request_of(program, "sudo", std::move(argv)), asker_of(1))->only_validates;
  };
  CHECK_TRUE(validates(Program::Sudo, {"sudo", "-v"}));
  CHECK_TRUE(validates(Program::Sudo, {"sudo", "-n", "--validate"}));
  CHECK_FALSE(validates(Program::Sudo, {"sudo", "id"}));
  CHECK_FALSE(validates(Program::Su, {"su", "-v"}));
}

TEST(RequestFactsOf, PromptSaysWhatWasTypedAndNothingThatMovesTheCursor) {
  struct Case {
    Program program;
    std::vector<std::string> argv;
    const char* what;
  };
  const Case cases[] = {
      {Program::Sudo,  {"sudo", "id"},                    "sudo: id"          },
      {Program::Sudo,  {"sudo", "-u", "bob", "id", "-u"}, "sudo: -u bob id -u"},
      {Program::Sudo,  {"sudo"},                          "sudo"              },
      {Program::Sudo,  {},                                "sudo"              },
      {Program::Sudo,  {"sudo", "\x1b[2Jid"},             "sudo: \\x1b[2Jid"  },
      {Program::Su,    {"su", "-"},                       "su to root"        },
      {Program::Other, {"sshd: alice"},                   "sshd"              },
  };
  for (const Case& c : cases) {
    const char* service = c.program == Program::Other ? "sshd" : "sudo";
    const auto facts = facts_of(request_of(c.program, service, c.argv), asker_of(1001));
    STRCMP_EQUAL(c.what, facts->what.c_str());
  }
  const auto longest =
      facts_of(request_of(Program::Sudo, "sudo", {"sudo", std::string(5000, 'x')}), asker_of(1));
  UNSIGNED_LONGS_EQUAL(80, longest->what.size());
}

TEST(RequestFactsOf, OnlyExactSpellingsOfListPassWithoutAPrompt) {
  for (const auto& argv : std::vector<std::vector<std::string>>{
           {"sudo", "-l"},
           {"sudo", "-ll"},
           {"sudo", "--list"},
           {"sudo", "-n", "-l"},
           {"sudo", "-nl"}
  }) {
    CHECK_TRUE(facts_of(request_of(Program::Sudo, "sudo", argv), asker_of(1))->only_lists);
  }
  for (const auto& argv : std::vector<std::vector<std::string>>{
           {"sudo", "-l", "id"},
           {"sudo", "-l", "-U", "bob"},
           {"sudo", "-lU", "bob"},
           {"sudo", "-v"},
           {"sudo", "id", "-l"},
           {"sudo", "-s", "-l"},
           {"sudo"},
           {}
  }) {
    CHECK_FALSE(facts_of(request_of(Program::Sudo, "sudo", argv), asker_of(1))->only_lists);
  }
  CHECK_FALSE(facts_of(request_of(Program::Su, "su", {"su", "-l"}), asker_of(1))->only_lists);
  auto truncated = request_of(Program::Sudo, "sudo", {"sudo", "-l"});
  truncated.argv_truncated = true;
  CHECK_FALSE(facts_of(truncated, asker_of(1))->only_lists);
}

TEST(RequestFactsOf, DigestTellsArgumentListsApart) {
  const auto digest = [](std::vector<std::string> argv, bool truncated = false) {
    auto request = request_of(Program::Sudo, "sudo", std::move(argv));
    request.argv_truncated = truncated;
    return facts_of(request, asker_of(1))->command_digest;
  };
  CHECK(digest({"sudo", "a b"}) != digest({"sudo", "a", "b"}));
  CHECK(digest({"sudo", "a"}) != digest({"sudo", "a", ""}));
  CHECK(digest({"sudo", "a"}) != digest({"sudo", "a"}, true));
  CHECK(digest({"sudo", "a"}) == digest({"sudo", "a"}));
}

TEST(RequestFactsOf, RootIsKnownByTheRealUidOnly) {
  CHECK_TRUE(facts_of(request_of(Program::Sudo, "sudo"), asker_of(0))->caller_is_root);
  CHECK_FALSE(facts_of(request_of(Program::Sudo, "sudo"), asker_of(1))->caller_is_root);
  CHECK_FALSE(facts_of(request_of(Program::Other, "sshd"), asker_of(0))->caller_is_root);
}

TEST(RequestFactsOf, TakesTheCommandOfSudosPluginAsSudoDecidedOnIt) {
  auto request = request_of(Program::Sudo, "sudo", {"sudo", "-u", "postgres", "psql", "-l"});
  request.phase = wire::Phase::Approval;
  request.pam_user = "postgres";
  request.pam_user_uid = 105;
  const auto uncertain = facts_of(request, asker_of(1001));
  STRCMP_EQUAL("postgres", uncertain->policy.target_user->c_str());
  request.exact = wire::ExactCommand{
      .path = "/usr/bin/psql", .argv = {"psql", "-l"},
           .cwd = "/"
  };
  const auto facts = facts_of(request, asker_of(1001));
  CHECK(facts->subject == (Subject{1001, "alice"}));
  STRCMP_EQUAL("postgres", facts->policy.target_user->c_str());
  STRCMP_EQUAL("sudo: /usr/bin/psql -l", facts->what.c_str());
  STRCMP_EQUAL("psql", facts->command.c_str());
  // So that what the account phase was shown can count.
  STRCMP_EQUAL(uncertain->command_digest.c_str(), facts->command_digest.c_str());
}

TEST(RequestFactsOf, WhatSudosPluginSaysOfEditsAndShellsHoldsForLinesThatCannotBeRead) {
  const auto command = [](std::vector<std::string> argv, wire::ExactCommand exact) {
    auto request = request_of(Program::Sudo, "sudo", std::move(argv));
    request.phase = wire::Phase::Approval;
    request.exact = std::move(exact);
    return facts_of(request, asker_of(1001))->policy.command;
  };
  using Reading = policy::Command::Reading;
  const wire::ExactCommand edit{
      "sudoedit", {"sudoedit", "/etc/motd"},
       false, ""
  };
  const wire::ExactCommand shell{"/usr/bin/bash", {"-bash"}, true, ""};
  const std::vector<std::string> motd{"sudoedit", "/etc/motd"};
  for (const auto& argv : std::vector<std::vector<std::string>>{
           {"foosudo", "-e", "/etc/motd"},
           {"sudo", "--edit", "-", "/etc/motd"},
           {"sudo", "-e", "/etc/motd"},
           {"sudo", "/usr/bin/vi", "/etc/motd"}  // a policy may turn it into an edit
  }) {
    CHECK_TRUE(command(argv, edit).words == motd);
  }
  CHECK_TRUE(command({"foosudo", "-i"}, shell).reading == Reading::Uncertain);
  CHECK_TRUE(command({"sudo", "-i"}, shell).reading == Reading::Shell);
  // Older plugins name the editor.
  CHECK_TRUE(command(
                 {
                     "sudo", "-e", "/etc/motd"
  },
                 {"/usr/bin/vi", {"vi", "--", "/etc/motd"}, false, ""})
                 .words == motd);
}
