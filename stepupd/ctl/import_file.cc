// SPDX-License-Identifier: ISC
#include "stepupd/ctl/import_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <utility>

#include "stepupd/base/printable.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/ctl/user_name.h"

namespace stepup::ctl {
namespace {

// The origin that pam_u2f and pamu2fcfg take when they are told none.
std::string default_origin() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  (void)gethostname(name.data(), name.size() - 1);
  return std::string("pam://") + name.data();
}

// Fills `text`; false with errno when the file cannot be read, or has another size by now.
bool fill(int fd, SecretBytes& text) {
  for (std::size_t used = 0; used < text.size();) {
    const auto rest = text.bytes().subspan(used);
    const ssize_t n = read(fd, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = EAGAIN;
    if (n <= 0) return false;
    used += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

std::expected<ImportFile, std::string> read_import_file(const ImportCommand& command) {
  const auto refused = [&](const char* why) {
    return std::unexpected(printable(command.file) + ": " + why);
  };
  // A link, or a FIFO that nobody writes to, may stand where its user can make one.
  const UniqueFd fd(
      open(command.file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd) return refused(errno == ELOOP ? "is a symbolic link" : strerrordesc_np(errno));
  struct stat seen = {};
  if (fstat(fd.get(), &seen) != 0) return refused(strerrordesc_np(errno));
  if (!S_ISREG(seen.st_mode)) return refused("is no regular file");
  if ((seen.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return refused(
        "can be written by others than its owner, so it may hold anybody's keys; see "
        "chmod(1)");
  }
  if (static_cast<std::uint64_t>(seen.st_size) > wire::kMaxImport) {
    return refused("has more than 1 MiB");
  }
  ImportFile file;
  file.upload = {command.file, SecretBytes(static_cast<std::size_t>(seen.st_size))};
  if (!fill(fd.get(), file.upload.text)) return refused(strerrordesc_np(errno));
  file.request.size = static_cast<std::uint32_t>(seen.st_size);
  file.request.dry_run = command.dry_run;
  file.request.rp_id = command.origin.empty() ? default_origin() : command.origin;
  file.request.user = command.user;
  if (command.user.empty() && seen.st_uid != 0) {
    file.request.user = user_name(seen.st_uid);
    if (file.request.user == std::to_string(seen.st_uid)) {
      return refused("belongs to nobody of this host: say whose it is with --user");
    }
  }
  return file;
}

}  // namespace stepup::ctl
