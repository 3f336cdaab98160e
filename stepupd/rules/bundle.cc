// SPDX-License-Identifier: ISC
// The last good files, as one string.  Numbers are 32 bits, big-endian:
//
//   "stepup-rules" version=1  size of all that follows  count of files
//   for each file: size path, size replaces, size text
#include <array>
#include <cstddef>
#include <cstdint>

#include "stepupd/rules/rules.h"

namespace stepup::rules {
namespace {

constexpr std::string_view kMagic = "stepup-rules";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kMaxPath = 4096;  // PATH_MAX

void put_number(std::string& out, std::size_t number) {
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<char>(number >> shift & 0xff));
}

void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size());
  out.append(text);
}

// Takes from the front of `bytes`; once anything was missing, takes nothing more.
class Taker {
 public:
  explicit Taker(std::string_view bytes) : bytes_(bytes) {}

  std::string_view take(std::size_t size) {
    if (size > bytes_.size()) failed_ = true;
    if (failed_) return {};
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  std::uint32_t take_number() {
    std::uint32_t number = 0;
    for (const char c : take(4)) number = number << 8 | static_cast<std::uint8_t>(c);
    return number;
  }
  // A text that was written with a size over `limit` is refused before it is copied.
  std::string take_text(std::size_t limit) {
    const std::size_t size = take_number();
    if (size > limit) failed_ = true;
    return std::string(take(size));
  }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

std::unexpected<Problem> refuse(const char* what) {
  return std::unexpected(Problem{"", 0, 0, what});
}

}  // namespace

std::string bundle(const std::vector<SourceFile>& files) {
  std::string body;
  put_number(body, files.size());
  for (const SourceFile& file : files) {
    put_text(body, file.path);
    put_text(body, file.replaces);
    put_text(body, file.text);
  }
  std::string out(kMagic);
  put_number(out, kVersion);
  put_text(out, body);
  return out;
}

std::expected<std::vector<SourceFile>, Problem> unbundle(std::string_view bytes) {
  Taker taker(bytes);
  if (taker.take(kMagic.size()) != kMagic) return refuse("not a set of rules");
  if (taker.take_number() != kVersion)
    return refuse("a set of rules of another version of stepupd");
  if (taker.take_number() != taker.left()) return refuse("a set of rules of the wrong size");
  const std::size_t count = taker.take_number();
  if (count > kMaxFiles) return refuse("a set of rules of too many files");
  std::vector<SourceFile> files;
  for (std::size_t i = 0; i < count && !taker.failed(); ++i) {
    SourceFile file;
    file.path = taker.take_text(kMaxPath);
    file.replaces = taker.take_text(kMaxPath);
    file.text = taker.take_text(kMaxFileSize);
    files.push_back(std::move(file));
  }
  if (taker.failed() || taker.left() != 0) return refuse("a damaged set of rules");
  return files;
}

}  // namespace stepup::rules
