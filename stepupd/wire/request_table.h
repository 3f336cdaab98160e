// SPDX-License-Identifier: ISC
// Which message is allowed on which socket, when, and from whom (PROTOCOL.md, "States").  Anything
// else closes the connection.
#pragma once

#include <cstdint>

#include "stepupd/wire/messages.h"

namespace stepup::wire {

enum class Socket : std::uint8_t { Stepupd, Control, Helper };

// Where one connection is in its dialogue.
enum class DialogueState : std::uint8_t {
  AwaitingRequest,  // nothing received yet
  Working,          // the daemon decides; the peer may only cancel
  AwaitingAnswer,   // a prompt is out
  AwaitingText,     // a piece of a file was asked for
  AwaitingAgent,    // a connection to an ssh agent was asked for
  Finished,         // the verdict was sent
};

enum class Rights : std::uint8_t { Anyone, Root };

struct Permission {
  bool allowed = false;
  Rights rights = Rights::Root;
};

// Whether a peer may send `type` now.  `rights` is what the peer must have besides.
[[nodiscard]] Permission permitted(Socket socket, DialogueState state, MessageType type) noexcept;

// Whether a daemon may send `type` on `socket`: the client's side of the same table.
[[nodiscard]] bool expected_reply(Socket socket, MessageType type) noexcept;

}  // namespace stepup::wire
