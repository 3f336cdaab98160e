# SPDX-License-Identifier: ISC
"""A security key that cannot answer, seen from sudo: what is read, and whether the way out works."""

import re

import pexpect

from test_touch import PIN, TouchBench


class BusyKey(TouchBench):
    def hold(self, key):
        """Another program has the key, and waits for its touch; that program."""
        key.set("touch=wait")
        program = self.machine.spawn(*self.pamu2fcfg())
        self.addCleanup(program.close, force=True)
        key.wait_for_blink()
        return program

    def test_F62_a_key_that_another_program_uses_is_waited_for_and_then_answers(self):
        alice, key = self.person(enrolled=False), self.key()
        self.enrol_key(alice)
        self.rule(alice, level="touch")
        program = self.hold(key)
        session = alice.session_at_the_machine()
        session.begin("sudo id")
        session.expect(r"Your security key is in use by pamu2fcfg \(pid \d+\)\.")
        key.touch()
        program.expect(pexpect.EOF)
        self.asks_touch(session)
        key.touch()
        self.assertRuns(session.end())

    def test_F62_a_key_that_stays_in_use_is_refused_within_the_minute_and_named(self):
        alice, key = self.person(enrolled=False), self.key()
        self.enrol_key(alice)
        self.rule(alice, level="touch")
        key.set("touch_timeout=90000")
        program = self.hold(key)
        session = alice.session_at_the_machine()
        refused = session.run("sudo id", timeout=75)
        self.assertRefused(refused, "your security key is in use by pamu2fcfg (pid")
        self.assertIn("Close that and try again.", refused.text)
        self.assertLess(refused.seconds, 65)
        key.touch()
        program.expect(pexpect.EOF)
        session.begin("sudo id")
        self.asks_touch(session)
        key.touch()
        self.assertRuns(session.end())

    def test_F62_where_a_code_is_enough_it_is_asked_for_at_once(self):
        alice, key = self.person(), self.key()
        self.enrol_key(alice)
        self.hold(key)
        outcome = alice.session_at_the_machine().run("sudo id", alice.code())
        self.assertRuns(outcome)
        self.assertRegex(outcome.text, r"Your security key is in use by pamu2fcfg \(pid \d+\)\.")
        self.assertLess(outcome.seconds, 10)


class BlockedPin(TouchBench):
    BLOCKED = "The PIN of your security key is blocked."

    def alice_with_a_PIN(self, **how):
        alice, key = self.person(**how), self.key("pin=1234")
        self.enrol_key(alice, "--uv", "--label", "blue key", pin="1234")
        return alice, key

    def enrols_by(self, session, ticket):
        session.begin("stepupctl enroll fido2 --uv")
        session.expect("Enrolment ticket: ")
        session.answer(ticket)
        session.expect(PIN)
        session.answer("1234")
        session.expect("Type one of these recovery codes: ")
        session.answer(re.search(r"\b[a-z0-9]{2}(?:-[a-z0-9]{4}){3}\b", session.text).group())
        self.assertRuns(session.end())

    def opens_with_a_PIN(self, session):
        session.begin("sudo id")
        session.expect(PIN)
        session.answer("1234")
        self.assertRuns(session.end())

    def test_a_blocked_PIN_names_the_way_out_which_leads_to_the_same_key_after_its_reset(self):
        alice, key = self.alice_with_a_PIN(enrolled=False)
        self.rule(alice, level="touch+uv")
        key.set("pin_retries=0")
        session = alice.session_at_the_machine()
        refused = session.run("sudo id")
        self.assertRefused(refused, self.BLOCKED)
        self.assertIn('"fido2-token -R" and ask an administrator', refused.text)
        self.assertLess(refused.seconds, 5)
        key.renew("pin=1234")  # what fido2-token -R and -S leave
        self.machine.run("stepupctl", "remove", "blue key", "--user", alice.name)
        self.enrols_by(session, alice.ticket())
        self.opens_with_a_PIN(session)

    def test_a_blocked_PIN_leaves_the_code_where_one_is_enough(self):
        alice, key = self.alice_with_a_PIN()
        key.set("pin_retries=0")
        outcome = alice.session_at_the_machine().run("sudo id", alice.code())
        self.assertRuns(outcome)
        self.assertIn(self.BLOCKED, outcome.text)

    def test_a_blocked_PIN_leaves_another_key_of_hers(self):
        alice, key = self.alice_with_a_PIN(enrolled=False)
        self.rule(alice, level="touch+uv")
        session = alice.session_at_the_machine()
        key.set("pin_retries=0")
        self.assertRefused(session.run("sudo id"), self.BLOCKED)
        key.renew("pin=1234")  # which is another one
        self.enrol_key(alice, "--uv", "--label", "spare", pin="1234")
        self.opens_with_a_PIN(session)

    def test_root_clears_who_has_nothing_but_a_key_with_a_blocked_PIN(self):
        alice, key = self.alice_with_a_PIN(enrolled=False)
        self.rule(alice, level="touch+uv")
        key.set("pin_retries=0")
        session = alice.session_at_the_machine()
        self.assertRefused(session.run("sudo id"), self.BLOCKED)
        key.renew("pin=1234")
        self.enrols_by(session, alice.ticket("reset", "--yes"))
        self.opens_with_a_PIN(session)

    def test_wrong_PINs_stop_before_the_key_blocks_and_each_refusal_has_a_way_out_that_works(self):
        alice, key = self.alice_with_a_PIN(enrolled=False)
        self.rule(alice, level="touch+uv")
        session = alice.session_at_the_machine()
        session.begin("sudo id")
        for _ in range(3):
            session.expect(PIN)
            session.answer("0000")
        self.assertRefused(session.end(), "Unplug your security key, plug it in again")
        key.unplug()
        key.plug()
        session.begin("sudo id")
        for _ in range(2):
            session.expect(PIN)
            session.answer("0000")
        self.assertRefused(session.end(), "at most three PIN tries left")
        self.assertRefused(session.run("sudo id"), "Type the right PIN elsewhere first")
        self.assertEqual(key.status()["pin_retries"], 3)
        key.set("pin_retries=8")  # as the right PIN leaves it
        self.opens_with_a_PIN(session)
