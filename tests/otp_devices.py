# SPDX-License-Identifier: ISC
"""What a person holds besides a phone, by oathtool(1) and ykgenerate(1): implementations of RFC 4226
and of Yubico OTP that are not ours."""

import subprocess


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class HotpDevice:
    def __init__(self, secret, digits="6"):
        self.secret, self.digits = secret, digits

    def code(self, counter):
        return output_of("oathtool", "--hotp", "--base32", f"--digits={self.digits}",
                         f"--counter={counter}", self.secret)


class YubiKey:
    def __init__(self, public_id, private_id, key):
        self.public_id, self.private_id, self.key = public_id, private_id, key

    def touch(self, session, use):
        return self.public_id + output_of("ykgenerate", self.key, self.private_id,
                                          f"{session:04x}", "c0a8", "00", f"{use:02x}")
