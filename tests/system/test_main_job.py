# SPDX-License-Identifier: ISC
"""A person in an open ssh session types sudo, is asked for a code, and is not asked again."""

import time

from bench import Bench
from machine import HOST
from people import CTRL_C


class MainJob(Bench):
    def test_sudo_asks_with_the_exact_prompt_and_runs_with_the_code_of_oathtool(self):
        alice = self.person()
        outcome = alice.session().run("sudo id", alice.code())
        self.assertEqual(outcome.prompts,
                         [f"One-time code for {alice.name}@{HOST} (sudo: id): "])
        self.assertRuns(outcome)
        self.assertIn("uid=0(root)", outcome.text)

    def test_sudo_does_not_ask_again_within_max_age(self):
        alice = self.person()
        session = alice.session()
        self.assertRuns(session.run("sudo id", alice.code()))
        self.assertSilent(session.run("sudo id"))
        self.assertSilent(session.run("sudo -u nobody id"))

    def test_sudo_asks_in_a_second_ssh_session(self):
        alice = self.person()
        first, second = alice.session(), alice.session()
        self.assertRuns(first.run("sudo id", alice.code()))
        self.assertAsked(second.run("sudo id", CTRL_C))

    def test_a_new_session_does_not_inherit_from_one_that_ended(self):
        alice = self.person()
        first = alice.session()
        self.assertRuns(first.run("sudo id", alice.code()))
        first.close()
        self.assertAsked(alice.session().run("sudo id", CTRL_C))

    def test_sudo_asks_after_max_age_and_using_a_grant_does_not_renew_it(self):
        alice = self.person()
        self.rule(alice, level="otp", max_age="3s")
        session = alice.session()
        self.assertRuns(session.run("sudo id", alice.code()))
        proved = time.monotonic()
        time.sleep(1.5)
        self.assertSilent(session.run("sudo id"))
        time.sleep(max(0, proved + 3.1 - time.monotonic()))
        self.assertAsked(session.run("sudo id", CTRL_C))

    def test_max_age_zero_asks_every_time(self):
        alice = self.person()
        self.rule(alice, level="otp", max_age="0")
        session = alice.session()
        for _ in range(2):
            self.assertAsked(session.run("sudo id", alice.code()))

    def test_the_scope_process_asks_for_every_command(self):
        alice = self.person()
        self.rule(alice, level="otp", max_age="5min", scope="process")
        session = alice.session()
        for _ in range(2):
            self.assertAsked(session.run("sudo id", alice.code()))

    def test_two_sessions_are_asked_at_the_same_time_and_neither_disturbs_the_other(self):
        alice = self.person()
        first, second = alice.session(), alice.session()
        for session in (first, second):
            session.begin("sudo id")
        for session in (first, second):
            self.assertIsNotNone(session.prompt())
        for session in (second, first):
            session.answer(alice.code())
            self.assertRuns(session.end())  # before the next code, which must not overtake it

    def test_V30_a_valid_sudo_ticket_does_not_replace_the_code(self):
        alice = self.person(groups=("passwd",))
        self.rule(alice, level="otp", max_age="2s")
        session = alice.session()
        first = session.run("sudo id", alice.code())
        self.assertEqual(first.passwords, 1)
        self.assertRuns(first)
        time.sleep(2.1)
        second = session.run("sudo id", alice.code())
        self.assertEqual(second.passwords, 0, "sudo's own ticket should still count")
        self.assertAsked(second)
        self.assertRuns(second)

    def test_a_typo_and_then_the_right_code_runs(self):
        alice = self.person()
        outcome = alice.session().run("sudo id", alice.authenticator.wrong(), alice.code())
        self.assertAsked(outcome, times=2)
        self.assertIn("That code is wrong.", outcome.text)
        self.assertRuns(outcome)

    def test_three_wrong_codes_end_the_attempt_and_the_second_names_recovery_codes(self):
        alice = self.person()
        wrong = alice.authenticator.wrong()
        outcome = alice.session().run("sudo id", *[wrong] * 4)
        self.assertAsked(outcome, times=3)
        self.assertIn("Lost your device? Type a recovery code.", outcome.text)
        self.assertRefused(outcome, "was refused: no right code was given")

    def test_ctrl_c_and_an_empty_answer_each_end_the_attempt(self):
        alice = self.person()
        session = alice.session()
        for answer in (CTRL_C, ""):
            with self.subTest(answer=answer):
                outcome = session.run("sudo id", answer)
                self.assertAsked(outcome, times=1)
                self.assertRefused(outcome, "was refused: no code was given")

    def test_a_recovery_code_counts_once(self):
        alice = self.person()
        code = alice.recovery_codes[1]
        self.assertEqual(len(set(alice.recovery_codes)), 10)
        self.assertRuns(alice.session().run("sudo id", code))
        again = alice.session().run("sudo id", code)
        self.assertIn("This recovery code was already used", again.text)
        self.assertNotEqual(again.status, 0)

    def test_every_algorithm_and_length_that_enrolment_offers_works(self):
        for algorithm, digits in (("sha256", 8), ("sha512", 7)):
            with self.subTest(algorithm=algorithm, digits=digits):
                alice = self.person(enrolled=False)
                alice.enrol("--algorithm", algorithm, "--digits", str(digits))
                self.assertRuns(alice.session().run("sudo id", alice.code()))

    def test_V88_five_failures_delay_one_person_and_nobody_else(self):
        alice, bob = self.person(), self.person("bob")
        session = alice.session()
        wrong = alice.authenticator.wrong()
        session.run("sudo id", *[wrong] * 3)
        session.run("sudo id", *[wrong] * 2)
        locked = session.run("sudo id", alice.code())
        self.assertRefused(locked, "Too many wrong codes. Try again in ")
        self.assertRuns(bob.session().run("sudo id", bob.code()))

    def test_a_person_without_a_factor_reads_what_to_do(self):
        alice = self.person(enrolled=False)
        outcome = alice.session().run("sudo id")
        self.assertFalse(outcome.asked)
        self.assertRefused(outcome, f"You have no second factor on {HOST}. Ask an administrator "
                                    "for a ticket, then run: stepupctl enroll totp")
