# SPDX-License-Identifier: ISC
"""What an administrator reads in the journal, and what nobody does."""

import canaries
from bench import Bench
from people import CTRL_C


class Journal(Bench):
    def test_no_record_holds_a_code_a_secret_a_ticket_or_an_argument(self):
        alice, bob = self.person(), self.person("bob", enrolled=False)
        argument = canaries.keep("argument7f3a9c")
        session = alice.session()
        wrong = canaries.keep(alice.authenticator.wrong())
        session.run(f"sudo echo {argument}", wrong, CTRL_C)
        self.assertRuns(session.run(f"sudo echo --password={argument}", alice.code()))
        self.assertRuns(alice.session().run("sudo id", alice.recovery_codes[1]))
        self.assertNoTicket(bob.session(), canaries.keep(bob.ticket()[:-1] + "x"))
        everything = [text for record in canaries.records(self.machine) for text in record]
        for shown in (alice.name, "recovery_code", "echo"):
            self.assertTrue(any(shown in text for text in everything), shown)
        self.assertGreater(len(canaries.KEPT), 8)
        self.assertEqual(canaries.found(self.machine), [])

    def test_the_catalog_explains_a_refusal_and_says_what_to_do(self):
        alice = self.person()
        self.assertAsked(alice.session().run("sudo id", CTRL_C))
        explained = self.machine.run(
            "journalctl", "-x", "-n1", "MESSAGE_ID=b1d6a3f24c5e4c9f8a8b0f0d7c2e9a41",
            f"STEPUP_SUBJECT={alice.name}").stdout
        self.assertIn(f"Subject: stepup: a command of {alice.name} was decided", explained)
        self.assertIn('because of "interrupted"', explained)
        self.assertIn("stepupctl status", explained)
