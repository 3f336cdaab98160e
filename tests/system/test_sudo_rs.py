# SPDX-License-Identifier: ISC
"""sudo-rs of Debian 13."""

import os
import unittest

from bench import Bench
from machine import Machine


@unittest.skipUnless(os.environ.get("STEPUP_LONG_TESTS"), "builds and boots another release: long")
class SudoRs(Bench):
    @classmethod
    def setUpClass(cls):
        if Bench.machine is None:
            return  # setUp says what is missing
        cls.machine = cls.enterClassContext(Machine("trixie", more_packages=("sudo-rs",)))
        cls.machine.install()
        cls.machine.boot()

    def test_V30_sudo_rs_asks_whatever_its_own_ticket_and_NOPASSWD_say(self):
        for groups in (("nopasswd",), ("passwd",)):
            with self.subTest(groups=groups):
                alice = self.person(groups=groups)
                self.rule(alice, level="otp", max_age="0")
                session = alice.session()
                for times in range(2):
                    session.begin("sudo-rs id")
                    if groups == ("passwd",) and times == 0:
                        session.expect("[Pp]assword.*: ")
                        session.answer(alice.password)
                    self.assertIn("(sudo: id)", session.prompt())
                    session.answer(alice.code())
                    outcome = session.end()
                    self.assertRuns(outcome)
                    self.assertIn("uid=0(root)", outcome.text)

    def test_sudo_rs_does_not_ask_again_within_max_age_nor_anybody_for_n(self):
        alice = self.person()
        session = alice.session()
        self.assertNotEqual(session.run("sudo-rs -n id").status, 0)
        self.assertRuns(session.run("sudo-rs id", alice.code()))
        self.assertSilent(session.run("sudo-rs -n id"))
        self.assertSilent(session.run("sudo id"))
