// SPDX-License-Identifier: ISC
// The file of pam_google_authenticator: ~/.google_authenticator.
#include <algorithm>
#include <array>
#include <set>

#include "stepupd/import/formats.h"
#include "stepupd/import/line_reader.h"

namespace stepup::import {
namespace {

constexpr std::size_t kScratchDigits = 8;
constexpr std::uint64_t kMaxStepSize = 60;  // of pam_google_authenticator
constexpr std::uint64_t kMaxCounter = 0x7fff'ffff'ffff'ffff;

constexpr std::array<std::string_view, 3> kSuperseded = {"RATE_LIMIT", "WINDOW_SIZE",
                                                         "RESETTING_TIME_SKEW"};

bool is_digit(char sign) { return sign >= '0' && sign <= '9'; }

// The five bits that `sign` stands for, as pam_google_authenticator reads them: in either case, and
// digits that base 32 has not for the letters they look like.
std::optional<std::uint32_t> bits_of(char sign) {
  if (sign >= 'a' && sign <= 'z') return static_cast<std::uint32_t>(sign - 'a');
  if (sign >= 'A' && sign <= 'Z') return static_cast<std::uint32_t>(sign - 'A');
  if (sign >= '2' && sign <= '7') return static_cast<std::uint32_t>(sign - '2' + 26);
  switch (sign) {
    case '0': return 'O' - 'A';
    case '1': return 'L' - 'A';
    case '8': return 'B' - 'A';
    default: return {};
  }
}

// Bits beyond the last whole byte say nothing.  Nothing for any other sign.
std::optional<SecretBytes> read_base32(std::string_view text) {
  SecretBytes bytes(text.size() * 5 / 8 + 1);
  std::size_t used = 0;
  std::uint32_t pending = 0;
  int count = 0;
  for (const char sign : text) {
    if (sign == ' ' || sign == '-' || sign == '\t') continue;
    const auto bits = bits_of(sign);
    if (!bits) return {};
    pending = (pending << 5 | *bits) & 0xfffU;
    count += 5;
    if (count < 8) continue;
    count -= 8;
    bytes.bytes()[used++] = static_cast<std::uint8_t>(pending >> count);
  }
  bytes.shrink(used);
  return bytes;
}

class FileReader {
 public:
  explicit FileReader(std::string_view text) : reader_(text, LineReader::Comments::None) {}

  Records read() {
    if (!reader_.next()) return reader_.finish();
    read_secret();
    while (reader_.next()) {
      if (reader_.line().starts_with("\" ")) {
        read_option(split(reader_.line().substr(2), " \t"));
      } else if (reader_.line().size() == kScratchDigits &&
                 std::ranges::all_of(reader_.line(), is_digit)) {
        has_scratch_codes_ = true;
      } else {
        reader_.problem(reader_.line(),
                        "neither an option, which begins with a quotation mark and "
                        "a space, nor a scratch code of 8 digits");
      }
    }
    conclude();
    reader_.add(std::move(record_));
    return reader_.finish();
  }

 private:
  using Words = std::vector<std::string_view>;

  void read_secret() {
    record_.at = reader_.place_of(reader_.line());
    auto key = read_base32(reader_.line());
    if (!key || key->size() < kMinSecretBytes || key->size() > kMaxSecretBytes) {
      reader_.problem(reader_.line(), "the secret is not 80 to 512 bits in base 32");
      return;
    }
    record_.key = std::move(*key);
  }

  void read_option(const Words& words) {
    if (words.empty()) return reader_.problem(reader_.line(), "an option without a name");
    const std::string_view name = words[0];
    if (!seen_.insert(name).second) return reader_.problem(name, "this option stands twice");
    if (name == "TOTP_AUTH") return;
    if (name == "HOTP_COUNTER") return read_counter(words);
    if (name == "STEP_SIZE") return read_step_size(words);
    if (name == "DISALLOW_REUSE") return read_used_steps(words);
    if (name == "TIME_SKEW") return read_skew(words);
    const bool is_last_login =
        name.size() == 5 && name.starts_with("LAST") && is_digit(name.back());
    if (is_last_login || std::ranges::find(kSuperseded, name) != kSuperseded.end()) {
      superseded_ = true;
      return;
    }
    reader_.problem(name, "an option that pam_google_authenticator does not know");
  }

  void read_counter(const Words& words) {
    const auto counter = words.size() == 2 ? read_number(words[1]) : std::nullopt;
    if (!counter || *counter < 1 || *counter > kMaxCounter) {
      return reader_.problem(words[0], "HOTP_COUNTER takes a number from 1 on");
    }
    record_.factor = FactorKind::Hotp;
    counter_ = *counter;
  }

  void read_step_size(const Words& words) {
    const auto seconds = words.size() == 2 ? read_number(words[1]) : std::nullopt;
    if (!seconds || *seconds < 1 || *seconds > kMaxStepSize) {
      return reader_.problem(words[0], "STEP_SIZE takes a number from 1 to 60");
    }
    record_.parameters.period = std::chrono::seconds(*seconds);
  }

  void read_used_steps(const Words& words) {
    superseded_ = true;
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto step = read_number(words[i]);
      if (!step || *step > kMaxCounter) {
        return reader_.problem(words[i], "DISALLOW_REUSE takes the numbers of time steps");
      }
      last_used_step_ = std::max(last_used_step_.value_or(0), *step);
    }
  }

  void read_skew(const Words& words) {
    if (words.size() == 2 && words[1] == "0") return;
    reader_.problem(words[0],
                    "the clock of this authenticator is wrong, which pam_google_authenticator made "
                    "up for and stepup does not: set it right, and take this line out");
  }

  // What only the whole file tells.
  void conclude() {
    if (record_.factor == FactorKind::Hotp) {
      record_.parameters.period = factor::TotpParameters{}.period;
      record_.last_step = counter_ - 1;
    } else if (seen_.contains("TOTP_AUTH")) {
      record_.last_step = last_used_step_;
    } else {
      reader_.problem(reader_.line(), "neither TOTP_AUTH nor HOTP_COUNTER stands in the file");
    }
    if (has_scratch_codes_) {
      record_.remarks.push_back(
          "its scratch codes do not come along: \"stepupctl enroll recovery-codes\" makes new "
          "ones");
    }
    if (superseded_) {
      record_.remarks.push_back(
          "stepup's own limits stand in place of RATE_LIMIT, WINDOW_SIZE, DISALLOW_REUSE and LAST");
    }
  }

  LineReader reader_;
  Record record_;
  std::set<std::string_view> seen_;
  std::uint64_t counter_ = 1;
  std::optional<std::uint64_t> last_used_step_;
  bool has_scratch_codes_ = false;
  bool superseded_ = false;
};

}  // namespace

Records parse_google_authenticator(std::string_view text) { return FileReader(text).read(); }

}  // namespace stepup::import
