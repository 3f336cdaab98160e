// SPDX-License-Identifier: ISC
#include "stepupd/ctl/qr_code.h"

#include <errno.h>
#include <qrencode.h>
#include <string.h>

#include <algorithm>
#include <limits>
#include <string_view>

#include "stepupd/base/c_handle.h"

namespace stepup::ctl {
namespace {

// ISO/IEC 18004 asks for four light modules on each side.
constexpr std::size_t kQuietZone = 4;

// Entries 16 and 231 of the 256 colours: themes redefine the first sixteen, and some swap black and
// white.
constexpr std::string_view kBlackOnWhite = "\x1b[38;5;16;48;5;231m";
constexpr std::string_view kPlain = "\x1b[0m";

// One character shows two modules, one above the other: dark is the foreground.
constexpr std::string_view half_blocks(bool upper_dark, bool lower_dark) noexcept {
  if (upper_dark) return lower_dark ? "\u2588" : "\u2580";
  return lower_dark ? "\u2584" : " ";
}
constexpr std::size_t kWidestBlock = 3;  // bytes of U+2588 in UTF-8

// The modules are the secret in another spelling.
void wipe_and_free(QRcode* code) noexcept {
  const auto width = static_cast<std::size_t>(code->width);
  explicit_bzero(code->data, width * width);
  QRcode_free(code);
}

class Canvas {
 public:
  explicit Canvas(std::size_t size) : bytes_(size) {}
  void put(std::string_view text) noexcept {
    std::ranges::copy(text, bytes_.bytes().subspan(used_).begin());
    used_ += text.size();
  }
  SecretBytes take() {
    bytes_.shrink(used_);
    return std::move(bytes_);
  }

 private:
  SecretBytes bytes_;  // full size from the start: growing would leave unwiped copies behind
  std::size_t used_ = 0;
};

}  // namespace

Result<QrCode> draw_qr_code(const SecretBytes& content) {
  if (content.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return failure(Errc::TooLarge, "QR code");
  }
  // Level L, the smallest code: a screen is neither torn nor dirty.
  const CHandle<QRcode, &wipe_and_free> code(
      QRcode_encodeData(static_cast<int>(content.size()), content.view().data(), 0, QR_ECLEVEL_L));
  if (!code) {
    return failure(errno == ERANGE ? Errc::TooLarge : Errc::Internal, "QRcode_encodeData", errno);
  }

  const auto width = static_cast<std::size_t>(code->width);
  const std::size_t side = width + 2 * kQuietZone;
  const auto dark = [&](std::size_t row, std::size_t column) {
    const std::size_t y = row - kQuietZone;  // wraps to a large number above the code
    const std::size_t x = column - kQuietZone;
    return y < width && x < width && (code->data[y * width + x] & 1) != 0;
  };
  const std::size_t lines = (side + 1) / 2;
  Canvas canvas(lines * (kBlackOnWhite.size() + side * kWidestBlock + kPlain.size() + 1));
  for (std::size_t row = 0; row < side; row += 2) {
    canvas.put(kBlackOnWhite);
    for (std::size_t column = 0; column < side; ++column) {
      canvas.put(half_blocks(dark(row, column), dark(row + 1, column)));
    }
    canvas.put(kPlain);
    canvas.put("\n");
  }
  return QrCode{canvas.take(), side};
}

}  // namespace stepup::ctl
