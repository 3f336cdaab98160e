// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/key_finder.h"

#include <fido.h>

#include <algorithm>
#include <memory>

#include "stepupd/base/printable.h"

namespace stepup::fido2_helper {
namespace {

constexpr std::size_t kMaxFound = 64;
constexpr std::size_t kMaxModel = 64;

void add(std::vector<FoundKey>& found, const char* path, const char* model) {
  struct stat status{};
  if (stat(path, &status) != 0 || !S_ISCHR(status.st_mode)) return;
  const NodeId node{status.st_dev, status.st_ino, status.st_ctim};
  if (std::ranges::find(found, node, &FoundKey::node) != found.end()) return;
  found.push_back({path, model == nullptr ? "" : printable(model, kMaxModel), node});
}

}  // namespace

std::vector<FoundKey> find_keys(const std::vector<std::string>& devices) {
  std::vector<FoundKey> found;
  const auto release = [](fido_dev_info_t* list) { fido_dev_info_free(&list, kMaxFound); };
  const std::unique_ptr<fido_dev_info_t, decltype(release)> list(fido_dev_info_new(kMaxFound),
                                                                 release);
  std::size_t count = 0;
  if (list && fido_dev_info_manifest(list.get(), kMaxFound, &count) == FIDO_OK) {
    for (std::size_t i = 0; i < count; ++i) {
      const fido_dev_info_t* key = fido_dev_info_ptr(list.get(), i);
      add(found, fido_dev_info_path(key), fido_dev_info_product_string(key));
    }
  }
  for (const std::string& path : devices) add(found, path.c_str(), "");
  return found;
}

}  // namespace stepup::fido2_helper
