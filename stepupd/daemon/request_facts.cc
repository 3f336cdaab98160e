// SPDX-License-Identifier: ISC
#include "stepupd/daemon/request_facts.h"

#include <algorithm>
#include <string_view>

#include "stepupd/base/printable.h"
#include "stepupd/factor/digest.h"

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
  if (request.service == "sudo-i") return "sudo";
  if (request.service == "su-l") return "su";
  return request.service;
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
std::string command_of(const wire::CheckRequest& request) {
  if (request.program != wire::Program::Sudo && request.program != wire::Program::Doas) return "";
  if (request.exact) return request.exact->path.substr(request.exact->path.rfind('/') + 1);
  if (request.argv.size() < 2) return "";
  const std::string& word = request.argv[1];
  if (word.starts_with('-') || word.find('=') != std::string::npos) return "";
  const std::string name = word.substr(word.rfind('/') + 1);
  return name.substr(0, name.find(' '));
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

// Whether sudo was told not to ask: -n among its options, wherever they end.
bool never_asks(const wire::CheckRequest& request) {
  constexpr std::string_view kWithArgument = "CDghpRrTtUu";  // sudo(8), 1.9
  if (request.program != wire::Program::Sudo) return false;
  for (std::size_t i = 1; i < request.argv.size(); ++i) {
    const std::string_view word = request.argv[i];
    if (word == "--non-interactive") return true;
    if (!word.starts_with('-') || word == "--" || word == "-") return false;
    if (word.starts_with("--")) continue;  // its argument, if apart, ends the search: harmless
    for (std::size_t j = 1; j < word.size(); ++j) {
      if (word[j] == 'n') return true;
      if (kWithArgument.find(word[j]) == std::string_view::npos) continue;
      if (j + 1 == word.size()) ++i;
      break;
    }
  }
  return false;
}

// Narrows what is granted, so a spelling that is missed here costs nothing but width.
bool only_validates(const wire::CheckRequest& request) {
  if (request.program != wire::Program::Sudo) return false;
  return std::ranges::any_of(request.argv, [](const std::string& word) {
    return word == "-v" || word == "--validate" || word == "-nv" || word == "-kv" || word == "-Sv";
  });
}

// PAM_USER is whose rights are taken: of all but sudo and doas.
void add_target(const wire::CheckRequest& request, policy::Facts& facts) {
  facts.target_user = request.pam_user;
  if (request.pam_user_uid != kNoUid) facts.target_uid = request.pam_user_uid;
  if (request.groups) facts.target_groups.emplace(request.groups->begin(), request.groups->end());
}

}  // namespace

Result<RequestFacts> facts_of(const wire::CheckRequest& request, const session::Asker& asker) {
  const auto digest = digest_of(request);
  if (!digest) return std::unexpected(digest.error());

  RequestFacts facts;
  facts.where = asker.where;
  facts.policy.family = family_of(request);
  facts.policy.pam_service = request.service;
  if (request.program != wire::Program::Other) {
    facts.subject = {asker.real_uid, request.caller};
    facts.policy.groups = asker.groups;
    facts.origin = Origin::Self;
    facts.caller_is_root = asker.real_uid == 0;
    // sudo and doas show PAM no target, and the name behind -u may be another spelling of an
    // account; su's is PAM_USER.
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
  facts.command = command_of(request);
  facts.command_digest = *digest;
  facts.only_lists = only_lists(request);
  facts.only_validates = only_validates(request);
  facts.can_be_told =
      request.program == wire::Program::Other || (asker.where.tty != 0 && !never_asks(request));
  return facts;
}

void add_surroundings(const Surroundings& surroundings, policy::Facts& facts) {
  if (surroundings.rules != nullptr) facts.host_tags = surroundings.rules->set.settings.tags;
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
