// SPDX-License-Identifier: ISC
#include "stepupd/store/own_file.h"

#include <errno.h>

namespace stepup::store {
namespace {

Status require_own(const struct stat& file) {
  if (!S_ISREG(file.st_mode) || file.st_nlink != 1) {
    return failure(Errc::Untrusted, "a file in the state directory is no regular file");
  }
  if (file.st_uid != geteuid()) {
    return failure(Errc::Untrusted, "a file in the state directory belongs to another user");
  }
  if ((file.st_mode & 0077) != 0) {
    return failure(Errc::Untrusted, "a file in the state directory is open to other users");
  }
  return {};
}

}  // namespace

Result<UniqueFd> open_own_directory(const std::string& path) {
  UniqueFd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) {
    if (errno == ENOENT) return failure(Errc::NotFound, "the state directory is missing", errno);
    const bool odd = errno == ELOOP || errno == ENOTDIR;
    return failure(odd ? Errc::Untrusted : Errc::Storage, "the state directory cannot be opened",
                   errno);
  }
  struct stat seen{};
  if (fstat(directory.get(), &seen) != 0) return failure(Errc::Storage, "fstat", errno);
  if (seen.st_uid != geteuid()) {
    return failure(Errc::Untrusted, "the state directory belongs to another user");
  }
  if ((seen.st_mode & 0077) != 0) {
    return failure(Errc::Untrusted, "the state directory is open to other users");
  }
  return directory;
}

Result<struct stat> look_at_own_file(int directory, const char* name) {
  struct stat seen{};
  if (fstatat(directory, name, &seen, AT_SYMLINK_NOFOLLOW) != 0) {
    return failure(errno == ENOENT ? Errc::NotFound : Errc::Storage,
                   "a file in the state directory is missing", errno);
  }
  if (const auto own = require_own(seen); !own) return std::unexpected(own.error());
  return seen;
}

Status require_own_file(int fd) {
  struct stat seen{};
  if (fstat(fd, &seen) != 0) return failure(Errc::Storage, "fstat", errno);
  return require_own(seen);
}

Result<UniqueFd> make_own_file(int directory, const char* name) {
  UniqueFd file(openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file || fchmod(file.get(), 0600) != 0) {
    return failure(Errc::Storage, "the state directory cannot be written to", errno);
  }
  return file;
}

}  // namespace stepup::store
