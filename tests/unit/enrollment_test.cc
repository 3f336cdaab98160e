// SPDX-License-Identifier: ISC
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "stepupd/daemon/enrollment.h"
#include "stepupd/daemon/otp_verification.h"
#include "stepupd/factor/hotp.h"
#include "tests/unit/state_directory.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::daemon;
using namespace std::chrono_literals;
using Kind = store::ChangeNotice::Kind;

namespace {

const Subject kAlice{1000, "alice"};
constexpr factor::ScryptCost kCheap{4, 8, 1};
constexpr std::int64_t kNoon = factor::kEarliestPlausibleTime + 3000;

Now at(std::int64_t unix_seconds) { return {unix_seconds, 1h, "boot-1"}; }
const Now kNow = at(kNoon);

SecretBytes code_of(const PendingAuthenticator& pending, std::int64_t unix_seconds) {
  const auto code =
      factor::hotp(pending.parameters.algorithm, pending.key.view(),
                   factor::totp_step(pending.parameters, unix_seconds), pending.parameters.digits);
  return code ? SecretBytes(code->view()) : SecretBytes();
}

// Why `result` failed; nothing for success.
template <typename T>
std::optional<EnrollRefusal> why(const Enrolled<T>& result) {
  if (result) return {};
  return result.error().refusal;
}

}  // namespace

TEST_GROUP(Enrollment) {
  StateDirectory state;
  std::optional<store::Store> store;

  void setup() override { open(); }
  void teardown() override { store.reset(); }

  void open() {
    store.reset();
    auto opened = store::Store::open(state.path(), "");
    CHECK_TRUE(opened.has_value());
    if (opened) store.emplace(std::move(*opened));
  }
  PendingAuthenticator proved(const char* label = "", const char* replace = "",
                              const Subject& subject = kAlice) {
    auto pending =
        prepare_authenticator(*store, subject, "web1", {FactorKind::Totp, label, replace, {}});
    CHECK_TRUE(pending.has_value());
    if (!pending) return {};
    CHECK(Proof::Good == prove_authenticator(*pending, code_of(*pending, kNoon), kNow));
    return std::move(*pending);
  }
  void enrol(const char* label = "", const Subject& subject = kAlice) {
    const PendingAuthenticator totp = proved(label, "", subject);
    CHECK(!why(commit_enrollment(*store, subject, &totp, nullptr, nullptr, "root", kNow)));
  }
  void give_recovery_codes() {
    const auto codes = prepare_recovery_codes(kCheap);
    CHECK(!why(commit_enrollment(*store, kAlice, nullptr, &*codes, nullptr, "alice", kNow)));
  }
  store::Holdings held(const Subject& subject = kAlice) {
    auto holdings = store->holdings(subject.uid);
    CHECK_TRUE(holdings.has_value());
    return holdings ? std::move(*holdings) : store::Holdings();
  }
};

TEST(Enrollment, StoresAProvedAuthenticatorWithRecoveryCodesAndSpendsTheTicket) {
  const auto issued = issue_ticket(*store, kAlice, kNow);
  CHECK_TRUE(issued.has_value());
  CHECK_TRUE(ticket_is_good(*store, kAlice, issued->ticket, kNow).value_or(false));
  PendingAuthenticator totp = proved();
  const auto codes = prepare_recovery_codes(kCheap);
  CHECK_TRUE(codes.has_value());
  CHECK_TRUE(held().empty());
  CHECK(!why(commit_enrollment(*store, kAlice, &totp, &*codes, &issued->ticket, "alice", kNow)));
  open();
  const store::Holdings alice = held();
  LONGS_EQUAL(1, alice.credentials.size());
  STRCMP_EQUAL("phone", alice.credentials[0].label.c_str());
  LONGS_EQUAL(10, alice.recovery_codes.left);
  LONGS_EQUAL(2, alice.notices.size());
  CHECK(alice.notices[0].kind == Kind::Added && alice.notices[0].factor == FactorKind::Totp);
  CHECK(alice.notices[1].kind == Kind::Added &&
        alice.notices[1].factor == FactorKind::RecoveryCode);
  STRCMP_EQUAL("alice", alice.notices[0].actor.c_str());
  CHECK_FALSE(ticket_is_good(*store, kAlice, issued->ticket, kNow).value_or(true));

  // The code that was typed back is used; the next one and a recovery code are not.
  const auto verdict = [&](const SecretBytes& answer, std::int64_t unix_seconds) {
    const auto result = verify_answer(*store, kAlice, Origin::Self, answer, at(unix_seconds), {});
    return result ? result->outcome : AnswerOutcome::NotACode;
  };
  CHECK(verdict(code_of(totp, kNoon), kNoon) == AnswerOutcome::Replayed);
  CHECK(verdict(code_of(totp, kNoon + 30), kNoon) == AnswerOutcome::Accepted);
  CHECK(verdict(codes->codes[9], kNoon) == AnswerOutcome::Accepted);
}

TEST(Enrollment, IsDoneWholeOrNotAtAll) {
  const auto issued = issue_ticket(*store, kAlice, kNow);
  enrol("phone");
  give_recovery_codes();
  const PendingAuthenticator taken = proved("tablet");
  enrol("tablet");
  const auto codes = prepare_recovery_codes(kCheap);
  const auto before = held();
  // The label was taken meanwhile, after the ticket was spent and with the codes to follow.
  CHECK(why(commit_enrollment(*store, kAlice, &taken, &*codes, &issued->ticket, "alice", kNow)) ==
        EnrollRefusal::LabelTaken);
  const auto after = held();
  LONGS_EQUAL(before.credentials.size(), after.credentials.size());
  LONGS_EQUAL(before.notices.size(), after.notices.size());
  CHECK_TRUE(ticket_is_good(*store, kAlice, issued->ticket, kNow).value_or(false));
}

TEST(Enrollment, KeepsNothingWithoutTheSealingKey) {
  enrol("phone");
  const PendingAuthenticator totp = proved("tablet", "phone");
  store.reset();
  state.write("seal.key", std::string(32, 'x'));
  open();
  const auto codes = prepare_recovery_codes(kCheap);
  const auto result = commit_enrollment(*store, kAlice, &totp, &*codes, nullptr, "alice", kNow);
  CHECK(why(result) == EnrollRefusal::Failed);
  CHECK(result.error().error.code == Errc::Untrusted);
  STRCMP_EQUAL("phone", held().credentials[0].label.c_str());
  LONGS_EQUAL(0, held().recovery_codes.total);
}

TEST(Enrollment, ShowsNoSecretThatCouldNotBeSealed) {
  enrol("phone");
  store.reset();
  state.write("seal.key", std::string(32, 'x'));
  open();
  for (const FactorKind kind : {FactorKind::Totp, FactorKind::Hotp, FactorKind::YubicoOtp}) {
    const auto refused = prepare_authenticator(*store, kAlice, "web1", {kind, "", "", {}});
    CHECK(why(refused) == EnrollRefusal::Failed);
    CHECK(refused.error().error.code == Errc::Untrusted);
  }
  CHECK(!why(prepare_authenticator(*store, kAlice, "web1", {FactorKind::Fido2, "", "", {}})));
}

TEST(Enrollment, RefusesAnAuthenticatorThatWasNotProved) {
  auto pending = prepare_authenticator(*store, kAlice, "web1", {FactorKind::Totp, "", "", {}});
  CHECK_TRUE(pending.has_value());
  CHECK(Proof::Wrong == prove_authenticator(*pending, SecretBytes(std::string_view("")), kNow));
  CHECK(Proof::Wrong ==
        prove_authenticator(*pending, SecretBytes(std::string_view("12345678")), kNow));
  CHECK(Proof::Wrong == prove_authenticator(*pending, code_of(*pending, kNoon + 60), kNow));
  CHECK(Proof::Wrong == prove_authenticator(*pending, code_of(*pending, 0), at(0)));
  CHECK(why(commit_enrollment(*store, kAlice, &*pending, nullptr, nullptr, "alice", kNow)) ==
        EnrollRefusal::Failed);
  CHECK_TRUE(held().empty());
}

TEST(Enrollment, PreparesAKeyOfItsOwnAndItsUri) {
  const auto one =
      prepare_authenticator(*store, kAlice, "web1",
                            {
                                FactorKind::Totp, "", "", {factor::HashAlgorithm::Sha512, 8, 60s}
  });
  const auto two = prepare_authenticator(*store, kAlice, "web1", {FactorKind::Totp, "", "", {}});
  CHECK_TRUE(one.has_value() && two.has_value());
  LONGS_EQUAL(64, one->key.size());
  LONGS_EQUAL(20, two->key.size());
  CHECK(one->otpauth_uri.text().starts_with("otpauth://totp/web1:alice?secret="));
  CHECK(one->otpauth_uri.text().ends_with("&issuer=web1&algorithm=SHA512&digits=8&period=60"));
  CHECK(
      why(prepare_authenticator(*store, kAlice, "web1",
                                {
                                    FactorKind::Totp, "", "", {factor::HashAlgorithm::Sha1, 5}
  })) ==
      EnrollRefusal::Digits);
  CHECK(
      why(prepare_authenticator(*store, kAlice, "web1",
                                {
                                    FactorKind::Totp, "", "", {factor::HashAlgorithm::Sha1, 9}
  })) ==
      EnrollRefusal::Digits);
}

TEST(Enrollment, TakesLabelsThatAPersonCanTellApart) {
  enrol("phone");
  struct Case {
    const char* name;
    std::string label;
    std::optional<EnrollRefusal> want;
  };
  const Case cases[] = {
      {"plain", "tablet", {}},
      {"words", "work phone (blue)", {}},
      {"one character", "a", {}},
      {"64 characters", std::string(64, 'a'), {}},
      {"65 characters", std::string(65, 'a'), EnrollRefusal::LabelForm},
      {"a space before", " tablet", EnrollRefusal::LabelForm},
      {"a space after", "tablet ", EnrollRefusal::LabelForm},
      {"an escape", "a\x1b[2J", EnrollRefusal::LabelForm},
      {"a newline", "a\nb", EnrollRefusal::LabelForm},
      {"DEL", "a\x7f", EnrollRefusal::LabelForm},
      {"UTF-8", "t\xc3\xa9l\xc3\xa9", EnrollRefusal::LabelForm},
      {"NUL", std::string("a\0b", 3), EnrollRefusal::LabelForm},
      {"the codes' name", "Recovery-Codes", EnrollRefusal::LabelForm},
      {"taken", "phone", EnrollRefusal::LabelTaken},
      {"taken, other case", "PHONE", EnrollRefusal::LabelTaken},
  };
  for (const Case& c : cases) {
    CHECK_TEXT(why(prepare_authenticator(*store, kAlice, "web1",
                                         {FactorKind::Totp, c.label, "", {}})) == c.want,
               c.name);
  }
}

TEST(Enrollment, NamesAuthenticatorsByItselfAndStopsAtSixteen) {
  for (int i = 0; i < 16; ++i) enrol();
  STRCMP_EQUAL("phone", held().credentials[0].label.c_str());
  STRCMP_EQUAL("phone-2", held().credentials[1].label.c_str());
  STRCMP_EQUAL("phone-16", held().credentials[15].label.c_str());
  CHECK(why(prepare_authenticator(*store, kAlice, "web1", {FactorKind::Totp, "", "", {}})) ==
        EnrollRefusal::TooMany);
  const PendingAuthenticator totp = proved("", "phone-2");
  CHECK(!why(commit_enrollment(*store, kAlice, &totp, nullptr, nullptr, "alice", kNow)));
  LONGS_EQUAL(16, held().credentials.size());
}

TEST(Enrollment, ReplacesOneOnlyWhenTheNewOneIsProved) {
  enrol("phone");
  const auto old_id = held().credentials[0].id;
  CHECK(why(prepare_authenticator(*store, kAlice, "web1", {FactorKind::Totp, "", "tablet", {}})) ==
        EnrollRefusal::NoSuchLabel);
  CHECK(why(prepare_authenticator(*store, kAlice, "web1",
                                  {FactorKind::Totp, "", "recovery-codes", {}})) ==
        EnrollRefusal::NoSuchLabel);
  const PendingAuthenticator totp = proved("", "PHONE");
  LONGLONGS_EQUAL(old_id, held().credentials[0].id);
  CHECK(!why(commit_enrollment(*store, kAlice, &totp, nullptr, nullptr, "alice", kNow)));
  LONGS_EQUAL(1, held().credentials.size());
  CHECK(held().credentials[0].id != old_id);
  STRCMP_EQUAL("phone", held().credentials[0].label.c_str());
  const auto notices = held().notices;
  CHECK(notices[1].kind == Kind::Removed && notices[2].kind == Kind::Added);

  PendingAuthenticator late = proved("new", "phone");
  CHECK(!why(remove_credential(*store, kAlice, "phone", true, "root", kNow)));
  CHECK(why(commit_enrollment(*store, kAlice, &late, nullptr, nullptr, "alice", kNow)) ==
        EnrollRefusal::NoSuchLabel);
}

TEST(Enrollment, ReplacesAllEarlierRecoveryCodes) {
  enrol();
  const auto first = prepare_recovery_codes(kCheap);
  CHECK(!why(commit_enrollment(*store, kAlice, nullptr, &*first, nullptr, "alice", kNow)));
  give_recovery_codes();
  LONGS_EQUAL(10, held().recovery_codes.total);
  CHECK(held().notices.back().kind == Kind::RecoveryReplaced);
  const auto old = verify_answer(*store, kAlice, Origin::Self, first->codes[0], kNow, {});
  CHECK(old->outcome == AnswerOutcome::Wrong);
}

TEST(Enrollment, TakesBackAnyOfTheShownRecoveryCodes) {
  const auto codes = prepare_recovery_codes(kCheap);
  CHECK_TRUE(codes.has_value());
  LONGS_EQUAL(10 * 18, codes->text.size());  // ab-cdef-ghjk-mnpq and a newline
  const std::string_view third = codes->text.text().substr(36, 17);
  CHECK_TRUE(prove_recovery_code(*codes, SecretBytes(third)));
  CHECK_TRUE(prove_recovery_code(*codes, codes->codes[9]));
  CHECK_FALSE(prove_recovery_code(*codes, SecretBytes(third.substr(1))));
  CHECK_FALSE(prove_recovery_code(*codes, SecretBytes(std::string_view("123456"))));
  CHECK_FALSE(prove_recovery_code(*codes, SecretBytes()));
}

TEST(Enrollment, LetsATicketServeOnceForItsSubjectWithinADay) {
  const auto first = issue_ticket(*store, kAlice, kNow);
  const auto second = issue_ticket(*store, kAlice, kNow);
  CHECK_TRUE(first.has_value() && second.has_value());
  LONGLONGS_EQUAL(kNoon + 86400, second->expires_at);
  const auto good = [&](const Subject& subject, const SecretBytes& ticket, std::int64_t when) {
    return ticket_is_good(*store, subject, ticket, at(when)).value_or(false);
  };
  std::string typed(second->ticket.text());
  std::ranges::transform(typed, typed.begin(), [](char c) {
    return c == '-' ? ' ' : c >= 'a' ? static_cast<char>(c - 32) : c;
  });
  CHECK_TRUE(good(kAlice, SecretBytes(std::string_view(typed)), kNoon));
  CHECK_TRUE(good(kAlice, second->ticket, kNoon + 86399));
  CHECK_FALSE(good(kAlice, second->ticket, kNoon + 86400));
  CHECK_FALSE(good(kAlice, second->ticket, 0));  // a clock that was never set
  CHECK_FALSE(good(kAlice, first->ticket, kNoon));
  CHECK_FALSE(good({1001, "bob"}, second->ticket, kNoon));
  CHECK_FALSE(good({1000, "mallory"}, second->ticket, kNoon));
  CHECK_FALSE(good(kAlice, SecretBytes(), kNoon));
  CHECK_FALSE(good(kAlice, SecretBytes(std::string_view("a")), kNoon));
  CHECK_FALSE(state.read("stepup.db-wal").contains(second->ticket.text()));

  const PendingAuthenticator totp = proved();
  CHECK(why(commit_enrollment(*store, kAlice, &totp, nullptr, &first->ticket, "alice", kNow)) ==
        EnrollRefusal::Ticket);
  CHECK(!why(commit_enrollment(*store, kAlice, &totp, nullptr, &second->ticket, "alice", kNow)));
  const PendingAuthenticator again = proved("tablet");
  CHECK(why(commit_enrollment(*store, kAlice, &again, nullptr, &second->ticket, "alice", kNow)) ==
        EnrollRefusal::Ticket);
  LONGS_EQUAL(1, held().credentials.size());
}

TEST(Enrollment, RemovesTheLastAuthenticatorOnlyForRootAndTheCodesWithIt) {
  CHECK(why(remove_credential(*store, kAlice, "phone", true, "root", kNow)) ==
        EnrollRefusal::NotEnrolled);
  enrol("phone");
  enrol("tablet");
  CHECK(why(remove_credential(*store, kAlice, "pager", true, "root", kNow)) ==
        EnrollRefusal::NoSuchLabel);
  CHECK(why(remove_credential(*store, kAlice, "recovery-codes", false, "alice", kNow)) ==
        EnrollRefusal::NoSuchLabel);
  give_recovery_codes();
  CHECK(!why(remove_credential(*store, kAlice, "Tablet", false, "alice", kNow)));
  CHECK(why(remove_credential(*store, kAlice, "phone", false, "alice", kNow)) ==
        EnrollRefusal::LastCredential);
  LONGS_EQUAL(10, held().recovery_codes.left);
  CHECK(!why(remove_credential(*store, kAlice, "recovery-codes", false, "alice", kNow)));
  LONGS_EQUAL(0, held().recovery_codes.total);
  give_recovery_codes();
  CHECK(!why(remove_credential(*store, kAlice, "phone", true, "root", kNow)));
  CHECK_TRUE(held().empty());
  CHECK(held().notices.back().factor == FactorKind::RecoveryCode);

  give_recovery_codes();
  CHECK(why(remove_credential(*store, kAlice, "recovery-codes", false, "alice", kNow)) ==
        EnrollRefusal::LastCredential);
  CHECK(!why(remove_credential(*store, kAlice, "recovery-codes", true, "root", kNow)));
}

TEST(Enrollment, LeavesAUidOfAnotherNameAlone) {
  enrol();
  const Subject mallory{kAlice.uid, "mallory"};
  const PendingAuthenticator totp = proved("tablet");
  CHECK(why(prepare_authenticator(*store, mallory, "web1", {FactorKind::Totp, "", "", {}})) ==
        EnrollRefusal::Failed);
  CHECK(why(commit_enrollment(*store, mallory, &totp, nullptr, nullptr, "mallory", kNow)) ==
        EnrollRefusal::Failed);
  CHECK(why(remove_credential(*store, mallory, "phone", true, "root", kNow)) ==
        EnrollRefusal::Failed);
  CHECK(issue_ticket(*store, mallory, kNow).error().code == Errc::Untrusted);
  STRCMP_EQUAL("alice", held().recorded_name.value_or("").c_str());
}

TEST(Enrollment, GivesAUidThatHoldsNothingToItsNewName) {
  const auto old = issue_ticket(*store, kAlice, kNow);
  const Subject mallory{kAlice.uid, "mallory"};
  enrol("phone", mallory);
  STRCMP_EQUAL("mallory", held(mallory).recorded_name.value_or("").c_str());
  CHECK_FALSE(ticket_is_good(*store, kAlice, old->ticket, kNow).value_or(true));
}

TEST(Enrollment, ResetsWhoeverHeldTheUidAndIssuesATicket) {
  enrol();
  give_recovery_codes();
  for (int i = 0; i < 5; ++i) {
    CHECK_TRUE(verify_answer(*store, kAlice, Origin::Self,
                             SecretBytes(std::string_view("zz0000000000zz")), kNow, {})
                   .has_value());
  }
  const auto again = reset_subject(*store, kAlice, "root", kNow);
  CHECK_TRUE(again.has_value());
  CHECK_TRUE(held().empty());
  LONGS_EQUAL(3, held().notices.size());  // two that were not shown yet, and this
  CHECK(held().notices.back().kind == Kind::Removed);
  CHECK_TRUE(ticket_is_good(*store, kAlice, again->ticket, kNow).value_or(false));
  const PendingAuthenticator totp = proved();
  const auto codes = prepare_recovery_codes(kCheap);
  CHECK(!why(commit_enrollment(*store, kAlice, &totp, &*codes, &again->ticket, "alice", kNow)));
  const auto judged = verify_answer(*store, kAlice, Origin::Self, codes->codes[0], kNow, {});
  CHECK(judged->outcome == AnswerOutcome::Accepted);  // failures are forgotten too

  const Subject mallory{kAlice.uid, "mallory"};
  const auto other = reset_subject(*store, mallory, "root", kNow);
  CHECK_TRUE(other.has_value());
  CHECK_TRUE(held().empty());
  LONGS_EQUAL(0, held().notices.size());  // they were another person's
  CHECK_TRUE(ticket_is_good(*store, mallory, other->ticket, kNow).value_or(false));
}

TEST(Enrollment, FailsWithoutItsDatabase) {
  const auto ticket = issue_ticket(*store, kAlice, kNow);
  const PendingAuthenticator totp = proved();
  std::filesystem::remove(state.file("stepup.db"));
  CHECK(why(prepare_authenticator(*store, kAlice, "web1", {FactorKind::Totp, "", "", {}})) ==
        EnrollRefusal::Failed);
  CHECK(why(commit_enrollment(*store, kAlice, &totp, nullptr, nullptr, "a", kNow)) ==
        EnrollRefusal::Failed);
  CHECK(why(remove_credential(*store, kAlice, "phone", true, "root", kNow)) ==
        EnrollRefusal::Failed);
  CHECK(issue_ticket(*store, kAlice, kNow).error().code == Errc::Storage);
  CHECK(reset_subject(*store, kAlice, "root", kNow).error().code == Errc::Storage);
  CHECK(ticket_is_good(*store, kAlice, ticket->ticket, kNow).error().code == Errc::Storage);
}
