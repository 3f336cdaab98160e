# SPDX-License-Identifier: ISC
"""V-83, V-84: HOTP devices and YubiKeys prove a person to sudo, each code once."""

import pathlib
import sys

from bench import Bench
from people import Talk

sys.path.append(str(pathlib.Path(__file__).parents[1]))
from otp_devices import HotpDevice, YubiKey  # noqa: E402

ALREADY_USED = ("This code was already used. Press the button of your device again, for a new "
                "one.")
YKMAN = r"ykman otp yubiotp 2 --public-id (\w{12}) --private-id (\w{12}) --key (\w{32})\r\n"


class Factors(Bench):
    def enrol(self, person, *words):
        return Talk(self.machine.spawn("stepupctl", "enroll", *words, "--user", person.name))

    def finish(self, talk):
        talk.expect(talk.ENDED)
        talk.child.close()
        self.assertEqual(talk.child.exitstatus, 0, talk.text)

    def yubikey_of(self, person):
        talk = self.enrol(person, "yubikey")
        talk.expect(YKMAN)
        yubikey = YubiKey(*talk.child.match.groups())
        talk.expect("Touch the YubiKey, so that it types a code: ")
        talk.answer(yubikey.touch(1, 0))
        self.finish(talk)
        return yubikey

    def hotp_device_of(self, person):
        talk = self.enrol(person, "hotp")
        talk.expect(r"otpauth://hotp/\S*secret=([A-Z2-7]+)\S*&counter=0\r\n")
        device = HotpDevice(talk.child.match.group(1))
        talk.expect("Code shown by the new authenticator: ")
        talk.answer(device.code(0))
        self.finish(talk)
        return device

    def assertAlreadyUsed(self, outcome):
        self.assertNotEqual(outcome.status, 0, outcome.text)
        self.assertIn(ALREADY_USED, outcome.text)

    def test_V84_a_touch_opens_sudo_once_and_an_older_counter_never(self):
        alice = self.person()
        yubikey = self.yubikey_of(alice)
        self.assertRuns(alice.session().run("sudo id", yubikey.touch(3, 2)))
        for session, use in ((3, 2), (3, 1), (2, 7), (1, 0)):
            self.assertAlreadyUsed(alice.session().run("sudo id", yubikey.touch(session, use)))
        self.machine.restart_daemon()
        self.assertRuns(alice.session().run("sudo id", yubikey.touch(4, 0)))

    def test_V83_an_hotp_code_opens_sudo_once(self):
        alice = self.person()
        device = self.hotp_device_of(alice)
        self.assertRuns(alice.session().run("sudo id", device.code(3)))
        self.assertAlreadyUsed(alice.session().run("sudo id", device.code(3)))
        self.assertRuns(alice.session().run("sudo id", device.code(14)))  # ten were skipped

    def test_V83_two_consecutive_codes_bring_an_hotp_device_back(self):
        alice = self.person()
        device = self.hotp_device_of(alice)
        outcome = alice.session().run("sudo id", device.code(50), device.code(51))
        self.assertRuns(outcome)
        self.assertAsked(outcome, times=2)
        self.assertIn("Type the next code that it shows, too.", outcome.text)

    def test_one_prompt_takes_whatever_factor_is_enrolled(self):
        alice = self.person()
        device, yubikey = self.hotp_device_of(alice), self.yubikey_of(alice)
        for answer in (alice.code(), device.code(1), yubikey.touch(2, 0), alice.recovery_codes[1]):
            self.assertRuns(alice.session().run("sudo id", answer))
