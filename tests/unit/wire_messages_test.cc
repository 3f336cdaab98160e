// SPDX-License-Identifier: ISC
// Every message of the protocol: it comes back as it went out, and has no second encoding.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "stepupd/wire/activity_messages.h"
#include "stepupd/wire/codec.h"
#include "stepupd/wire/credential_messages.h"
#include "stepupd/wire/grant_messages.h"
#include "stepupd/wire/helper_messages.h"
#include "stepupd/wire/import_messages.h"
#include "stepupd/wire/packet.h"
#include "stepupd/wire/status_messages.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::wire;

namespace {

constexpr RequestId kId{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

const Words kWords{
    .id = MessageId::PromptOtp, .args = {"alice", "", "sudo: id"},
         .language = Language::French
};

// Calls `f` with one message of every type, all fields set to something.
template <typename F>
void for_each_message(F f) {
  f(CheckRequest{
      .phase = Phase::Account,
      .program = Program::Sudo,
      .service = "sudo",
      .pam_user = "alice",
      .pam_user_uid = 1000,
      .caller = "alice",
      .rhost_hint = "192.0.2.1",
      .tty_hint = "/dev/pts/0",
      .groups = std::vector<std::uint32_t>{4, 27, 0xffffffff},
      .argv = {"sudo", "", "id"},
      .argv_truncated = true,
      .clock = ClockState::Synchronised,
      .requester = 4711,
      .exact = {},
      .ssh_auth_info = "password\n",
      .has_authtok = true
  });
  CheckRequest of_plugin;
  of_plugin.phase = Phase::Approval;
  of_plugin.program = Program::Sudo;
  of_plugin.exact = ExactCommand{
      .path = "/usr/bin/psql", .argv = {"psql", "-c", ""},
           .truncated = true, .cwd = "/"
  };
  f(of_plugin);
  f(StatusRequest{});
  f(ListRequest{.user = "bob"});
  f(EnrollRequest{.kind = EnrollKind::Totp,
                  .user = "alice",
                  .label = "phone",
                  .replace_label = "old phone",
                  .algorithm = HashAlgorithm::Sha512,
                  .digits = 8,
                  .discoverable = true,
                  .uv = true,
                  .public_key = "type AAAA"});
  f(TicketRequest{.user = "alice"});
  f(ResetRequest{.user = "alice"});
  f(RemoveRequest{.user = "alice", .label = "phone"});
  f(VerifyRequest{.session = true});
  f(SessionsRequest{.user = "bob"});
  f(RevokeRequest{
      .user = "bob",
      .all = true,
      .session = stepup::SessionKey{stepup::SessionKey::Kind::Audit, 7}
  });
  f(GateRequest{.command = "scp -t .", .command_truncated = true});
  f(LogRequest{
      .user = "bob",
      .session = stepup::SessionKey{stepup::SessionKey::Kind::Audit, 7},
      .since = -1,
      .after = 9
  });
  f(ActivityReport{.rows = {{.id = 1,
                             .at = 1'700'000'000,
                             .user = "alice",
                             .uid = 1000,
                             .session = {stepup::SessionKey::Kind::Audit, 7},
                             .tty = "pts/0",
                             .service = "sudo",
                             .phase = "account",
                             .target_user = "root",
                             .command = "id",
                             .digest = "00ff",
                             .arguments = "id -u",
                             .verdict = "granted",
                             .reason = "proved",
                             .rules = "ask",
                             .factor = "totp"}},
                   .more = true});
  f(Answer{SecretBytes("755224")});
  f(Cancel{CancelReason::Unusable});
  f(AgentAnswer{AgentOutcome::Unfit});
  f(AgentRequest{});
  f(Heartbeat{});
  f(Prompt{.words = kWords, .echo = true, .enter_answers = true});
  const Ceremony ceremony{.rp_id = "stepup:example",
                          .client_data_hash = Bytes(32, 7),
                          .uv = true,
                          .devices = {"/dev/hidraw7"},
                          .seconds = 60};
  f(AssertRequest{
      .ceremony = ceremony, .credentials = {{1, 0, 2}, {}}
  });
  f(MakeCredentialRequest{
      .ceremony = ceremony,
      .user_id = {1, 2},
      .user_name = "alice",
      .discoverable = true,
      .excluded = {{3}}
  });
  f(Pin{SecretBytes("1234")});
  f(CeremonyProgress{.stage = CeremonyStage::Busy, .detail = "firefox (pid 7)"});
  f(PinWanted{.retries_left = 8, .was_wrong = true});
  f(Assertion{.credential_id = {1}, .auth_data = Bytes(37, 1), .signature = {0}});
  f(NewCredential{.algorithm = KeyAlgorithm::EdDsa,
                  .auth_data = Bytes(100, 1),
                  .format = "packed",
                  .attestation = {0xa0},
                  .model = "Security Key"});
  f(CeremonyFailed{.cause = CeremonyFailure::Device, .detail = "FIDO_ERR_TX"});
  f(Notice{.words = kWords});
  f(Verdict{.code = VerdictCode::Denied, .words = kWords});
  f(StatusReport{
      .daemon_version = "0.1.0",
      .session = "login session 3",
      .grants = {{.level = Level::Otp,
                  .factor = FactorKind::Totp,
                  .scope = Scope::Tty,
                  .age_seconds = 9}},
      .rules = {{.name = "r", .demand = "otp", .origin = "stepupd.conf:3", .enforced = true}},
      .remarks = {"", "monitor mode"},
      .rules_digest = std::string(64, 'a'),
      .login = LoginRow{.uid = 1000,
                 .service = "sshd",
                 .source = "192.0.2.7",
                 .tty = "ssh",
                 .methods = {"publickey"},
                 .amr = {"pop"},
                 .level = Level::Touch,
                 .age_seconds = 9},
      .activity = {.commands = 3, .refused = 1, .idle_seconds = 4}
  });
  f(CredentialList{.user = "alice",
                   .credentials = {{.factor = FactorKind::RecoveryCode,
                                    .label = "recovery codes",
                                    .details = "8 of 10 unused",
                                    .created_at = -1,
                                    .last_used_at = 1'700'000'000}}});
  f(NewAuthenticator{SecretBytes("otpauth://totp/x")});
  f(NewRecoveryCodes{SecretBytes("AB-1\nCD-2\n")});
  f(NewYubiKey{"vvccccbbbbdd", SecretBytes("0123456789ab"), SecretBytes("00ff")});
  f(NewTicket{.user = "alice", .ticket = SecretBytes("t"), .expires_at = 1});
  f(SessionList{.sessions = {{.uid = 1000,
                              .session = {stepup::SessionKey::Kind::Logind, 7},
                              .tty = "pts/0",
                              .leader = 42,
                              .level = Level::Otp,
                              .factor = FactorKind::Totp,
                              .scope = Scope::Session,
                              .age_seconds = 9}},
                .total = 1});
  f(ImportRequest{.user = "alice", .rp_id = "pam://host", .size = 135, .dry_run = true});
  f(ImportText{SecretBytes("HOTP alice - 00")});
  f(ImportTextWanted{});
  f(ImportReport{.rows = {{.line = 1,
                           .user = "alice",
                           .factor = FactorKind::Hotp,
                           .label = "hotp",
                           .details = "SHA1, 6 digits, counter 7",
                           .enrolled = true,
                           .remarks = {"its PIN does not come along"}}},
                 .problems = {{.line = 2, .column = 10, .what = "the secret"}}});
  f(VersionMismatch{.oldest = 3, .newest = 4});
}

std::vector<std::uint8_t> encoded(const auto& message) {
  const auto packet = encode(kId, message);
  CHECK_TRUE(packet.has_value());
  return {packet->view().begin(), packet->view().end()};
}

// The packet read as a Message, encoded anew; empty when it is refused.
template <typename Message>
std::vector<std::uint8_t> reencoded(std::span<const std::uint8_t> bytes) {
  const auto packet = split(SecretBytes(bytes));
  if (!packet) return {};
  const auto message = decode<Message>(*packet);
  if (!message) return {};
  const auto again = encode(packet->header.request_id, *message);
  CHECK_TRUE(again.has_value());
  return {again->view().begin(), again->view().end()};
}

}  // namespace

TEST_GROUP(WireMessages){};

TEST(WireMessages, RoundTripsEveryMessage) {
  for_each_message([]<typename Message>(const Message& message) {
    const auto bytes = encoded(message);
    const auto packet = split(SecretBytes(std::span(bytes)));
    CHECK_TRUE(packet.has_value());
    CHECK_TRUE(packet->header.version == kVersion);
    CHECK_TRUE(packet->header.type == Message::kType);
    CHECK_TRUE(packet->header.request_id == kId);
    CHECK_TRUE(reencoded<Message>(bytes) == bytes);
    if constexpr (requires { message == message; }) {
      CHECK_TRUE(decode<Message>(*packet) == message);
    }
  });
}

TEST(WireMessages, RefusesEveryTruncationAndAnyTrailingByte) {
  for_each_message([]<typename Message>(const Message& message) {
    auto bytes = encoded(message);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CHECK_TRUE(reencoded<Message>(std::span(bytes).first(size)).empty());
    }
    bytes.push_back(0);
    CHECK_TRUE(reencoded<Message>(bytes).empty());
  });
}

TEST(WireMessages, HasOneEncodingForEachMeaning) {
  // Whatever a flipped bit still decodes to, it encodes to those very bytes.
  for_each_message([]<typename Message>(const Message& message) {
    const auto bytes = encoded(message);
    for (std::size_t bit = kHeaderSize * 8; bit < bytes.size() * 8; ++bit) {
      auto flipped = bytes;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      const auto again = reencoded<Message>(flipped);
      CHECK_TRUE(again.empty() || again == flipped);
    }
  });
}
