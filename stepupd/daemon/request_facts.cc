// SPDX-License-Identifier: ISC
#include "stepupd/daemon/request_facts.h"

#include <algorithm>
#include <string_view>

#include "stepupd/base/printable.h"
#include "stepupd/factor/digest.h"
#include "stepupd/policy/command_line.h"

namespace stepup::daemon {
namespace {

constexpr std::size_t kMaxWhat = 80;  // of a prompt line

std::string family_of(const wire::CheckRequest& request) {
  switch (request.program) {
    case wire::Program::Sudo: return "sudo";
    case wire::Program::Su: return "su";
    case wire::Program::Doas: return "doas";
    case wire::Program::Other: break;
  }
  return std::string(policy::family_of(request.service));
}

// The words after the program's name, as they were typed, or what sudo made of them.
std::string arguments(const wire::CheckRequest& request) {
  std::string text;
  if (request.exact) text = request.exact->path;
  const auto& argv = request.exact ? request.exact->argv : request.argv;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    if (!text.empty()) text.push_back(' ');
    text += argv[i];
  }
  return text;
}

std::string what_of(const wire::CheckRequest& request, const std::string& family) {
  std::string what = family;
  if (request.program == wire::Program::Su) {
    what += " to " + request.pam_user;
  } else if (request.exact ||
             (request.program != wire::Program::Other && request.argv.size() > 1)) {
    what += ": " + arguments(request);
  }
  return printable(what, kMaxWhat);
}

// The basename of the command where it surely is one: an argument may be a secret, and the journal
// is no place for it.
std::string command_of(const policy::Command& command) {
  if (command.reading != policy::Command::Reading::Words) return "";
  const std::string& word = command.words.front();
  const std::string name = word.substr(word.rfind('/') + 1);
  return name.substr(0, name.find(' '));
}

// What sudo itself decided to run stands in place of what was typed, but for a shell, which is
// every command, and for sudoedit, of which older plugins name the editor.
void add_exact(const wire::ExactCommand& exact, policy::Command& command) {
  using Reading = policy::Command::Reading;
  if (command.reading == Reading::Shell || exact.argv.empty()) return;
  if (command.reading == Reading::Words && command.words.front() == "sudoedit") return;
  command.reading = exact.truncated ? Reading::Uncertain : Reading::Words;
  command.words.clear();
  if (exact.truncated) return;
  command.words = exact.argv;
  command.words.front() = exact.path;
}

policy::CommandLine read_line(const wire::CheckRequest& request) {
  switch (request.program) {
    case wire::Program::Sudo: return policy::read_sudo_line(request.argv, request.argv_truncated);
    case wire::Program::Su: return policy::read_su_line(request.argv, request.argv_truncated);
    case wire::Program::Doas: return policy::read_doas_line(request.argv, request.argv_truncated);
    case wire::Program::Other: break;
  }
  policy::CommandLine line;
  if (policy::only_logs_in(request.service)) {
    line.command.reading = policy::Command::Reading::None;
  }
  return line;
}

Result<std::string> digest_of(const wire::CheckRequest& request) {
  std::string words = request.argv_truncated ? "truncated" : "";
  for (const std::string& word : request.argv) words.append(1, '\0').append(word);
  return factor::sha256_hex(words);
}

// Only exact spellings: with any other word sudo might do more than list.
bool only_lists(const wire::CheckRequest& request) {
  if (request.program != wire::Program::Sudo || request.argv_truncated) return false;
  const auto& argv = request.argv;
  const auto lists = [](std::string_view word) {
    return word == "-l" || word == "-ll" || word == "--list" || word == "-nl";
  };
  if (argv.size() == 2) return lists(argv[1]);
  return argv.size() == 3 && argv[1] == "-n" && lists(argv[2]);
}

// PAM_USER is whose rights are taken: of all but sudo and doas.
void add_target(const wire::CheckRequest& request, policy::Facts& facts) {
  facts.target_user = request.pam_user;
  if (request.pam_user_uid != kNoUid) facts.target_uid = request.pam_user_uid;
  if (request.groups) facts.target_groups.emplace(request.groups->begin(), request.groups->end());
}

// What /etc/passwd says of a target that a command line names, by whichever name.
void add_local_target(const std::map<std::string, LocalAccount>& accounts, policy::Facts& facts) {
  if (facts.target_groups) return;  // all about it is known already
  const auto found = std::ranges::find_if(accounts, [&](const auto& account) {
    return facts.target_user ? account.first == *facts.target_user
                             : facts.target_uid == account.second.uid;
  });
  if (found == accounts.end()) return;
  facts.target_user = found->first;
  facts.target_uid = found->second.uid;
  facts.target_gid = found->second.gid;
}

}  // namespace

Result<RequestFacts> facts_of(const wire::CheckRequest& request, const session::Asker& asker) {
  const auto digest = digest_of(request);
  if (!digest) return std::unexpected(digest.error());

  policy::CommandLine line = read_line(request);
  if (request.exact) add_exact(*request.exact, line.command);
  RequestFacts facts;
  facts.where = asker.where;
  facts.policy.command = line.command;
  facts.policy.family = family_of(request);
  facts.policy.pam_service = request.service;
  if (request.program != wire::Program::Other) {
    facts.subject = {asker.real_uid, request.caller};
    facts.policy.groups = asker.groups;
    facts.origin = Origin::Self;
    facts.caller_is_root = asker.real_uid == 0;
    // sudo and doas show PAM no target, so it is known where their command line names one.
    facts.policy.target_user = line.target_user;
    facts.policy.target_uid = line.target_uid;
    if (request.program == wire::Program::Su || request.exact) add_target(request, facts.policy);
  } else {
    facts.subject = {request.pam_user_uid, request.pam_user};
    if (request.groups) {
      facts.policy.groups.emplace(request.groups->begin(), request.groups->end());
    }
    add_target(request, facts.policy);
    facts.origin = facts.policy.family == "sshd" ? Origin::Sshd : Origin::OtherUid;
    facts.where.widest = Scope::Process;
  }
  facts.policy.subject = facts.subject.uid;
  facts.where.subject = facts.subject.uid;
  facts.what = what_of(request, facts.policy.family);
  // su's is what a shell is given, which may be anything.
  if (request.program != wire::Program::Su) facts.command = command_of(line.command);
  facts.command_digest = *digest;
  facts.only_lists = only_lists(request);
  facts.only_validates = line.only_validates;
  facts.can_be_told =
      request.program == wire::Program::Other || (asker.where.tty != 0 && !line.never_asks);
  facts.has_agent = request.program != wire::Program::Other && facts.can_be_told;
  return facts;
}

void add_surroundings(const Surroundings& surroundings, policy::Facts& facts) {
  if (surroundings.rules != nullptr) {
    facts.host_tags = surroundings.rules->set.settings.tags;
    add_local_target(surroundings.rules->local_accounts, facts);
  }
  facts.now = surroundings.now;
  facts.tty = surroundings.tty;
  facts.remote = surroundings.login.remote;
  if (surroundings.login.remote == false) {
    facts.source = policy::LoginSource{};
  } else if (const auto address = policy::parse_address(surroundings.login.host)) {
    facts.source = policy::LoginSource{address};
  }
}

}  // namespace stepup::daemon
