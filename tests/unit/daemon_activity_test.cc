// SPDX-License-Identifier: ISC
// What is kept of decisions, for how long, and who may see it.
#include <pwd.h>

#include <chrono>
#include <deque>
#include <string>
#include <vector>

#include "stepupd/daemon/activity_log.h"
#include "stepupd/session/peer.h"

#include "tests/unit/dialogue_bench.h"  // CppUTest comes last

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::daemon;
using wire::MessageId;
using wire::VerdictCode;

namespace {

store::Activity row_of(uid_t uid, std::int64_t at, const char* verdict = "granted") {
  store::Activity row;
  row.at = at;
  row.subject = {uid, "name" + std::to_string(uid)};
  row.session = {SessionKey::Kind::Audit, 7};
  row.tty = "pts/0";
  row.service = "sudo";
  row.phase = "account";
  row.target_user = "root";
  row.command = "id";
  row.digest = "00ff";
  row.arguments = "-u";
  row.verdict = verdict;
  row.reason = "proved";
  row.rules = "ask";
  row.factor = "totp";
  return row;
}

store::ActivityQuery of_user(uid_t uid) {
  store::ActivityQuery query;
  query.uid = uid;
  return query;
}
store::ActivityQuery of_session(SessionKey::Kind kind) {
  store::ActivityQuery query;
  query.session = SessionKey{kind, 8};
  return query;
}
wire::LogRequest log_of(const std::string& user) {
  wire::LogRequest request;
  request.user = user;
  return request;
}

}  // namespace

TEST_GROUP(ActivityInStore) {
  StateDirectory state;
  Result<store::Store> store = store::Store::open(state.path(), "");

  std::vector<store::Activity> found(store::ActivityQuery query = {}) {
    query.limit = 100'000;
    return *store->begin_reading()->activity(query);
  }
};

TEST(ActivityInStore, KeepsEveryPartOfARow) {
  const store::Activity row = row_of(1000, 50);
  CHECK_TRUE(write_activity(*store, {row}, 0).has_value());
  const auto rows = found();
  CHECK_EQUAL(1U, rows.size());
  store::Activity same = rows[0];
  CHECK_TRUE(same.id > 0);
  same.id = 0;
  CHECK_TRUE(same == row);
}

TEST(ActivityInStore, FindsByPersonSessionAndTimeAndGoesOnAfterARow) {
  store::Activity elsewhere = row_of(1000, 60);
  elsewhere.session.id = 8;
  CHECK_TRUE(
      write_activity(*store, {row_of(1000, 50), row_of(1001, 55), elsewhere}, 0).has_value());
  const auto rows = found();
  CHECK_EQUAL(3U, rows.size());
  CHECK_EQUAL(2U, found(of_user(1000)).size());
  CHECK_EQUAL(1U, found(of_session(SessionKey::Kind::Audit)).size());
  CHECK_EQUAL(0U, found(of_session(SessionKey::Kind::Logind)).size());
  store::ActivityQuery query;
  query.since = 55;
  CHECK_EQUAL(2U, found(query).size());
  query.since = 0;
  query.after = rows[1].id;
  CHECK_EQUAL(1U, found(query).size());
  query.after = 0;
  query.limit = 2;
  CHECK_EQUAL(2U, store->begin_reading()->activity(query)->size());
}

TEST(ActivityInStore, ForgetsWhatIsOlderThanItIsKept) {
  CHECK_TRUE(write_activity(*store, {row_of(1000, 50), row_of(1000, 51)}, 0).has_value());
  CHECK_TRUE(write_activity(*store, {row_of(1001, 99)}, 50).has_value());
  CHECK_EQUAL(1U, found(of_user(1000)).size());
}

TEST(ActivityInStore, T20OnePersonsRowsTakeNobodyElsesAway) {
  CHECK_TRUE(write_activity(*store, {row_of(1001, 1)}, 0).has_value());
  CHECK_TRUE(
      write_activity(*store, std::vector<store::Activity>(10'003, row_of(1000, 2)), 0).has_value());
  CHECK_EQUAL(10'000U, found(of_user(1000)).size());
  CHECK_EQUAL(1U, found(of_user(1001)).size());
}

TEST_GROUP(ActivityNotes) { ActivityLog log; };

TEST(ActivityNotes, CountOfOnePersonInOneSessionUntilItEnds) {
  log.note(row_of(1000, 1), 10s, true);
  log.note(row_of(1000, 2, "denied"), 20s, true);
  log.note(row_of(1001, 3), 30s, true);
  const SessionKey session{SessionKey::Kind::Audit, 7};
  CHECK_TRUE((log.of(1000, session, 25s) == wire::SessionActivity{2, 1, 5}));
  CHECK_TRUE((log.of(1000, {SessionKey::Kind::Audit, 8}, 25s) == wire::SessionActivity{}));
  CHECK_EQUAL(3U, log.take().size());
  CHECK_TRUE(log.empty());
  CHECK_EQUAL(2U, log.of(1000, session, 25s).commands);
  log.forget_session(session);
  CHECK_EQUAL(0U, log.of(1000, session, 25s).commands);
}

TEST(ActivityNotes, AreBoundedForEachPerson) {
  for (int i = 0; i < 70; ++i) log.note(row_of(1000, i), 1s, true);
  log.note(row_of(1001, 0), 1s, true);
  CHECK_EQUAL(65U, log.take().size());
  CHECK_EQUAL(6U, log.take_left_out());
  CHECK_EQUAL(0U, log.take_left_out());
  log.note(row_of(1000, 0), 1s, true);
  CHECK_EQUAL(1U, log.take().size());
}

TEST(ActivityNotes, KeepWhatPassedHoweverManyRefusalsCameBefore) {
  for (int i = 0; i < 70; ++i) log.note(row_of(1000, i, "denied"), 1s, true);
  log.note(row_of(1000, 100), 1s, true);
  const auto rows = log.take();
  CHECK_EQUAL(64U, rows.size());
  CHECK_EQUAL(1, rows.front().at);
  STRCMP_EQUAL("granted", rows.back().verdict.c_str());
  CHECK_EQUAL(7U, log.take_left_out());
}

TEST(ActivityNotes, AreOnlyCountedWhereNothingIsKept) {
  log.note(row_of(1000, 1), 10s, false);
  CHECK_TRUE(log.empty());
  CHECK_EQUAL(1U, log.of(1000, {SessionKey::Kind::Audit, 7}, 25s).commands);
}

TEST_GROUP(LogDialogue) {
  DialogueBench bench;
  Subject self{1, ""};
  session::Asker asker = alice();
  session::Asker root = alice();

  void setup() override {
    self.name = getpwuid(self.uid)->pw_name;
    asker.real_uid = self.uid;
    asker.in_host_namespaces = true;
    root = asker;
    root.real_uid = 0;
    bench.start(rule_set(rule()));
    bench.engine().note_activity(row_of(self.uid, bench.engine().now().unix_seconds));
    bench.engine().note_activity(row_of(1000, bench.engine().now().unix_seconds));
  }
  // Gives alice a device, while the daemon is down.
  void enrol() {
    bench.stop();
    bench.enrol(kAlice);
    bench.start(rule_set(rule()));
  }
  std::size_t rows_for(const wire::LogRequest& request, const session::Asker& who) {
    const auto course = bench.control(request, who);
    CHECK_TRUE(course.verdict.code == VerdictCode::Granted);
    return course.activity.rows.size();
  }
};

TEST(LogDialogue, T21ShowsEverybodysToRootAndToOthersTheirOwn) {
  CHECK_EQUAL(2U, rows_for({}, root));
  CHECK_EQUAL(1U, rows_for({}, asker));
  CHECK_EQUAL(1U, rows_for(log_of(self.name), asker));
  CHECK_EQUAL(1U, rows_for(log_of(self.name), root));
  CHECK_EQUAL(0U, rows_for(log_of("root"), root));
  const auto refused = bench.control(log_of("root"), asker);
  CHECK_TRUE(refused.verdict.words.id == MessageId::RefusedRights);
  CHECK_TRUE(refused.activity.rows.empty());
  const auto nobody = bench.control(log_of("stepup-no-such-user"), root);
  CHECK_TRUE(nobody.verdict.words.id == MessageId::RefusedUnknownUser);
}

TEST(LogDialogue, T21ShowsEverybodysToTheGroupOfAdministrators) {
  // The other end of the connection is this program, with its groups.
  InForce rules = *bench.engine().rules;
  rules.admin_gid = getgid();
  bench.engine().rules = std::make_shared<InForce>(rules);
  CHECK_EQUAL(2U, rows_for({}, asker));
  CHECK_EQUAL(0U, rows_for(log_of("root"), asker));
  rules.admin_gid = 4'000'000;
  bench.engine().rules = std::make_shared<InForce>(rules);
  CHECK_EQUAL(1U, rows_for({}, asker));
}

TEST(LogDialogue, SaysThatThereIsMoreAndGoesOnAfterIt) {
  std::vector<store::Activity> many(300, row_of(self.uid, bench.engine().now().unix_seconds));
  for (store::Activity& row : many) row.rules = std::string(2000, 'r');
  bench.stop();
  {
    auto store = store::Store::open(bench.state.path(), "");
    CHECK_TRUE(write_activity(*store, many, 0).has_value());
  }
  bench.start(rule_set(rule()));
  wire::LogRequest request;
  std::size_t seen = 0;
  for (bool more = true; more;) {
    const auto course = bench.control(request, asker);
    CHECK_TRUE(course.verdict.code == VerdictCode::Granted);
    CHECK_FALSE(course.activity.rows.empty());
    seen += course.activity.rows.size();
    request.after = course.activity.rows.back().id;
    more = course.activity.more;
  }
  CHECK_EQUAL(301U, seen);  // with the one that was noted when the daemon ended
}

TEST(LogDialogue, NotesADecisionWithoutTheWordsOfTheCommandUnlessTheyAreAskedFor) {
  enrol();
  rules::RuleSet set = rule_set(rule());
  bench.obey(set);
  (void)bench.check(sudo({"sudo", "id", "--secret"}), alice(), {DialogueBench::code(0)});
  set.settings.activity_arguments = true;
  bench.obey(set);
  (void)bench.check(sudo({"sudo", "id", "--secret"}), in_process(101));
  const auto course = bench.control(wire::LogRequest{}, root);
  const auto& rows = course.activity.rows;
  CHECK_EQUAL(4U, rows.size());
  STRCMP_EQUAL("alice", rows[2].user.c_str());
  STRCMP_EQUAL("proved", rows[2].reason.c_str());
  STRCMP_EQUAL("hotp", rows[2].factor.c_str());
  STRCMP_EQUAL("id", rows[2].command.c_str());
  STRCMP_EQUAL("", rows[2].arguments.c_str());
  CHECK_EQUAL(64U, rows[2].digest.size());
  STRCMP_EQUAL("live-grant", rows[3].reason.c_str());
  STRCMP_EQUAL("id --secret", rows[3].arguments.c_str());
}

TEST(LogDialogue, NotesNoMoreOfACommandThanALineHolds) {
  (void)bench.engine().activity.take();
  wire::CheckRequest request =
      sudo({"sudo", "-u", std::string(20'000, 'u'), std::string(20'000, 'c')});
  (void)bench.check(request, alice());
  const auto rows = bench.engine().activity.take();
  CHECK_EQUAL(1U, rows.size());
  CHECK_EQUAL(wire::kMaxName, rows[0].command.size());
  CHECK_EQUAL(wire::kMaxName, rows[0].target_user.size());
}

TEST(LogDialogue, KeepsNothingWhereStepupdConfSaysSo) {
  rules::RuleSet set = rule_set(rule());
  set.settings.activity_keep = BootTime::zero();
  bench.obey(set);
  (void)bench.check(sudo(), alice());
  CHECK_EQUAL(0U, rows_for({}, root));  // nor what was noted before
}

TEST(LogDialogue, T20ChangesNoDemand) {
  enrol();
  for (int i = 0; i < 10'000; ++i) {
    bench.engine().note_activity(row_of(kAlice.uid, 1));
    (void)bench.engine().activity.take();
  }
  const auto course = bench.check(sudo(), alice(), {DialogueBench::code(0)});
  CHECK_EQUAL(1, course.prompts);
}
