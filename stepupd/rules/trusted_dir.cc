// SPDX-License-Identifier: ISC
#include "stepupd/rules/trusted_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>
#include <system_error>

#include "stepupd/base/c_handle.h"
#include "stepupd/base/small_file.h"

namespace stepup::rules {
namespace {

using DirHandle = CHandle<DIR, &closedir>;

std::unexpected<Problem> refuse(std::string path, std::string what) {
  return std::unexpected(Problem{std::move(path), 0, 0, std::move(what)});
}

std::string with_errno(const char* what, int error) {
  return std::string(what) + ": " + std::generic_category().message(error);
}

bool same_content(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec && a.st_ctim.tv_sec == b.st_ctim.tv_sec &&
         a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

bool links_to_dev_null(int directory, const std::string& name) {
  constexpr std::string_view kDevNull = "/dev/null";
  char target[kDevNull.size() + 1];  // one more, to tell a longer target from an equal one
  const ssize_t size = readlinkat(directory, name.c_str(), target, sizeof target);
  return size > 0 && std::string_view(target, static_cast<std::size_t>(size)) == kDevNull;
}

// Opens one directory and examines it.
std::expected<UniqueFd, Problem> open_step(int parent, const std::string& name,
                                           const std::string& path, const Trust& trust) {
  constexpr int kFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd fd(openat(parent, name.c_str(), kFlags));
  if (!fd && errno == ENOENT) return UniqueFd();
  if (!fd && errno == ENOTDIR) return refuse(path, "not a directory, or a symbolic link");
  if (!fd) return refuse(path, with_errno("cannot be opened", errno));
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) return refuse(path, with_errno("fstat", errno));
  if (auto why = why_untrusted(status, trust); !why.empty()) return refuse(path, std::move(why));
  return fd;
}

}  // namespace

std::string why_untrusted(const struct stat& status, const Trust& trust) {
  if (!trust.owner) return {};
  if (status.st_uid != *trust.owner) {
    return "owned by uid " + std::to_string(status.st_uid) + ", not by uid " +
           std::to_string(*trust.owner);
  }
  // Sticky directories too: whoever may create a file in one decides what a missing file says.
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "writable by its group or by others";
  return {};
}

std::expected<UniqueFd, Problem> open_directory(const std::string& path, const Trust& trust) {
  if (!trust.owner) {
    UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd && errno != ENOENT) return refuse(path, with_errno("cannot be opened", errno));
    return fd;
  }
  if (!path.starts_with(trust.from)) return refuse(path, "not below " + trust.from);

  std::string walked = trust.from;
  auto fd = open_step(AT_FDCWD, walked, walked, trust);
  for (std::size_t i = walked.size(); fd && *fd && i < path.size();) {
    const std::size_t end = std::min(path.find('/', i), path.size());
    const std::string name = path.substr(i, end - i);
    i = end + 1;
    if (name.empty()) continue;
    walked = path.substr(0, end);
    fd = open_step(fd->get(), name, walked, trust);
  }
  if (!fd || !*fd) return fd;
  // What was examined is only a place in the tree (O_PATH); this opens the same directory to list.
  UniqueFd listed(openat(fd->get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!listed) return refuse(path, with_errno("cannot be opened", errno));
  return listed;
}

std::expected<ListedDirectory, Problem> list_directory(const std::string& path,
                                                       std::string_view suffix,
                                                       const Trust& trust) {
  auto fd = open_directory(path, trust);
  if (!fd) return std::unexpected(std::move(fd.error()));
  ListedDirectory listed{path, std::move(*fd), {}};
  if (!listed.fd) return listed;

  const auto failed = [&](std::string what) { return refuse(path, std::move(what)); };
  // closedir() closes the descriptor that it was given, and the files are opened through ours.
  UniqueFd own(openat(listed.fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const DirHandle dir(own ? fdopendir(own.get()) : nullptr);
  if (!dir) return failed(with_errno("cannot be listed", errno));
  (void)own.release();
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(dir.get());  // NOLINT(concurrency-mt-unsafe): our own stream
    if (!entry && errno != 0) return failed(with_errno("cannot be listed", errno));
    if (!entry) break;
    const std::string_view name = entry->d_name;
    if (!name.ends_with(suffix) || name.starts_with('.')) continue;
    if (listed.names.size() == kMaxFiles) {
      return failed("holds more than " + std::to_string(kMaxFiles) + " files");
    }
    listed.names.emplace_back(name);
  }
  return listed;
}

std::expected<std::optional<std::string>, Problem> read_trusted_file(int directory,
                                                                     const std::string& name,
                                                                     const std::string& path,
                                                                     const Trust& trust) {
  // Non-blocking, since a FIFO in the place of a file would otherwise stop us for good.
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  const UniqueFd fd(openat(directory, name.c_str(), kFlags));
  if (!fd && errno == ENOENT) return std::nullopt;
  if (!fd && errno == ELOOP) {
    if (links_to_dev_null(directory, name)) return std::string();
    return refuse(path, "a symbolic link, which only /dev/null may be the target of");
  }
  if (!fd) return refuse(path, with_errno("cannot be opened", errno));

  struct stat before{};
  if (fstat(fd.get(), &before) != 0) return refuse(path, with_errno("fstat", errno));
  if (!S_ISREG(before.st_mode)) return refuse(path, "not a regular file");
  if (auto why = why_untrusted(before, trust); !why.empty()) return refuse(path, std::move(why));

  auto text = read_all(fd.get(), kMaxFileSize);
  if (!text && text.error().code == Errc::TooLarge) return refuse(path, "larger than 1 MiB");
  if (!text) return refuse(path, with_errno("cannot be read", text.error().sys_errno));
  struct stat after{};
  if (fstat(fd.get(), &after) != 0 || !same_content(before, after) ||
      static_cast<std::size_t>(after.st_size) != text->size()) {
    return refuse(path, "changed while it was read: reload again");
  }
  return *std::move(text);
}

}  // namespace stepup::rules
