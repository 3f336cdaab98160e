// SPDX-License-Identifier: ISC
#include "stepupd/ctl/pam_change.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>

#include "stepupd/base/printable.h"
#include "stepupd/ctl/output.h"
#include "stepupd/ctl/pam_edit.h"
#include "stepupd/ctl/unified_diff.h"

namespace stepup::ctl {

bool show(const std::vector<PamChange>& changes) {
  std::string text;
  for (const PamChange& change : changes) {
    text += unified_diff(change.before ? change.path : "/dev/null", change.before.value_or(""),
                         change.after ? change.path : "/dev/null", change.after.value_or(""));
  }
  return write_all(STDOUT_FILENO, text).has_value();
}

bool carry_out(const std::vector<PamChange>& changes) {
  for (const PamChange& change : changes) {
    const Status done = change.after
                            ? replace_file(change.path, change.before, *change.after, change.model)
                            : remove_file(change.path);
    if (done) continue;
    const char* const cause = strerrordesc_np(done.error().sys_errno);
    complain(printable(change.path) + ": " + done.error().what +
             (done.error().sys_errno == 0 || cause == nullptr ? "" : std::string(": ") + cause));
    return false;
  }
  return true;
}

PamReader after(const std::vector<PamChange>& changes, const PamReader& now) {
  return [&changes, &now](const std::string& name) -> std::optional<std::string> {
    const auto found = std::ranges::find(changes, name, &PamChange::file);
    return found != changes.end() && found->after ? found->after : now(name);
  };
}

std::expected<std::optional<PamChange>, std::string> removal(const HostFiles& host,
                                                             const std::string& file) {
  const std::string path = host.pam_path(file);
  const auto text = host.read(path);
  const bool no_file =
      !text && (text.error().code == Errc::NotFound || text.error().sys_errno == EISDIR);
  if (no_file) return std::nullopt;
  if (!text) return std::unexpected(printable(path) + ": cannot be read");
  auto removed = without_blocks(file, *text);
  if (!removed) return std::unexpected(removed.error());
  if (!removed->had_block) return std::nullopt;
  PamChange change{file, path, *text, std::move(removed->text), path};
  if (removed->was_copied) {
    const auto vendor = host.read(host.vendor_path(file));
    if (vendor && *vendor == *change.after) {
      change.after.reset();
    } else {
      complain("warning: " + printable(path) +
               " stays, because it differs from the vendor's file that it is a copy of");
    }
  }
  return change;
}

}  // namespace stepup::ctl
