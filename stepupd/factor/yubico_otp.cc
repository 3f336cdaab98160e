// SPDX-License-Identifier: ISC
#include "stepupd/factor/yubico_otp.h"

#include <string.h>
#include <yubikey.h>

#include <algorithm>
#include <array>
#include <span>

#include "stepupd/factor/digest.h"
#include "stepupd/factor/random.h"

namespace stepup::factor {
namespace {

static_assert(kYubicoPrivateIdBytes == YUBIKEY_UID_SIZE);
static_assert(kYubicoKeyBytes == YUBIKEY_KEY_SIZE);
static_assert(sizeof(yubikey_token_st) == YUBIKEY_BLOCK_SIZE);

constexpr std::string_view kModhex = YUBIKEY_MODHEX_MAP;

// The first byte of a character in UTF-8.
constexpr bool begins_character(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U;
}

}  // namespace

std::optional<SecretBytes> read_yubico_otp(std::string_view typed) {
  SecretBytes otp(kYubicoOtpSize);
  std::size_t used = 0;
  for (char sign : typed) {
    if (sign == ' ') continue;
    if (sign >= 'A' && sign <= 'Z') sign = static_cast<char>(sign - 'A' + 'a');
    if (!kModhex.contains(sign) || used == kYubicoOtpSize) return {};
    otp.bytes()[used++] = static_cast<std::uint8_t>(sign);
  }
  if (used != kYubicoOtpSize) return {};
  return otp;
}

bool is_yubico_otp_of_another_layout(std::string_view typed) noexcept {
  std::array<std::string_view, kModhex.size()> seen;
  std::size_t kinds = 0;
  std::size_t characters = 0;
  while (!typed.empty()) {
    std::size_t size = 1;
    while (size < typed.size() && !begins_character(typed[size])) ++size;
    const std::string_view character = typed.substr(0, size);
    typed.remove_prefix(size);
    const auto first = static_cast<unsigned char>(character.front());
    if (first <= ' ' || first == 0x7f || ++characters > kYubicoOtpSize) return false;
    const auto known = std::span(seen).first(kinds);
    if (std::ranges::find(known, character) != known.end()) continue;
    if (kinds == seen.size()) return false;
    seen[kinds++] = character;
  }
  return characters == kYubicoOtpSize;
}

std::string_view yubico_public_id(const SecretBytes& otp) noexcept {
  return otp.text().substr(0, kYubicoPublicIdSize);
}

bool is_yubico_public_id(std::string_view text) noexcept {
  return text.size() == kYubicoPublicIdSize &&
         std::ranges::all_of(text, [](char sign) { return kModhex.contains(sign); });
}

Result<std::string> new_yubico_public_id() {
  std::array<std::uint8_t, kYubicoPublicIdSize - 2> random{};
  if (const auto filled = fill_random(random); !filled) return std::unexpected(filled.error());
  std::string id = "vv";
  for (const std::uint8_t byte : random) id += kModhex[byte & 0xfU];
  return id;
}

Result<OtpJudgement> judge_yubico_otp(const SecretBytes& secret, const SecretBytes& otp,
                                      std::optional<std::uint64_t> last) {
  if (secret.size() != kYubicoSecretBytes || otp.size() != kYubicoOtpSize) {
    return failure(Errc::Malformed, "the secret of a YubiKey");
  }
  std::array<std::uint8_t, YUBIKEY_OTP_SIZE + 1> block{};
  std::ranges::copy(otp.view().subspan(kYubicoPublicIdSize), block.begin());
  yubikey_token_st opened{};
  // SAFETY: reads characters up to a NUL, whatever its prototype says, and writes half as many
  // bytes; of the key, it reads the 16 that the size above promises.
  yubikey_parse(block.data(), secret.view().subspan(kYubicoPrivateIdBytes).data(), &opened);
  // SAFETY: any object may be read as unsigned char.
  const bool whole = yubikey_crc_ok_p(reinterpret_cast<const std::uint8_t*>(&opened)) != 0;
  const bool ours = equal_in_constant_time(std::span<const std::uint8_t>(opened.uid),
                                           secret.view().first(kYubicoPrivateIdBytes));
  // The highest bit of the session counter tells of the Caps Lock key.
  const std::uint64_t position =
      static_cast<std::uint64_t>(yubikey_counter(opened.ctr)) << 8 | opened.use;
  explicit_bzero(&opened, sizeof opened);
  if (!whole || !ours) return OtpJudgement{OtpVerdict::Wrong};
  if (last && position <= *last) return OtpJudgement{OtpVerdict::Replayed};
  return OtpJudgement{OtpVerdict::Accepted, position};
}

}  // namespace stepup::factor
