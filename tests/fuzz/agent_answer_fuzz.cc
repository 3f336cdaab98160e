// SPDX-License-Identifier: ISC
// What an ssh agent answers, as whoever owns its socket could make it: a byte that chooses the key
// and whether user verification is demanded, a byte that says in pieces of what size the rest
// comes. Property: in pieces it is the same as at once, no more is kept than the longest answer, a
// key is held only when its blob stands in the answer, and a signature is good only when it is one
// of the three that were made for this message, with keys that were thrown away.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "stepupd/factor/base64.h"
#include "stepupd/factor/ssh_agent.h"
#include "tests/fuzz/check.h"

using namespace stepup;
using namespace stepup::factor;

namespace {

using State = AgentAnswerReader::State;

constexpr std::array<std::string_view, 2> kBlobs = {
    "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIHymUHOfyWRP4RD2LIeMl3PWabGNNzYEGpfoRMPZYZ"
    "DxAAAABHNzaDo=",
    "AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBHdrLz5LTbEQqd"
    "Gnf+khgLDXldbFrvkFzRELQpCj7Cveuj5Mc5gdpcVBYnivrDkmRrvBPcBBgAtCTP3TxKCvgXAAAAAEc3NoOg=="};
// SHA-256 of the signatures of these keys over the message {1, 2, 3}: of ed25519, of ecdsa, and of
// ecdsa through a browser.
constexpr std::array<std::string_view, 3> kGood = {
    "9d6633dbd2af4fa58b67820a496d30444953e62c4406f035cfbc95d91809bcbb",
    "ceb59ebd729ebac4dbbc4a8e6206ff0288e0e23d35bd79166c5dd54e746692d1",
    "98c6b2dca7bbb09a15f5566f13a9a4b90baca26859bd3da12f627f2d4bc9ba24"};

void check_identities(std::span<const std::uint8_t> answer, std::span<const SshSkKey> enrolled) {
  const AgentIdentities identities = read_agent_identities(answer, enrolled);
  fuzz::require(identities.answer == AgentAnswer::Given || identities.held.empty(),
                "who does not answer holds nothing");
  std::size_t next = 0;
  for (const std::size_t held : identities.held) {
    fuzz::require(held >= next && held < enrolled.size(), "each key is told once");
    fuzz::require(!std::ranges::search(answer, enrolled[held].blob).empty(),
                  "a key that is held stands in the answer");
    next = held + 1;
  }
}

void check_signature(std::span<const std::uint8_t> answer, const SshSkKey& key, bool uv) {
  const AgentSignature read = read_agent_signature(answer);
  fuzz::require(read.answer == AgentAnswer::Given || read.signature.empty(),
                "who does not answer has not signed");
  const auto verdict = judge_ssh_signature(key, 7,
                                           {
                                               .message_hash = {1, 2, 3},
                                                 .uv = uv
  },
                                           read.signature);
  fuzz::require(verdict.has_value(), "a signature is judged");
  if (verdict->outcome == CeremonyOutcome::Good) {
    fuzz::require(!uv, "nobody was verified");
    const auto text = fuzz::text_of(read.signature.data(), read.signature.size());
    fuzz::require(std::ranges::find(kGood, sha256_hex(text).value_or("")) != kGood.end(),
                  "a good signature was made for this message");
  }
}

// Feeds `bytes` in pieces of `size`; zero: all at once.
State feed(AgentAnswerReader& reader, std::span<const std::uint8_t> bytes, std::size_t size) {
  State state = State::NeedsMore;
  do {
    const auto piece = bytes.first(size == 0 ? bytes.size() : std::min(size, bytes.size()));
    state = reader.feed(piece);
    bytes = bytes.subspan(piece.size());
  } while (!bytes.empty());
  return state;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<SshSkKey> kEnrolled = {*read_ssh_sk_blob(*read_base64(kBlobs[0])),
                                                  *read_ssh_sk_blob(*read_base64(kBlobs[1]))};
  if (size < 2) return 0;
  const auto stream = std::span(data, size).subspan(2);
  AgentAnswerReader reader;
  const State state = feed(reader, stream, 0);
  AgentAnswerReader in_pieces;
  fuzz::require(feed(in_pieces, stream, data[1]) == state, "pieces make no difference");
  if (state != State::Whole) return 0;
  fuzz::require(std::ranges::equal(reader.answer(), in_pieces.answer()),
                "pieces make the same answer");
  fuzz::require(reader.answer().size() <= kMaxAgentMessage, "an answer has its bound");
  check_identities(reader.answer(), kEnrolled);
  check_signature(reader.answer(), kEnrolled[data[0] & 1U], (data[0] & 2U) != 0);
  return 0;
}
