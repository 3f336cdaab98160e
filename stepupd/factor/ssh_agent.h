// SPDX-License-Identifier: ISC
// What is said to an SSH agent, and what it answers (PROTOCOL.agent of OpenSSH).  No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stepupd/factor/ssh_sk.h"

namespace stepup::factor {

// The longest message that OpenSSH's agent and client take.
inline constexpr std::size_t kMaxAgentMessage = 256 * 1024;

// SSH2_AGENTC_REQUEST_IDENTITIES, with its length in front.
[[nodiscard]] std::vector<std::uint8_t> agent_identities_request();

// SSH2_AGENTC_SIGN_REQUEST for `to_sign` with the key of this blob, with its length in front.
[[nodiscard]] std::vector<std::uint8_t> agent_sign_request(std::span<const std::uint8_t> blob,
                                                           std::span<const std::uint8_t> to_sign);

// Puts one answer together from the pieces in which it comes.  An agent speaks when it is asked, so
// whatever follows the answer makes it Malformed.  Keeps what came, never what a length promises,
// and at most kMaxAgentMessage and its length.
class AgentAnswerReader {
 public:
  enum class State : std::uint8_t { NeedsMore, Whole, Malformed };

  // Input is untrusted: whoever owns the socket.  `bytes` are the next that came.  Once Malformed,
  // it stays so.
  State feed(std::span<const std::uint8_t> bytes);

  // The answer without its length: once Whole, and until the next feed().
  [[nodiscard]] std::span<const std::uint8_t> answer() const noexcept;

 private:
  State state_ = State::NeedsMore;
  std::vector<std::uint8_t> bytes_;
};

enum class AgentAnswer : std::uint8_t {
  Given,
  Refused,    // SSH_AGENT_FAILURE: locked, no such key, not touched, not allowed for this host
  Malformed,  // not an answer to what was asked
};

struct AgentIdentities {
  AgentAnswer answer = AgentAnswer::Malformed;
  std::vector<std::size_t> held;  // which of the enrolled keys, each once, in their order
};

// Input is untrusted, as in feed().  What answers agent_identities_request().
[[nodiscard]] AgentIdentities read_agent_identities(std::span<const std::uint8_t> answer,
                                                    std::span<const SshSkKey> enrolled);

struct AgentSignature {
  AgentAnswer answer = AgentAnswer::Malformed;
  std::span<const std::uint8_t> signature;  // for judge_ssh_signature(); lies in the answer
};

// Input is untrusted, as in feed().  What answers agent_sign_request().
[[nodiscard]] AgentSignature read_agent_signature(std::span<const std::uint8_t> answer) noexcept;

}  // namespace stepup::factor
