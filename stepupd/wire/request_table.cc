// SPDX-License-Identifier: ISC
#include "stepupd/wire/request_table.h"

namespace stepup::wire {
namespace {

struct Row {
  Socket socket;
  DialogueState state;
  MessageType type;
  Rights rights;
};

constexpr Row kRows[] = {
    {Socket::Stepupd, DialogueState::AwaitingRequest, MessageType::CheckRequest,          Rights::Root  },
    {Socket::Stepupd, DialogueState::Working,         MessageType::Cancel,                Rights::Root  },
    {Socket::Stepupd, DialogueState::AwaitingAnswer,  MessageType::Answer,                Rights::Root  },
    {Socket::Stepupd, DialogueState::AwaitingAnswer,  MessageType::Cancel,                Rights::Root  },
    {Socket::Stepupd, DialogueState::AwaitingAgent,   MessageType::AgentAnswer,           Rights::Root  },
    {Socket::Stepupd, DialogueState::AwaitingAgent,   MessageType::Cancel,                Rights::Root  },

    {Socket::Control, DialogueState::AwaitingRequest, MessageType::StatusRequest,         Rights::Anyone},
    {Socket::Control, DialogueState::AwaitingRequest, MessageType::ListRequest,           Rights::Anyone},
    {Socket::Control, DialogueState::AwaitingRequest, MessageType::EnrollRequest,         Rights::Anyone},
    {Socket::Control, DialogueState::AwaitingRequest, MessageType::RemoveRequest,         Rights::Anyone},
    {Socket::Control, DialogueState::AwaitingRequest, MessageType::VerifyRequest,         Rights::Anyone},
    {Socket::Control, DialogueState::AwaitingRequest, MessageType::SessionsRequest,       Rights::Anyone},
    {Socket::Control, DialogueState::AwaitingRequest, MessageType::RevokeRequest,         Rights::Anyone},
    {Socket::Control, DialogueState::AwaitingRequest, MessageType::GateRequest,           Rights::Anyone},
    {Socket::Control, DialogueState::AwaitingRequest, MessageType::LogRequest,            Rights::Anyone},
    {Socket::Control, DialogueState::AwaitingRequest, MessageType::TicketRequest,         Rights::Root  },
    {Socket::Control, DialogueState::AwaitingRequest, MessageType::ResetRequest,          Rights::Root  },
    {Socket::Control, DialogueState::AwaitingRequest, MessageType::ImportRequest,         Rights::Root  },
    {Socket::Control, DialogueState::Working,         MessageType::Cancel,                Rights::Anyone},
    {Socket::Control, DialogueState::AwaitingAnswer,  MessageType::Answer,                Rights::Anyone},
    {Socket::Control, DialogueState::AwaitingAnswer,  MessageType::Cancel,                Rights::Anyone},
    {Socket::Control, DialogueState::AwaitingAgent,   MessageType::AgentAnswer,           Rights::Anyone},
    {Socket::Control, DialogueState::AwaitingAgent,   MessageType::Cancel,                Rights::Anyone},
    {Socket::Control, DialogueState::AwaitingText,    MessageType::ImportText,            Rights::Root  },
    {Socket::Control, DialogueState::AwaitingText,    MessageType::Cancel,                Rights::Root  },

    // The mode of the socket's file decides who may come.
    {Socket::Helper,  DialogueState::AwaitingRequest, MessageType::AssertRequest,         Rights::Anyone},
    {Socket::Helper,  DialogueState::AwaitingRequest, MessageType::MakeCredentialRequest,
     Rights::Anyone                                                                                     },
    {Socket::Helper,  DialogueState::Working,         MessageType::Cancel,                Rights::Anyone},
    {Socket::Helper,  DialogueState::AwaitingAnswer,  MessageType::Pin,                   Rights::Anyone},
    {Socket::Helper,  DialogueState::AwaitingAnswer,  MessageType::Cancel,                Rights::Anyone},
};

}  // namespace

Permission permitted(Socket socket, DialogueState state, MessageType type) noexcept {
  for (const Row& row : kRows) {
    if (row.socket == socket && row.state == state && row.type == type) return {true, row.rights};
  }
  return {};
}

bool expected_reply(Socket socket, MessageType type) noexcept {
  switch (type) {
    case MessageType::Heartbeat:
    case MessageType::VersionMismatch: return true;
    case MessageType::Prompt:
    case MessageType::Notice:
    case MessageType::AgentRequest:
    case MessageType::Verdict: return socket != Socket::Helper;
    case MessageType::StatusReport:
    case MessageType::CredentialList:
    case MessageType::NewAuthenticator:
    case MessageType::NewRecoveryCodes:
    case MessageType::NewTicket:
    case MessageType::SessionList:
    case MessageType::NewYubiKey:
    case MessageType::ImportTextWanted:
    case MessageType::ImportReport:
    case MessageType::ActivityReport: return socket == Socket::Control;
    case MessageType::CeremonyProgress:
    case MessageType::PinWanted:
    case MessageType::Assertion:
    case MessageType::NewCredential:
    case MessageType::CeremonyFailed: return socket == Socket::Helper;
    default: return false;
  }
}

}  // namespace stepup::wire
