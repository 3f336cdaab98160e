// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/key_finder.h"

#include <errno.h>
#include <fcntl.h>
#include <fido.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>

#include "stepupd/base/printable.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/fido2_helper/lock_holder.h"

namespace stepup::fido2_helper {
namespace {

constexpr std::size_t kMaxKeys = 16;
constexpr std::size_t kMaxModel = 64;

// Whoever talks to a key holds a flock on it (libfido2 does, and so do browsers); without looking,
// libfido2 would wait for it in silence.
std::string user_of(const std::string& path, const struct stat& file) {
  const UniqueFd fd(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd || flock(fd.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return "";
  return holder_of(file);
}

void add(std::vector<FoundKey>& found, const std::string& path, const std::string& model) {
  struct stat file{};
  if (found.size() >= kMaxKeys || stat(path.c_str(), &file) != 0 || !S_ISCHR(file.st_mode)) return;
  const auto same = [&](const FoundKey& key) { return key.device == file.st_rdev; };
  if (std::ranges::any_of(found, same)) return;
  found.push_back({path, file.st_rdev, model, user_of(path, file)});
}

}  // namespace

std::vector<FoundKey> find_keys(const std::vector<std::string>& paths) {
  std::vector<FoundKey> found;
  fido_dev_info_t* list = fido_dev_info_new(kMaxKeys);
  std::size_t count = 0;
  if (list != nullptr && fido_dev_info_manifest(list, kMaxKeys, &count) == FIDO_OK) {
    for (std::size_t i = 0; i < count; ++i) {
      const fido_dev_info_t* info = fido_dev_info_ptr(list, i);
      const char* product = fido_dev_info_product_string(info);
      add(found, fido_dev_info_path(info), product == nullptr ? "" : printable(product, kMaxModel));
    }
  }
  fido_dev_info_free(&list, kMaxKeys);
  for (const std::string& path : paths) add(found, path, "");
  return found;
}

}  // namespace stepup::fido2_helper
