// SPDX-License-Identifier: ISC
#include "stepupd/ctl/rehearsal.h"

#include <errno.h>
#include <fcntl.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <filesystem>
#include <optional>

#include "stepupd/base/printable.h"
#include "stepupd/ctl/output.h"
#include "stepupd/ctl/terminal.h"

namespace stepup::ctl {
namespace {

constexpr unsigned kLongestSeconds = 180;  // a person has 60 s for a code, and may mistype one
constexpr int kAsked = 64;  // added to the PAM code in the exit status; those are < 32
constexpr int kFailedToStart = 127;

// A directory of PAM files, root's alone, which is gone with this object.
class StackCopy {
 public:
  StackCopy(const HostFiles& host, const std::vector<PamChange>& changes) {
    std::array<char, 32> name = {"/run/stepup-rehearsal.XXXXXX"};
    if (mkdtemp(name.data()) == nullptr) return;
    path_ = name.data();
    // With a directory of its own, libpam looks nowhere else.
    for (const std::string& file : host.names_in(host.path("/usr/lib/pam.d"))) {
      put(file, host.read(host.vendor_path(file)));
    }
    for (const std::string& file : host.pam_names()) put(file, host.read(host.pam_path(file)));
    for (const PamChange& change : changes) {
      if (change.after) put(change.file, *change.after);
    }
  }
  ~StackCopy() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  StackCopy(const StackCopy&) = delete;
  StackCopy& operator=(const StackCopy&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool whole() const { return !path_.empty() && whole_; }

 private:
  void put(const std::string& file, const Result<std::string>& text) {
    if (!text) return;  // a directory, or a dangling link: libpam finds nothing there either
    const UniqueFd fd(open((path_ + "/" + file).c_str(),
                           O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    whole_ = whole_ && fd && write_all(fd.get(), *text);
  }

  std::string path_;
  bool whole_ = true;
};

// What the conversation function is given.
struct Stage {
  const Terminal* terminal = nullptr;  // null: nobody answers
  bool asked = false;
  std::string said;  // what nobody has read yet
};

// Returns an answer as libpam frees it, with free(3); null when there is none.
char* answer_to(const pam_message& message, Stage& stage) {
  stage.asked = true;
  if (stage.terminal == nullptr) return nullptr;
  Question question(*stage.terminal, printable(message.msg, PAM_MAX_MSG_SIZE),
                    message.msg_style == PAM_PROMPT_ECHO_ON);
  const auto reply = question.wait();
  if (!reply || reply->kind == Reply::Kind::EndOfInput || reply->kind == Reply::Kind::TooLong) {
    return nullptr;
  }
  const std::string_view text = reply->text.text();
  return strndup(text.data(), text.size());
}

void read_out(Stage& stage) {
  (void)write_all(STDERR_FILENO, stage.said);
  stage.said.clear();
}

int converse(int count, const pam_message** messages, pam_response** out, void* data) {
  auto& stage = *static_cast<Stage*>(data);
  // SAFETY: libpam frees the array, and each answer in it, with free(3).
  auto* const responses =
      static_cast<pam_response*>(calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
  if (responses == nullptr) return PAM_BUF_ERR;
  for (int i = 0; i < count; ++i) {
    const pam_message& message = *messages[i];
    if (message.msg_style == PAM_TEXT_INFO || message.msg_style == PAM_ERROR_MSG) {
      stage.said += "  " + printable(message.msg, PAM_MAX_MSG_SIZE) + "\n";
      if (stage.terminal != nullptr) read_out(stage);
      continue;
    }
    responses[i].resp = answer_to(message, stage);
    if (responses[i].resp != nullptr) continue;
    for (int k = 0; k < i; ++k) {
      if (responses[k].resp == nullptr) continue;
      explicit_bzero(responses[k].resp, strlen(responses[k].resp));
      free(responses[k].resp);
    }
    free(responses);
    return PAM_CONV_ERR;
  }
  *out = responses;
  return PAM_SUCCESS;
}

std::string judged(std::optional<int> status, const Rehearser& rehearser, bool answers) {
  if (!status) return "it did not come to an end";
  const bool asked = (*status & kAsked) != 0;
  const int code = *status & ~kAsked;
  // An old password is another module's business, and that came after us.
  if (code == PAM_SUCCESS || code == PAM_NEW_AUTHTOK_REQD) return "";
  const bool refused = code == PAM_PERM_DENIED || code == PAM_AUTH_ERR;
  // So far as it goes without an answer: a module that fails in another way before the question has
  // its own code come out of the stack.
  if (asked && !answers && (refused || code == PAM_CONV_ERR || code == PAM_AUTHTOK_ERR)) return "";
  if (!rehearser.enrolled && refused) return "";
  return pam_strerror(nullptr, code);
}

// In the child: the phases in which `service` asks.  Returns the exit status.
int play(const std::string& directory, const std::string& file, const Service& service,
         const Rehearser& rehearser, const Terminal* terminal) {
  alarm(kLongestSeconds);
  Stage stage{terminal, false, ""};
  const pam_conv conversation = {converse, &stage};
  pam_handle_t* pamh = nullptr;
  int result = pam_start_confdir(file.c_str(), rehearser.user.c_str(), &conversation,
                                 directory.c_str(), &pamh);
  if (result != PAM_SUCCESS) return result;
  for (const WantedLine line : service.lines) {
    if (!line.decides || result != PAM_SUCCESS) continue;
    result = line.phase == PamPhase::Auth ? pam_authenticate(pamh, 0) : pam_acct_mgmt(pamh, 0);
  }
  (void)pam_end(pamh, result);
  const int status = result + (stage.asked ? kAsked : 0);
  // Where nobody answers, the refusal that has to come would look like a failure.
  if (!judged(status, rehearser, terminal != nullptr).empty()) read_out(stage);
  return status;
}

// How the child ended; nothing when it did not end by itself.
std::optional<int> status_of_child(const std::string& directory, const std::string& file,
                                   const Service& service, const Rehearser& rehearser,
                                   const Terminal* terminal) {
  const pid_t child = fork();
  if (child < 0) return std::nullopt;
  if (child == 0) {
    int status = 0;
    try {
      status = play(directory, file, service, rehearser, terminal);
    } catch (const std::exception&) {  // no memory
      status = kFailedToStart;
    }
    _exit(status);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) == kFailedToStart) return std::nullopt;
  return WEXITSTATUS(status);
}

}  // namespace

std::string rehearse(const HostFiles& host, const Service& service,
                     const std::vector<PamChange>& changes, const Rehearser& rehearser) {
  const StackCopy copy(host, changes);
  if (!copy.whole()) return "the PAM files cannot be copied to /run for the rehearsal";
  std::optional<Terminal> terminal;
  if (rehearser.present) terminal.emplace();
  bool answers = terminal && terminal->interactive();
  for (const PamChange& change : changes) {
    if (answers) {
      (void)write_all(STDOUT_FILENO, "A rehearsal of " + change.file + " as " +
                                         printable(rehearser.user) +
                                         ": answer as you will there.\n");
    }
    const auto status = status_of_child(copy.path(), change.file, service, rehearser,
                                        answers ? &*terminal : nullptr);
    const std::string wrong = judged(status, rehearser, answers);
    if (!wrong.empty()) {
      return "the rehearsal of " + change.file + " as " + printable(rehearser.user) +
             " failed: " + wrong;
    }
    answers = false;  // once is enough
  }
  return "";
}

}  // namespace stepup::ctl
