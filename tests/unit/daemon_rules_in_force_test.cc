// SPDX-License-Identifier: ISC
// Last good rules, on real files in a directory of their own.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "stepupd/daemon/rules_in_force.h"
#include "stepupd/factor/digest.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::daemon;

namespace {

constexpr const char* kGood =
    "[[rule]]\nname = \"ask\"\nservice = [\"sudo\"]\nlevel = \"otp\"\nuser = [\"root\"]\n";

}  // namespace

TEST_GROUP(RulesInForce) {
  std::string dir;
  rules::Layout layout;
  std::string state;

  void setup() override {
    if (getuid() != 0) return;
    // Not in /tmp: files that are obeyed may stand only where nobody else can write.
    char name[] = "/run/stepup-rules-XXXXXX";
    dir = mkdtemp(name);
    layout = {dir + "/etc", dir + "/vendor"};
    state = dir + "/state";
    for (const std::string& sub : {layout.etc_dir, layout.vendor_dir, state}) {
      LONGS_EQUAL(0, mkdir(sub.c_str(), 0755));
    }
  }
  void teardown() override {
    if (!dir.empty()) std::filesystem::remove_all(dir);
    dir = {};
    layout = {};
    state = {};
  }
  void conf(const std::string& text) const {
    const std::string path = layout.etc_dir + "/stepupd.conf";
    std::ofstream(path) << text;
    LONGS_EQUAL(0, chmod(path.c_str(), 0644));
  }
  [[nodiscard]] std::string saved() const {
    std::ostringstream text;
    text << std::ifstream(state + "/rules.last-good").rdbuf();
    return text.str();
  }
  void save(const std::string& text) const {
    std::ofstream(state + "/rules.last-good", std::ios::trunc) << text;
  }
};

TEST(RulesInForce, GoodFilesAreLoadedResolvedAndSaved) {
  if (getuid() != 0) return;  // files that are obeyed must be root's, here and below
  conf(kGood);
  const Loaded loaded = load_rules(layout, state, "");
  CHECK(loaded.rules != nullptr);
  CHECK_FALSE(loaded.rules->stale.has_value());
  CHECK_FALSE(loaded.unsaved.has_value());
  UNSIGNED_LONGS_EQUAL(1, loaded.rules->set.rules.size());
  const auto& principal = loaded.rules->set.rules[0].user[0];
  CHECK(principal.lookup == policy::Principal::Lookup::Found);
  UNSIGNED_LONGS_EQUAL(0, principal.id);
  UNSIGNED_LONGS_EQUAL(64, loaded.rules->digest.size());
  CHECK(saved().starts_with(loaded.rules->digest + "\n"));
}

TEST(RulesInForce, F20AZoneThatIsNotThereAnyMoreTakesNoLastGoodRulesWithIt) {
  if (getuid() != 0) return;
  const std::string text =
      "[[rule]]\nname = \"ask\"\nlevel = \"otp\"\ntime = [\"mon 08:00-09:00 Europe/Atlantis\"]\n";
  conf(text);
  CHECK_TRUE(load_rules(layout, state, "").rules == nullptr);
  const std::string bundle = rules::bundle({
      {layout.etc_dir + "/stepupd.conf", text}
  });
  save(*factor::sha256_hex(bundle) + "\n" + bundle);
  const Loaded loaded = load_rules(layout, state, "");
  CHECK_TRUE(loaded.rules != nullptr);
  STRCMP_CONTAINS("names the time zone \"Europe/Atlantis\"", loaded.rules->stale->what.c_str());
  CHECK_TRUE(loaded.rules->set.rules.at(0).time.at(0).zone_is_missing);
}

TEST(RulesInForce, F20ABadFileLeavesTheLastGoodRulesInForceAndNamesItsLine) {
  if (getuid() != 0) return;
  conf(kGood);
  const Loaded before = load_rules(layout, state, "");
  conf(std::string(kGood) + "levle = \"otp\"\n");
  const Loaded after = load_rules(layout, state, "");
  CHECK(after.rules != nullptr);
  CHECK(after.rules->stale.has_value());
  CHECK(after.rules->set.rules == before.rules->set.rules);
  STRCMP_CONTAINS("stepupd.conf:6", rules::to_string(*after.rules->stale).c_str());
  STRCMP_CONTAINS("levle", rules::to_string(*after.rules->stale).c_str());
}

TEST(RulesInForce, SinceWhenTheFilesAreBadOutlivesARestart) {
  if (getuid() != 0) return;
  conf(kGood);
  CHECK_FALSE(load_rules(layout, state, "").stale_since.has_value());
  conf("levle = 1\n");
  const auto before = load_rules(layout, state, "").stale_since;
  CHECK_TRUE(before.has_value());
  const std::string mark = state + "/rules.stale";
  const timespec earlier[2] = {
      {1'700'000'000, 0},
      {1'700'000'000, 0}
  };
  LONGS_EQUAL(0, utimensat(AT_FDCWD, mark.c_str(), earlier, 0));
  CHECK_TRUE(load_rules(layout, state, "").stale_since == 1'700'000'000);
  conf(kGood);
  CHECK_FALSE(load_rules(layout, state, "").stale_since.has_value());
  CHECK_FALSE(std::filesystem::exists(mark));
}

TEST(RulesInForce, ARelyingPartyThatKeysWereMadeForIsNotChanged) {
  if (getuid() != 0) return;
  const std::string named = std::string("[host]\nrp_id = \"example.org\"\n") + kGood;
  conf(named);
  const Loaded first = load_rules(layout, state, "");
  CHECK(first.problems.empty());
  CHECK(load_rules(layout, state, "example.org").problems.empty());
  conf("[host]\nrp_id = \"other.example\"\n");
  const Loaded changed = load_rules(layout, state, "example.org");
  CHECK(changed.rules->stale.has_value());
  CHECK(changed.rules->set == first.rules->set);
  STRCMP_CONTAINS(
      "stepupd.conf:2: rp_id cannot change while security keys are enrolled for "
      "\"example.org\"",
      rules::to_string(changed.problems.front()).c_str());
  // Without the line it is that of the keys.
  conf(kGood);
  CHECK(load_rules(layout, state, "example.org").problems.empty());
}

TEST(RulesInForce, WithoutASavedSetABadFileLeavesNothing) {
  if (getuid() != 0) return;
  conf("levle = 1\n");
  const Loaded loaded = load_rules(layout, state, "");
  CHECK(loaded.rules == nullptr);
  CHECK_FALSE(loaded.problems.empty());
}

TEST(RulesInForce, ADamagedSavedSetIsNotObeyed) {
  if (getuid() != 0) return;
  conf(kGood);
  (void)load_rules(layout, state, "");
  const std::string whole = saved();
  conf("levle = 1\n");
  for (std::size_t i = 0; i < whole.size(); i += 7) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    save(damaged);
    CHECK(load_rules(layout, state, "").rules == nullptr);
  }
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{10}, std::size_t{64}, std::size_t{65}, whole.size() - 1}) {
    save(whole.substr(0, size));
    CHECK(load_rules(layout, state, "").rules == nullptr);
  }
  save(whole);
  CHECK(load_rules(layout, state, "").rules != nullptr);
}

TEST(RulesInForce, RulesThatCannotBeSavedAreStillObeyedAndSaidSo) {
  if (getuid() != 0) return;
  conf(kGood);
  const Loaded loaded = load_rules(layout, state + "/missing", "");
  CHECK(loaded.rules != nullptr);
  CHECK(loaded.unsaved.has_value());
}

TEST(RulesInForce, AccountsAreLookedUpAgain) {
  InForce rules;
  policy::Rule rule;
  rule.user = {
      {policy::Principal::Kind::User,  "root"             },
      {policy::Principal::Kind::Group, "root"             },
      {policy::Principal::Kind::User,  "no-such-user-here"}
  };
  rules.set.rules = {rule};
  const auto fresh = resolve_again(rules);
  const auto& user = fresh->set.rules[0].user;
  CHECK(user[0].lookup == policy::Principal::Lookup::Found);
  CHECK(user[1].lookup == policy::Principal::Lookup::Found);
  CHECK(user[2].lookup == policy::Principal::Lookup::Absent);
}
