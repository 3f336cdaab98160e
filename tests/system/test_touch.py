# SPDX-License-Identifier: ISC
"""A security key that is plugged into the machine: touch, PIN, and who may be asked for them."""

import pathlib
import re
import subprocess
import sys
import time

from bench import Bench
from machine import HOST, TREE, wait_until
from people import CTRL_C, Talk

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fakes"))

from authenticator.client import Authenticator  # noqa: E402

KEY = "/run/stepup-test-key"
TOUCH_OR_CODE = r"Touch your security key and press Enter, or type a one-time code, for [^\r\n]*: "
PIN = r"PIN of your security key \(tries left: (\d)\): "
HELPER_DROP_IN = "/run/systemd/system/stepup-fido2-helper@.service.d/test.conf"


class TouchBench(Bench):
    def setUp(self):
        super().setUp()
        machine = self.machine
        if not pathlib.Path(f"{machine.root}{HELPER_DROP_IN}").exists():
            # The virtual key is a terminal, which no shipped unit lets the helper open.
            machine.run("install", "-D", "-m", "644", "/dev/stdin", HELPER_DROP_IN,
                        stdin="[Service]\nDeviceAllow=char-pts rw\n")
            machine.systemctl("daemon-reload")
        conf = "/etc/stepup/stepupd.conf"
        before = machine.run("cat", conf).stdout
        machine.write(conf, before.replace("[fido2]\n", f'[fido2]\ndevices = ["{KEY}"]\n'))
        machine.reload_rules()

        def restore():
            machine.write(conf, before)
            machine.reload_rules()
        self.addCleanup(restore)

    def key(self, *settings):
        root = f"/proc/{self.machine._init}/root"
        ids = self.machine.run("id", "-u", "_stepup-fido2").stdout.strip()
        key = Authenticator(f"{root}{KEY}", *settings, root=root, owner=f"{ids}:{ids}")
        self.addCleanup(key.stop)
        return key

    def enrol_key(self, person, *options, pin=None):
        """Root has the key that is plugged in make a credential for `person`."""
        talk = Talk(self.machine.spawn("stepupctl", "enroll", "fido2", "--user", person.name,
                                       *options))
        asked = [r"Type one of these recovery codes: ", talk.ENDED, PIN]
        while (found := talk.expect(asked)) != 1:
            if found == 2:
                talk.answer(pin)
                continue
            codes = re.findall(r"\b[a-z0-9]{2}(?:-[a-z0-9]{4}){3}\b", talk.child.before)
            person.recovery_codes = codes
            talk.answer(codes[0])
        talk.child.close()
        self.assertEqual(talk.child.exitstatus, 0, talk.text)
        return talk.text

    def pamu2fcfg(self, *options):
        """The words of that program, for the key that is plugged in."""
        preload = self.machine.root / "root/one_key.so"
        if not preload.exists():
            subprocess.run(["gcc", "-shared", "-fPIC", "-o", preload,
                            TREE / "tests/fakes/one_key.c"], check=True)
        return ("env", "LD_PRELOAD=/root/one_key.so", f"STEPUP_TEST_KEY={KEY}", "pamu2fcfg",
                *options)

    def asks_touch(self, session):
        """Waits until `session` is told to touch; returns the code of that request."""
        session.expect(r"Touch your security key for [^\r\n]* \[(\w{3})\]\.")
        return session.child.match.group(1)

    def wait_for_helper_to_end(self):
        wait_until(lambda: not self.machine.run(
            "systemctl", "list-units", "--no-legend", "--state=active",
            "stepup-fido2-helper@*").stdout.strip(), "the helper has ended")


class Touch(TouchBench):
    def test_sudo_at_level_touch_runs_after_a_touch_and_does_not_ask_again(self):
        alice, key = self.person(enrolled=False), self.key()
        self.assertIn("Touch the security key that you want to enrol.", self.enrol_key(alice))
        self.rule(alice, level="touch")
        key.set("touch=wait")
        session = alice.session_at_the_machine()
        session.begin("sudo id")
        self.asks_touch(session)
        key.touch()
        outcome = session.end()
        self.assertRuns(outcome)
        self.assertIn(f"for {alice.name}@{HOST} (sudo: id)", outcome.text)
        self.assertSilent(session.run("sudo id"))

    def test_where_a_code_is_enough_one_prompt_takes_a_touch_or_a_code(self):
        alice, key = self.person(), self.key()
        self.enrol_key(alice)
        key.set("touch=wait")
        session = alice.session_at_the_machine()
        session.begin("sudo -k id")
        session.expect(TOUCH_OR_CODE)
        key.touch()
        session.answer("")
        self.assertRuns(session.end())
        other = alice.session_at_the_machine()
        other.begin("sudo id")
        other.expect(TOUCH_OR_CODE)
        other.answer(alice.code())
        self.assertRuns(other.end())
        key._until(lambda: not key.status()["waiting"], "the key blinks on")

    def test_Enter_before_the_touch_waits_for_it(self):
        alice, key = self.person(), self.key()
        self.enrol_key(alice)
        key.set("touch=wait")
        session = alice.session_at_the_machine()
        session.begin("sudo id")
        session.expect(TOUCH_OR_CODE)
        session.answer("")
        session.expect("No touch yet. Touch your security key now.")
        key.touch()
        self.assertRuns(session.end())

    def test_Ctrl_C_ends_the_wait_for_a_touch_at_once_and_the_key_stops_blinking(self):
        alice, key = self.person(enrolled=False), self.key()
        self.enrol_key(alice)
        self.rule(alice, level="touch")
        key.set("touch=wait")
        session = alice.session_at_the_machine()
        session.begin("sudo id")
        self.asks_touch(session)
        key.wait_for_blink()
        begun = time.monotonic()
        session.answer(CTRL_C)
        outcome = session.end()
        self.assertNotEqual(outcome.status, 0)
        key._until(lambda: not key.status()["waiting"], "the key blinks on")
        self.assertLess(time.monotonic() - begun, 2)

    def test_F65_V20_over_ssh_the_key_at_the_machine_never_blinks(self):
        alice, key = self.person(), self.key()
        self.enrol_key(alice)
        before = key.status()["sign_count"]
        session = alice.session()
        self.assertRuns(session.run("sudo id", alice.code()))
        self.rule(alice, level="touch")
        refused = alice.session().run("sudo id")
        self.assertRefused(refused, f"sudo on {HOST} needs a security key: one at {HOST}, when you "
                                    "sit there, or at your end of ssh.")
        self.assertEqual(key.status()["sign_count"], before)

    def test_F65_V20_in_a_session_without_a_seat_the_key_never_blinks(self):
        alice, key = self.person(enrolled=False), self.key()
        self.enrol_key(alice)
        self.rule(alice, level="touch")
        before = len(key.status()["seen"])
        refused = alice.session_at_the_machine(at_a_seat=False).run("sudo id")
        self.assertRefused(refused, f"sudo on {HOST} needs a security key: one at {HOST}, when you "
                                    "sit there")
        self.assertEqual(key.status()["seen"][before:], [])

    def test_sudo_n_is_refused_without_a_blink(self):
        alice, key = self.person(enrolled=False), self.key()
        self.enrol_key(alice)
        self.rule(alice, level="touch")
        session = alice.session_at_the_machine()
        before = key.status()["seen"]
        outcome = session.run("sudo -n id")
        self.assertNotEqual(outcome.status, 0, outcome.text)
        self.assertEqual(key.status()["seen"], before)

    def test_a_key_that_is_not_plugged_in_offers_the_code_at_once(self):
        alice, key = self.person(), self.key()
        self.enrol_key(alice)
        key.unplug()
        outcome = alice.session_at_the_machine().run("sudo id", alice.code())
        self.assertRuns(outcome)
        self.assertIn("Your security key is not plugged in.", outcome.text)

    def test_F63_a_key_that_is_plugged_in_after_the_prompt_is_picked_up(self):
        alice, key = self.person(enrolled=False), self.key()
        self.enrol_key(alice)
        self.rule(alice, level="touch")
        key.unplug()
        session = alice.session_at_the_machine()
        session.begin("sudo id")
        session.expect("Plug in your security key and touch it for ")
        key.plug()
        self.assertRuns(session.end())

    def test_T23_F62_an_occupied_key_is_named_and_never_replaced_by_a_code(self):
        alice, key = self.person(), self.key()
        self.enrol_key(alice)
        self.rule(alice, level="touch")
        key.lock()
        session = alice.session_at_the_machine()
        session.begin("sudo id")
        session.expect(r"Your security key is in use by ")
        session.answer(CTRL_C)
        outcome = session.end()
        self.assertNotEqual(outcome.status, 0)
        self.assertFalse(outcome.asked, outcome.text)
        key.unlock()

    def test_V86_T04_one_touch_answers_one_of_two_requests(self):
        alice, key = self.person(enrolled=False), self.key()
        self.enrol_key(alice)
        self.rule(alice, level="touch", scope="process")
        key.set("touch=wait")
        first, second = alice.session_at_the_machine(), alice.session_at_the_machine()
        first.begin("sudo id")
        code = self.asks_touch(first)
        second.begin("sudo reboot --help")
        second.expect(r"Your security key is needed for another request of yours first: "
                      r"sudo: id \[(\w{3})\]")
        self.assertEqual(second.child.match.group(1), code)
        key.touch()
        self.assertRuns(first.end())
        other = self.asks_touch(second)  # with a challenge of its own
        self.assertNotEqual(other, code)
        key.touch()
        self.assertRuns(second.end())

    def test_ten_sudos_at_once_each_take_a_touch_of_their_own(self):
        alice, _ = self.person(enrolled=False), self.key()
        self.enrol_key(alice)
        self.rule(alice, level="touch", scope="process")
        outcome = alice.session_at_the_machine().run(
            "for n in 1 2 3 4 5 6 7 8 9 10; do sudo echo ran-$n & done; wait", timeout=60)
        for number in range(1, 11):
            self.assertRegex(outcome.text, rf"(?m)^ran-{number}\r*$")
        asked = re.findall(r"Touch your security key for [^\r\n]*\(sudo: echo (ran-\d+)\) \[(\w{3})\]",
                           outcome.text)
        self.assertEqual(len({command for command, _ in asked}), 10)
        self.assertEqual(len(asked), 10)

    def test_V85_three_unanswered_requests_pause_the_touch_and_leave_the_code(self):
        alice, key = self.person(), self.key()
        self.enrol_key(alice)
        key.set("touch=wait")
        session = alice.session_at_the_machine()
        for _ in range(3):
            session.begin("sudo id")
            session.expect(TOUCH_OR_CODE)
            session.answer(CTRL_C)
            self.assertNotEqual(session.end().status, 0)
        outcome = session.run("sudo id", alice.code())
        self.assertRuns(outcome)
        self.assertIn("Too many requests for a touch went unanswered", outcome.text)

    def test_a_counter_that_went_back_is_refused_as_a_possible_copy(self):
        alice, key = self.person(enrolled=False), self.key()
        self.enrol_key(alice)
        self.rule(alice, level="touch", max_age="0")
        session = alice.session_at_the_machine()
        self.assertRuns(session.run("sudo id"))
        key.set("sign_count=0")
        self.assertRefused(session.run("sudo id"), "there may be a copy of it")
        self.assertIn("possible-clone", self.machine.journal("-b", "-u", "stepupd"))


class UserVerification(TouchBench):
    def test_level_touch_uv_asks_for_the_PIN_and_says_how_many_tries_are_left(self):
        alice, key = self.person(enrolled=False), self.key("pin=1234")
        self.enrol_key(alice, "--uv", pin="1234")
        self.rule(alice, level="touch+uv")
        session = alice.session_at_the_machine()
        session.begin("sudo id")
        session.expect(PIN)
        self.assertEqual(session.child.match.group(1), "8")
        session.answer("0000")
        session.expect("That PIN is wrong.")
        session.expect(PIN)
        self.assertEqual(session.child.match.group(1), "7")
        session.answer("1234")
        self.assertRuns(session.end())

    def test_a_key_enrolled_without_user_verification_never_meets_touch_uv(self):
        alice, key = self.person(enrolled=False), self.key("pin=1234")
        self.enrol_key(alice)
        self.rule(alice, level="touch+uv")
        self.assertRefused(alice.session_at_the_machine().run("sudo id"),
                           'needs a factor of level "touch+uv"')

    def test_V04_a_PIN_prompt_without_an_answer_reaches_no_key(self):
        alice, key = self.person(enrolled=False), self.key("pin=1234")
        self.enrol_key(alice, "--uv", pin="1234")
        self.rule(alice, level="touch+uv")
        before = len(key.status()["seen"])
        session = alice.session_at_the_machine()
        session.begin("sudo id")
        session.expect(PIN)
        session.answer("")
        self.assertNotEqual(session.end().status, 0)
        self.wait_for_helper_to_end()
        # Neither an assertion but the silent one, nor a token for a PIN (CTAP 2.1, 6.5.5).
        asked = set(key.status()["seen"][before:])
        self.assertFalse(asked & {"get", "make", "pin:5", "pin:6", "pin:9"}, asked)


class Enrolment(TouchBench):
    def test_over_ssh_a_key_cannot_be_enrolled_and_the_reason_is_said(self):
        alice = self.person()
        self.key()
        outcome = alice.session().run("stepupctl enroll fido2")
        self.assertRefused(outcome, f"A security key can be enrolled only at {HOST} itself")

    def test_a_key_is_above_a_code_and_wants_a_ticket(self):
        alice, key = self.person(), self.key()
        session = alice.session_at_the_machine()
        session.begin("stepupctl enroll fido2")
        self.assertIsNotNone(session.prompt())
        session.answer(alice.code())
        session.expect("Enrolment ticket: ")
        session.answer(alice.ticket())
        self.assertRuns(session.end())
        self.assertIn("fido2", self.machine.run("stepupctl", "list", "--user", alice.name).stdout)

    def test_one_key_is_enrolled_once(self):
        alice, key = self.person(enrolled=False), self.key()
        self.enrol_key(alice)
        outcome = self.machine.run("stepupctl", "enroll", "fido2", "--user", alice.name,
                                   check=False)
        self.assertNotEqual(outcome.returncode, 0)
        self.assertIn("This security key is enrolled already.", outcome.stderr)
