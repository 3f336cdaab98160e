#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The real stepup-fido2-helper and the real libfido2, with virtual authenticators."""

import fcntl
import os
import signal
import time
import unittest

import wire
from helper_bench import BINARY, Bench, worker_of
from helper_wire import Helper, credential_id, flags, is_for

UP, UV = 1, 4


class Touch(Bench):
    def test_a_touch_brings_an_assertion_of_the_credential_that_was_made(self):
        key = self.key()
        mine = self.enrolled(key)
        asking = self.get(key, mine)
        message = asking.end()
        self.assertEqual(message[:2], ("assertion", mine))
        self.assertTrue(is_for(message))
        self.assertEqual(flags(message) & (UP | UV), UP)
        self.assertEqual(asking.said, [("touch", "")])

    def test_nothing_comes_without_a_touch(self):
        key = self.key("key", "touch=wait")
        key.set("touch=auto")
        mine = self.enrolled(key)
        key.set("touch=wait")
        asking = self.get(key, mine, seconds=1)
        self.assertEqual(asking.end()[:2], ("failed", "timed-out"))

    def test_a_key_of_somebody_else_does_not_blink(self):
        key, other = self.key("key"), self.key("other")
        mine = self.enrolled(other)
        asking = self.get(key, mine, seconds=2)
        self.assertEqual(asking.until("other-key"), ("other-key", ""))
        self.assertFalse(key.status()["waiting"])
        self.assertEqual(asking.end()[:2], ("failed", "timed-out"))

    def test_of_two_keys_the_touched_one_answers_and_the_other_stops_blinking(self):
        first, second = self.key("first"), self.key("second")
        mine = [self.enrolled(first), self.enrolled(second)]
        for key in (first, second):
            key.set("touch=wait")
        asking = self.helper.get(first.path, second.path, credentials=mine)
        first.wait_for_blink()
        second.touch()
        self.assertEqual(asking.end()[:2], ("assertion", mine[1]))
        first._until(lambda: not first.status()["waiting"], "the first key blinks on")

    def test_F63_a_key_that_is_plugged_in_later_is_picked_up(self):
        key = self.key()
        mine = self.enrolled(key)
        key.unplug()
        asking = self.get(key, mine)
        self.assertEqual(asking.until("no-key"), ("no-key", ""))
        key.plug()
        self.assertEqual(asking.end()[:2], ("assertion", mine))

    def test_F29d_a_key_that_is_unplugged_in_mid_wait_is_said_to_be(self):
        key = self.key()
        mine = self.enrolled(key)
        key.set("touch=wait")
        asking = self.get(key, mine)
        self.assertEqual(asking.until("touch"), ("touch", ""))
        key.wait_for_blink()
        key.unplug()
        self.assertEqual(asking.end()[:2], ("failed", "unplugged"))

    def test_F64_a_key_that_its_hub_resets_in_mid_touch_serves_the_next_request_as_it_is(self):
        key = self.key()
        mine = self.enrolled(key)
        key.set("touch=wait")
        for _ in range(3):
            asking = self.get(key, mine)
            asking.until("touch")
            key.wait_for_blink()
            key.unplug()
            key.plug()
            self.assertEqual(asking.end()[:2], ("failed", "unplugged"))
        asking = self.get(key, mine)
        asking.until("touch")
        key.touch()
        self.assertEqual(asking.end()[:2], ("assertion", mine))

    def test_F64_V20_a_host_that_slept_in_mid_touch_ends_the_wait_and_serves_the_next_request(self):
        # To the helper a suspended host is one that stood still while CLOCK_BOOTTIME went on.
        key = self.key()
        mine = self.enrolled(key)
        key.set("touch=wait")
        asking = self.get(key, mine, seconds=1)
        asking.until("touch")
        key.wait_for_blink()
        worker = worker_of(self.helper)
        os.kill(worker, signal.SIGSTOP)
        time.sleep(1.2)
        woken = time.monotonic()
        os.kill(worker, signal.SIGCONT)
        self.assertEqual(asking.end()[:2], ("failed", "timed-out"))
        key._until(lambda: not key.status()["waiting"], "the key blinks on")
        self.assertLess(time.monotonic() - woken, 0.5)
        asking = self.get(key, mine)
        key.touch()
        self.assertEqual(asking.end()[:2], ("assertion", mine))

    def test_a_U2F_key_serves_as_well(self):
        key = self.key("key", "ctap2=no")
        mine = self.enrolled(key)
        self.assertEqual(self.get(key, mine).end()[:2], ("assertion", mine))

    def test_a_cancel_ends_it_within_250_ms_and_the_key_stops_blinking(self):
        key = self.key()
        mine = self.enrolled(key)
        key.set("touch=wait")
        for ending in ("cancel", "close"):
            asking = self.get(key, mine)
            asking.until("touch")
            key.wait_for_blink()
            begun = time.monotonic()
            getattr(asking, ending)()
            if ending == "cancel":
                self.assertEqual(asking.end()[:2], ("failed", "cancelled"))
            key._until(lambda: not key.status()["waiting"], "the key blinks on")
            self.assertLess(time.monotonic() - begun, 0.25)

    def test_ten_requests_at_once_for_one_key_all_end(self):
        key = self.key()
        mine = self.enrolled(key)
        asking = [self.get(key, mine, seconds=20) for _ in range(10)]
        got = [one.end()[:2] for one in asking]
        self.assertEqual(got.count(("assertion", mine)), 10, got)


class UserVerification(Bench):
    def test_the_right_PIN_and_a_touch_verify_the_user(self):
        key = self.key("key", "pin=1234")
        mine = self.enrolled(key, pin="1234", uv=True)
        asking = self.get(key, mine, uv=True)
        self.assertEqual(asking.until("pin"), ("pin", 8, False))
        asking.pin("1234")
        message = asking.end()
        self.assertEqual(message[:2], ("assertion", mine))
        self.assertEqual(flags(message) & (UP | UV), UP | UV)

    def test_no_PIN_is_asked_for_where_a_touch_is_enough(self):
        key = self.key("key", "pin=1234")
        mine = self.enrolled(key)
        asking = self.get(key, mine)
        self.assertEqual(asking.end()[:2], ("assertion", mine))
        self.assertEqual(asking.said, [("touch", "")])

    def test_F29d_a_wrong_PIN_is_asked_for_again_and_the_last_tries_are_not_spent(self):
        key = self.key("key", "pin=1234")
        mine = self.enrolled(key, pin="1234", uv=True)
        key.command("set", "pin_retries=5")
        asking = self.get(key, mine, uv=True)
        self.assertEqual(asking.until("pin"), ("pin", 5, False))
        asking.pin("9999")
        self.assertEqual(asking.until("pin"), ("pin", 4, True))
        asking.pin("9998")
        self.assertEqual(asking.end()[:2], ("failed", "pin-nearly-blocked"))
        self.assertEqual(key.status()["pin_retries"], 3)
        # Asked again, it spends none.
        self.assertEqual(self.get(key, mine, uv=True).end()[:2], ("failed", "pin-nearly-blocked"))
        self.assertEqual(key.status()["pin_retries"], 3)

    def test_F29d_three_wrong_PINs_in_a_row_want_the_key_plugged_in_anew(self):
        key = self.key("key", "pin=1234")
        mine = self.enrolled(key, pin="1234", uv=True)
        asking = self.get(key, mine, uv=True)
        for _ in range(3):
            self.assertEqual(asking.until("pin")[0], "pin")
            asking.pin("9999")
        self.assertEqual(asking.end()[:2], ("failed", "pin-soft-blocked"))

    def test_a_key_without_any_try_left_is_named_blocked(self):
        key = self.key("key", "pin=1234")
        mine = self.enrolled(key, pin="1234", uv=True)
        key.command("set", "pin_retries=0")
        self.assertEqual(self.get(key, mine, uv=True).end()[:2], ("failed", "pin-blocked"))

    def test_a_key_with_neither_PIN_nor_finger_is_refused(self):
        key = self.key()
        mine = self.enrolled(key)
        self.assertEqual(self.get(key, mine, uv=True).end()[:2], ("failed", "pin-not-set"))

    def test_a_finger_verifies_the_user_without_a_PIN(self):
        key = self.key("key", "pin=1234", "uv=set")
        mine = self.enrolled(key, uv=True)
        asking = self.get(key, mine, uv=True)
        message = asking.end()
        self.assertEqual(flags(message) & (UP | UV), UP | UV)
        self.assertEqual(asking.said, [("uv", "")])

    def test_a_finger_that_is_not_recognised_leads_to_the_PIN(self):
        key = self.key("key", "pin=1234", "uv=set")
        mine = self.enrolled(key, uv=True)
        key.set("finger=no")
        asking = self.get(key, mine, uv=True)
        self.assertEqual(asking.until("pin")[0], "pin")
        self.assertIn(("uv-refused", ""), asking.said)
        asking.pin("1234")
        self.assertEqual(flags(asking.end()) & (UP | UV), UP | UV)

    def test_V04_nothing_reaches_the_key_once_the_PIN_is_refused(self):
        key = self.key("key", "pin=1234")
        mine = self.enrolled(key, pin="1234", uv=True)
        asking = self.get(key, mine, uv=True)
        self.assertEqual(asking.until("pin")[0], "pin")
        before = len(key.status()["seen"])
        asking.cancel()
        self.assertEqual(asking.end()[:2], ("failed", "cancelled"))
        time.sleep(0.2)
        self.assertEqual(key.status()["seen"][before:], [])

    def test_V04_an_empty_PIN_ends_it_and_reaches_no_key(self):
        key = self.key("key", "pin=1234")
        mine = self.enrolled(key, pin="1234", uv=True)
        for pin in ("", "12\0004"):
            asking = self.get(key, mine, uv=True)
            asking.until("pin")
            before = len(key.status()["seen"])
            asking.client.send(132, wire.text(pin))
            self.assertEqual(asking.end()[:2], ("failed", "cancelled"))
            self.assertEqual(key.status()["seen"][before:], [])

    def test_a_PIN_too_short_to_be_one_costs_no_try(self):
        key = self.key("key", "pin=1234")
        mine = self.enrolled(key, pin="1234", uv=True)
        asking = self.get(key, mine, uv=True)
        asking.until("pin")
        asking.pin("123")
        self.assertEqual(asking.until("pin"), ("pin", 8, True))
        self.assertEqual(key.status()["pin_retries"], 8)

    def test_a_touch_is_asked_for_only_once_the_PIN_was_right(self):
        key = self.key("key", "pin=1234")
        mine = self.enrolled(key, pin="1234", uv=True)
        asking = self.get(key, mine, uv=True)
        for pin in ("9999", "1234"):
            self.assertEqual(asking.until("pin")[0], "pin")
            self.assertEqual(asking.said, [])
            asking.pin(pin)
        self.assertEqual(asking.end()[:2], ("assertion", mine))
        self.assertEqual(asking.said, [("touch", "")])

    def test_of_two_keys_that_always_verify_a_touch_chooses(self):
        first, second = (self.key(name, "pin=1234", "always_uv=yes") for name in ("1st", "2nd"))
        mine = [self.enrolled(key, pin="1234") for key in (first, second)]
        for key in (first, second):
            key.set("touch=wait")
        asking = self.helper.get(first.path, second.path, credentials=mine)
        self.assertEqual(asking.until("select", "pin"), ("select", ""))
        second.touch()
        asking.until("pin")
        asking.pin("1234")
        second.touch()
        self.assertEqual(asking.end()[:2], ("assertion", mine[1]))

    def test_of_two_keys_the_PIN_goes_to_the_one_that_was_touched(self):
        first, second = self.key("first", "pin=1111"), self.key("second", "pin=2222")
        mine = [self.enrolled(first, pin="1111", uv=True), self.enrolled(second, pin="2222", uv=True)]
        for key in (first, second):
            key.set("touch=wait")
        asking = self.helper.get(first.path, second.path, credentials=mine, uv=True)
        self.assertEqual(asking.until("select"), ("select", ""))
        second.touch()
        self.assertEqual(asking.until("pin")[0], "pin")
        asking.pin("2222")
        second.touch()
        self.assertEqual(asking.end()[:2], ("assertion", mine[1]))
        self.assertEqual(first.status()["pin_retries"], 8)


class MakeCredential(Bench):
    def test_a_key_that_holds_an_excluded_credential_is_refused_before_any_touch_or_PIN(self):
        key = self.key("key", "pin=1234")
        mine = self.enrolled(key, pin="1234", uv=True)
        key.set("touch=wait")
        making = self.helper.make(key.path, excluded=[mine], uv=True)
        self.assertEqual(making.end()[:2], ("failed", "excluded"))
        self.assertEqual(making.said, [])

    def test_each_algorithm_that_stepup_knows_can_be_the_keys_only_one(self):
        for number, cose in ((1, -7), (2, -8), (3, -257)):
            key = self.key(f"key{number}", f"algorithms={cose}", "u2f=no")
            message = self.helper.make(key.path).end()
            self.assertEqual(message[:2], ("credential", number))

    def test_a_full_key_is_told_from_a_broken_one(self):
        key = self.key("key", "max_credentials=0")
        making = self.helper.make(key.path, rk=True)
        self.assertEqual(making.end()[:2], ("failed", "unsupported"))

    def test_of_two_keys_the_touched_one_makes_the_credential(self):
        first, second = self.key("first", "touch=wait"), self.key("second", "touch=wait")
        making = self.helper.make(first.path, second.path)
        self.assertEqual(making.until("select"), ("select", ""))
        first.touch()
        self.assertEqual(making.until("touch"), ("touch", ""))
        first.touch()
        mine = credential_id(making.end())
        first.set("touch=auto")
        self.assertEqual(self.get(first, mine).end()[:2], ("assertion", mine))


class Trouble(Bench):
    def test_F62_a_key_that_another_program_holds_is_named_with_its_holder_within_a_second(self):
        key = self.key()
        mine = self.enrolled(key)
        with open(key.path, "rb+", buffering=0) as node:
            fcntl.flock(node, fcntl.LOCK_EX)
            begun = time.monotonic()
            asking = self.get(key, mine)
            self.assertEqual(asking.until("busy"), ("busy", f"python3 (pid {os.getpid()})"))
            self.assertLess(time.monotonic() - begun, 1)
            fcntl.flock(node, fcntl.LOCK_UN)
        self.assertEqual(asking.end()[:2], ("assertion", mine))

    def test_F29d_a_flood_of_keepalives_does_not_outlast_the_deadline(self):
        key = self.key()
        mine = self.enrolled(key)
        key.set("touch=wait", "keepalive=0")
        begun = time.monotonic()
        self.assertEqual(self.get(key, mine, seconds=2).end()[:2], ("failed", "timed-out"))
        self.assertLess(time.monotonic() - begun, 4)

    def outcomes(self, key, mine, faults, seconds=2):
        """What becomes of a ceremony under each fault: of the touch, not of the first look."""
        for kind, options in faults:
            with self.subTest(fault=kind, **options):
                key.fault(kind, on="get", **options)
                begun = time.monotonic()
                message = self.get(key, mine, seconds=seconds).end()
                key.fault("none")
                self.assertLess(time.monotonic() - begun, seconds + 2)
                yield message
        self.assertEqual(self.get(key, mine).end()[:2], ("assertion", mine))

    def test_F29d_garbage_at_each_byte_of_a_reply_ends_in_a_failure_or_goes_to_the_verifier(self):
        key = self.key()
        mine = self.enrolled(key)
        # Credential id, authenticator data, signature; their CBOR takes a few bytes more.
        size = sum(map(len, self.get(key, mine).end()[1:4])) + 64
        self.assertGreater(size, 200)
        faults = [("garbage", {"at": at, "skip": 1}) for at in range(size)]
        faults += [("endless", {"skip": 1}), ("twice", {"skip": 1}), ("trailing", {"skip": 1})]
        for message in self.outcomes(key, mine, faults):
            self.assertIn(message[0], ("failed", "assertion"))

    def test_F29b_F29d_whatever_a_key_replies_ends_in_a_failure_within_the_deadline(self):
        key = self.key()
        mine = self.enrolled(key)
        faults = [(kind, {"skip": 1}) for kind in (
            "cut", "empty", "not_a_map", "huge_map", "huge_bytes", "deep", "indefinite",
            "duplicate", "wrong_channel", "wrong_command", "wrong_sequence", "huge_length",
            "truncated", "error")]
        for message in self.outcomes(key, mine, faults, seconds=1):
            self.assertEqual(message[0], "failed")

    def test_F29d_every_status_of_a_key_is_a_failure(self):
        key = self.key()
        mine = self.enrolled(key)
        faults = [("status", {"at": status, "skip": 1}) for status in range(1, 256)]
        for message in self.outcomes(key, mine, faults, seconds=1):
            self.assertEqual(message[0], "failed")

    def test_V21_the_standard_descriptors_closed_at_start_stay_dev_null(self):
        directory = self.directory / "closed"
        directory.mkdir()
        with Helper(BINARY, directory, preexec_fn=lambda: os.closerange(0, 3),
                    start_new_session=True) as helper:
            # A device that cannot be opened: without a terminal of its own nobody can open this.
            asking = helper.get("/dev/tty", credentials=[b"x"], seconds=2)
            asking.until("other-key")
            for process in (helper.process.pid, worker_of(helper)):
                for number in range(3):
                    self.assertEqual(os.readlink(f"/proc/{process}/fd/{number}"), "/dev/null")
            self.assertEqual(asking.end()[0], "failed")

    def test_a_message_that_is_not_allowed_now_ends_it(self):
        key = self.key()
        asking = self.get(key, b"x")
        asking.until("other-key", "no-key")
        asking.client.send(132, b"\0\0\0\0")  # a Pin that nobody asked for
        self.assertEqual(asking.end()[:2], ("failed", "cancelled"))

    def test_a_request_of_another_kind_gets_no_answer(self):
        for kind, body in ((66, b"\1"), (128, b"\0"), (2, b"")):
            ceremony = self.helper.begin(kind, body)
            self.assertEqual(ceremony.next(), ("gone",))


if __name__ == "__main__":
    unittest.main(verbosity=1)
