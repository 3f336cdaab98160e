// SPDX-License-Identifier: ISC
#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include "stepupd/wire/request_table.h"

#include <CppUTest/TestHarness.h>

using namespace stepup::wire;

namespace {

constexpr Socket kSockets[] = {Socket::Stepupd, Socket::Control, Socket::Helper};
constexpr DialogueState kStates[] = {DialogueState::AwaitingRequest, DialogueState::Working,
                                     DialogueState::AwaitingAnswer,  DialogueState::AwaitingText,
                                     DialogueState::AwaitingAgent,   DialogueState::Finished};

template <typename F>
void for_each_type(F f) {
  for (std::uint32_t raw = 0; raw <= 0xffff; ++raw) f(static_cast<MessageType>(raw));
}

}  // namespace

TEST_GROUP(WireRequestTable){};

TEST(WireRequestTable, PermitsExactlyWhatTheProtocolLists) {
  using Row = std::tuple<Socket, DialogueState, MessageType, Rights>;
  using enum DialogueState;
  std::vector<Row> want = {
      {Socket::Stepupd, AwaitingRequest, MessageType::CheckRequest,          Rights::Root  },
      {Socket::Stepupd, Working,         MessageType::Cancel,                Rights::Root  },
      {Socket::Stepupd, AwaitingAnswer,  MessageType::Answer,                Rights::Root  },
      {Socket::Stepupd, AwaitingAnswer,  MessageType::Cancel,                Rights::Root  },
      {Socket::Stepupd, AwaitingAgent,   MessageType::AgentAnswer,           Rights::Root  },
      {Socket::Stepupd, AwaitingAgent,   MessageType::Cancel,                Rights::Root  },
      {Socket::Control, AwaitingRequest, MessageType::StatusRequest,         Rights::Anyone},
      {Socket::Control, AwaitingRequest, MessageType::ListRequest,           Rights::Anyone},
      {Socket::Control, AwaitingRequest, MessageType::EnrollRequest,         Rights::Anyone},
      {Socket::Control, AwaitingRequest, MessageType::TicketRequest,         Rights::Root  },
      {Socket::Control, AwaitingRequest, MessageType::ResetRequest,          Rights::Root  },
      {Socket::Control, AwaitingRequest, MessageType::RemoveRequest,         Rights::Anyone},
      {Socket::Control, AwaitingRequest, MessageType::VerifyRequest,         Rights::Anyone},
      {Socket::Control, AwaitingRequest, MessageType::SessionsRequest,       Rights::Anyone},
      {Socket::Control, AwaitingRequest, MessageType::RevokeRequest,         Rights::Anyone},
      {Socket::Control, AwaitingRequest, MessageType::GateRequest,           Rights::Anyone},
      {Socket::Control, AwaitingRequest, MessageType::LogRequest,            Rights::Anyone},
      {Socket::Control, AwaitingRequest, MessageType::ImportRequest,         Rights::Root  },
      {Socket::Control, Working,         MessageType::Cancel,                Rights::Anyone},
      {Socket::Control, AwaitingAnswer,  MessageType::Answer,                Rights::Anyone},
      {Socket::Control, AwaitingAnswer,  MessageType::Cancel,                Rights::Anyone},
      {Socket::Control, AwaitingAgent,   MessageType::AgentAnswer,           Rights::Anyone},
      {Socket::Control, AwaitingAgent,   MessageType::Cancel,                Rights::Anyone},
      {Socket::Control, AwaitingText,    MessageType::ImportText,            Rights::Root  },
      {Socket::Control, AwaitingText,    MessageType::Cancel,                Rights::Root  },
      {Socket::Helper,  AwaitingRequest, MessageType::AssertRequest,         Rights::Anyone},
      {Socket::Helper,  AwaitingRequest, MessageType::MakeCredentialRequest, Rights::Anyone},
      {Socket::Helper,  Working,         MessageType::Cancel,                Rights::Anyone},
      {Socket::Helper,  AwaitingAnswer,  MessageType::Pin,                   Rights::Anyone},
      {Socket::Helper,  AwaitingAnswer,  MessageType::Cancel,                Rights::Anyone},
  };
  std::vector<Row> found;
  for (const Socket socket : kSockets) {
    for (const DialogueState state : kStates) {
      for_each_type([&](MessageType type) {
        const Permission permission = permitted(socket, state, type);
        if (permission.allowed) found.emplace_back(socket, state, type, permission.rights);
        // What is not allowed must not read as anyone's right either.
        CHECK_TRUE(permission.allowed || permission.rights == Rights::Root);
      });
    }
  }
  std::ranges::sort(want);
  std::ranges::sort(found);
  CHECK_TRUE(found == want);
}

TEST(WireRequestTable, ExpectsExactlyTheRepliesOfEachSocket) {
  const std::vector<MessageType> both = {MessageType::Heartbeat, MessageType::Prompt,
                                         MessageType::Notice, MessageType::Verdict,
                                         MessageType::VersionMismatch};
  const std::vector<MessageType> control = {
      MessageType::StatusReport,     MessageType::CredentialList,   MessageType::NewAuthenticator,
      MessageType::NewRecoveryCodes, MessageType::NewTicket,        MessageType::SessionList,
      MessageType::NewYubiKey,       MessageType::ImportTextWanted, MessageType::ImportReport,
      MessageType::ActivityReport};
  const std::vector<MessageType> helper = {
      MessageType::Heartbeat,     MessageType::VersionMismatch, MessageType::CeremonyProgress,
      MessageType::PinWanted,     MessageType::Assertion,       MessageType::NewCredential,
      MessageType::CeremonyFailed};
  const auto has = [](const std::vector<MessageType>& set, MessageType type) {
    return std::ranges::find(set, type) != set.end();
  };
  for_each_type([&](MessageType type) {
    const bool agent = type == MessageType::AgentRequest;
    CHECK_EQUAL(has(both, type) || agent, expected_reply(Socket::Stepupd, type));
    CHECK_EQUAL(has(both, type) || has(control, type) || agent,
                expected_reply(Socket::Control, type));
    CHECK_EQUAL(has(helper, type), expected_reply(Socket::Helper, type));
  });
}

TEST(WireRequestTable, NumbersRequestsEvenAndRepliesOdd) {
  for_each_type([](MessageType type) {
    const bool odd = static_cast<std::uint16_t>(type) % 2 == 1;
    for (const Socket socket : kSockets) {
      if (expected_reply(socket, type)) CHECK_TRUE(odd);
      for (const DialogueState state : kStates) {
        if (permitted(socket, state, type).allowed) CHECK_FALSE(odd);
      }
    }
  });
}
