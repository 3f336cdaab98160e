#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Enrolment with the real stepupd, what ends it, and where its secrets go."""

import base64
import time
import unittest

import wire
from daemon_bench import UID, USER, Daemon, Enrolment, as_user, code, ctl, main


class EnrolmentTest(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.daemon.start()

    def tearDown(self):
        self.daemon.remove()

    def test_a_first_factor_needs_root_or_a_ticket_that_works_once(self):
        refused = ctl(self.daemon, "enroll", "totp", uid=UID, answers="no-ticket\n" * 3)
        self.assertEqual(refused.returncode, 1, refused.stderr)

        issued = ctl(self.daemon, "ticket", USER)
        self.assertEqual(issued.returncode, 0, issued.stderr)
        ticket = max(issued.stdout.split(), key=lambda word: word.count("-") * 100 + len(word))
        enrolment = Enrolment(self.daemon, uid=UID, ticket=ticket)
        self.assertEqual(enrolment.finish(), 0, enrolment.seen)

        listed = ctl(self.daemon, "list", "--user", USER)
        self.assertIn("totp", listed.stdout)
        self.assertIn("10 of 10 unused", listed.stdout)

        removed = ctl(self.daemon, "reset", USER, "--yes")
        self.assertEqual(removed.returncode, 0, removed.stderr)
        again = ctl(self.daemon, "enroll", "totp", uid=UID, answers=(ticket + "\n") * 3)
        self.assertEqual(again.returncode, 1, "the used ticket worked again")

    def test_a_code_that_was_not_typed_back_enrols_nothing(self):
        enrolment = Enrolment(self.daemon, "--user", USER)
        enrolment.answer("000000")
        enrolment.process.stdin.close()
        self.assertIn("cancelled. Nothing was changed", enrolment.process.stdout.read())
        self.assertNotEqual(enrolment.process.wait(30), 0)
        self.assertNotIn("totp", ctl(self.daemon, "list", "--user", USER).stdout)

    def test_verify_without_a_terminal_is_refused_in_words(self):
        enrolment = Enrolment(self.daemon, "--user", USER)
        self.assertEqual(enrolment.finish(), 0, enrolment.seen)
        refused = ctl(self.daemon, "verify", uid=UID, answers=code(enrolment.secret) + "\n")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("needs a terminal", refused.stderr)

    def test_a_reset_ends_an_enrolment_that_is_under_way(self):
        first = Enrolment(self.daemon, "--user", USER)
        self.assertEqual(first.finish(), 0, first.seen)
        second = Enrolment(self.daemon, "--user", USER, "--label", "second")
        self.assertEqual(ctl(self.daemon, "reset", USER, "--yes").returncode, 0)
        second.answer(code(second.secret))
        second.process.stdin.close()
        second.seen += second.process.stdout.read()
        self.assertNotEqual(second.process.wait(30), 0, second.seen)
        self.assertIn("revoked while it waited", second.seen)
        self.assertNotIn("totp", ctl(self.daemon, "list", "--user", USER).stdout)

    def test_an_answer_is_recorded_also_when_its_peer_leaves_at_once(self):
        enrolment = Enrolment(self.daemon, "--user", USER)
        self.assertEqual(enrolment.finish(), 0, enrolment.seen)
        for end in ("close", "cancel"):
            def answer_and_leave(end=end):
                client = self.daemon.check()
                seen = client.verdict()
                client.send(wire.ANSWER, wire.text("000000"))
                if end == "cancel":
                    client.send(wire.CANCEL, b"\1")
                client.close()
                return seen
            before = self.daemon.log.read_text().count("totp of")
            # Each from a process of its own, since one that gave up is not asked again.
            self.assertEqual(as_user(answer_and_leave, uid=0), "prompt")
            for _ in range(50):
                if self.daemon.log.read_text().count("totp of") > before:
                    break
                time.sleep(0.1)
            self.assertGreater(self.daemon.log.read_text().count("totp of"), before, end)

    def test_T14_a_revoke_refuses_within_a_second_what_waits_for_a_code(self):
        enrolment = Enrolment(self.daemon, "--user", USER)
        self.assertEqual(enrolment.finish(), 0, enrolment.seen)
        client = self.daemon.check(phase=2)
        self.assertEqual(client.verdict(), "prompt")
        self.assertEqual(ctl(self.daemon, "revoke", "--user", USER).returncode, 0)
        revoked = time.monotonic()
        self.assertEqual(client.verdict(), wire.DENIED)
        self.assertLess(time.monotonic() - revoked, 1)

    def test_T14_a_code_typed_after_a_revoke_proves_nothing(self):
        enrolment = Enrolment(self.daemon, "--user", USER)
        self.assertEqual(enrolment.finish(), 0, enrolment.seen)
        client = self.daemon.check(phase=2)
        self.assertEqual(client.verdict(), "prompt")
        self.assertEqual(ctl(self.daemon, "revoke", "--user", USER).returncode, 0)
        try:
            client.send(wire.ANSWER, wire.text(code(enrolment.secret)))
        except BrokenPipeError:
            pass
        self.assertEqual(client.verdict(), wire.DENIED)

    def test_T14_a_revoke_ends_what_the_auth_phase_proved_for_the_account_phase(self):
        enrolment = Enrolment(self.daemon, "--user", USER)
        self.assertEqual(enrolment.finish(), 0, enrolment.seen)
        client = self.daemon.check(phase=1)
        self.assertEqual(client.verdict(), "prompt")
        client.send(wire.ANSWER, wire.text(code(enrolment.secret)))
        self.assertEqual(client.verdict(), wire.GRANTED)
        self.assertEqual(ctl(self.daemon, "revoke", "--user", USER).returncode, 0)
        self.assertEqual(self.daemon.check(phase=2).verdict(), "prompt")

    def test_T15_the_database_holds_no_secret_in_the_clear(self):
        enrolment = Enrolment(self.daemon, "--user", USER)
        self.assertEqual(enrolment.finish(), 0, enrolment.seen)
        padded = enrolment.secret + "=" * (-len(enrolment.secret) % 8)
        needles = [enrolment.secret.encode(), base64.b32decode(padded),
                   enrolment.codes[1].encode(), enrolment.codes[1].replace("-", "").encode()]
        for path in (self.daemon.root / "state").iterdir():
            content = path.read_bytes()
            for needle in needles:
                self.assertNotIn(needle, content, path)

    def test_no_secret_is_left_in_the_memory_of_the_log(self):
        enrolment = Enrolment(self.daemon, "--user", USER)
        self.assertEqual(enrolment.finish(), 0, enrolment.seen)
        log = self.daemon.log.read_text()
        for needle in [enrolment.secret, *enrolment.codes]:
            self.assertNotIn(needle, log)


if __name__ == "__main__":
    main()
