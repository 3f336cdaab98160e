// SPDX-License-Identifier: ISC
// stepup_approval: an approval plugin for sudo(8) (sudo_plugin(5)), for hosts whose rules want the
// command that sudo decided on rather than what can be read from its command line.
//
// SECURITY: runs as root inside sudo, after its policy has accepted the command and before that
// runs.  Talks to stepupd's socket and to sudo's conversation function, and to nothing else.  Opens
// /proc/self and the user database.  Reads no environment, starts no process or thread, changes no
// signal handler.  Keeps what sudo hands to open() until check(), and nothing after it.  Whatever
// fails, it refuses.
#include <unistd.h>

#include <string>

#include "pam_stepup/conversation.h"
#include "pam_stepup/dialogue.h"
#include "stepupd/base/printable.h"
#include "stepupd/wire/module_options.h"
#include "stepupd/wire/words.h"
#include "sudo_approval/command_info.h"
#include "sudo_approval/sudo_conversation.h"
#include "sudo_approval/sudo_plugin_api.h"

namespace stepup::sudo_approval {
namespace {

using pam_stepup::Answered;

constexpr int kAccept = 1;
constexpr int kReject = 0;
constexpr int kError = -1;

// What open() was given.
struct Opened {
  SudoConversation sudo;
  sudo_printf_t print = nullptr;
  const char* const* user_info = nullptr;
  const char* const* options = nullptr;
  bool runs_shell = false;
};
constinit Opened opened;

Answered<wire::VerdictCode> ask_stepupd(const wire::ModuleOptions& options,
                                        const wire::CheckRequest& request,
                                        pam_stepup::Conversation& conversation) {
  auto client = pam_stepup::open_dialogue(options, {.first_reply = options.first_reply}, request);
  if (!client) return std::unexpected(client.error());
  return pam_stepup::relay(*client, options.socket, request.program, conversation);
}

bool check(const char* const* command_info, const char* const* run_argv) {
  const pam_conv with_sudo = conv(opened.sudo);
  pam_stepup::Conversation conversation(&with_sudo);
  const auto options = wire::parse_module_options(words_of(opened.options));
  const auto refuse = [&](wire::Words words) {
    if (options) words.language = options->language;
    conversation.refuse(wire::sentence(words));
    return false;
  };
  if (!options) return refuse({wire::MessageId::BadOption, {options.error()}});
  const auto request = build_request(command_info, run_argv, opened.user_info, opened.runs_shell);
  if (!request) return refuse({wire::MessageId::InternalError, {}});
  const auto verdict = ask_stepupd(*options, *request, conversation);
  if (!verdict) return refuse(verdict.error().words);
  return *verdict == wire::VerdictCode::Granted || *verdict == wire::VerdictCode::NotRequired;
}

int open_plugin(unsigned int version, sudo_conv_t conversation, sudo_printf_t print,
                char* const settings[], char* const user_info[], int /*submit_optind*/,
                char* const /*submit_argv*/[], char* const /*submit_envp*/[],
                char* const plugin_options[], const char** errstr) noexcept {
  if (SUDO_API_VERSION_GET_MAJOR(version) != SUDO_API_VERSION_MAJOR) {
    if (errstr != nullptr) *errstr = "stepup_approval: another major version of sudo's plugin API";
    return kError;
  }
  const bool never_asks = value_of(settings, "noninteractive") == "true";
  opened = {
      {conversation, !never_asks},
      print, user_info, plugin_options, runs_shell(settings)
  };
  return 1;
}

int check_command(char* const command_info[], char* const run_argv[], char* const /*run_envp*/[],
                  const char** errstr) noexcept {
  try {
    if (check(command_info, run_argv)) return kAccept;
    if (errstr != nullptr) *errstr = "refused by stepup";
    return kReject;
  } catch (...) {  // no memory, most likely; no exception may enter sudo
    if (errstr != nullptr) *errstr = "stepup_approval: internal error, refusing";
    return kError;
  }
}

void close_plugin() noexcept { opened = {}; }

int show_version(int /*verbose*/) noexcept {
  if (opened.print != nullptr) {
    (void)opened.print(SUDO_CONV_INFO_MSG, "stepup approval plugin version %s\n", STEPUP_VERSION);
  }
  return 1;
}

}  // namespace
}  // namespace stepup::sudo_approval

// The map file names it too: hidden visibility would hide it in spite of that.
extern "C" __attribute__((visibility("default"))) const approval_plugin stepup_approval = {
    SUDO_APPROVAL_PLUGIN,
    SUDO_API_VERSION,
    stepup::sudo_approval::open_plugin,
    stepup::sudo_approval::close_plugin,
    stepup::sudo_approval::check_command,
    stepup::sudo_approval::show_version,
};
