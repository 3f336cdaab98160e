// SPDX-License-Identifier: ISC
// What stepupd makes of a CheckRequest: the body of a packet, of which a user chooses the words.
// Property: of sudo, su and doas the subject and groups are the kernel's, whatever the request
// says; sudo's target is one that the words name, and none where they were cut short; only the
// exact words of a listing are one; what a prompt shows is short and printable.
#include <algorithm>
#include <vector>

#include "stepupd/daemon/request_facts.h"
#include "tests/fuzz/check.h"

using namespace stepup;

namespace {

session::Asker alice() {
  session::Asker asker;
  asker.real_uid = 1000;
  asker.groups = {10, 1000};
  asker.where.session = {SessionKey::Kind::Audit, 7};
  asker.where.widest = Scope::Session;
  asker.where.process = 42;
  return asker;
}

void check_sudo(const wire::CheckRequest& request, const daemon::RequestFacts& facts) {
  const auto& argv = request.argv;
  if (facts.policy.target_user) {
    const auto names_it = [&](const std::string& word) {
      return word.ends_with(*facts.policy.target_user);
    };
    fuzz::require(!request.argv_truncated && std::ranges::any_of(argv, names_it),
                  "a target only where the words name it");
  }
  if (facts.only_lists) {
    fuzz::require(argv.size() == 2 || argv.size() == 3, "a listing has one or two words");
    fuzz::require(!request.argv_truncated && argv[1].starts_with('-') && argv.back().contains('l'),
                  "a listing is asked for");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wire::Decoder in({data, size});
  wire::CheckRequest request;
  wire::CheckRequest::fields(request, in);
  if (!in.finished()) return 0;
  const auto facts = daemon::facts_of(request, alice());
  fuzz::require(facts.has_value(), "every request means something");
  fuzz::require(facts->what.size() <= 80, "a prompt's line is short");
  fuzz::require(std::ranges::all_of(facts->what, [](char c) { return c >= ' ' && c < 0x7f; }),
                "a prompt's line is printable");
  fuzz::require(
      facts->where.subject == facts->subject.uid && facts->policy.subject == facts->subject.uid,
      "one subject");
  if (request.program == wire::Program::Other) {
    fuzz::require(facts->where.widest == Scope::Process, "before a session, no session");
    fuzz::require(!facts->caller_is_root && !facts->only_lists, "the silent passes are sudo's");
    return 0;
  }
  fuzz::require(facts->subject.uid == 1000 && facts->policy.groups == alice().groups &&
                    !facts->caller_is_root && facts->where.widest == Scope::Session,
                "who asks is the kernel's to say");
  if (request.program == wire::Program::Sudo) {
    check_sudo(request, *facts);
  } else {
    fuzz::require(!facts->only_lists, "only sudo lists");
  }
  return 0;
}
