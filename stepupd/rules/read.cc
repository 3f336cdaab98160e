// SPDX-License-Identifier: ISC
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "stepupd/rules/host_tags.h"
#include "stepupd/rules/rules.h"
#include "stepupd/rules/trusted_dir.h"

namespace stepup::rules {
namespace {

constexpr const char* kMainName = "stepupd.conf";
constexpr const char* kDropInDir = "stepupd.conf.d";

// Reads files until the sum of what was read is too large, noting what is wrong.
class Collector {
 public:
  Collector(const Trust& trust, std::vector<Problem>& problems)
      : trust_(trust), problems_(problems) {}

  void problem(Problem problem) { problems_.push_back(std::move(problem)); }

  void add(const ListedDirectory& directory, const std::string& name, std::string replaces) {
    const std::string path = directory.path + '/' + name;
    auto read = read_trusted_file(directory.fd.get(), name, path, trust_);
    if (!read) return problem(std::move(read.error()));
    std::optional<std::string> text = *std::move(read);
    if (!text) return problem({path, 0, 0, "missing"});  // or removed since it was listed
    total_ += text->size();
    if (total_ > kMaxTotalSize) return problem({path, 0, 0, "makes all files larger than 4 MiB"});
    files_.push_back({path, *std::move(text), std::move(replaces)});
  }

  [[nodiscard]] std::vector<SourceFile> take() { return std::move(files_); }

 private:
  const Trust& trust_;
  std::vector<Problem>& problems_;
  std::vector<SourceFile> files_;
  std::size_t total_ = 0;
};

}  // namespace

std::expected<std::vector<SourceFile>, std::vector<Problem>> read_files_of(const Layout& layout,
                                                                           const Trust& trust) {
  std::vector<Problem> problems;
  Collector collector(trust, problems);
  auto etc = open_directory(layout.etc_dir, trust);
  if (!etc) {
    problems.push_back(std::move(etc.error()));
  } else if (!*etc) {
    problems.push_back({layout.etc_dir + '/' + kMainName, 0, 0, "missing"});
  } else {
    collector.add({layout.etc_dir, std::move(*etc), {}}, kMainName, {});
  }

  std::vector<ListedDirectory> layers;  // the vendor's, then the administrator's
  for (const std::string& parent : {layout.vendor_dir, layout.etc_dir}) {
    auto listed = list_directory(parent + '/' + kDropInDir, ".conf", trust);
    if (listed) {
      layers.push_back(std::move(*listed));
    } else {
      problems.push_back(std::move(listed.error()));
    }
  }
  auto tags = list_directory(layout.etc_dir + '/' + kTagsDir, ".conf", trust);
  if (!tags) problems.push_back(std::move(tags.error()));
  // A layer that cannot be listed could hold the file that replaces another.
  if (layers.size() != 2 || !tags) return std::unexpected(std::move(problems));

  struct Origin {
    const ListedDirectory* layer;
    std::string replaces;
  };
  std::map<std::string, Origin> drop_ins;
  for (const std::string& name : layers[0].names) drop_ins[name] = {&layers[0], {}};
  for (const std::string& name : layers[1].names) {
    const bool replaces = drop_ins.contains(name);
    drop_ins[name] = {&layers[1], replaces ? layers[0].path + '/' + name : std::string()};
  }
  if (drop_ins.size() + tags->names.size() >= kMaxFiles) {
    problems.push_back({layers[1].path, 0, 0, "more than " + std::to_string(kMaxFiles) + " files"});
    return std::unexpected(std::move(problems));
  }
  for (auto& [name, origin] : drop_ins) {
    collector.add(*origin.layer, name, std::move(origin.replaces));
  }
  std::ranges::sort(tags->names);
  for (const std::string& name : tags->names) collector.add(*tags, name, {});
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return collector.take();
}

std::expected<std::vector<SourceFile>, std::vector<Problem>> read_files(const Layout& layout,
                                                                        OwnerRule owner) {
  Trust trust;
  if (owner == OwnerRule::Root) trust.owner = 0;
  return read_files_of(layout, trust);
}

}  // namespace stepup::rules
