// SPDX-License-Identifier: ISC
// The words after pam_stepup.so, one on each line.
// Property: what is accepted is an absolute path that fits an address and 1 to 60 seconds, and
// a language that there is; a word
// that is refused is one of those given; any word more that is no option refuses the whole line.
#include <sys/un.h>

#include <algorithm>

#include "stepupd/wire/module_options.h"
#include "tests/fuzz/check.h"

using namespace stepup;
using namespace std::chrono_literals;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(fuzz::text_of(data, size));
  std::vector<std::string> lines;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    lines.emplace_back(text.substr(start, end - start).c_str());  // a word ends at its NUL
    start = end + 1;
  }
  std::vector<const char*> words;
  for (const std::string& line : lines) words.push_back(line.c_str());

  const auto options = wire::parse_module_options(words);
  if (!options) {
    fuzz::require(std::ranges::find(lines, options.error()) != lines.end(),
                  "the refused word is one of those given");
    return 0;
  }
  fuzz::require(
      options->socket.starts_with('/') && options->socket.size() < sizeof(sockaddr_un::sun_path),
      "the socket is absolute and fits");
  fuzz::require(options->first_reply >= 1s && options->first_reply <= 60s, "1 to 60 seconds");
  fuzz::require(options->language >= Language::English && options->language <= Language::French,
                "a language that there is");
  words.push_back("nullok");
  fuzz::require(!wire::parse_module_options(words), "an unknown word refuses the line");
  return 0;
}
