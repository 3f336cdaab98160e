// SPDX-License-Identifier: ISC
// Which factor a typed answer can be for, by its form alone.
#pragma once

#include <cstdint>

#include "stepupd/base/secret_bytes.h"

namespace stepup::factor {

enum class AnswerForm : std::uint8_t {
  None,          // no factor's
  Digits,        // 6 to 8 ASCII digits
  RecoveryCode,  // index and code
  YubicoOtp,     // 44 characters of modhex
  OtherLayout,   // as YubicoOtp, but typed through another keyboard layout
};

struct TypedAnswer {
  AnswerForm form = AnswerForm::None;
  SecretBytes text;  // in the one form that verifiers take: no spaces, dashes, upper case
};

// Input is untrusted: what a person typed, or whatever a terminal pasted.  Spaces count nowhere
// (authenticators show "123 456"); other white space, digits of other scripts and answers of more
// than 64 bytes fit no factor.
[[nodiscard]] TypedAnswer classify_answer(const SecretBytes& typed);

}  // namespace stepup::factor
