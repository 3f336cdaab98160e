// SPDX-License-Identifier: ISC
// Yubico OTP: what a YubiKey types when it is touched.  Validated here, without Yubico's cloud.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/factor/judgement.h"

namespace stepup::factor {

// A public id in clear, and 16 encrypted bytes, both in modhex: the sixteen letters that most
// keyboard layouts have in the same place.
inline constexpr std::size_t kYubicoPublicIdSize = 12;
inline constexpr std::size_t kYubicoOtpSize = kYubicoPublicIdSize + 32;
inline constexpr std::size_t kYubicoPrivateIdBytes = 6;
inline constexpr std::size_t kYubicoKeyBytes = 16;
// What is kept of a YubiKey: its private id, then its AES key.
inline constexpr std::size_t kYubicoSecretBytes = kYubicoPrivateIdBytes + kYubicoKeyBytes;

// Input is untrusted: what a person or a YubiKey typed.  Returns its kYubicoOtpSize characters in
// lower case and without spaces.  Nothing when there are more or fewer, or one that is not modhex.
[[nodiscard]] std::optional<SecretBytes> read_yubico_otp(std::string_view typed);

// Input is untrusted, as above.  Whether `typed` looks like a YubiKey's code that went through a
// keyboard layout which modhex does not survive (Dvorak, Greek, Cyrillic): as many characters, of
// UTF-8, and no more different ones than the sixteen keys that it presses.
[[nodiscard]] bool is_yubico_otp_of_another_layout(std::string_view typed) noexcept;

// The public id of `otp`, which read_yubico_otp() gave.
[[nodiscard]] std::string_view yubico_public_id(const SecretBytes& otp) noexcept;

// Input is untrusted: a file names it.
[[nodiscard]] bool is_yubico_public_id(std::string_view text) noexcept;

// A new public id: "vv", which Yubico leaves to others, and random modhex.  Fails as random_bytes()
// does.
[[nodiscard]] Result<std::string> new_yubico_public_id();

// `otp` is what read_yubico_otp() gave; Input is untrusted: a person typed it.  Judges it, whatever
// its public id, by the CRC, the private id and the counters: the session counter, which counts how
// often the key was plugged in, and the use counter within the session.  Accepted means nothing
// until the caller has made the position durable as the new `last`.  Fails with Malformed when
// `secret` has another size than kYubicoSecretBytes.
[[nodiscard]] Result<OtpJudgement> judge_yubico_otp(const SecretBytes& secret,
                                                    const SecretBytes& otp,
                                                    std::optional<std::uint64_t> last);

// The session counter in a position.
[[nodiscard]] constexpr std::uint64_t yubico_session(std::uint64_t position) noexcept {
  return position >> 8;
}

}  // namespace stepup::factor
