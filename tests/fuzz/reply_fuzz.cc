// SPDX-License-Identifier: ISC
// What the module and stepupctl are sent, perhaps by an impostor of the daemon.
// Property: a reply is refused or encodes again to the same bytes; a Verdict reads as Granted only
// for the four bytes of its code, with no words; only Granted, and NotRequired in the account
// phase, become PAM_SUCCESS; a report is printable; a sentence, which may be of another language,
// holds nothing but letters and signs, in at most two lines.
#include <security/pam_modules.h>

#include <algorithm>
#include <array>
#include <string>

#include "pam_stepup/outcome.h"
#include "stepupd/base/printable.h"
#include "stepupd/ctl/report.h"
#include "stepupd/wire/activity_messages.h"
#include "stepupd/wire/credential_messages.h"
#include "stepupd/wire/grant_messages.h"
#include "stepupd/wire/import_messages.h"
#include "stepupd/wire/request_table.h"
#include "stepupd/wire/status_messages.h"
#include "stepupd/wire/words.h"
#include "tests/fuzz/check.h"

using namespace stepup;
using namespace stepup::wire;

namespace {

void check_verdict(const Packet& packet) {
  const auto verdict = decode<Verdict>(packet);
  if (!verdict) return;
  constexpr std::array<std::uint8_t, 10> kGrant = {'G', 'R', 'N', 'T', 0, 0, 0, 0, 0, 1};
  const bool grants = std::ranges::equal(packet.body(), kGrant);
  fuzz::require((verdict->code == VerdictCode::Granted) == grants, "only GRNT is Granted");
  fuzz::require((pam_stepup::to_pam(verdict->code, Phase::Auth) == PAM_SUCCESS) == grants,
                "in the auth phase only Granted succeeds");
  const bool passes = grants || verdict->code == VerdictCode::NotRequired;
  fuzz::require((pam_stepup::to_pam(verdict->code, Phase::Account) == PAM_SUCCESS) == passes,
                "in the account phase only Granted and NotRequired succeed");
}

bool is_printable(std::string_view shown) {
  return std::ranges::all_of(shown, [](char c) { return c == '\n' || (c >= ' ' && c < 0x7f); });
}

bool is_readable(std::string shown) {
  std::erase_if(shown, [](char c) { return c == '\n' || c == '\\'; });  // which would be escaped
  return readable(shown, shown.size()) == shown;
}

template <typename Message>
void check_words(const Packet& packet) {
  const auto message = decode<Message>(packet);
  if (!message) return;
  const std::string shown = sentence(message->words);
  fuzz::require(is_readable(shown), "a sentence is readable");
  fuzz::require(std::ranges::count(shown, '\n') <= 1, "a sentence has at most two lines");
}

template <typename Message, typename... Arguments>
void check_report(const Packet& packet, Arguments... arguments) {
  const auto message = decode<Message>(packet);
  if (!message) return;
  fuzz::require(is_printable(ctl::render(*message, arguments...)), "a report is printable");
}

void check_import(const Packet& packet) {
  const auto report = decode<ImportReport>(packet);
  if (!report) return;
  fuzz::require(is_printable(ctl::render(report->rows)), "an import's rows are printable");
  for (const ImportProblem& problem : report->problems) {
    fuzz::require(is_printable(ctl::render(problem, problem.what)), "a problem is printable");
  }
}

// Whether `packet` is of one of these types; then it must be canonical.
template <typename... Messages>
bool is_one_of(const Packet& packet) {
  const auto looked_at = [&]<typename Message>() {
    if (packet.header.type != Message::kType) return false;
    fuzz::require(fuzz::is_canonical<Message>(packet), "a reply encodes again to its bytes");
    return true;
  };
  return (looked_at.template operator()<Messages>() || ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto packet = split(SecretBytes(std::span(data, size)));
  if (!packet) return 0;
  const MessageType type = packet->header.type;
  const bool known =
      is_one_of<AgentRequest, Heartbeat, Prompt, Notice, Verdict, StatusReport, CredentialList,
                SessionList, NewAuthenticator, NewYubiKey, NewRecoveryCodes, NewTicket,
                VersionMismatch, ImportTextWanted, ImportReport, ActivityReport>(*packet);
  if (expected_reply(Socket::Stepupd, type) || expected_reply(Socket::Control, type)) {
    fuzz::require(known, "this target knows every reply that is expected");
  }
  if (type == MessageType::Verdict) check_verdict(*packet);
  if (type == MessageType::Verdict) check_words<Verdict>(*packet);
  if (type == MessageType::Notice) check_words<Notice>(*packet);
  if (type == MessageType::StatusReport) check_report<StatusReport>(*packet);
  if (type == MessageType::CredentialList) check_report<CredentialList>(*packet);
  if (type == MessageType::Prompt) check_words<Prompt>(*packet);
  if (type == MessageType::ImportReport) check_import(*packet);
  if (type == MessageType::ActivityReport) check_report<ActivityReport>(*packet, true);
  return 0;
}
