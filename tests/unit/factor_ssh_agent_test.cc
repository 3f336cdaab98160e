// SPDX-License-Identifier: ISC
#include <algorithm>
#include <cstdint>
#include <vector>

#include "stepupd/factor/ssh_agent.h"
#include "tests/unit/ssh_signer.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::factor;

namespace {

using State = AgentAnswerReader::State;

Bytes front_of(const Bytes& bytes, std::size_t size) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

State fed(const Bytes& bytes) { return AgentAnswerReader().feed(bytes); }

// What an agent that holds `blobs` answers.
Bytes identities_of(const std::vector<Bytes>& blobs) {
  Bytes answer = joined({Bytes{12}, ssh_number(static_cast<std::uint32_t>(blobs.size()))});
  for (const Bytes& blob : blobs)
    answer = joined({answer, ssh_string(blob), ssh_string("me@desk")});
  return answer;
}

AgentAnswer identities_answer(const Bytes& answer) {
  return read_agent_identities(answer, {}).answer;
}

}  // namespace

TEST_GROUP(SshAgentRequest){};

TEST(SshAgentRequest, IsWhatTheProtocolSays) {
  CHECK_TRUE(agent_identities_request() == (Bytes{0, 0, 0, 1, 11}));
  CHECK_TRUE(agent_sign_request(Bytes{0xb1, 0xb2}, Bytes{0xda}) ==
             (Bytes{0, 0, 0, 16, 13, 0, 0, 0, 2, 0xb1, 0xb2, 0, 0, 0, 1, 0xda, 0, 0, 0, 0}));
}

TEST_GROUP(SshAgentAnswer){};

TEST(SshAgentAnswer, IsPutTogetherFromAnyPieces) {
  const Bytes whole = {0, 0, 0, 3, 12, 1, 2};
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    AgentAnswerReader reader;
    CHECK(reader.feed(front_of(whole, cut)) ==
          (cut == whole.size() ? State::Whole : State::NeedsMore));
    CHECK(reader.feed(std::span(whole).subspan(cut)) == State::Whole);
    CHECK_TRUE(Bytes(reader.answer().begin(), reader.answer().end()) == (Bytes{12, 1, 2}));
  }
}

TEST(SshAgentAnswer, AnythingAfterItIsMalformedForGood) {
  CHECK(fed({0, 0, 0, 1, 5, 5}) == State::Malformed);
  AgentAnswerReader reader;
  CHECK(reader.feed(Bytes{0, 0, 0, 1, 5}) == State::Whole);
  CHECK(reader.feed({}) == State::Whole);
  CHECK(reader.feed(Bytes{0}) == State::Malformed);
  CHECK(reader.feed({}) == State::Malformed);
}

TEST(SshAgentAnswer, LengthIsRefusedAsSoonAsItIsKnown) {
  CHECK(fed({0, 0, 0, 0}) == State::Malformed);
  CHECK(fed({0xff, 0xff, 0xff, 0xff}) == State::Malformed);
  CHECK(fed(ssh_number(kMaxAgentMessage + 1)) == State::Malformed);
  CHECK(fed(ssh_number(kMaxAgentMessage)) == State::NeedsMore);
  CHECK(fed(ssh_number(1)) == State::NeedsMore);
}

TEST(SshAgentAnswer, TheLongestIsTakenAndNotAByteMore) {
  const Bytes longest = ssh_string(Bytes(kMaxAgentMessage, 12));
  AgentAnswerReader reader;
  CHECK(reader.feed(front_of(longest, longest.size() - 1)) == State::NeedsMore);
  CHECK(reader.feed(Bytes{12}) == State::Whole);
  LONGS_EQUAL(kMaxAgentMessage, reader.answer().size());
  CHECK(reader.feed(Bytes{12}) == State::Malformed);
  CHECK(reader.feed({}) == State::Malformed);
  LONGS_EQUAL(kMaxAgentMessage, reader.answer().size());
  AgentAnswerReader at_once;
  CHECK(at_once.feed(joined({longest, Bytes(kMaxAgentMessage)})) == State::Malformed);
  LONGS_EQUAL(kMaxAgentMessage, at_once.answer().size());
}

TEST(SshAgentAnswer, TellsWhichOfTheEnrolledKeysAreHeld) {
  const std::vector<SshSkKey> enrolled = {
      SshCeremony().key(), SshCeremony(CoseAlgorithm::EdDsa).key(), SshCeremony().key()};
  const Bytes other = SshCeremony().key().blob;
  const auto held = [&](const std::vector<Bytes>& blobs) {
    const auto identities = read_agent_identities(identities_of(blobs), enrolled);
    CHECK(identities.answer == AgentAnswer::Given);
    return identities.held;
  };
  using Held = std::vector<std::size_t>;
  CHECK_TRUE(held({}).empty());
  CHECK_TRUE(held({other}).empty());
  CHECK_TRUE(held({enrolled[2].blob, other, enrolled[0].blob}) == (Held{0, 2}));
  CHECK_TRUE(held({enrolled[1].blob, enrolled[1].blob}) == Held{1});
  // The key of an application that has its name in the enrolled one's.
  CHECK_TRUE(held({front_of(enrolled[1].blob, enrolled[1].blob.size() - 1)}).empty());
  CHECK_TRUE(held({joined({enrolled[1].blob, Bytes{0}})}).empty());
}

TEST(SshAgentAnswer, FailureIsARefusal) {
  for (const std::uint8_t type : Bytes{5, 30, 102}) {
    CHECK(identities_answer({type}) == AgentAnswer::Refused);
    CHECK(read_agent_signature(Bytes{type}).answer == AgentAnswer::Refused);
  }
}

TEST(SshAgentAnswer, ToSomethingElseIsMalformed) {
  const Bytes identities = identities_of({Bytes{1}});
  const Bytes signature = joined({Bytes{14}, ssh_string("signature")});
  for (const std::uint8_t type : Bytes{0, 6, 11, 13, 29, 255}) {
    const Bytes alone = {type};
    Bytes list = identities;
    Bytes signed_one = signature;
    list[0] = signed_one[0] = type;
    CHECK(identities_answer(alone) == AgentAnswer::Malformed);
    CHECK(identities_answer(list) == AgentAnswer::Malformed);
    CHECK(read_agent_signature(alone).answer == AgentAnswer::Malformed);
    CHECK(read_agent_signature(signed_one).answer == AgentAnswer::Malformed);
  }
  CHECK(identities_answer({}) == AgentAnswer::Malformed);
  CHECK(identities_answer(signature) == AgentAnswer::Malformed);
  CHECK(read_agent_signature({}).answer == AgentAnswer::Malformed);
  CHECK(read_agent_signature(identities).answer == AgentAnswer::Malformed);
}

TEST(SshAgentAnswer, IdentitiesAreAsManyAsTheySay) {
  const Bytes two = identities_of({
      Bytes{1, 2},
      Bytes{3}
  });
  CHECK(identities_answer(two) == AgentAnswer::Given);
  CHECK(identities_answer(joined({two, Bytes{0}})) == AgentAnswer::Malformed);
  for (std::size_t size = 1; size < two.size(); ++size) {
    CHECK(identities_answer(front_of(two, size)) == AgentAnswer::Malformed);
  }
  for (const std::uint32_t count : {0U, 1U, 3U, 0xffff'ffffU}) {
    Bytes other = two;
    std::ranges::copy(ssh_number(count), other.begin() + 1);
    CHECK(identities_answer(other) == AgentAnswer::Malformed);
  }
}

TEST(SshAgentAnswer, SignatureIsAlone) {
  const Bytes signature = joined({Bytes{14}, ssh_string("signature")});
  const auto read = read_agent_signature(signature);
  CHECK(read.answer == AgentAnswer::Given);
  CHECK_TRUE(Bytes(read.signature.begin(), read.signature.end()) ==
             joined({bytes_of("signature")}));
  const auto refused = read_agent_signature(joined({signature, Bytes{0}}));
  CHECK(refused.answer == AgentAnswer::Malformed);
  CHECK_TRUE(refused.signature.empty());
  for (std::size_t size = 1; size < signature.size(); ++size) {
    CHECK(read_agent_signature(front_of(signature, size)).answer == AgentAnswer::Malformed);
  }
}
