// SPDX-License-Identifier: ISC
// What a person typed, or a terminal pasted, at a prompt for a code.
// Property: a classified answer has the exact form of its kind; classifying it again changes
// nothing; spaces around it change nothing; a code not in its own form never verifies.
#include <algorithm>
#include <string>

#include "stepupd/factor/hotp.h"
#include "stepupd/factor/otp_format.h"
#include "stepupd/factor/readable_code.h"
#include "stepupd/factor/recovery_code.h"
#include "stepupd/factor/yubico_otp.h"
#include "tests/fuzz/check.h"

using namespace stepup;
using namespace stepup::factor;

constexpr std::string_view kModhex = "cbdefghijklnrtuv";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const TypedAnswer answer = classify_answer(SecretBytes(std::span(data, size)));
  const std::string_view text = answer.text.text();
  switch (answer.form) {
    case AnswerForm::None: fuzz::require(text.empty(), "no form, no text"); return 0;
    case AnswerForm::Digits:
      fuzz::require(text.size() >= kMinDigits && text.size() <= kMaxDigits, "6 to 8 digits");
      fuzz::require(std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }),
                    "ASCII digits alone");
      break;
    case AnswerForm::RecoveryCode:
      fuzz::require(text.size() == kRecoverySize, "the size of a recovery code");
      fuzz::require(std::ranges::all_of(text, [](char c) { return kReadableAlphabet.contains(c); }),
                    "the alphabet of recovery codes alone");
      break;
    case AnswerForm::YubicoOtp:
      fuzz::require(text.size() == kYubicoOtpSize, "the size of a YubiKey's code");
      fuzz::require(std::ranges::all_of(text, [](char c) { return kModhex.contains(c); }),
                    "modhex alone");
      break;
    case AnswerForm::OtherLayout: fuzz::require(text.empty(), "words alone, no text"); return 0;
  }
  fuzz::require(text.size() <= size, "nothing is added");
  const TypedAnswer again = classify_answer(answer.text);
  fuzz::require(again.form == answer.form && again.text.text() == text, "normal form is stable");
  if (size < 64) {
    const std::string spaced = ' ' + std::string(fuzz::text_of(data, size));
    const TypedAnswer same = classify_answer(SecretBytes(std::string_view(spaced)));
    fuzz::require(same.form == answer.form && same.text.text() == text, "a space changes nothing");
  }
  return 0;
}
