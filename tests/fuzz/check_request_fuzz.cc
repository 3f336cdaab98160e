// SPDX-License-Identifier: ISC
// Packets on stepupd.sock, from any local process that reached it.
// Property: in every state, a packet that the state table lets through is refused by the decoder or
// encodes again to the same bytes; and the table lets through nothing that the daemon itself sends.
#include "tests/fuzz/check.h"

#include "stepupd/wire/request_table.h"

using namespace stepup;
using namespace stepup::wire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto packet = split(SecretBytes(std::span(data, size)));
  if (!packet) return 0;
  const MessageType type = packet->header.type;
  for (const auto state :
       {DialogueState::AwaitingRequest, DialogueState::Working, DialogueState::AwaitingAnswer,
        DialogueState::AwaitingAgent, DialogueState::Finished}) {
    const Permission permission = permitted(Socket::Stepupd, state, type);
    if (!permission.allowed) continue;
    fuzz::require(permission.rights == Rights::Root, "everything on stepupd.sock takes root");
    fuzz::require(!expected_reply(Socket::Stepupd, type), "no reply passes for a request");
    const bool canonical =
        type == MessageType::CheckRequest  ? fuzz::is_canonical<CheckRequest>(*packet)
        : type == MessageType::Answer      ? fuzz::is_canonical<Answer>(*packet)
        : type == MessageType::Cancel      ? fuzz::is_canonical<Cancel>(*packet)
        : type == MessageType::AgentAnswer ? fuzz::is_canonical<AgentAnswer>(*packet)
                                           : false;
    fuzz::require(canonical, "an accepted packet encodes again to the same bytes");
  }
  return 0;
}
