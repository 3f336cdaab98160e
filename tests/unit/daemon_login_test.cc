// SPDX-License-Identifier: ISC
#include <chrono>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/daemon/login.h"
#include "stepupd/daemon/login_book.h"
#include "stepupd/rules/login_method.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::daemon;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

namespace {

constexpr BootTime kNow = 1000s;
constexpr const char* kTouched = "publickey sk-ssh-ed25519@openssh.com AAAA\n";

session::Asker monitor(std::uint64_t session = 7) {
  session::Asker asker;
  asker.real_uid = 0;
  asker.where.session = {SessionKey::Kind::Audit, session};
  asker.where.widest = Scope::Session;
  asker.where.process = 50;
  asker.where.process_start = 5;
  asker.login_uid = 1000;
  return asker;
}

wire::CheckRequest report(const char* info = kTouched) {
  wire::CheckRequest request;
  request.phase = wire::Phase::OpenSession;
  request.service = "sshd";
  request.pam_user = "alice";
  request.pam_user_uid = 1000;
  request.rhost_hint = "192.0.2.7";
  request.tty_hint = "ssh";
  if (info != nullptr) request.ssh_auth_info = info;
  return request;
}

Login login(const char* info = kTouched) {
  return reported_login(report(info), monitor(), kNow).value_or(Login{});
}

LoginAttempt attempt() { return {1000, "sshd", 60, 6, 50, 5}; }

const LoginProof kCode{Level::Otp, FactorKind::Totp, 3, kNow - 10s};

}  // namespace

TEST_GROUP(LoginOfASession) {
  GrantMemory memory;
  LoginBook book;

  bool opened(const Login& login) { return book.open(login, memory); }
};

TEST(LoginOfASession, IsWhatTheModuleReports) {
  const Login known = login();
  CHECK(known.where.session == (SessionKey{SessionKey::Kind::Audit, 7}));
  UNSIGNED_LONGS_EQUAL(1000, known.where.subject);
  STRCMP_EQUAL("sshd", known.service.c_str());
  STRCMP_EQUAL("192.0.2.7", known.source.c_str());
  STRCMP_EQUAL("ssh", known.tty.c_str());
  CHECK(methods_of(known) == (Words{"publickey", "security-key"}));
  CHECK(known.key ==
        *factor::sha256(
            {reinterpret_cast<const std::uint8_t*>("sk-ssh-ed25519@openssh.com AAAA"), 31}));
  CHECK(known.at == kNow);
}

TEST(LoginOfASession, IsUnknownWhereSshdSaidNothingOrWhatCannotBeRead) {
  for (const char* info : {static_cast<const char*>(nullptr), "", "publickey\n"}) {
    CHECK(methods_of(login(info)).empty());
    CHECK(login(info).key == factor::Sha256Digest{});
  }
}

TEST(LoginOfASession, KeepsNoTextByHalves) {
  wire::CheckRequest request = report();
  request.rhost_hint = std::string(kMaxLoginSource, 'h');
  request.service = std::string(kMaxLoginName, 's');
  auto known = reported_login(request, monitor(), kNow);
  UNSIGNED_LONGS_EQUAL(kMaxLoginSource, known->source.size());
  UNSIGNED_LONGS_EQUAL(kMaxLoginName, known->service.size());
  request.rhost_hint += 'h';
  request.service += 's';
  known = reported_login(request, monitor(), kNow);
  STRCMP_EQUAL("", known->source.c_str());
  STRCMP_EQUAL("", known->service.c_str());
}

TEST(LoginOfASession, IsNoneInASessionOfSomebodyElseOrThatCannotBeRecognised) {
  session::Asker of_bob = monitor();
  of_bob.login_uid = 1001;
  CHECK_FALSE(reported_login(report(), of_bob, kNow).has_value());
  session::Asker without_loginuid = monitor();
  without_loginuid.login_uid.reset();
  CHECK_TRUE(reported_login(report(), without_loginuid, kNow).has_value());
  for (const auto kind : {SessionKey::Kind::None, SessionKey::Kind::Manager}) {
    session::Asker nowhere = monitor();
    nowhere.where.session.kind = kind;
    CHECK_FALSE(reported_login(report(), nowhere, kNow).has_value());
  }
  wire::CheckRequest nobody = report();
  nobody.pam_user_uid = kNoUid;
  CHECK_FALSE(reported_login(nobody, monitor(), kNow).has_value());
}

TEST(LoginOfASession, ProvesATouchOnlyWhereSshdRequiresOne) {
  CHECK(proved_by(login(), false).level == Level::None);
  const policy::Grant touched = proved_by(login(), true);
  CHECK(touched.level == Level::Touch && touched.factor == FactorKind::Fido2);
  CHECK(touched.auth_time == kNow && touched.scope == Scope::Session);
  for (const char* info : {"publickey ssh-ed25519 AAAA\n", "password\n",
                           "keyboard-interactive/pam\n", static_cast<const char*>(nullptr)}) {
    CHECK(proved_by(login(info), true).level == Level::None);
  }
  Login ended = login();
  ended.counts = false;
  CHECK(proved_by(ended, true).level == Level::None);
}

TEST(LoginOfASession, ProvesWhatStepupAskedForOnTheWay) {
  Login asked = login("publickey ssh-ed25519 AAAA\nkeyboard-interactive/pam\n");
  asked.proof = kCode;
  policy::Grant proved = proved_by(asked, false);
  CHECK(proved.level == Level::Otp && proved.auth_time == kCode.auth_time);
  LONGS_EQUAL(3, proved.credential_id);
  // The stronger counts, with its own age.
  asked.methods = login().methods;
  proved = proved_by(asked, true);
  CHECK(proved.level == Level::Touch && proved.auth_time == kNow);
  asked.proof.level = Level::TouchWithUv;
  CHECK(proved_by(asked, true).auth_time == kCode.auth_time);
}

TEST(LoginOfASession, HasTheValuesOfRfc8176) {
  CHECK(amr_of(login("password\n"), true) == (Words{"pwd"}));
  CHECK(amr_of(login("publickey ssh-rsa AA\n"), true) == (Words{"pop"}));
  CHECK(amr_of(login(), false) == (Words{"hwk", "pop"}));
  CHECK(amr_of(login(), true) == (Words{"hwk", "pop", "user"}));
  CHECK(amr_of(login("publickey ssh-rsa AA\npassword\n"), true) == (Words{"mfa", "pop", "pwd"}));
  CHECK(amr_of(login("keyboard-interactive/pam\n"), true).empty());
  Login asked = login("password\n");
  asked.proof = kCode;
  CHECK(amr_of(asked, false) == (Words{"mfa", "otp", "pwd"}));
  asked = login("gssapi-with-mic x\n");
  asked.proof.level = Level::TouchWithUv;
  CHECK(amr_of(asked, false) == (Words{"hwk", "mfa", "pop", "user"}));
}

TEST(LoginOfASession, HasNoOtherValuesThanRulesKnow) {
  std::set<std::string> reported;
  for (unsigned methods = 0; methods < 256; ++methods) {
    for (const Level level : {Level::None, Level::Otp, Level::Touch, Level::TouchWithUv}) {
      Login any = login();
      any.methods = static_cast<session::LoginMethods>(methods);
      any.proof.level = level;
      for (std::string& value : amr_of(any, true)) reported.insert(std::move(value));
    }
  }
  const auto& known = rules::kReportedLoginMethods;
  CHECK(reported == std::set<std::string>(known.begin(), known.end()));
}

TEST(LoginOfASession, NamesEveryMethod) {
  CHECK(
      methods_of(login("password\nkeyboard-interactive\npublickey ssh-rsa-cert-v01@openssh.com AA\n"
                       "gssapi-keyex x\nhostbased x\nx\n")) ==
      (Words{"password", "keyboard-interactive", "publickey", "certificate", "gssapi", "hostbased",
             "other"}));
}

TEST(LoginOfASession, TakesTheProofOfItsOwnAttemptAlone) {
  const auto proof_with = [&](auto change) {
    LoginBook fresh;
    LoginAttempt made = attempt();
    Login opened = login();
    LoginProof proof = kCode;
    change(made, opened, proof);
    fresh.note_proof(made, proof);
    CHECK_TRUE(fresh.open(opened, memory));
    return fresh.find(opened.where.session)->proof.level;
  };
  using A = LoginAttempt;
  using L = Login;
  using P = LoginProof;
  CHECK(proof_with([](A&, L&, P&) {}) == Level::Otp);
  CHECK(proof_with([](A& a, L&, P&) { a.process = 50, a.process_start = 5, a.parent = 0; }) ==
        Level::Otp);
  CHECK(proof_with([](A& a, L&, P&) { a.parent = 51; }) == Level::None);
  CHECK(proof_with([](A& a, L&, P&) { a.parent_start = 6; }) == Level::None);
  CHECK(proof_with([](A& a, L&, P&) { a.process = 50, a.parent = 0; }) == Level::None);
  CHECK(proof_with([](A& a, L&, P&) { a.subject = 1001; }) == Level::None);
  CHECK(proof_with([](A& a, L&, P&) { a.service = "login"; }) == Level::None);
  CHECK(proof_with([](A&, L&, P& p) { p.auth_time = kNow - 120s; }) == Level::None);
  CHECK(proof_with([](A&, L&, P& p) { p.auth_time = kNow - 119s; }) == Level::Otp);
  CHECK(proof_with([](A&, L&, P& p) { p.auth_time = kNow + 1s; }) == Level::None);
  CHECK(proof_with([](A& a, L& l, P&) {
          a.process = a.parent = 0;
          l.where.process = 0;
        }) == Level::None);
}

TEST(LoginOfASession, UsesAProofUpAndTakesTheStrongest) {
  book.note_proof(attempt(), kCode);
  LoginProof touch = kCode;
  touch.level = Level::Touch;
  book.note_proof(attempt(), touch);
  book.note_proof(attempt(), kCode);
  CHECK_TRUE(opened(login()));
  CHECK(book.find(login().where.session)->proof.level == Level::Touch);
  Login next = login();
  next.where.session.id = 8;
  CHECK_TRUE(opened(next));
  CHECK(book.find(next.where.session)->proof.level == Level::None);
}

TEST(LoginOfASession, T07IsTheFirstThatIsReportedAndNoneAfterItRaisesIt) {
  CHECK_TRUE(opened(login("password\n")));
  CHECK_FALSE(opened(login()));
  CHECK(methods_of(*book.find(login().where.session)) == (Words{"password"}));
  book.close(login().where.session, memory);
  POINTERS_EQUAL(nullptr, book.find(login().where.session));
  CHECK_TRUE(opened(login()));
}

TEST(LoginOfASession, StaysKnownWhenWhatItProvedWasEnded) {
  CHECK_TRUE(opened(login()));
  Login other = login();
  other.where.session.id = 8;
  CHECK_TRUE(opened(other));
  book.end_if([](uid_t, const SessionKey& session) { return session.id == 7; }, memory);
  CHECK(proved_by(*book.find(login().where.session), true).level == Level::None);
  CHECK(methods_of(*book.find(login().where.session)) == methods_of(login()));
  CHECK(proved_by(*book.find(other.where.session), true).level == Level::Touch);
}

TEST(LoginOfASession, LosesAProofThatWasRevokedBeforeItBegan) {
  book.note_proof(attempt(), kCode);
  book.end_if([](uid_t subject, const SessionKey&) { return subject == 1000; }, memory);
  CHECK_TRUE(opened(login()));
  CHECK(book.find(login().where.session)->proof.level == Level::None);
}
