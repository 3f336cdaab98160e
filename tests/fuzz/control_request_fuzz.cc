// SPDX-License-Identifier: ISC
// Packets on control.sock, from any local user.
// Property: a packet that the state table lets through is refused by the decoder or encodes again
// to the same bytes; tickets, resets and imports always take root; a finished dialogue takes
// nothing.
#include "tests/fuzz/check.h"

#include "stepupd/wire/activity_messages.h"
#include "stepupd/wire/credential_messages.h"
#include "stepupd/wire/grant_messages.h"
#include "stepupd/wire/import_messages.h"
#include "stepupd/wire/request_table.h"
#include "stepupd/wire/status_messages.h"

using namespace stepup;
using namespace stepup::wire;

namespace {

bool is_canonical_request(const Packet& packet) {
  switch (packet.header.type) {
    case MessageType::StatusRequest: return fuzz::is_canonical<StatusRequest>(packet);
    case MessageType::ListRequest: return fuzz::is_canonical<ListRequest>(packet);
    case MessageType::EnrollRequest: return fuzz::is_canonical<EnrollRequest>(packet);
    case MessageType::TicketRequest: return fuzz::is_canonical<TicketRequest>(packet);
    case MessageType::ResetRequest: return fuzz::is_canonical<ResetRequest>(packet);
    case MessageType::RemoveRequest: return fuzz::is_canonical<RemoveRequest>(packet);
    case MessageType::VerifyRequest: return fuzz::is_canonical<VerifyRequest>(packet);
    case MessageType::SessionsRequest: return fuzz::is_canonical<SessionsRequest>(packet);
    case MessageType::RevokeRequest: return fuzz::is_canonical<RevokeRequest>(packet);
    case MessageType::GateRequest: return fuzz::is_canonical<GateRequest>(packet);
    case MessageType::LogRequest: return fuzz::is_canonical<LogRequest>(packet);
    case MessageType::ImportRequest: return fuzz::is_canonical<ImportRequest>(packet);
    case MessageType::ImportText: return fuzz::is_canonical<ImportText>(packet);
    case MessageType::Answer: return fuzz::is_canonical<Answer>(packet);
    case MessageType::Cancel: return fuzz::is_canonical<Cancel>(packet);
    default: return false;  // a type that the table allows and this target does not know
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto packet = split(SecretBytes(std::span(data, size)));
  if (!packet) return 0;
  const MessageType type = packet->header.type;
  for (const auto state :
       {DialogueState::AwaitingRequest, DialogueState::Working, DialogueState::AwaitingAnswer,
        DialogueState::AwaitingText, DialogueState::Finished}) {
    const Permission permission = permitted(Socket::Control, state, type);
    if (!permission.allowed) continue;
    fuzz::require(state != DialogueState::Finished, "a finished dialogue takes nothing");
    if (type == MessageType::TicketRequest || type == MessageType::ResetRequest ||
        type == MessageType::ImportRequest || type == MessageType::ImportText) {
      fuzz::require(permission.rights == Rights::Root, "tickets, resets and imports take root");
    }
    fuzz::require(!expected_reply(Socket::Control, type), "no reply passes for a request");
    fuzz::require(is_canonical_request(*packet), "an accepted packet encodes again to its bytes");
  }
  return 0;
}
