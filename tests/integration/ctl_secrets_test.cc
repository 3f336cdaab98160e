// SPDX-License-Identifier: ISC
// How stepupctl shows the secrets that it is sent, and what it makes of a hostile daemon's.
#include <stdlib.h>
#include <sys/wait.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/wire/credential_messages.h"

#include "tests/integration/ctl_bench.h"  // CppUTest comes last

namespace {

using namespace stepup;
using fakes::FakeConnection;
using fakes::listen;
using fakes::Program;
using fakes::verdict;
using wire::CancelReason;
using wire::VerdictCode;

constexpr std::string_view kUri = "otpauth://totp/h:alice?secret=JBSWY3DPEHPK3PXP";

}  // namespace

TEST_GROUP_BASE(CtlSecrets, fakes::CtlFixture){};

TEST(CtlSecrets, DrawsTheQrCodeOnlyWhereItFits) {
  const struct {
    const char* name;
    bool terminal;
    unsigned short columns;
    bool drawn;
  } kCases[] = {
      {"a terminal",        true,  100, true },
      {"a narrow terminal", true,  20,  false},
      {"a pipe",            false, 0,   false},
  };
  for (const auto& c : kCases) {
    serve([](FakeConnection& client) {
      (void)client.receive();
      client.send(wire::NewAuthenticator{.otpauth_uri = SecretBytes(kUri)});
      client.send(verdict(VerdictCode::Granted));
    });
    const std::vector<std::string> words = {"enroll", "totp"};
    auto program = c.terminal ? Program::on_terminal(socket(), words, c.columns)
                              : Program::on_pipes(socket(), words);
    CHECK_TEXT(program.expect(kUri), c.name);
    LONGS_EQUAL_TEXT(0, program.end(), c.name);
    CHECK_TEXT(program.has_said("\u2580") == c.drawn, c.name);
    daemon_.reset();
  }
}

TEST(CtlSecrets, ShowsNothingOfAHostileDaemonsSecrets) {
  const std::string escape = "\x1b]0;x\x07";
  const struct {
    const char* name;
    std::function<void(FakeConnection&)> send;
  } kCases[] = {
      {"URI",
       [&](FakeConnection& c) {
         c.send(wire::NewAuthenticator{SecretBytes(std::string(kUri) + escape)});
       }                                                                                                     },
      {"other URI",
       [](FakeConnection& c) {
         c.send(wire::NewAuthenticator{SecretBytes("https://x.example/")});
       }                                                                                                     },
      {"codes",              [&](FakeConnection& c) { c.send(wire::NewRecoveryCodes{SecretBytes(escape)}); } },
      {"yubikey",
       [&](FakeConnection& c) {
         c.send(wire::NewYubiKey{"vv", SecretBytes(escape), SecretBytes("0")});
       }                                                                                                     },
      {"a command's end",
       [](FakeConnection& c) {
         c.send(wire::NewYubiKey{"vv;reboot", SecretBytes("0"), SecretBytes("0")});
       }                                                                                                     },
      {"no codes",           [](FakeConnection& c) { c.send(wire::NewRecoveryCodes{}); }                     },
      {"ticket",             [&](FakeConnection& c) { c.send(wire::NewTicket{"a", SecretBytes(escape), 0}); }},
      {"no answer's answer", [](FakeConnection& c) { c.send(wire::Answer{SecretBytes("1")}); }               },
  };
  for (const auto& c : kCases) {
    serve([&c](FakeConnection& client) {
      (void)client.receive();
      c.send(client);
      client.await_end();
    });
    auto program = Program::on_terminal(socket(), {"enroll", "totp"});
    LONGS_EQUAL_TEXT(3, program.end(), c.name);
    CHECK_TEXT(program.has_said("does not speak stepup's protocol"), c.name);
    CHECK_TEXT(!program.has_said("\x1b"), c.name);
    daemon_.reset();
  }
}

TEST(CtlSecrets, PutsATicketAloneOnItsLine) {
  serve([](FakeConnection& client) {
    (void)client.receive();
    client.send(wire::NewTicket{"alice", SecretBytes("ABCD-EFGH"), 0});
    client.send(verdict(VerdictCode::Granted));
  });
  auto program = Program::on_pipes(socket(), {"ticket", "alice"});
  CHECK_EQUAL(0, program.end());
  CHECK(program.output().starts_with("Enrolment ticket for alice"));
  CHECK(program.has_said("\nABCD-EFGH\n"));
  CHECK(program.has_said("stepupctl enroll totp\n"));
}

TEST(CtlSecrets, CancelsWhatItCannotShow) {
  std::optional<CancelReason> cancel;
  serve([&cancel](FakeConnection& client) {
    (void)client.receive();
    client.send(wire::NewAuthenticator{.otpauth_uri = SecretBytes(kUri)});
    cancel = listen(client).cancel;
  });
  const std::string command = "exec \"${STEPUPCTL:-build/stepupctl}\" --socket " + socket() +
                              " enroll totp </dev/null >/dev/full 2>/dev/null";
  const int status = system(command.c_str());
  CHECK(WIFEXITED(status));
  CHECK_EQUAL(1, WEXITSTATUS(status));
  daemon_.reset();
  CHECK(cancel == CancelReason::Interrupted);
}
