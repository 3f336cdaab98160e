// SPDX-License-Identifier: ISC
// The text of a file of /etc/pam.d, as stepupctl enable and disable edit it.
// Property: what enable adds, disable takes out, so that the text is byte for byte as it was; and
// to enable twice changes nothing more.
#include <optional>
#include <string>

#include "stepupd/ctl/pam_edit.h"
#include "tests/fuzz/check.h"

using namespace stepup;
using namespace stepup::ctl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string file = "sudo";
  const std::string text(fuzz::text_of(data, size));
  std::string current = text;
  const PamReader reader = [&](const std::string& name) -> std::optional<std::string> {
    if (name == file) return current;
    if (name == "common-account") return "account required pam_unix.so\n";
    return std::nullopt;
  };
  const auto before = without_blocks(file, text);
  for (const Service& service : services()) {
    current = text;
    const auto enabled = with_lines(file, text, service.lines, Copied::No, reader);
    if (!enabled) continue;
    current = *enabled;
    const auto again = with_lines(file, current, service.lines, Copied::No, reader);
    fuzz::require(again && *again == current, "to enable twice changes nothing more");
    const auto disabled = without_blocks(file, current);
    if (!before || before->had_block) continue;
    fuzz::require(disabled && disabled->text == text, "disable leaves the text as it was");
  }
  return 0;
}
