// SPDX-License-Identifier: ISC
// The file of pam_oath: /etc/users.oath.
#include <time.h>

#include <array>
#include <string>

#include "stepupd/factor/hex.h"
#include "stepupd/factor/hotp_window.h"
#include "stepupd/import/formats.h"
#include "stepupd/import/line_reader.h"

namespace stepup::import {
namespace {

constexpr std::string_view kBlank = " \t\r";
constexpr std::size_t kMaxFields = 7;

struct Type {
  std::string_view name;
  int digits;
  int period;  // 0: counts presses
};
constexpr std::array<Type, 13> kTypes = {
    {{"HOTP", 6, 0},
     {"HOTP/E", 6, 0},
     {"HOTP/E/6", 6, 0},
     {"HOTP/E/7", 7, 0},
     {"HOTP/E/8", 8, 0},
     {"HOTP/T30", 6, 30},
     {"HOTP/T30/6", 6, 30},
     {"HOTP/T30/7", 7, 30},
     {"HOTP/T30/8", 8, 30},
     {"HOTP/T60", 6, 60},
     {"HOTP/T60/6", 6, 60},
     {"HOTP/T60/7", 7, 60},
     {"HOTP/T60/8", 8, 60}}
};

// pam_oath writes "2026-11-24T09:00:00L" in local time.
std::optional<std::int64_t> read_time(std::string_view text) {
  const std::string copy(text);
  tm broken = {};
  const char* const end = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%SL", &broken);
  if (end == nullptr || *end != '\0') return {};
  broken.tm_isdst = -1;
  const time_t seconds = mktime(&broken);
  if (seconds < 0) return {};
  return seconds;
}

// How many steps before or after the time a code was found.
std::optional<std::int64_t> read_offset(std::string_view text) {
  const bool before = text.starts_with('-');
  const auto steps = read_number(before ? text.substr(1) : text);
  constexpr std::uint64_t kFarthest = 1'000'000;
  if (!steps || *steps > kFarthest) return {};
  const auto offset = static_cast<std::int64_t>(*steps);
  return before ? -offset : offset;
}

// One line, whose fields are those of the file.
class EntryReader {
 public:
  explicit EntryReader(LineReader& reader)
      : reader_(reader), fields_(split(reader.line(), kBlank)) {}

  // Nothing when there was a problem, which is noted.
  std::optional<Record> read() {
    Record record;
    record.at = reader_.place_of(fields_[0]);
    if (!read_type(record)) return {};
    if (fields_.size() < 4 || fields_.size() > kMaxFields) {
      return refused(reader_.line(),
                     "not of the form TYPE USER PIN SECRET [COUNTER [LAST_CODE [TIME]]]");
    }
    if (fields_[1].size() > kMaxUserName) return refused(fields_[1], "the user's name is too long");
    record.user = fields_[1];
    if (fields_[2] != "-" && fields_[2] != "+") {
      record.remarks.push_back("its PIN does not come along: the code is typed alone");
    }
    const std::size_t size = fields_[3].size() / 2;
    auto key = size < kMinSecretBytes || size > kMaxSecretBytes
                   ? std::nullopt
                   : factor::read_hex(fields_[3], size);
    if (!key) return refused(fields_[3], "the secret is not 80 to 512 bits in hexadecimal digits");
    record.key = std::move(*key);
    const bool has_use = fields_.size() > 4;
    if (has_use && !(record.factor == FactorKind::Hotp ? read_counter(record) : read_step(record)))
      return {};
    return record;
  }

 private:
  std::optional<Record> refused(std::string_view part, const char* what) {
    reader_.problem(part, what);
    return {};
  }

  bool read_type(Record& record) {
    for (const Type& type : kTypes) {
      if (type.name != fields_[0]) continue;
      record.factor = type.period == 0 ? FactorKind::Hotp : FactorKind::Totp;
      record.parameters.digits = type.digits;
      if (type.period != 0) record.parameters.period = std::chrono::seconds(type.period);
      return true;
    }
    reader_.problem(fields_[0], "a type that pam_oath does not know");
    return false;
  }

  // The counter is that of the last code, if there was one, and else that of the next.
  bool read_counter(Record& record) {
    const auto counter = read_number(fields_[4]);
    if (!counter || *counter > factor::kHotpLastCounter) {
      reader_.problem(fields_[4], "the counter is no number");
      return false;
    }
    if (fields_.size() > 5) {
      record.last_step = counter;
    } else if (*counter > 0) {
      record.last_step = *counter - 1;
    }
    return true;
  }

  // The step of the last code stands as a time, and as an offset from its step.
  bool read_step(Record& record) {
    const auto offset = read_offset(fields_[4]);
    const auto time = fields_.size() == kMaxFields ? read_time(fields_[6]) : std::nullopt;
    if (!offset || !time) {
      reader_.problem(fields_[4],
                      "a code was used, and when is not said: OFFSET LAST_CODE TIME follow the "
                      "secret of a type HOTP/T, or nothing");
      return false;
    }
    const std::int64_t step = *time / record.parameters.period.count() + *offset;
    if (step >= 0) record.last_step = static_cast<std::uint64_t>(step);
    return true;
  }

  LineReader& reader_;
  std::vector<std::string_view> fields_;
};

}  // namespace

Records parse_users_oath(std::string_view text) {
  LineReader reader(text, LineReader::Comments::Skipped);
  while (reader.next()) {
    if (auto record = EntryReader(reader).read()) reader.add(std::move(*record));
  }
  return reader.finish();
}

}  // namespace stepup::import
