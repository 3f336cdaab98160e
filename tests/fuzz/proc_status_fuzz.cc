// SPDX-License-Identifier: ISC
// /proc/PID/status and the audit numbers.
// Property: a status that is accepted names a uid, at least the real group, and still means the
// same with the lines before that the kernel writes for a hostile name, which it escapes; a nested
// pid namespace is never taken for the host's.  An audit number reads back as it is written.
#include <string>

#include "stepupd/session/proc_text.h"
#include "tests/fuzz/check.h"

using namespace stepup;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::text_of(data, size));
  if (const auto status = session::parse_status(text)) {
    fuzz::require(!status->groups.empty(), "the real group is among the groups");
    const auto named = session::parse_status("Name:\ta\\nUid:\\t0 0\nUmask:\t0022\n" + text);
    fuzz::require(named && *named == *status, "a name changes nothing");
    const auto nested = session::parse_status(text + "\nNSpid:\t77\t1\n");
    fuzz::require(nested && nested->nested_pid_namespace, "a nested namespace is seen");
  }
  if (const auto number = session::parse_audit_number(text); number && *number) {
    const auto again = session::parse_audit_number(std::to_string(**number));
    fuzz::require(again && *again == *number, "an audit number reads back");
    fuzz::require(**number != 0xffff'ffff, "an unset number is no number");
  }
  return 0;
}
