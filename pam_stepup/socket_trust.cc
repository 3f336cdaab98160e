// SPDX-License-Identifier: ISC
#include "pam_stepup/socket_trust.h"

#include <errno.h>
#include <sys/stat.h>

namespace stepup::pam_stepup {

Status check_socket_path(const std::string& path) {
  struct stat node{};
  // lstat: a symlink is refused, since whoever made it chose where it leads.
  if (lstat(path.c_str(), &node) != 0) return failure(Errc::Unreachable, "lstat", errno);
  if (!S_ISSOCK(node.st_mode)) return failure(Errc::Untrusted, "it is not a socket");
  if (node.st_uid != 0) return failure(Errc::Untrusted, "it does not belong to root");

  const std::string directory = path.substr(0, path.rfind('/') + 1);
  struct stat parent{};
  if (stat(directory.c_str(), &parent) != 0) return failure(Errc::Unreachable, "stat", errno);
  if (parent.st_uid != 0) {
    return failure(Errc::Untrusted, "its directory does not belong to root");
  }
  if ((parent.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return failure(Errc::Untrusted, "its directory can be written by others");
  }
  return {};
}

Status check_listener(const wire::Client& client) {
  const auto uid = client.listener_uid();
  if (!uid) return std::unexpected(uid.error());
  if (*uid != 0) return failure(Errc::Untrusted, "it was not started by root");
  return {};
}

}  // namespace stepup::pam_stepup
