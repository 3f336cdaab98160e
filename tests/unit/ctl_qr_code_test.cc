// SPDX-License-Identifier: ISC
#include "stepupd/ctl/qr_code.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <CppUTest/TestHarness.h>

namespace {

using stepup::SecretBytes;
using stepup::ctl::draw_qr_code;

constexpr std::string_view kColours = "\x1b[38;5;16;48;5;231m";
constexpr std::string_view kPlain = "\x1b[0m";

// The lines between their colour sequences; empty when one lacks them.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (!line.starts_with(kColours) || !line.ends_with(kPlain)) return {};
    line.remove_prefix(kColours.size());
    line.remove_suffix(kPlain.size());
    lines.emplace_back(line);
  }
  return lines;
}

// One 0 or 1 for each module, as a camera sees them: 1 = dark.
std::vector<std::string> modules_of(std::string_view text) {
  std::vector<std::string> rows;
  for (std::string_view line : lines_of(text)) {
    std::string upper;
    std::string lower;
    while (!line.empty()) {
      const bool full = line.starts_with("\u2588");
      const bool top = line.starts_with("\u2580");
      const bool bottom = line.starts_with("\u2584");
      upper.push_back(full || top ? '1' : '0');
      lower.push_back(full || bottom ? '1' : '0');
      line.remove_prefix(full || top || bottom ? 3 : 1);
    }
    rows.push_back(upper);
    rows.push_back(lower);
  }
  return rows;
}

}  // namespace

TEST_GROUP(CtlQrCode){};

TEST(CtlQrCode, DrawsTheFinderPatternsInsideAQuietZone) {
  const auto code = draw_qr_code(SecretBytes("otpauth://totp/x"));  // version 1 or 2
  CHECK(code.has_value());
  const auto rows = modules_of(code->text.text());
  const std::size_t side = code->columns;
  CHECK_EQUAL(side + 1, rows.size());  // an odd side, in pairs of rows
  for (const std::string& row : rows) CHECK_EQUAL(side, row.size());

  constexpr std::size_t kQuiet = 4;
  const std::string light(side, '0');
  for (std::size_t i = 0; i < kQuiet; ++i) {
    CHECK(rows[i] == light);
    CHECK(rows[side - 1 - i] == light);
  }
  for (const std::string& row : rows) {
    CHECK(row.starts_with("0000"));
    CHECK(row.ends_with("0000"));
  }
  constexpr std::string_view kFinder[] = {"1111111", "1000001", "1011101", "1011101",
                                          "1011101", "1000001", "1111111"};
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK(rows[kQuiet + i].substr(kQuiet, 7) == kFinder[i]);
    CHECK(rows[kQuiet + i].substr(side - kQuiet - 7, 7) == kFinder[i]);
    CHECK(rows[side - kQuiet - 7 + i].substr(kQuiet, 7) == kFinder[i]);
  }
}

TEST(CtlQrCode, SetsBothColoursOnEveryLine) {
  const auto code = draw_qr_code(SecretBytes("otpauth://totp/x"));
  CHECK_EQUAL((code->columns + 1) / 2, lines_of(code->text.text()).size());
}

TEST(CtlQrCode, IsNarrowerThanATerminalForAUsualSecret) {
  const std::string uri =
      "otpauth://totp/stepup%3Aalice%40db1.example.org?secret=" + std::string(32, 'A') +
      "&issuer=db1.example.org&algorithm=SHA1&digits=6&period=30";
  CHECK(draw_qr_code(SecretBytes(uri))->columns <= 80);
}

TEST(CtlQrCode, FailsForWhatNoCodeHolds) {
  CHECK(draw_qr_code(SecretBytes(std::string(2953, 'x'))).has_value());  // 40-L
  const auto over = draw_qr_code(SecretBytes(std::string(2954, 'x')));
  CHECK(!over.has_value());
  CHECK(over.error().code == stepup::Errc::TooLarge);
  CHECK(!draw_qr_code(SecretBytes()).has_value());
}
