// SPDX-License-Identifier: ISC
#include "stepupd/ctl/dialogue.h"

#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "stepupd/ctl/agent.h"
#include "stepupd/ctl/json_report.h"
#include "stepupd/ctl/output.h"
#include "stepupd/ctl/qr_code.h"
#include "stepupd/ctl/report.h"
#include "stepupd/ctl/signals.h"
#include "stepupd/wire/credential_messages.h"
#include "stepupd/wire/grant_messages.h"
#include "stepupd/wire/import_messages.h"
#include "stepupd/wire/status_messages.h"
#include "stepupd/wire/words.h"

namespace stepup::ctl {
namespace {

void complain(wire::MessageId id, std::vector<std::string> args) {
  ctl::complain(wire::sentence({id, std::move(args)}));
}

constexpr ExitCode exit_code_of(wire::VerdictCode code) noexcept {
  switch (code) {
    case wire::VerdictCode::Granted:
    case wire::VerdictCode::NotRequired: return ExitCode::Done;
    case wire::VerdictCode::Denied: return ExitCode::Refused;
    case wire::VerdictCode::LockedOut: return ExitCode::LockedOut;
    case wire::VerdictCode::Unavailable: return ExitCode::Unavailable;
  }
  return ExitCode::Unavailable;
}

// Input is untrusted.  Secrets go to the terminal as they are, since an escaped code could not be
// typed; so what is not plain text is refused instead.
bool is_plain(std::string_view text, std::string_view also = {}) noexcept {
  return !text.empty() && std::ranges::all_of(text, [also](char c) {
    return (c > 0x20 && c < 0x7f) || also.find(c) != std::string_view::npos;
  });
}

// Input is untrusted: it becomes part of a command that a person is to run.
bool is_alphanumeric(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
  });
}

class Relay {
 public:
  Relay(wire::Client& client, const Terminal& terminal, const std::string& socket, bool as_json,
        Upload* upload, const Pages& pages, AgentUse agent)
      : client_(client),
        terminal_(terminal),
        socket_(socket),
        as_json_(as_json),
        upload_(upload),
        pages_(pages),
        agent_(agent) {}

  ExitCode run() {
    while (!exit_) {
      auto packet = client_.next([this] { return something_came(); });
      if (must_end()) {
        interrupt();
      } else if (const auto reply = std::exchange(reply_, std::nullopt)) {
        answer(*reply);
      } else if (!packet) {
        lost(packet.error().code);
      } else {
        receive(*packet);
      }
    }
    return *exit_;
  }

 private:
  // Looked at between the daemon's packets, so that its verdict (the time is up) and its death end
  // an open question.
  bool something_came() {
    if (must_end()) return true;
    if (question_) reply_ = question_->poll();
    return reply_.has_value();
  }

  // Without a terminal no signal tells that the caller of the gate has gone; a touch that comes
  // later is meant for something else.
  [[nodiscard]] bool must_end() const {
    return ending_signal_came() || (agent_asked_ && nobody_reads_output());
  }

  void interrupt() {
    question_.reset();
    (void)client_.send(wire::Cancel{wire::CancelReason::Interrupted});  // it may be gone as well
    exit_ = ExitCode::Interrupted;
  }

  void answer(const Reply& reply) {
    question_.reset();
    // A daemon that is gone is noticed by the next read, which may still hold its verdict.
    switch (reply.kind) {
      case Reply::Kind::Line: (void)client_.send(wire::Answer{reply.text.copy()}); break;
      case Reply::Kind::Empty:
        if (enter_answers_) {
          (void)client_.send(wire::Answer{});
        } else {
          cancel(wire::CancelReason::EmptyAnswer);
        }
        break;
      case Reply::Kind::EndOfInput: cancel(wire::CancelReason::EmptyAnswer); break;
      case Reply::Kind::TooLong: cancel(wire::CancelReason::Unusable); break;
    }
  }

  void cancel(wire::CancelReason reason) { (void)client_.send(wire::Cancel{reason}); }

  void lost(Errc why) {
    question_.reset();
    exit_ = ExitCode::Unavailable;
    switch (why) {
      case Errc::TimedOut: return complain(wire::MessageId::DaemonSilent, {socket_});
      case Errc::Closed: return complain(wire::MessageId::DaemonLeft, {socket_});
      default: return complain(wire::MessageId::DaemonNonsense, {socket_});
    }
  }

  void receive(const wire::Packet& packet) {
    // Whatever the daemon says now, it does not wait for the answer any more.
    question_.reset();
    switch (packet.header.type) {
      case wire::MessageType::Prompt: return take<wire::Prompt>(packet);
      case wire::MessageType::Notice: return take<wire::Notice>(packet);
      case wire::MessageType::Verdict: return take<wire::Verdict>(packet);
      case wire::MessageType::VersionMismatch: return take<wire::VersionMismatch>(packet);
      case wire::MessageType::StatusReport: return take<wire::StatusReport>(packet);
      case wire::MessageType::CredentialList: return take<wire::CredentialList>(packet);
      case wire::MessageType::NewAuthenticator: return take<wire::NewAuthenticator>(packet);
      case wire::MessageType::NewYubiKey: return take<wire::NewYubiKey>(packet);
      case wire::MessageType::NewRecoveryCodes: return take<wire::NewRecoveryCodes>(packet);
      case wire::MessageType::NewTicket: return take<wire::NewTicket>(packet);
      case wire::MessageType::SessionList: return take<wire::SessionList>(packet);
      case wire::MessageType::ActivityReport: return take<wire::ActivityReport>(packet);
      case wire::MessageType::AgentRequest: return take<wire::AgentRequest>(packet);
      case wire::MessageType::ImportTextWanted: return take<wire::ImportTextWanted>(packet);
      case wire::MessageType::ImportReport: return take<wire::ImportReport>(packet);
      default: return lost(Errc::Malformed);
    }
  }

  template <typename Message>
  void take(const wire::Packet& packet) {
    auto message = wire::decode<Message>(packet);
    if (!message) return lost(message.error().code);
    on(*message);
  }

  void on(const wire::Prompt& prompt) {
    if (!terminal_.can_ask()) return cancel(wire::CancelReason::NoConversation);
    enter_answers_ = prompt.enter_answers;
    question_.emplace(terminal_, wire::sentence(prompt.words), prompt.echo);
  }

  void on(const wire::Notice& notice) {
    (void)write_all(STDERR_FILENO, wire::sentence(notice.words) + "\n");
  }

  void on(const wire::Verdict& verdict) {
    exit_ = exit_code_of(verdict.code);
    if (verdict.words.id != wire::MessageId::None) {
      ctl::complain(wire::sentence(verdict.words));
    } else if (exit_ != ExitCode::Done) {
      ctl::complain("stepupd refused and gave no reason; see journalctl -u stepupd");
    }
  }

  void on(const wire::VersionMismatch& other) {
    exit_ = ExitCode::Unavailable;
    complain(wire::MessageId::DaemonVersion,
             {std::to_string(wire::kVersion), std::to_string(other.oldest),
              std::to_string(other.newest)});
  }

  void on(const wire::StatusReport& status) { report(status); }
  void on(const wire::CredentialList& list) { report(list); }
  void on(const wire::SessionList& list) { report(list); }

  template <typename Report>
  void report(const Report& what) {
    show(as_json_ ? json(what) : render(what));
  }

  void on(const wire::ActivityReport& page) {
    if (!pages_) return lost(Errc::Malformed);
    show(pages_(page));
  }

  void on(const wire::AgentRequest&) {
    if (agent_ == AgentUse::Never) return lost(Errc::Malformed);
    agent_asked_ = true;
    const AgentConnection agent = connect_to_agent();
    (void)client_.send(wire::AgentAnswer{agent.outcome}, agent.fd.get());
  }

  void on(const wire::ImportTextWanted&) {
    if (upload_ == nullptr) return lost(Errc::Malformed);
    const auto rest = upload_->text.view().subspan(uploaded_);
    const auto piece = rest.first(std::min(rest.size(), wire::kMaxImportText));
    uploaded_ += piece.size();
    (void)client_.send(wire::ImportText{SecretBytes(piece)});
  }

  void on(const wire::ImportReport& imported) {
    if (upload_ == nullptr) return lost(Errc::Malformed);
    for (const wire::ImportProblem& problem : imported.problems) {
      ctl::complain(render(problem, upload_->name));
    }
    upload_->credentials += imported.rows.size();
    upload_->enrolled_already += static_cast<std::size_t>(
        std::ranges::count(imported.rows, true, &wire::ImportRow::enrolled));
    if (!imported.rows.empty()) show(render(imported.rows));
  }

  void on(const wire::NewAuthenticator& authenticator) {
    const std::string_view uri = authenticator.otpauth_uri.text();
    if (!is_plain(uri) || !uri.starts_with("otpauth://")) return lost(Errc::Malformed);
    // A code that the screen breaks into pieces helps nobody: then the URI alone must do.
    const auto code = draw_qr_code(authenticator.otpauth_uri);
    if (code && screen_fits(code->columns)) {
      show("Scan this with your authenticator app, or give it the otpauth address below.\n");
      show(code->text.text());
    }
    show(uri);
    show("\n");
  }

  void on(const wire::NewYubiKey& yubikey) {
    for (const std::string_view value :
         {std::string_view(yubikey.public_id), yubikey.private_id.text(), yubikey.aes_key.text()}) {
      if (!is_alphanumeric(value)) return lost(Errc::Malformed);
    }
    show(yubikey_heading());
    show_yubikey("ykman otp yubiotp 2 --public-id ", " --private-id ", " --key ", yubikey);
    show("or\n");
    show_yubikey("ykpersonalize -2 -ofixed=", " -ouid=", " -a", yubikey);
  }

  // One command that writes the secret into the key, on a line of its own.
  void show_yubikey(std::string_view command, std::string_view before_private_id,
                    std::string_view before_key, const wire::NewYubiKey& yubikey) {
    for (const std::string_view piece :
         {std::string_view("  "), command, std::string_view(yubikey.public_id), before_private_id,
          yubikey.private_id.text(), before_key, yubikey.aes_key.text(), std::string_view("\n")}) {
      show(piece);
    }
  }

  void on(const wire::NewRecoveryCodes& recovery) {
    std::string_view codes = recovery.codes.text();
    if (!is_plain(codes, " \n")) return lost(Errc::Malformed);
    if (codes.ends_with('\n')) codes.remove_suffix(1);
    show(
        "Write down these recovery codes and keep them apart from your device. Each works once, "
        "and they are not shown again.\n");
    show(codes);
    show("\n");
  }

  void on(const wire::NewTicket& ticket) {
    if (!is_plain(ticket.ticket.text())) return lost(Errc::Malformed);
    show(ticket_heading(ticket));
    show(ticket.ticket.text());
    show("\n");
    show(ticket_advice(ticket));
  }

  // Writes to standard output.  On failure ends the dialogue, for a person who cannot see what is
  // enrolled must not be asked to confirm it.
  void show(std::string_view text) {
    if (exit_) return;
    if (const auto written = write_all(STDOUT_FILENO, text); !written) {
      ctl::complain(std::string("cannot write to standard output: ") +
                    strerrordesc_np(written.error().sys_errno));
      cancel(wire::CancelReason::Interrupted);
      exit_ = ExitCode::Refused;
    }
  }

  wire::Client& client_;
  const Terminal& terminal_;
  const std::string& socket_;
  bool as_json_;
  Upload* upload_;
  const Pages& pages_;
  AgentUse agent_;
  bool agent_asked_ = false;
  std::size_t uploaded_ = 0;
  std::optional<Question> question_;  // open while the daemon waits for an answer
  bool enter_answers_ = false;        // and takes Enter alone for one
  std::optional<Reply> reply_;
  std::optional<ExitCode> exit_;
};

}  // namespace

void complain_of_absence(const std::string& socket, const Error& why) {
  const char* const cause = strerrordesc_np(why.sys_errno);
  complain(wire::MessageId::DaemonAbsent,
           {socket, why.sys_errno == 0 || cause == nullptr ? why.what : cause});
  complain("see: systemctl status stepupd.socket stepupd-control.socket");
}

ExitCode relay(wire::Client& client, const Terminal& terminal, const std::string& socket,
               bool as_json, Upload* upload, const Pages& pages, AgentUse agent) {
  return Relay(client, terminal, socket, as_json, upload, pages, agent).run();
}

}  // namespace stepup::ctl
