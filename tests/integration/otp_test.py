#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""HOTP devices and YubiKeys against the real stepupd, played by oathtool(1) and ykgenerate(1)."""

import pathlib
import struct
import sys
import threading
import unittest

import wire
from daemon_bench import UID, USER, Daemon, Dialogue, Enrolment, code, ctl, main

sys.path.append(str(pathlib.Path(__file__).parents[1]))
from otp_devices import HotpDevice, YubiKey  # noqa: E402

ALREADY_USED = "Press the button of your device again"
PARALLEL = 200
DVORAK = str.maketrans("cbdefghijklnrtuv", "jxe.uidchtnbpygk")


def enrol_hotp(daemon, *options):
    dialogue = Dialogue(daemon, "enroll", "hotp", "--user", USER, *options)
    device = HotpDevice(*dialogue.expect(
        r"otpauth://hotp/\S*secret=([A-Z2-7]+)\S*&digits=([678])&counter=0\n").groups())
    dialogue.finish(device.code(0))
    return device


def enrol_yubikey(daemon):
    dialogue = Dialogue(daemon, "enroll", "yubikey", "--user", USER)
    found = dialogue.expect(r"ykman otp yubiotp 2 --public-id (\w{12}) --private-id ([0-9a-f]{12}) "
                            r"--key ([0-9a-f]{32})\n")
    yubikey = YubiKey(*found.groups())
    assert dialogue.expect(r"ykpersonalize -2 -ofixed=(\w+) -ouid=(\w+) -a(\w+)\n").groups() == (
        found.groups())
    dialogue.finish(yubikey.touch(1, 0))
    return yubikey


class OtpTest(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.daemon.start()

    def tearDown(self):
        self.daemon.remove()

    def give(self, *answers):
        """What a person sees who must prove himself to see his list."""
        return ctl(self.daemon, "list", uid=UID, answers="".join(f"{line}\n" for line in answers))

    def assertAccepted(self, *answers):
        seen = self.give(*answers)
        self.assertEqual(seen.returncode, 0, seen.stderr)
        return seen

    def assertNotAccepted(self, answer, words):
        seen = self.give(answer)
        self.assertNotEqual(seen.returncode, 0, seen.stdout)
        self.assertIn(words, seen.stderr)

    def test_V83_an_hotp_code_counts_once_and_ten_may_be_skipped(self):
        device = enrol_hotp(self.daemon)
        self.assertNotAccepted(device.code(0), ALREADY_USED)
        self.assertAccepted(device.code(1))
        self.assertNotAccepted(device.code(1), ALREADY_USED)
        seen = self.assertAccepted(device.code(12))
        self.assertRegex(seen.stdout, r"hotp +hotp +SHA1, 6 digits, counter 12 ")
        self.assertNotAccepted(device.code(5), ALREADY_USED)

    def test_V83_an_hotp_device_far_ahead_needs_two_consecutive_codes(self):
        device = enrol_hotp(self.daemon, "--digits", "8")
        first, second = device.code(40), device.code(41)
        self.assertNotAccepted(first, "the next code")
        self.daemon.stop()
        self.daemon.start()
        self.assertAccepted(first, second)

    def test_V84_a_touch_counts_once_and_no_older_counter_after_it(self):
        yubikey = enrol_yubikey(self.daemon)
        self.assertNotAccepted(yubikey.touch(1, 0), ALREADY_USED)
        self.assertAccepted(yubikey.touch(2, 5))
        self.daemon.stop()
        self.daemon.start()
        for session, use in ((2, 5), (2, 4), (1, 9)):
            self.assertNotAccepted(yubikey.touch(session, use), ALREADY_USED)
        seen = self.assertAccepted(yubikey.touch(0x8003, 0).upper())  # Caps Lock
        self.assertRegex(seen.stdout, rf"yubico_otp +yubikey +id {yubikey.public_id}, session 3 ")

    def test_V84_a_forged_touch_is_wrong_and_another_layout_is_named(self):
        yubikey = enrol_yubikey(self.daemon)
        forged = YubiKey(yubikey.public_id, "0" * 12, yubikey.key)
        self.assertNotAccepted(forged.touch(9, 0), "That code is wrong.")
        foreign = YubiKey(yubikey.public_id, yubikey.private_id, "0" * 32)
        self.assertNotAccepted(foreign.touch(9, 0), "That code is wrong.")
        self.assertNotAccepted(yubikey.touch(9, 0).translate(DVORAK), "keyboard layout")
        self.assertAccepted(yubikey.touch(9, 0).translate(DVORAK), yubikey.touch(9, 1))

    def test_a_yubikey_is_enrolled_with_the_secret_that_it_holds(self):
        yubikey = YubiKey("vvccccbbbbdd", "8792ebfe26cc", "ecde18dbe76fbd0c33330f1c354871db")
        dialogue = Dialogue(self.daemon, "enroll", "yubikey", "--existing", "--user", USER)
        dialogue.answer("8792ebfe26", yubikey.private_id, yubikey.key)
        dialogue.expect("Touch the YubiKey")
        self.assertIn("type 12 of 0-9 and a-f", dialogue.seen)
        self.assertNotIn("--private-id", dialogue.seen)
        dialogue.finish(yubikey.touch(7, 1))
        self.assertNotAccepted(yubikey.touch(7, 0), "already used")
        self.assertAccepted(yubikey.touch(7, 2))

    def test_T15_the_database_holds_no_secret_of_a_device_in_the_clear(self):
        yubikey = enrol_yubikey(self.daemon)
        needles = [bytes.fromhex(yubikey.key), bytes.fromhex(yubikey.private_id),
                   yubikey.key.encode()]
        files = [*(self.daemon.root / "state").iterdir(), self.daemon.log]
        for path in files:
            for needle in needles:
                self.assertNotIn(needle, path.read_bytes(), path)

    # --- One code, many hands --------------------------------------------------------------------

    def submit_at_once(self, answer):
        """The verdicts on PARALLEL connections that give one answer at the same time."""
        clients = []
        for _ in range(PARALLEL):
            clients.append(self.daemon.check(timeout=60))
        for client in clients:
            self.assertEqual(client.receive()[0], wire.PROMPT)
        verdicts = []
        start = threading.Barrier(PARALLEL)

        def submit(client):
            start.wait()
            client.send(wire.ANSWER, wire.text(answer))
            while (reply := client.receive()) and reply[0] != wire.VERDICT:
                if reply[0] == wire.PROMPT:
                    client.send(wire.CANCEL, b"\2")
            verdicts.append(struct.unpack(">I", reply[2][:4])[0] if reply else None)

        threads = [threading.Thread(target=submit, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return verdicts

    def assertOneGranted(self, answer):
        verdicts = self.submit_at_once(answer)
        self.assertEqual(len(verdicts), PARALLEL)
        self.assertEqual(verdicts.count(wire.GRANTED), 1)
        self.assertLessEqual(set(verdicts), {wire.GRANTED, wire.DENIED, wire.LOCKED_OUT})

    def test_V81_200_parallel_submissions_of_one_totp_code_grant_one(self):
        enrolment = Enrolment(self.daemon, "--user", USER)
        self.assertEqual(enrolment.finish(), 0, enrolment.seen)
        self.assertOneGranted(code(enrolment.secret, 30))

    def test_V81_200_parallel_submissions_of_one_hotp_code_grant_one(self):
        self.assertOneGranted(enrol_hotp(self.daemon).code(1))

    def test_V81_200_parallel_submissions_of_one_touch_grant_one(self):
        self.assertOneGranted(enrol_yubikey(self.daemon).touch(1, 1))


if __name__ == "__main__":
    main()
