// SPDX-License-Identifier: ISC
// QR codes as text for a terminal.  The only code that knows libqrencode.
#pragma once

#include <cstddef>

#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"

namespace stepup::ctl {

struct QrCode {
  SecretBytes text;         // UTF-8 with colour sequences, one line for two rows of modules
  std::size_t columns = 0;  // width on the screen
};

// Draws `content` with a quiet zone, black on white whatever the terminal's own colours are.
// Fails with TooLarge when no QR code holds it, Internal when memory is short.
[[nodiscard]] Result<QrCode> draw_qr_code(const SecretBytes& content);

}  // namespace stepup::ctl
