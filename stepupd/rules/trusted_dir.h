// SPDX-License-Identifier: ISC
// Opening directories and files that nobody but their owner can have changed.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/base/unique_fd.h"
#include "stepupd/rules/rules.h"

namespace stepup::rules {

// Who must own every file and directory, and be the only one who may write to it.  Without an
// owner nothing is asked for.
struct Trust {
  std::optional<uid_t> owner;
  std::string from = "/";  // a directory; those above it are not looked at
};

// Why the owner and mode in `status` do not satisfy `trust`; empty when they do.
[[nodiscard]] std::string why_untrusted(const struct stat& status, const Trust& trust);

// Opens the directory at the absolute `path`, having examined it and every directory above it, one
// by one through descriptors so that none can be exchanged in between; a symbolic link on the way
// is refused.  Without an owner, links are followed and `path` may be relative.  Returns an empty
// descriptor for a directory that does not exist, which an unreadable one never passes for.
[[nodiscard]] std::expected<UniqueFd, Problem> open_directory(const std::string& path,
                                                              const Trust& trust);

// A directory and the names of its files, in no order.
struct ListedDirectory {
  std::string path;
  UniqueFd fd;  // empty: there is no such directory
  std::vector<std::string> names;
};

// Opens `path` as open_directory() does and lists the files whose names end in `suffix` and do not
// begin with a dot.  Fails for more than kMaxFiles.
[[nodiscard]] std::expected<ListedDirectory, Problem> list_directory(const std::string& path,
                                                                     std::string_view suffix,
                                                                     const Trust& trust);

// Reads the file `name` of `directory`, whose path is `path` for messages.  Returns nothing when it
// does not exist, and the empty text for a symbolic link to /dev/null.
[[nodiscard]] std::expected<std::optional<std::string>, Problem> read_trusted_file(
    int directory, const std::string& name, const std::string& path, const Trust& trust);

// What read_files() does, for any owner.
[[nodiscard]] std::expected<std::vector<SourceFile>, std::vector<Problem>> read_files_of(
    const Layout& layout, const Trust& trust);

}  // namespace stepup::rules
