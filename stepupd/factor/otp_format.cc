// SPDX-License-Identifier: ISC
#include "stepupd/factor/otp_format.h"

#include <algorithm>
#include <optional>

#include "stepupd/factor/hotp.h"
#include "stepupd/factor/readable_code.h"
#include "stepupd/factor/recovery_code.h"
#include "stepupd/factor/yubico_otp.h"

namespace stepup::factor {
namespace {

constexpr std::size_t kLongestAnswer = 64;

std::optional<SecretBytes> read_digits(std::string_view typed) {
  SecretBytes digits(kMaxDigits);
  std::size_t used = 0;
  for (const char sign : typed) {
    if (sign == ' ') continue;
    // Not isdigit(3): that depends on the locale.
    if (sign < '0' || sign > '9' || used == kMaxDigits) return {};
    digits.bytes()[used++] = static_cast<std::uint8_t>(sign);
  }
  if (used < kMinDigits) return {};
  digits.shrink(used);
  return digits;
}

}  // namespace

TypedAnswer classify_answer(const SecretBytes& typed) {
  if (typed.size() <= kLongestAnswer) {
    if (auto otp = read_yubico_otp(typed.text())) return {AnswerForm::YubicoOtp, std::move(*otp)};
    if (auto digits = read_digits(typed.text())) return {AnswerForm::Digits, std::move(*digits)};
    if (auto code = read_readable(typed.text(), kRecoverySize)) {
      return {AnswerForm::RecoveryCode, std::move(*code)};
    }
  }
  // A character of another layout may take several bytes.
  if (is_yubico_otp_of_another_layout(typed.text())) return {AnswerForm::OtherLayout, {}};
  return {};
}

}  // namespace stepup::factor
