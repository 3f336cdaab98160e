# SPDX-License-Identifier: ISC
"""A person's authenticator, by oathtool(1): an implementation of RFC 6238 that is not ours."""

import subprocess
import time
import urllib.parse

import canaries

PERIOD = 30


class Authenticator:
    def __init__(self, secret, algorithm="sha1", digits=6):
        self.secret = canaries.keep(secret)
        self.algorithm = algorithm
        self.digits = digits
        self.last_step = 0  # of the last code given

    @classmethod
    def from_uri(cls, uri):
        """Reads the otpauth URI of an enrolment, as a phone does."""
        facts = dict(urllib.parse.parse_qsl(urllib.parse.urlparse(uri).query))
        return cls(facts["secret"], facts.get("algorithm", "SHA1").lower(),
                   int(facts.get("digits", "6")))

    def code(self, step):
        return subprocess.run(
            ["oathtool", f"--totp={self.algorithm}", f"--digits={self.digits}",
             f"--now=@{step * PERIOD}", "--base32", self.secret],
            check=True, capture_output=True, text=True).stdout.strip()

    def now(self):
        """What the authenticator shows now, used or not."""
        return self.code(int(time.time() // PERIOD))

    def fresh(self):
        """A code that counts now and was not given before.

        A code counts from one period before its own to one after, so three calls in a row need
        not wait; a further one waits for the next period.
        """
        while True:
            now = time.time()
            # The oldest step that will still count when the code arrives.
            oldest = int((now + 4) // PERIOD) - 1
            step = max(oldest, self.last_step + 1)
            if step <= int(now // PERIOD) + 1:
                self.last_step = step
                return canaries.keep(self.code(step))
            time.sleep(0.2)

    def wrong(self):
        """A code of the right form that counts at no time near now."""
        now = int(time.time() // PERIOD)
        near = {self.code(step) for step in range(now - 3, now + 4)}
        return next(code for code in ("0" * self.digits, "1" * self.digits, "2" * self.digits,
                                      *(str(n).zfill(self.digits) for n in range(3, 20)))
                    if code not in near)
