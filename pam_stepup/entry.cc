// SPDX-License-Identifier: ISC
// The functions that libpam calls (pam(8)).
//
// SECURITY: runs as root inside sudo, su, sshd and others.  Talks to stepupd's socket and to the
// application's conversation function, and to nothing else; in sudo, su and doas it connects to the
// socket of an ssh agent, with its caller's rights, and hands that over unused.  Opens /proc/self
// and the user database.  Reads no environment but for the name of that socket, starts no process
// or thread, changes no signal handler, and leaves the ids, the signal mask, the descriptors and
// the memory of its host as it found them.  Keeps no state between calls.  Whatever fails, it
// refuses.
#include <cxxabi.h>
#include <pthread.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <syslog.h>

#include <chrono>
#include <span>
#include <string>

#include "pam_stepup/conversation.h"
#include "pam_stepup/dialogue.h"
#include "pam_stepup/outcome.h"
#include "pam_stepup/request_builder.h"
#include "stepupd/wire/module_options.h"
#include "stepupd/wire/words.h"

namespace stepup::pam_stepup {
namespace {

using namespace std::chrono_literals;

using Arguments = std::span<const char* const>;

// A login must not wait for a daemon that only takes note of it.
constexpr wire::Deadlines kReportDeadlines{
    .first_reply = 500ms, .heartbeat = 500ms, .message = 500ms};

Arguments arguments(int argc, const char** argv) {
  return {argv, argc > 0 ? static_cast<std::size_t>(argc) : 0};
}

Conversation conversation_of(const pam_handle_t* pamh) {
  const void* conv = nullptr;
  if (pam_get_item(pamh, PAM_CONV, &conv) != PAM_SUCCESS) conv = nullptr;
  // SAFETY: this item is a pam_conv (pam_get_item(3)), which libpam keeps for the transaction.
  return Conversation(static_cast<const pam_conv*>(conv));
}

std::unexpected<Refusal> bad_option(const std::string& word) {
  return std::unexpected(Refusal{
      Failure::BadOption, {.id = wire::MessageId::BadOption, .args = {word}}
  });
}

// One line for the log, with the cause in brackets where the words do not name it.
std::string log_line(const Refusal& refusal) {
  const std::string detail = refusal.detail;
  return wire::sentence(refusal.words) + (detail.empty() ? "" : " (" + detail + ")");
}

Answered<wire::VerdictCode> ask_stepupd(pam_handle_t* pamh, wire::Phase phase,
                                        const wire::ModuleOptions& options,
                                        Conversation& conversation) {
  const auto request = build_request(pamh, phase);
  if (!request) return std::unexpected(Refusal{.detail = request.error().what});
  conversation.fit(*request);
  auto client = open_dialogue(options, {.first_reply = options.first_reply}, *request);
  if (!client) return std::unexpected(client.error());
  return relay(*client, options.socket, request->program, conversation);
}

// The auth and the account phase: returns the PAM code, and tells person and log why there is no
// verdict.
int step_up(pam_handle_t* pamh, wire::Phase phase, Arguments words) {
  Conversation conversation = conversation_of(pamh);
  const auto options = wire::parse_module_options(words);
  const auto verdict = options ? ask_stepupd(pamh, phase, *options, conversation)
                               : Answered<wire::VerdictCode>(bad_option(options.error()));
  if (verdict) return to_pam(*verdict, phase);
  const Refusal& refusal = verdict.error();
  if (refusal.words.id != wire::MessageId::None) {
    pam_syslog(pamh, LOG_ERR, "%s", log_line(refusal).c_str());
    wire::Words shown = refusal.words;
    if (options) shown.language = options->language;
    conversation.refuse(wire::sentence(shown));
  }
  return to_pam(refusal.failure, phase);
}

// The session phase: tells stepupd of a login or logout.  It has no outcome, since sudo runs the
// command even when a session module fails.
Answered<wire::VerdictCode> report_session(pam_handle_t* pamh, wire::Phase phase, Arguments words) {
  const auto options = wire::parse_module_options(words);
  if (!options) return bad_option(options.error());
  const auto request = build_request(pamh, phase);
  if (!request) return std::unexpected(Refusal{.detail = request.error().what});
  // What sudo, su and doas open is no login.
  if (request->program != wire::Program::Other) return wire::VerdictCode::NotRequired;
  auto client = open_dialogue(*options, kReportDeadlines, *request);
  if (!client) return std::unexpected(client.error());
  return await_receipt(*client, options->socket);
}

// While it lives, this thread is not cancelled (pthread_cancel(3)); the request waits for the next
// cancellation point after it.  Cancelling unwinds the stack with libgcc_s, and that aborts the
// program on the first frame of a module that has libgcc linked in, as ours has.
class CancellationOff {
 public:
  CancellationOff() noexcept { (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_); }
  ~CancellationOff() { (void)pthread_setcancelstate(before_, nullptr); }
  CancellationOff(const CancellationOff&) = delete;
  CancellationOff& operator=(const CancellationOff&) = delete;

 private:
  int before_ = PTHREAD_CANCEL_ENABLE;
};

// Runs `body` and keeps every C++ exception out of the calling C program, which it would abort.
// Returns `on_exception` then.
template <typename Body>
int at_pam_boundary(pam_handle_t* pamh, int on_exception, Body body) {
  const CancellationOff cancellation_off;
  try {
    return body();
  } catch (abi::__forced_unwind&) {
    throw;  // pthread_exit(3) in the conversation: glibc aborts if it is swallowed
  } catch (...) {
    pam_syslog(pamh, LOG_ERR, "internal error%s",
               on_exception == PAM_SUCCESS ? ", ignoring" : ", refusing");
    return on_exception;
  }
}

int decide(pam_handle_t* pamh, wire::Phase phase, int argc, const char** argv) {
  return at_pam_boundary(pamh, to_pam(Failure::Internal, phase),
                         [&] { return step_up(pamh, phase, arguments(argc, argv)); });
}

int report(pam_handle_t* pamh, wire::Phase phase, int argc, const char** argv) {
  return at_pam_boundary(pamh, PAM_SUCCESS, [&] {
    const auto receipt = report_session(pamh, phase, arguments(argc, argv));
    if (!receipt) {
      pam_syslog(pamh, LOG_WARNING, "session not reported, ignoring: %s",
                 log_line(receipt.error()).c_str());
    }
    return PAM_SUCCESS;
  });
}

}  // namespace
}  // namespace stepup::pam_stepup

// The map file names these too: hidden visibility would hide them in spite of it.
#define STEPUP_PAM_ENTRY extern "C" __attribute__((visibility("default"))) int

STEPUP_PAM_ENTRY pam_sm_authenticate(pam_handle_t* pamh, int, int argc, const char** argv) {
  return stepup::pam_stepup::decide(pamh, stepup::wire::Phase::Auth, argc, argv);
}

STEPUP_PAM_ENTRY pam_sm_acct_mgmt(pam_handle_t* pamh, int, int argc, const char** argv) {
  return stepup::pam_stepup::decide(pamh, stepup::wire::Phase::Account, argc, argv);
}

STEPUP_PAM_ENTRY pam_sm_open_session(pam_handle_t* pamh, int, int argc, const char** argv) {
  return stepup::pam_stepup::report(pamh, stepup::wire::Phase::OpenSession, argc, argv);
}

STEPUP_PAM_ENTRY pam_sm_close_session(pam_handle_t* pamh, int, int argc, const char** argv) {
  return stepup::pam_stepup::report(pamh, stepup::wire::Phase::CloseSession, argc, argv);
}

// libpam looks auth and setcred up together, so it must be there; there are no credentials to set.
STEPUP_PAM_ENTRY pam_sm_setcred(pam_handle_t*, int, int, const char**) { return PAM_SUCCESS; }
