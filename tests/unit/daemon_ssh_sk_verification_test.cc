// SPDX-License-Identifier: ISC
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/daemon/credential_rows.h"
#include "stepupd/daemon/ssh_sk_verification.h"
#include "stepupd/daemon/standing.h"
#include "tests/unit/ssh_signer.h"

#include "tests/unit/enrolled_store.h"

using namespace stepup;
using namespace stepup::daemon;
using factor::CeremonyOutcome;
using store::kAlice;

namespace {

constexpr Now kNow{1'900'000'000, BootTime(5000), "boot-1"};

}  // namespace

TEST_GROUP(SshSkVerification) {
  StateDirectory state;
  std::optional<store::Store> store = store::opened(state);
  factor::SshCeremony ceremony;

  void teardown() override { store.reset(); }

  std::int64_t enrol(bool uv_required = false, std::uint32_t sign_count = 7) {
    auto transaction = store->begin();
    if (transaction->recorded_name(kAlice.uid).value_or("") != kAlice.name) {
      CHECK_TRUE(transaction->replace_account(kAlice).has_value());
    }
    store::Credential credential;
    credential.owner = kAlice;
    credential.factor = FactorKind::SshSk;
    credential.label = "desk";
    credential.ssh_sk = store::SshSkKey{ceremony.key(), sign_count, uv_required};
    const auto id = transaction->add_credential(credential, {});
    CHECK_TRUE(id.has_value());
    CHECK_TRUE(transaction->commit().has_value());
    return id.value_or(0);
  }
  TouchJudgement judge(bool uv_demanded = false, const Subject& subject = kAlice) {
    const auto judged = verify_ssh_touch(
        *store, subject,
        {ceremony.key().blob, ceremony.demand.message_hash, ceremony.signature(), uv_demanded},
        kNow);
    CHECK_TRUE(judged.has_value());
    return judged.value_or(TouchJudgement{});
  }
  store::Credential held() {
    const auto all = store->holdings(kAlice.uid);
    CHECK_TRUE(all.has_value() && all->credentials.size() == 1);
    return all->credentials.front();
  }
};

TEST(SshSkVerification, AcceptsASignatureOnceAndKeepsItsCounter) {
  const std::int64_t id = enrol();
  const TouchJudgement judged = judge();
  CHECK_TRUE(judged.outcome == CeremonyOutcome::Good);
  CHECK_TRUE(judged.level == Level::Touch);
  CHECK_EQUAL(id, judged.credential_id);
  STRCMP_EQUAL("desk", judged.label.c_str());
  CHECK_EQUAL(8, held().ssh_sk->sign_count);
  CHECK_EQUAL(kNow.unix_seconds, held().last_used_at.value_or(0));
  // The same again, and an older one: a copy, or a replay.
  CHECK_TRUE(judge().outcome == CeremonyOutcome::CounterWentBack);
  ceremony.counter = 3;
  CHECK_TRUE(judge().outcome == CeremonyOutcome::CounterWentBack);
  CHECK_EQUAL(8, held().ssh_sk->sign_count);
}

TEST(SshSkVerification, TakesAKeyWithoutACounterForEver) {
  enrol(false, 0);
  ceremony.counter = 0;
  for (int i = 0; i < 2; ++i) CHECK_TRUE(judge().outcome == CeremonyOutcome::Good);
  STRCMP_EQUAL("ES256, touch, of ssh:, no counter", details_of(held()).c_str());
}

TEST(SshSkVerification, ProvesUserVerificationOnlyWithAKeyThatWasEnrolledForIt) {
  enrol();
  ceremony.flags = factor::kUp | factor::kUv;
  CHECK_TRUE(judge().level == Level::Touch);
}

TEST(SshSkVerification, DemandsUserVerificationOfAKeyThatWasEnrolledForIt) {
  enrol(true);
  ceremony.flags = factor::kUp | factor::kUv;
  STRCMP_EQUAL("ES256, PIN or fingerprint, of ssh:", details_of(held()).c_str());
  CHECK_TRUE(judge(true).level == Level::TouchWithUv);
  ++ceremony.counter;
  ceremony.flags = factor::kUp;
  CHECK_TRUE(judge().outcome == CeremonyOutcome::NoUserVerification);
}

TEST(SshSkVerification, KnowsNoKeyThatIsNotItsSubjects) {
  CHECK_TRUE(judge().outcome == CeremonyOutcome::OtherCredential);
  enrol();
  const auto renamed = verify_ssh_touch(
      *store, {kAlice.uid, "bob"},
      {ceremony.key().blob, ceremony.demand.message_hash, ceremony.signature(), false}, kNow);
  CHECK_TRUE(renamed.error().code == Errc::Untrusted);
  CHECK_TRUE(judge(false, {kAlice.uid + 1, "bob"}).outcome == CeremonyOutcome::OtherCredential);
  CHECK_TRUE(verify_ssh_touch(*store, kAlice,
                              {ceremony.key().blob, {1}, ceremony.signature(), false}, kNow)
                 ->outcome == CeremonyOutcome::BadSignature);
}

TEST(SshSkVerification, CountsForNothingWhereItIsSwitchedOff) {
  enrol();
  Limits limits;
  const auto off = standing_of(*store, kAlice, Origin::Self, kNow, limits, {});
  CHECK_TRUE(off->highest == Level::None);
  CHECK_TRUE(off->ssh_keys.empty());
  CHECK_FALSE(off->has_code);
  limits.ssh_sk = true;
  const auto on = standing_of(*store, kAlice, Origin::Self, kNow, limits, {});
  CHECK_TRUE(on->highest == Level::Touch);
  CHECK_EQUAL(1, on->ssh_keys.size());
  CHECK_FALSE(on->has_code);
}

TEST(SshSkVerification, IsStoredWithItsKeyOrNotAtAll) {
  auto transaction = store->begin();
  CHECK_TRUE(transaction->replace_account(kAlice).has_value());
  store::Credential credential;
  credential.owner = kAlice;
  credential.factor = FactorKind::SshSk;
  credential.label = "desk";
  CHECK_TRUE(transaction->add_credential(credential, {}).error().code == Errc::Internal);
  credential.ssh_sk = store::SshSkKey{ceremony.key(), 0, false};
  credential.factor = FactorKind::Totp;
  CHECK_TRUE(transaction->add_credential(credential, SecretBytes(20)).error().code ==
             Errc::Internal);
}
