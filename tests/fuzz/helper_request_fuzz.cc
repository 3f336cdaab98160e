// SPDX-License-Identifier: ISC
// Packets on helper.sock, as stepup-fido2-helper receives them.
// Property: a packet that the state table lets through is refused by the decoder or encodes again
// to the same bytes; a PIN is taken only while one is asked for; a finished dialogue takes nothing.
#include "tests/fuzz/check.h"

#include "stepupd/wire/helper_messages.h"
#include "stepupd/wire/request_table.h"

using namespace stepup;
using namespace stepup::wire;

namespace {

bool is_canonical_message(const Packet& packet) {
  switch (packet.header.type) {
    case MessageType::AssertRequest: return fuzz::is_canonical<AssertRequest>(packet);
    case MessageType::MakeCredentialRequest:
      return fuzz::is_canonical<MakeCredentialRequest>(packet);
    case MessageType::Pin: return fuzz::is_canonical<Pin>(packet);
    case MessageType::Cancel: return fuzz::is_canonical<Cancel>(packet);
    default: return false;  // a type that the table allows and this target does not know
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto packet = split(SecretBytes(std::span(data, size)));
  if (!packet) return 0;
  const MessageType type = packet->header.type;
  for (const auto state : {DialogueState::AwaitingRequest, DialogueState::Working,
                           DialogueState::AwaitingAnswer, DialogueState::Finished}) {
    if (!permitted(Socket::Helper, state, type).allowed) continue;
    fuzz::require(state != DialogueState::Finished, "a finished dialogue takes nothing");
    fuzz::require(type != MessageType::Pin || state == DialogueState::AwaitingAnswer,
                  "a PIN is taken only while one is asked for");
    fuzz::require(!expected_reply(Socket::Helper, type), "no reply passes for a request");
    fuzz::require(is_canonical_message(*packet), "an accepted packet encodes again to its bytes");
  }
  return 0;
}
