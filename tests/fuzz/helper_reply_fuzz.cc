// SPDX-License-Identifier: ISC
// What stepupd is sent by the helper, which a USB device may have taken over.
// Property: every message that may come is refused or encodes again to the same bytes; what it
// carries keeps the bounds of PROTOCOL.md.
#include "stepupd/wire/helper_messages.h"
#include "stepupd/wire/request_table.h"
#include "tests/fuzz/check.h"

using namespace stepup;
using namespace stepup::wire;

namespace {

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
  const bool known = is_one_of<Heartbeat, CeremonyProgress, PinWanted, Assertion, NewCredential,
                               CeremonyFailed, VersionMismatch>(*packet);
  fuzz::require(known == expected_reply(Socket::Helper, packet->header.type),
                "this target knows every reply that is expected, and no other");
  if (const auto assertion = decode<Assertion>(*packet)) {
    fuzz::require(assertion->credential_id.size() <= kMaxCredentialId &&
                      assertion->auth_data.size() <= kMaxAuthData &&
                      assertion->signature.size() <= kMaxSignature,
                  "an assertion is bounded");
  }
  if (const auto made = decode<NewCredential>(*packet)) {
    fuzz::require(
        made->auth_data.size() <= kMaxAuthData && made->attestation.size() <= kMaxAttestation,
        "a new credential is bounded");
  }
  return 0;
}
