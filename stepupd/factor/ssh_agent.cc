// SPDX-License-Identifier: ISC
#include "stepupd/factor/ssh_agent.h"

#include <algorithm>

#include "stepupd/factor/ssh_wire.h"

namespace stepup::factor {
namespace {

// Message numbers of PROTOCOL.agent; the last two failures are those of older agents.
constexpr std::uint8_t kFailure = 5;
constexpr std::uint8_t kRequestIdentities = 11;
constexpr std::uint8_t kIdentitiesAnswer = 12;
constexpr std::uint8_t kSignRequest = 13;
constexpr std::uint8_t kSignResponse = 14;
constexpr std::uint8_t kOldFailure = 30;
constexpr std::uint8_t kComFailure = 102;

constexpr std::size_t kLengthSize = 4;

std::vector<std::uint8_t> framed(const SshWriter& message) {
  return SshWriter().string(message.bytes()).bytes();
}

bool is_failure(std::uint8_t type) {
  return type == kFailure || type == kOldFailure || type == kComFailure;
}

}  // namespace

std::vector<std::uint8_t> agent_identities_request() {
  return framed(SshWriter().byte(kRequestIdentities));
}

std::vector<std::uint8_t> agent_sign_request(std::span<const std::uint8_t> blob,
                                             std::span<const std::uint8_t> to_sign) {
  constexpr std::uint32_t kNoFlags = 0;
  return framed(SshWriter().byte(kSignRequest).string(blob).string(to_sign).number(kNoFlags));
}

AgentAnswerReader::State AgentAnswerReader::feed(std::span<const std::uint8_t> bytes) {
  if (state_ == State::Malformed) return state_;
  const std::size_t room = kLengthSize + kMaxAgentMessage - bytes_.size();
  const auto kept = bytes.first(std::min(bytes.size(), room));
  bytes_.insert(bytes_.end(), kept.begin(), kept.end());
  if (bytes_.size() < kLengthSize) return state_;
  const std::size_t length = SshReader(bytes_).number();
  const std::size_t come = bytes_.size() - kLengthSize;
  const bool broken =
      length == 0 || length > kMaxAgentMessage || come > length || kept.size() < bytes.size();
  state_ = broken ? State::Malformed : come == length ? State::Whole : State::NeedsMore;
  return state_;
}

std::span<const std::uint8_t> AgentAnswerReader::answer() const noexcept {
  return std::span(bytes_).subspan(kLengthSize);
}

AgentIdentities read_agent_identities(std::span<const std::uint8_t> answer,
                                      std::span<const SshSkKey> enrolled) {
  SshReader fields(answer);
  const std::uint8_t type = fields.byte();
  if (is_failure(type)) return {AgentAnswer::Refused, {}};
  if (type != kIdentitiesAnswer) return {};
  std::vector<bool> held(enrolled.size());
  // Each key takes eight bytes at the least: a count that promises more ends with the answer.
  for (std::uint32_t left = fields.number(); left > 0 && !fields.failed(); --left) {
    const auto blob = fields.string();
    (void)fields.string();  // the comment, which is the agent's owner's
    for (std::size_t i = 0; i < enrolled.size(); ++i) {
      if (std::ranges::equal(blob, enrolled[i].blob)) held[i] = true;
    }
  }
  if (!fields.whole()) return {};
  AgentIdentities identities{AgentAnswer::Given, {}};
  for (std::size_t i = 0; i < held.size(); ++i) {
    if (held[i]) identities.held.push_back(i);
  }
  return identities;
}

AgentSignature read_agent_signature(std::span<const std::uint8_t> answer) noexcept {
  SshReader fields(answer);
  const std::uint8_t type = fields.byte();
  if (is_failure(type)) return {AgentAnswer::Refused, {}};
  if (type != kSignResponse) return {};
  const auto signature = fields.string();
  if (!fields.whole()) return {};
  return {AgentAnswer::Given, signature};
}

}  // namespace stepup::factor
