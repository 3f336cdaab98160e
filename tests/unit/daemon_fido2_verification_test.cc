// SPDX-License-Identifier: ISC
// Touches against what is enrolled in the store and what is declared in /etc.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "stepupd/base/small_file.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/daemon/credential_rows.h"
#include "stepupd/daemon/fido2_verification.h"
#include "stepupd/daemon/standing.h"
#include "tests/fakes/fake_stepupd.h"
#include "tests/unit/fido2_signer.h"

#include "tests/unit/enrolled_store.h"  // CppUTest comes last

using namespace stepup;
using namespace stepup::daemon;
using namespace stepup::store;
using factor::Bytes;
using factor::CeremonyOutcome;
using factor::Fido2Signer;
using factor::kUp;
using factor::kUv;

namespace {

const std::string kRp = "stepup:0123456789abcdef";
const Subject kBob{1001, "bob"};
const Now kNow{1'800'000'000, BootTime(1), "boot"};

std::string base64(const Bytes& bytes) {
  std::string text(bytes.size() * 2 + 4, '\0');
  // SAFETY: any object may be written as unsigned char.
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace

TEST_GROUP(TouchVerification) {
  StateDirectory state;
  std::optional<Store> store = opened(state);
  fakes::ScratchDirectory scratch;
  const std::string folder = scratch.file("credentials.d");
  DeclaredSource source{
      scratch.path(), kRp, {getuid(), scratch.path()}
  };
  Fido2Signer signer;
  Bytes id = Bytes(40, 0xc1);

  void setup() override { CHECK_EQUAL(0, mkdir(folder.c_str(), 0755)); }
  void teardown() override { store.reset(); }

  std::int64_t enrol_key(const Subject& owner, bool uv) {
    auto transaction = store->begin();
    CHECK_TRUE(transaction->replace_account(owner).has_value());
    Credential credential = security_key_of(owner);
    credential.fido2->rp_id = kRp;
    credential.fido2->credential = {id, signer.public_key(), 7};
    credential.fido2->uv_capable = uv;
    credential.fido2->uv_required = uv;
    const auto added = transaction->add_credential(credential, {});
    CHECK_TRUE(transaction->commit().has_value());
    return added.value_or(0);
  }
  void declare(const std::string& user, const std::string& text) {
    const UniqueFd fd(open((folder + "/" + user + ".toml").c_str(),
                           O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644));
    CHECK_EQUAL(static_cast<ssize_t>(text.size()), write(fd.get(), text.data(), text.size()));
    CHECK_EQUAL(0, fchmod(fd.get(), 0644));
  }
  [[nodiscard]] std::string declaration(const std::string& more = "",
                                        const std::string& label = "blue") const {
    return "[[fido2]]\nlabel = '" + label + "'\ncredential_id = '" + base64(id) +
           "'\npublic_key = '" + base64(signer.cose_key()) + "'\n" + more;
  }
  Result<TouchJudgement> touch(const Subject& subject, std::uint8_t flags, std::uint32_t sign_count,
                               bool uv_demanded = false, const std::string& rp_id = kRp) {
    TouchEvidence evidence;
    evidence.rp_id = rp_id;
    evidence.client_data_hash = {9};
    evidence.credential_id = id;
    evidence.auth_data = factor::auth_data_of(rp_id, flags, sign_count);
    evidence.signature =
        signer.sign(factor::joined({evidence.auth_data, evidence.client_data_hash}));
    evidence.uv_demanded = uv_demanded;
    return verify_touch(*store, subject, evidence, kNow, source);
  }
  CeremonyOutcome outcome(const Subject& subject, std::uint8_t flags, std::uint32_t sign_count,
                          bool uv_demanded = false) {
    const auto judged = touch(subject, flags, sign_count, uv_demanded);
    CHECK_TRUE(judged.has_value());
    return judged ? judged->outcome : CeremonyOutcome::Malformed;
  }
  Standing standing(const Subject& subject) {
    const auto found = standing_of(*store, subject, Origin::Self, kNow, {}, source);
    CHECK_TRUE(found.has_value());
    return found.value_or(Standing{});
  }
};

TEST(TouchVerification, CountsOnceAndSaysWhoseKeyItWas) {
  const std::int64_t credential = enrol_key(kAlice, false);
  const auto judged = touch(kAlice, kUp, 8);
  CHECK(judged->outcome == CeremonyOutcome::Good);
  CHECK(judged->level == Level::Touch);
  LONGLONGS_EQUAL(credential, judged->credential_id);
  STRCMP_EQUAL("key", judged->label.c_str());
  // The counter is where the key left it.
  CHECK(outcome(kAlice, kUp, 8) == CeremonyOutcome::CounterWentBack);
  CHECK(outcome(kAlice, kUp, 9) == CeremonyOutcome::Good);
}

TEST(TouchVerification, IsOfNobodyElsesKey) {
  (void)enrol_key(kAlice, false);
  CHECK(outcome(kBob, kUp, 8) == CeremonyOutcome::OtherCredential);
  CHECK(touch(kAlice, kUp, 8, false, "stepup:other")->outcome == CeremonyOutcome::OtherCredential);
  CHECK(touch({kAlice.uid, "alicia"}, kUp, 8).error().code == Errc::Untrusted);
}

TEST(TouchVerification, NeedsUserVerificationWhereTheKeyOrTheDemandSaysSo) {
  (void)enrol_key(kAlice, true);
  CHECK(outcome(kAlice, kUp, 8) == CeremonyOutcome::NoUserVerification);
  CHECK(outcome(kAlice, kUp, 8, true) == CeremonyOutcome::NoUserVerification);
  CHECK(touch(kAlice, kUp | kUv, 8)->level == Level::TouchWithUv);
}

// That level would have needed a ticket at enrolment.
TEST(TouchVerification, ProvesNoMoreThanTheKeyWasEnrolledFor) {
  (void)enrol_key(kAlice, false);
  CHECK(touch(kAlice, kUp | kUv, 8)->level == Level::Touch);
}

// Such a key could pretend to hold the credential of another that it was asked for.
TEST(TouchVerification, NeverMeetsADemandThatTheKeyWasNotEnrolledFor) {
  (void)enrol_key(kAlice, false);
  CHECK(outcome(kAlice, kUp | kUv, 8, true) == CeremonyOutcome::OtherCredential);
  CHECK(outcome(kAlice, kUp | kUv, 8) == CeremonyOutcome::Good);  // its counter did not move
  declare("bob", declaration());
  CHECK(outcome(kBob, kUp | kUv, 8, true) == CeremonyOutcome::OtherCredential);
}

TEST(TouchVerification, TakesADeclaredKeyWithACounterOfThisHost) {
  declare("alice", declaration());
  const auto judged = touch(kAlice, kUp, 3);
  CHECK(judged->outcome == CeremonyOutcome::Good);
  CHECK(judged->level == Level::Touch);
  LONGLONGS_EQUAL(0, judged->credential_id);
  STRCMP_EQUAL("blue", judged->label.c_str());
  CHECK(outcome(kAlice, kUp, 3) == CeremonyOutcome::CounterWentBack);
  CHECK(outcome(kAlice, kUp, 4) == CeremonyOutcome::Good);
  CHECK(outcome(kBob, kUp, 5) == CeremonyOutcome::OtherCredential);
}

TEST(TouchVerification, ForgetsADeclaredKeyWithItsFileAndNoCounter) {
  declare("alice", declaration());
  CHECK(outcome(kAlice, kUp, 30) == CeremonyOutcome::Good);
  declare("alice", "");
  CHECK(outcome(kAlice, kUp, 31) == CeremonyOutcome::OtherCredential);
  declare("alice", declaration());
  CHECK(outcome(kAlice, kUp, 30) == CeremonyOutcome::CounterWentBack);
}

TEST(TouchVerification, TakesADeclaredKeyUnderTheRelyingPartyThatItNames) {
  declare("alice", declaration("rp_id = 'example.org'\n"));
  CHECK(outcome(kAlice, kUp, 3) == CeremonyOutcome::OtherCredential);
  CHECK(touch(kAlice, kUp, 3, false, "example.org")->outcome == CeremonyOutcome::Good);
}

TEST(TouchVerification, CountsAKeyThatIsBothAsEnrolled) {
  const std::int64_t credential = enrol_key(kAlice, false);
  declare("alice", declaration("uv_required = true\n"));
  LONGS_EQUAL(1, standing(kAlice).keys.size());
  LONGLONGS_EQUAL(credential, touch(kAlice, kUp, 8)->credential_id);
}

TEST(TouchVerification, OffersDeclaredKeysAtTheLevelThatTheyDeclare) {
  declare("alice", declaration());
  Standing found = standing(kAlice);
  CHECK(found.highest == Level::Touch);
  CHECK_FALSE(found.has_code);
  CHECK(found.keys.at(0).credential_id == id);
  declare("alice", declaration("uv_capable = true\n"));
  CHECK(standing(kAlice).highest == Level::TouchWithUv);
  CHECK_FALSE(standing(kAlice).keys.at(0).uv_required);
  declare("alice", declaration("uv_required = true\n"));
  CHECK(standing(kAlice).highest == Level::TouchWithUv);
  CHECK_TRUE(standing(kAlice).keys.at(0).uv_required);
  CHECK(standing(kBob).highest == Level::None);
}

TEST(TouchVerification, ListsDeclaredKeysAsSuch) {
  declare("alice", declaration());
  const auto rows = list_credentials(*store, kAlice, source);
  CHECK_TRUE(rows.has_value());
  LONGS_EQUAL(1, rows->size());
  STRCMP_EQUAL("blue", rows->at(0).label.c_str());
  STRCMP_EQUAL("ES256, touch, declared in /etc", rows->at(0).details.c_str());
  CHECK(outcome(kAlice, kUp, 0) == CeremonyOutcome::Good);
  STRCMP_EQUAL("ES256, touch, declared in /etc, no counter",
               list_credentials(*store, kAlice, source)->at(0).details.c_str());
}

TEST(TouchVerification, NamesTheMistakeInADeclarationAndTakesNothingOfIt) {
  const struct {
    std::string text;
    const char* want;
  } rows[] = {
      {"[[fido2]]\nlabel = 'x'\ncredential_id = '*'\npublic_key = 'oA'\n",
       ":1:1: credential_id is not base64"},
      {"[[fido2]]\nlabel = 'x'\ncredential_id = '" + std::string(1368, 'A') +
           "'\npublic_key = 'oA'\n", ":1:1: credential_id is not base64"},
      {declaration() + "\n[[fido2]]\nlabel = 'x'\ncredential_id = 'AQID'\npublic_key = 'oA'\n",
       ":6:1: public_key is no ES256, EdDSA or RS256 key in PEM or base64 (SPKI or COSE)"},
      {declaration() + declaration("", "red"), ":5:1: this credential_id stands twice"},
      {declaration() + "x = 1", ":5:5: unknown key \"x\""},
  };
  for (const auto& row : rows) {
    declare("alice", row.text);
    const Standing found = standing(kAlice);
    STRCMP_EQUAL((folder + "/alice.toml" + row.want).c_str(), found.declared_problem.c_str());
    CHECK_TRUE(found.keys.empty());
    CHECK(outcome(kAlice, kUp, 3) == CeremonyOutcome::OtherCredential);
  }
  // What is enrolled goes on to count, and so does everybody else's.
  (void)enrol_key(kAlice, false);
  CHECK(outcome(kAlice, kUp, 8) == CeremonyOutcome::Good);
  declare("bob", "");
  STRCMP_EQUAL("", standing(kBob).declared_problem.c_str());
}

TEST(TouchVerification, CanReadTheExampleThatIsShipped) {
  declare("alice", read_small_file("conf/credentials.d/alice.toml.example", 10'000).value_or(""));
  const Standing alices = standing(kAlice);
  STRCMP_EQUAL("", alices.declared_problem.c_str());
  STRCMP_EQUAL("example.org", alices.keys.at(0).rp_id.c_str());
}

TEST(TouchVerification, NeedsARelyingPartyForADeclaredKey) {
  declare("alice", declaration());
  source.rp_id.clear();
  CHECK_TRUE(standing(kAlice).declared_problem.ends_with(
      "alice.toml:1:1: no rp_id, and this host has none either"));
  source.etc_dir.clear();
  STRCMP_EQUAL("", standing(kAlice).declared_problem.c_str());
}
