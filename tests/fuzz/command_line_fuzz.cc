// SPDX-License-Identifier: ISC
// /proc/PID/cmdline, of which a user chooses every word, and the path of the program.
// Property: the words, each with its NUL, are the beginning of the bytes; they stay within the
// bounds of the protocol; and only when nothing is missing is it said to be whole.
#include <string>

#include "pam_stepup/request_builder.h"
#include "stepupd/base/printable.h"
#include "tests/fuzz/check.h"

using namespace stepup;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  const pam_stepup::CommandLine line = pam_stepup::split_command_line(bytes);
  std::string joined;
  for (const std::string& word : line.argv) joined.append(word).push_back('\0');
  fuzz::require(bytes.starts_with(joined), "the words are a prefix of the bytes");
  fuzz::require(line.truncated == (bytes.empty() || joined != bytes),
                "truncated tells whether any are missing, or all");
  fuzz::require(joined.size() <= wire::kMaxArgvBytes && line.argv.size() <= wire::kMaxArgvWords,
                "the bounds of the protocol");

  const bool known = pam_stepup::program_of(bytes) != wire::Program::Other;
  fuzz::require(!known || !bytes.ends_with('/'), "a directory is no program");

  for (const std::size_t limit : {std::size_t{8}, std::size_t{256}}) {
    const std::string shown = printable(bytes, limit);
    fuzz::require(shown.size() <= limit, "printable text stays within its limit");
    for (const char c : shown) fuzz::require(c >= ' ' && c < 0x7f, "printable text is printable");
  }
  return 0;
}
