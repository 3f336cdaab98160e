// SPDX-License-Identifier: ISC
// Who may do what with stepupctl.  The callers are accounts that every host has.
#include <pwd.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/daemon/gone_accounts.h"
#include "stepupd/wire/credential_messages.h"
#include "stepupd/wire/grant_messages.h"
#include "stepupd/wire/status_messages.h"

#include "tests/unit/dialogue_bench.h"  // CppUTest comes last

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::daemon;
using wire::MessageId;
using wire::MessageType;
using wire::VerdictCode;

namespace {

const std::deque<DialogueBench::Act> kThreeWrong = {"000000", "000000", "000000"};

}  // namespace

TEST_GROUP(ControlDialogue) {
  DialogueBench bench;
  Subject self{1, ""};
  session::Asker asker = alice();
  session::Asker root = alice();

  void setup() override {
    const passwd* const account = getpwuid(self.uid);
    CHECK_TRUE(account != nullptr);
    self.name = account->pw_name;
    asker.real_uid = self.uid;
    asker.in_host_namespaces = true;
    root = asker;
    root.real_uid = 0;
  }

  void check(VerdictCode code, MessageId words, int prompts, std::vector<MessageType> reports,
             const DialogueBench::Course& course) {
    CHECK_TRUE(course.verdict.code == code);
    CHECK_TRUE(course.verdict.words.id == words);
    CHECK_EQUAL(prompts, course.prompts);
    CHECK_TRUE(course.reports == reports);
  }
  void check_denied(MessageId words, int prompts, const DialogueBench::Course& course) {
    check(VerdictCode::Denied, words, prompts, {}, course);
  }
  std::size_t grants() { return bench.engine().ledger.of(self.uid).size(); }
};

TEST(ControlDialogue, KnowsWhoseCredentialsAreAboutNobody) {
  const Subject gone{4'000'000, "stepup-no-such-user"};
  const Subject renamed{1, "stepup-no-such-name"};
  for (const Subject& one : {
           Subject{0, "root"},
           gone, renamed
  })
    bench.enrol(one);
  auto store = store::Store::open(bench.state.path(), "");
  CHECK_TRUE(store.has_value());
  const auto found = gone_accounts(*store);
  CHECK_TRUE(found.has_value());
  CHECK_TRUE(*found == (std::vector<Subject>{renamed, gone}));
  STRCMP_CONTAINS("\"stepup-no-such-user\" (uid 4000000), who has no account",
                  about_gone(gone).c_str());
}

TEST(ControlDialogue, ServesNobodyButRootForAnother) {
  bench.enrol(self);
  bench.start({});
  check_denied(MessageId::RefusedOtherUser, 0, bench.control(wire::ListRequest{"root"}, asker));
  check_denied(MessageId::RefusedOtherUser, 0,
               bench.control(wire::ListRequest{"stepup-no-such-user"}, asker));
  check_denied(MessageId::RefusedOtherUser, 0,
               bench.control(wire::RemoveRequest{"root", "fob"}, asker));
  check(VerdictCode::Granted, MessageId::None, 0, {MessageType::CredentialList},
        bench.control(wire::ListRequest{self.name}, root));
  check_denied(MessageId::RefusedUnknownUser, 0,
               bench.control(wire::ListRequest{"stepup-no-such-user"}, root));
}

TEST(ControlDialogue, StatusTellsOfADatabaseThatCannotBeUsed) {
  bench.state.write("stepup.db", "this is no database, and long enough for one");
  bench.start(rule_set(rule()));
  const auto remarks = bench.control(wire::StatusRequest{}, asker).status.remarks;
  CHECK_FALSE(remarks.empty());
  STRCMP_CONTAINS("the database is damaged", remarks.front().c_str());
  asker.in_host_namespaces = false;
  for (const std::string& remark : bench.control(wire::StatusRequest{}, asker).status.remarks) {
    CHECK_FALSE(remark.contains("damaged"));
  }
}

TEST(ControlDialogue, StatusTellsOfASealingKeyThatIsGone) {
  bench.enrol(self);
  CHECK_EQUAL(0, unlink(bench.state.file("seal.key").c_str()));
  bench.start(rule_set(rule()));
  const auto remarks = bench.control(wire::StatusRequest{}, asker).status.remarks;
  CHECK_FALSE(remarks.empty());
  STRCMP_CONTAINS("the sealing key is missing", remarks.front().c_str());
}

TEST(ControlDialogue, RefusesWhoeverCannotBeTold) {
  bench.enrol(self);
  bench.start({});
  session::Asker contained = asker;
  contained.in_host_namespaces = false;
  check_denied(MessageId::RefusedNamespace, 0, bench.control(wire::ListRequest{}, contained));
  check(VerdictCode::Granted, MessageId::None, 0, {MessageType::StatusReport},
        bench.control(wire::StatusRequest{}, contained));
  // A set-uid program: its caller is not whom it connects as.
  const auto set_uid =
      bench.talk(wire::Socket::Control, 0, wire::ListRequest{self.name},
                 [&](Connection& connection, wire::Packet packet) {
                   return control_dialogue(bench.engine(), connection, asker, std::move(packet));
                 },
                 {});
  check_denied(MessageId::RefusedIdentity, 0, set_uid);
}

TEST(ControlDialogue, RefusesARequestThatIsNone) {
  bench.enrol(self);
  bench.start({});
  const auto cut =
      bench.talk(wire::Socket::Control, 0, wire::ListRequest{self.name},
                 [&](Connection& connection, wire::Packet packet) {
                   packet.bytes.shrink(packet.bytes.size() - 1);
                   return control_dialogue(bench.engine(), connection, root, std::move(packet));
                 },
                 {});
  check_denied(MessageId::None, 0, cut);
}

TEST(ControlDialogue, ListsToWhoeverProvesAndEachTimeAnew) {
  bench.enrol(self);
  bench.start({});
  check_denied(MessageId::RefusedWrongCode, 3,
               bench.control(wire::ListRequest{}, asker, kThreeWrong));
  for (const std::uint64_t counter : {0U, 1U}) {
    check(VerdictCode::Granted, MessageId::None, 1, {MessageType::CredentialList},
          bench.control(wire::ListRequest{self.name}, asker, {DialogueBench::code(counter)}));
    CHECK_EQUAL(0, grants());
  }
}

TEST(ControlDialogue, ListsNothingToWhoeverHasNothingOrIsNotItsOwner) {
  bench.start({});
  check_denied(MessageId::RefusedUnenrolled, 0, bench.control(wire::ListRequest{}, asker));
}

TEST(ControlDialogue, ListsNothingOfAnotherNameOnTheSameUid) {
  bench.enrol({self.uid, "former"});
  bench.start({});
  check_denied(MessageId::RefusedOwnerMismatch, 0, bench.control(wire::ListRequest{}, asker));
}

TEST(ControlDialogue, TakesAFreshGrantForAProof) {
  bench.enrol(self);
  bench.start({});
  check(VerdictCode::Granted, MessageId::None, 1, {},
        bench.control(wire::VerifyRequest{}, asker, {DialogueBench::code(0)}));
  CHECK_EQUAL(1, grants());
  CHECK_TRUE(bench.engine().ledger.of(self.uid)[0].scope == Scope::Tty);
  check(VerdictCode::Granted, MessageId::None, 0, {MessageType::CredentialList},
        bench.control(wire::ListRequest{}, asker));
  session::Asker elsewhere = asker;
  elsewhere.where.tty = 0x8803;
  check(VerdictCode::Granted, MessageId::None, 1, {MessageType::CredentialList},
        bench.control(wire::ListRequest{}, elsewhere, {DialogueBench::code(1)}));
}

TEST(ControlDialogue, VerifiesNoFurtherThanTheRulesAndThePlaceAllow) {
  bench.enrol(self);
  rules::RuleSet set;
  bench.start(set);
  session::Asker nowhere = asker;
  nowhere.where.tty = 0;
  session::Asker narrow = asker;
  narrow.where.widest = Scope::Tty;
  const wire::VerifyRequest session{.session = true};
  check_denied(MessageId::RefusedNoTty, 0, bench.control(wire::VerifyRequest{}, nowhere));
  check_denied(MessageId::RefusedVerifySession, 0, bench.control(session, asker));
  set.settings.verify_session = true;
  bench.obey(set);
  check_denied(MessageId::RefusedNoTty, 0, bench.control(session, narrow));
  CHECK_EQUAL(0, grants());
  check(VerdictCode::Granted, MessageId::None, 1, {},
        bench.control(session, nowhere, {DialogueBench::code(0)}));
  CHECK_TRUE(bench.engine().ledger.of(self.uid)[0].scope == Scope::Session);
  bench.engine().rules = nullptr;
  check_denied(MessageId::RefusedVerifySession, 0, bench.control(session, asker));
}

TEST(ControlDialogue, GrantsNothingForAWrongCode) {
  bench.enrol(self);
  bench.start({});
  check_denied(MessageId::RefusedWrongCode, 3,
               bench.control(wire::VerifyRequest{}, asker, kThreeWrong));
  CHECK_EQUAL(0, grants());
}

TEST(ControlDialogue, RemovesWhatWasProvenForAndTheGrantsWithIt) {
  bench.enrol(self);
  bench.enrol(self, "old fob", "09876543210987654321");
  bench.start({});
  check_denied(MessageId::RefusedWrongCode, 3,
               bench.control(wire::RemoveRequest{"", "old fob"}, asker, kThreeWrong));
  check(VerdictCode::Granted, MessageId::None, 1, {},
        bench.control(wire::VerifyRequest{}, asker, {DialogueBench::code(0)}));
  check_denied(MessageId::RefusedNoSuchLabel, 0,
               bench.control(wire::RemoveRequest{"", "key"}, asker));
  CHECK_EQUAL(1, grants());
  check(VerdictCode::Granted, MessageId::None, 0, {},
        bench.control(wire::RemoveRequest{"", "old fob"}, asker));
  CHECK_EQUAL(0, grants());
  check_denied(MessageId::RefusedLastCredential, 1,
               bench.control(wire::RemoveRequest{"", "fob"}, asker, {DialogueBench::code(1)}));
}

TEST(ControlDialogue, ResetsForRootAndEndsTheGrants) {
  bench.enrol(self);
  bench.start({});
  check(VerdictCode::Granted, MessageId::None, 1, {},
        bench.control(wire::VerifyRequest{}, asker, {DialogueBench::code(0)}));
  check(VerdictCode::Granted, MessageId::None, 0, {MessageType::NewTicket},
        bench.control(wire::TicketRequest{self.name}, root));
  CHECK_EQUAL(1, grants());
  check(VerdictCode::Granted, MessageId::None, 0, {MessageType::NewTicket},
        bench.control(wire::ResetRequest{self.name}, root));
  CHECK_EQUAL(0, grants());
  check_denied(MessageId::RefusedUnenrolled, 0, bench.control(wire::ListRequest{}, asker));
}
