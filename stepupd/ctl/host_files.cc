// SPDX-License-Identifier: ISC
#include "stepupd/ctl/host_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "stepupd/base/c_handle.h"
#include "stepupd/base/small_file.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/ctl/output.h"

namespace stepup::ctl {
namespace {

constexpr char kPamDir[] = "/etc/pam.d";
constexpr char kVendorPamDir[] = "/usr/lib/pam.d";

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status sync_directory_of(const std::string& path) {
  const UniqueFd directory(open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || fsync(directory.get()) != 0) {
    return failure(Errc::Storage, "sync the directory", errno);
  }
  return {};
}

// Access lists, and the label of a security module.  A file system without them has none to lose.
Status copy_attributes(int from, int to) {
  std::string names(65'536, '\0');
  const ssize_t size = flistxattr(from, names.data(), names.size());
  if (size < 0 && errno == ENOTSUP) return {};
  if (size < 0) return failure(Errc::Storage, "read the extended attributes", errno);
  names.resize(static_cast<std::size_t>(size));
  std::string value(65'536, '\0');
  for (std::size_t at = 0; at < names.size(); at = names.find('\0', at) + 1) {
    const char* const name = names.c_str() + at;
    const ssize_t length = fgetxattr(from, name, value.data(), value.size());
    if (length < 0 || fsetxattr(to, name, value.data(), static_cast<std::size_t>(length), 0) != 0) {
      return failure(Errc::Storage, "copy the extended attributes", errno);
    }
  }
  return {};
}

Status fill(int fd, int model, std::string_view text) {
  struct stat like = {};
  if (fstat(model, &like) != 0) return failure(Errc::Storage, "stat", errno);
  if (fchown(fd, like.st_uid, like.st_gid) != 0 || fchmod(fd, like.st_mode & 07777) != 0) {
    return failure(Errc::Storage, "set owner and mode", errno);
  }
  if (const auto copied = copy_attributes(model, fd); !copied) return copied;
  if (const auto written = write_all(fd, text); !written) return written;
  if (fsync(fd) != 0) return failure(Errc::Storage, "sync the file", errno);
  return {};
}

// Opens the old file, or the model where there is none, having made sure that it is as expected.
Result<UniqueFd> open_model(const std::string& path, std::optional<std::string_view> expected,
                            const std::string& model) {
  UniqueFd old(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!old && errno == ELOOP) return failure(Errc::Untrusted, "it is a symbolic link");
  if (!old && errno != ENOENT) return failure(Errc::Storage, "open", errno);
  if (static_cast<bool>(old) != expected.has_value()) {
    return failure(Errc::Busy, "it was changed meanwhile");
  }
  if (!old) {
    old.reset(open(model.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!old) return failure(Errc::Storage, "open the model", errno);
  }
  struct stat status = {};
  if (fstat(old.get(), &status) != 0) return failure(Errc::Storage, "stat", errno);
  if (!S_ISREG(status.st_mode)) return failure(Errc::Untrusted, "it is no regular file");
  if (expected) {
    const auto now = read_all(old.get(), kMaxHostFile);
    if (!now || *now != *expected) return failure(Errc::Busy, "it was changed meanwhile");
  }
  return old;
}

}  // namespace

HostFiles::HostFiles(std::string root, std::string pam_dir)
    : root_(std::move(root)), pam_dir_(std::move(pam_dir)) {
  while (root_.ends_with('/')) root_.pop_back();
  if (pam_dir_.empty()) pam_dir_ = root_ + kPamDir;
}

std::string HostFiles::path(std::string_view absolute) const {
  return root_ + std::string(absolute);
}

std::string HostFiles::pam_path(std::string_view service) const {
  return pam_dir_ + "/" + std::string(service);
}

std::string HostFiles::vendor_path(std::string_view service) const {
  return path(kVendorPamDir) + "/" + std::string(service);
}

Result<std::string> HostFiles::read(const std::string& path) const {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return failure(errno == ENOENT ? Errc::NotFound : Errc::Internal, "open", errno);
  return read_all(fd.get(), kMaxHostFile);
}

std::vector<std::string> HostFiles::names_in(const std::string& directory) const {
  std::vector<std::string> names;
  const CHandle<DIR, &closedir> entries(opendir(directory.c_str()));
  if (!entries) return names;
  while (const dirent* entry = readdir(entries.get())) {  // NOLINT(concurrency-mt-unsafe): own DIR
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  std::ranges::sort(names);
  return names;
}

// Where distributions keep PAM modules.
bool HostFiles::has_module() const {
  std::vector<std::string> directories = {"/lib/security", "/usr/lib/security", "/lib64/security",
                                          "/usr/lib64/security"};
  for (const std::string& name : names_in(path("/usr/lib"))) {
    directories.push_back("/usr/lib/" + name + "/security");
  }
  return std::ranges::any_of(directories, [&](const std::string& directory) {
    return access(path(directory + "/pam_stepup.so").c_str(), R_OK) == 0;
  });
}

PamReader HostFiles::pam_reader() const {
  return [this](const std::string& name) -> std::optional<std::string> {
    if (name.starts_with('/')) {
      auto text = read(path(name));
      return text ? std::optional(std::move(*text)) : std::nullopt;
    }
    auto text = read(pam_path(name));
    if (!text && text.error().code == Errc::NotFound) text = read(vendor_path(name));
    return text ? std::optional(std::move(*text)) : std::nullopt;
  };
}

Status replace_file(const std::string& path, std::optional<std::string_view> expected,
                    std::string_view text, const std::string& model) {
  const auto like = open_model(path, expected, model);
  if (!like) return std::unexpected(like.error());
  // The name begins with a dot, so that nobody takes an unfinished file for a service.
  const std::string fresh =
      directory_of(path) + "/." + path.substr(path.rfind('/') + 1) + ".stepup-new";
  (void)unlink(fresh.c_str());  // of a run that was killed
  const UniqueFd fd(open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return failure(Errc::Storage, "create a file beside it", errno);
  Status done = fill(fd.get(), like->get(), text);
  if (done && rename(fresh.c_str(), path.c_str()) != 0) {
    done = failure(Errc::Storage, "rename", errno);
  }
  if (!done) {
    (void)unlink(fresh.c_str());
    return done;
  }
  return sync_directory_of(path);
}

Status remove_file(const std::string& path) {
  if (unlink(path.c_str()) != 0) return failure(Errc::Storage, "remove", errno);
  return sync_directory_of(path);
}

}  // namespace stepup::ctl
