// SPDX-License-Identifier: ISC
// stepupctl import, from its request to what is stored.  The users are accounts of every host.
#include <pwd.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stepupd/wire/import_messages.h"
#include "tests/unit/dialogue_bench.h"  // CppUTest comes last

using namespace stepup;
using namespace stepup::daemon;
using wire::MessageId;
using wire::VerdictCode;

namespace {

const std::string kSecret = "3132333435363738393031323334353637383930";  // DialogueBench::kKey
const std::string kOther = "ffffffffffffffffffffffffffffffffffffffff";
const std::string kKey =
    "AQID,11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=,eddsa,+presence+verification";

std::string name_of(uid_t uid) {
  const passwd* const account = getpwuid(uid);
  CHECK_TRUE(account != nullptr);
  return account == nullptr ? "" : account->pw_name;
}

}  // namespace

TEST_GROUP(ImportDialogue) {
  DialogueBench bench;
  Subject daemon{1, ""};
  Subject bin{2, ""};
  session::Asker root = alice();

  void setup() override {
    daemon.name = name_of(daemon.uid);
    bin.name = name_of(bin.uid);
    root.real_uid = 0;
    root.in_host_namespaces = true;
  }

  DialogueBench::Course take_over(const std::string& text, bool dry_run = false,
                                  const std::string& user = "") {
    const auto size = static_cast<std::uint32_t>(text.size());
    // In two pieces, cut in the middle of a line.
    std::deque<DialogueBench::Act> pieces;
    if (size > 0) pieces.emplace_back(text.substr(0, size / 2 + 1));
    if (size > 1) pieces.emplace_back(text.substr(size / 2 + 1));
    return bench.control(wire::ImportRequest{user, "pam://host", size, dry_run}, root,
                         std::move(pieces));
  }
  std::vector<store::Credential> held(const Subject& subject) {
    auto store = store::Store::open(bench.state.path(), "");
    CHECK_TRUE(store.has_value());
    return store ? store->holdings(subject.uid)->credentials : std::vector<store::Credential>{};
  }
  void check_refused(const DialogueBench::Course& course, std::vector<std::string> problems) {
    CHECK(course.verdict.code == VerdictCode::Denied);
    CHECK(course.verdict.words.id == MessageId::RefusedImport);
    CHECK_TRUE(course.imported.rows.empty());
    CHECK_EQUAL(problems.size(), course.imported.problems.size());
    for (std::size_t i = 0; i < problems.size(); ++i) {
      const wire::ImportProblem& problem = course.imported.problems[i];
      const std::string line =
          std::to_string(problem.line) + ":" + std::to_string(problem.column) + ": " + problem.what;
      CHECK_TEXT(line.starts_with(problems[i]), line.c_str());
    }
  }
};

TEST(ImportDialogue, StoresWhatEachUserHoldsAndTellsThem) {
  bench.start({});
  const auto course =
      take_over("HOTP " + daemon.name + " - " + kSecret + " 7 123456\nHOTP/T60/8 " + daemon.name +
                " 4711 " + kOther + "\nHOTP " + bin.name + " - " + kSecret + "\n");
  CHECK(course.verdict.code == VerdictCode::Granted);
  CHECK_EQUAL(3, course.imported.rows.size());
  CHECK(course.imported.rows[0] ==
        (wire::ImportRow{
            1, daemon.name, FactorKind::Hotp, "hotp", "SHA1, 6 digits, counter 7", false, {}}));
  STRCMP_EQUAL("SHA1, 8 digits, 60 s", course.imported.rows[1].details.c_str());
  CHECK_EQUAL(1, course.imported.rows[1].remarks.size());
  STRCMP_EQUAL(bin.name.c_str(), course.imported.rows[2].user.c_str());
  bench.stop();
  CHECK_EQUAL(2, held(daemon).size());
  CHECK_EQUAL(7, held(daemon)[0].last_step.value());
  CHECK_EQUAL(1, held(bin).size());
  auto store = store::Store::open(bench.state.path(), "");
  const auto notices = store->holdings(daemon.uid)->notices;
  CHECK_EQUAL(2, notices.size());
  CHECK(notices[0].kind == store::ChangeNotice::Kind::Added && notices[0].actor == "root");
}

TEST(ImportDialogue, KeepsTheOriginOfASecurityKeyAndNotAsThisHosts) {
  bench.start({});
  const auto course = take_over(daemon.name + ":" + kKey);
  CHECK(course.verdict.code == VerdictCode::Granted);
  STRCMP_EQUAL("EdDSA, PIN or fingerprint, of pam://host",
               course.imported.rows.front().details.c_str());
  bench.stop();
  const auto keys = held(daemon);
  STRCMP_EQUAL("pam://host", keys.front().fido2->rp_id.c_str());
  CHECK_TRUE(keys.front().fido2->uv_required && keys.front().fido2->uv_capable);
  auto store = store::Store::open(bench.state.path(), "");
  CHECK_FALSE(store->begin_reading()->recorded_rp_id()->has_value());
}

TEST(ImportDialogue, SaysThatKeysOfTwoOriginsAreNotAskedForTogether) {
  bench.start({});
  CHECK(take_over(daemon.name + ":" + kKey).verdict.code == VerdictCode::Granted);
  const std::string other = "BQYH" + kKey.substr(4);
  const auto of_origin = [&](const std::string& origin) {
    const std::string text = daemon.name + ":" + other;
    return bench
        .control(wire::ImportRequest{"", origin, static_cast<std::uint32_t>(text.size()), true},
                 root, {text})
        .imported.rows.front()
        .remarks;
  };
  CHECK_TRUE(of_origin("pam://host").empty());
  STRCMP_EQUAL("it is not asked for while its owner has keys of another origin",
               of_origin("pam://other").front().c_str());
  STRCMP_EQUAL("its owner's keys of other origins are not asked for any more",
               of_origin(bench.engine().rp_id()).front().c_str());
}

TEST(ImportDialogue, ChangesNothingOnADryRunAndSaysTheSame) {
  bench.start({});
  const std::string file = "HOTP " + daemon.name + " - " + kSecret + "\n";
  const auto dry = take_over(file, true);
  CHECK(dry.verdict.code == VerdictCode::Granted);
  const auto wet = take_over(file);
  CHECK(dry.imported == wet.imported);
  bench.stop();
  CHECK_EQUAL(1, held(daemon).size());
}

TEST(ImportDialogue, LeavesWhatIsEnrolledAlreadyAsItIs) {
  bench.start({});
  const std::string line = "HOTP " + daemon.name + " - " + kSecret;
  const std::string key = daemon.name + ":" + kKey;
  CHECK(take_over(line + " 7 123456").verdict.code == VerdictCode::Granted);
  CHECK(take_over(key).verdict.code == VerdictCode::Granted);
  for (const std::string& again : {line + " 3 123456", key}) {
    const auto course = take_over(again);
    CHECK(course.verdict.code == VerdictCode::Granted);
    CHECK_TRUE(course.imported.rows.front().enrolled);
  }
  bench.stop();
  CHECK_EQUAL(2, held(daemon).size());
  CHECK_EQUAL(7, held(daemon)[0].last_step.value());
}

TEST(ImportDialogue, StoresNothingWhenOneLineCannotBe) {
  bench.enrol(daemon);
  bench.start({});
  const std::string good = "HOTP " + bin.name + " - " + kSecret + "\n";
  check_refused(take_over(good + "HOTP stepup-no-such-user - " + kSecret + "\n"),
                {"2:1: there is no user \"stepup-no-such-user\""});
  check_refused(take_over(good + "HOTP/E/8 " + daemon.name + " - " + kSecret + "\n"),
                {"2:1: it is enrolled as \"fob\", in another way"});
  check_refused(take_over(good + good), {"2:1: the same credential stands earlier"});
  check_refused(take_over(good + "HOTP/T30 " + bin.name + " - " + kOther +
                          " 0 123456 2099-01-01T00:00:00L\n"),
                {"2:1: its last code was used at a time that is still to come"});
  check_refused(take_over(good + "HOTP/T31 " + bin.name + " - " + kSecret + "\n"),
                {"2:1: a type that pam_oath"});
  check_refused(take_over(daemon.name + ":" + kKey + "\n" + bin.name + ":" + kKey + "\n"),
                {"2:5: this security key is enrolled for somebody else"});
  std::string many;
  for (int i = 10; i < 28; ++i)
    many += "HOTP " + bin.name + " - 00112233445566778899" + std::to_string(i) + "\n";
  check_refused(take_over(many), {"17:1: \"" + bin.name + "\" has as many", "18:1: "});
  bench.stop();
  CHECK_EQUAL(0, held(bin).size());
  CHECK_EQUAL(1, held(daemon).size());
}

TEST(ImportDialogue, TakesNobodyElseFromAFileOfOnes) {
  bench.start({});
  check_refused(take_over(bin.name + ":" + kKey, false, daemon.name),
                {"1:5: it is for \"bin\", and the file is taken for daemon's alone"});
  CHECK(take_over(daemon.name + ":" + kKey, false, daemon.name).verdict.code ==
        VerdictCode::Granted);
}

TEST(ImportDialogue, AsksWhoseAFileIsThatDoesNotSayIt) {
  const std::string file = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n\" TOTP_AUTH\n";
  bench.start({});
  check_refused(take_over(file), {"1:1: the file does not say whose it is"});
  CHECK(take_over(file, false, daemon.name).verdict.code == VerdictCode::Granted);
  const auto unknown = take_over(file, false, "stepup-no-such-user");
  CHECK(unknown.verdict.words.id == MessageId::RefusedUnknownUser);
}

TEST(ImportDialogue, TakesNoKeysWhereTheyDoNotCountOrMustTellTheirModel) {
  rules::RuleSet set;
  set.settings.fido2 = false;
  bench.start(set);
  check_refused(take_over(daemon.name + ":" + kKey), {"1:8: security keys do not count here"});
  set.settings.fido2 = true;
  set.settings.aaguids = {"2fc0579f-8113-47ea-b116-bb5a8db9202a"};
  bench.obey(set);
  check_refused(take_over(daemon.name + ":" + kKey),
                {"1:8: stepupd.conf(5) allows security keys of"});
}

TEST(ImportDialogue, EndsWhenTheTextIsNotWhatWasAnnounced) {
  bench.start({});
  const auto send = [this](std::uint32_t size, std::deque<DialogueBench::Act> pieces) {
    return bench.control(wire::ImportRequest{"", "pam://host", size, false}, root,
                         std::move(pieces));
  };
  check_refused(send(2, {"abc"}), {});
  check_refused(send(2, {"a", ""}), {});
  check_refused(send(0, {}), {"1:1: there is nothing in it"});
  check_refused(bench.control(wire::ImportRequest{"", "no rp id", 1, false}, root), {});
}

TEST(ImportDialogue, IsRootsAlone) {
  bench.start({});
  root.real_uid = 1;
  const auto course = bench.control(wire::ImportRequest{"", "pam://host", 1, false}, root);
  CHECK(course.verdict.words.id == MessageId::RefusedRights);
}

TEST(ImportDialogue, TellsNoMoreThanAHundredProblems) {
  bench.start({});
  std::string text;
  for (int i = 100; i < 250; ++i)
    text += "HOTP nobody-" + std::to_string(i) + " - " + kSecret + "\n";
  const auto course = take_over(text);
  CHECK_EQUAL(100, course.imported.problems.size());
}
