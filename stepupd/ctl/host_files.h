// SPDX-License-Identifier: ISC
// The host's files that enable, disable and doctor read and write, below a root of one's choice.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/ctl/pam_stack.h"

namespace stepup::ctl {

inline constexpr std::size_t kMaxHostFile = std::size_t{1} << 20;

class HostFiles {
 public:
  // Empty arguments mean the running host and /etc/pam.d.
  HostFiles(std::string root, std::string pam_dir);

  [[nodiscard]] bool is_running_host() const noexcept { return root_.empty(); }
  [[nodiscard]] std::string path(std::string_view absolute) const;     // below the root
  [[nodiscard]] std::string pam_path(std::string_view service) const;  // the administrator's
  [[nodiscard]] std::string vendor_path(std::string_view service) const;

  // The text of the file at `path`; symbolic links are followed.  Errors as read_small_file().
  [[nodiscard]] Result<std::string> read(const std::string& path) const;
  // Names in a directory, sorted, without those that begin with a dot; none if it cannot be read.
  [[nodiscard]] std::vector<std::string> names_in(const std::string& directory) const;
  [[nodiscard]] std::vector<std::string> pam_names() const { return names_in(pam_dir_); }

  [[nodiscard]] bool has_module() const;  // pam_stepup.so

  // Reads as libpam does: the administrator's file, else the vendor's; an absolute name as it is.
  // It must not outlive this object.
  [[nodiscard]] PamReader pam_reader() const;

 private:
  std::string root_;
  std::string pam_dir_;
};

// Puts `text` in place of the file at `path`, whole or not at all: a new file beside it with the
// owner, mode and extended attributes of the old one (or of `model`, if `path` does not exist),
// written to disk and renamed.  `expected` is what the old file was read as, or nothing when there
// must be none: a file that was changed meanwhile is left alone.  Fails with Busy for that, with
// Untrusted for a symbolic link or something that is no regular file, and otherwise with the errno
// of the step that failed; then the old file is there, untouched.
[[nodiscard]] Status replace_file(const std::string& path, std::optional<std::string_view> expected,
                                  std::string_view text, const std::string& model);

// Removes the file at `path`, durably.
[[nodiscard]] Status remove_file(const std::string& path);

}  // namespace stepup::ctl
