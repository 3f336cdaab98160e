// SPDX-License-Identifier: ISC
// stepupctl gate: who is asked before a command over an open SSH connection.
#include <string>

#include "stepupd/daemon/gate_dialogue.h"

#include "tests/unit/dialogue_bench.h"  // CppUTest comes last

using namespace stepup;
using namespace stepup::daemon;
using wire::CancelReason;
using wire::MessageId;
using wire::VerdictCode;

namespace {

rules::RuleSet gated(Scope scope = Scope::Session) {
  policy::Rule asks = rule();
  asks.service = {kSshCommand};
  asks.scope = scope;
  return rule_set(asks);
}

session::Asker as_root(session::Asker asker) {
  asker.real_uid = 0;
  asker.in_host_namespaces = true;
  return asker;
}

session::Asker without_terminal() {
  session::Asker asker = in_process(300);
  asker.where.tty = 0;
  return asker;
}

RequestFacts facts(const std::string& command, bool truncated = false) {
  const auto check = as_check({command, truncated}, kAlice, alice());
  return *gate_facts(check, alice());
}

}  // namespace

TEST_GROUP(GateDialogue) {
  DialogueBench bench;

  void ends(VerdictCode code, MessageId words, int prompts, const DialogueBench::Course& course) {
    CHECK_TRUE(course.verdict.code == code);
    CHECK_TRUE(course.verdict.words.id == words);
    CHECK_EQUAL(prompts, course.prompts);
  }
};

// As root, since the daemon looks the account up and every host has that one.
TEST(GateDialogue, AsksOnceAndThenLetsTheWholeConnectionPassInSilence) {
  session::Asker root = as_root(alice());
  bench.enrol({0, "root"});
  bench.start(gated());
  ends(VerdictCode::Granted, MessageId::None, 1,
       bench.control(wire::GateRequest{"id", false}, root, {DialogueBench::code(0)}));
  const session::Asker further = as_root(without_terminal());
  ends(VerdictCode::Granted, MessageId::None, 0,
       bench.control(wire::GateRequest{"scp -t .", false}, further));
  const session::Asker elsewhere = as_root(in_session(8));
  ends(VerdictCode::Denied, MessageId::RefusedNoTerminal, 1,
       bench.control(wire::GateRequest{"id", false}, elsewhere, {CancelReason::NoConversation}));
}

TEST(GateDialogue, T09AsksForEveryCommandWhereNoGrantIsLeft) {
  session::Asker root = as_root(alice());
  bench.enrol({0, "root"});
  bench.start(gated(Scope::Process));
  for (std::uint64_t counter = 0; counter < 2; ++counter) {
    root.where.process = static_cast<pid_t>(100 + counter);
    ends(VerdictCode::Granted, MessageId::None, 1,
         bench.control(wire::GateRequest{"id", false}, root, {DialogueBench::code(counter)}));
  }
}

TEST(GateDialogue, AsksNobodyWithoutARuleAndLetsNobodyPassWithoutRules) {
  session::Asker root = as_root(alice());
  bench.start(rule_set(rule()));
  ends(VerdictCode::NotRequired, MessageId::None, 0,
       bench.control(wire::GateRequest{"id", false}, root));
  bench.engine().rules = nullptr;
  ends(VerdictCode::Unavailable, MessageId::RefusedNoRules, 0,
       bench.control(wire::GateRequest{"id", false}, root));
}

TEST(GateDialogue, IsForTheAccountThatTheKernelNamesAndStandsInItsSession) {
  const RequestFacts found = facts("id");
  STRCMP_EQUAL(kSshCommand, found.policy.family.c_str());
  STRCMP_EQUAL(kSshCommand, found.policy.pam_service.c_str());
  CHECK_TRUE(found.subject.uid == kAlice.uid);
  CHECK_TRUE(found.policy.groups == std::vector<gid_t>{kAlice.uid});
  CHECK_TRUE(found.where.widest == Scope::Session);
  CHECK_FALSE(found.caller_is_root);
  CHECK_TRUE(found.can_be_told);
  const session::Asker nobody_sees = as_root(without_terminal());
  const Subject root{0, "root"};
  const auto silent = gate_facts(as_check({"id", false}, root, nobody_sees), nobody_sees);
  CHECK_FALSE(silent->can_be_told);
  CHECK_FALSE(silent->caller_is_root);
}

TEST(GateDialogue, NamesACommandOnlyWhereNoShellCouldReadAnother) {
  const struct {
    const char* command;
    const char* name;
    const char* what;
  } kCases[] = {
      {"",                             "",            "ssh-command"                              },
      {"id",                           "id",          "ssh-command: id"                          },
      {"/usr/lib/openssh/sftp-server", "sftp-server", "ssh-command: /usr/lib/openssh/sftp-server"},
      {"rsync --server -e.L . /srv",   "rsync",       "ssh-command: rsync --server -e.L . /srv"  },
      {"PASSWORD=hunter2 id",          "",            "ssh-command: PASSWORD=hunter2 id"         },
      {"id;reboot",                    "",            "ssh-command: id;reboot"                   },
      {"$(id)",                        "",            "ssh-command: $(id)"                       },
      {"id\x1b[2J",                    "",            "ssh-command: id\\x1b[2J"                  },
  };
  for (const auto& c : kCases) {
    const RequestFacts found = facts(c.command);
    STRCMP_EQUAL_TEXT(c.name, found.command.c_str(), c.command);
    STRCMP_EQUAL_TEXT(c.what, found.what.c_str(), c.command);
  }
  CHECK_TRUE(facts("id").command_digest != facts("id", true).command_digest);
  CHECK_TRUE(facts("id").command_digest != facts("id -u").command_digest);
}
