# SPDX-License-Identifier: ISC
"""What somebody can do who has an open session of a person, but no factor of hers."""

import re

from bench import Bench
from machine import wait_until
from people import CTRL_C, TMUX


class Thief(Bench):
    def setUp(self):
        super().setUp()
        # No sudo rights at all, so that nothing but stepup's own refusal is seen.
        self.alice = self.person(groups=("users",))
        self.session = self.alice.session()

    def credentials(self, person):
        """What root sees of a person's credentials: the thief's yardstick."""
        return self.machine.run("stepupctl", "list", "--user", person.name).stdout

    def refused(self, session, command):
        """The command ends with an error, and gives no secret, when it gets no proof."""
        session.begin(command)
        if session.expect([r"(?:ticket|authenticator|codes|\)): $", session.ENDED]) == 0:
            session.answer(CTRL_C)
        outcome = session.end()
        self.assertNotEqual(outcome.status, 0, outcome.text)
        self.assertNotRegex(outcome.text, r"secret=|otpauth://")
        return outcome

    def test_a_thief_cannot_enrol_replace_remove_or_reset(self):
        before = self.credentials(self.alice)
        label = re.search(r"phone\S*", before).group()
        for command in ("stepupctl enroll totp",
                        f"stepupctl enroll totp --replace {label}",
                        "stepupctl enroll recovery-codes",
                        f"stepupctl remove {label}",
                        f"stepupctl reset --yes {self.alice.name}",
                        f"stepupctl ticket {self.alice.name}"):
            with self.subTest(command=command):
                self.refused(self.session, command)
                self.assertEqual(self.credentials(self.alice), before)

    def test_a_thief_cannot_read_the_list_of_credentials(self):
        outcome = self.refused(self.session, "stepupctl list")
        self.assertNotIn("phone", outcome.text)

    def test_a_thief_cannot_read_state_or_sockets(self):
        for command in ("ls /var/lib/stepup", "cat /var/lib/stepup/*", "cat /etc/shadow",
                        "python3 -c 'import socket; socket.socket(socket.AF_UNIX, "
                        "socket.SOCK_SEQPACKET).connect(\"/run/stepup/stepupd.sock\")'"):
            with self.subTest(command=command):
                self.assertNotEqual(self.session.run(command).status, 0)
        mode = self.machine.run("stat", "-c", "%a %U", "/run/stepup/stepupd.sock",
                                "/run/stepup/control.sock", "/run/stepup", "/var/lib/stepup")
        self.assertEqual(mode.stdout.split("\n")[:4],
                         ["600 root", "666 root", "755 root", "700 _stepup"])

    def test_a_ticket_of_somebody_else_is_no_ticket(self):
        bob = self.person("bob", enrolled=False)
        mallory = self.person("mallory", enrolled=False)
        self.assertNoTicket(mallory.session(), bob.ticket())

    def test_bob_can_do_nothing_about_alice(self):
        bob = self.person("bob", groups=("users",))
        session = bob.session()
        self.assertRuns(session.run("stepupctl verify", bob.code()))
        before = self.credentials(self.alice)
        label = re.search(r"phone\S*", before).group()
        for command in (f"stepupctl enroll totp --user {self.alice.name}",
                        f"stepupctl enroll totp --user {self.alice.name} --replace {label}",
                        f"stepupctl enroll recovery-codes --user {self.alice.name}",
                        f"stepupctl remove {label} --user {self.alice.name}",
                        f"stepupctl list --user {self.alice.name}",
                        f"stepupctl reset --yes {self.alice.name}",
                        f"stepupctl ticket {self.alice.name}"):
            with self.subTest(command=command):
                outcome = self.refused(session, command)
                self.assertNotIn(label, outcome.text)
                self.assertEqual(self.credentials(self.alice), before)


class Enrolment(Bench):
    def test_a_ticket_of_root_lets_a_person_enrol_once_and_then_step_up(self):
        alice = self.person(enrolled=False)
        ticket = alice.ticket()
        session = alice.session()
        self.enrol_by_ticket(alice, session, ticket)
        self.assertRuns(session.run("sudo id", alice.code()))
        alice.ticket("reset", "--yes")
        self.assertNoTicket(alice.session(), ticket)

    def enrol_by_ticket(self, alice, session, ticket):
        session.begin("stepupctl enroll totp")
        session.expect("Enrolment ticket: ")
        session.answer(ticket)
        alice.answer_enrolment(session)
        self.assertRuns(session.end())

    def test_a_person_with_a_fresh_grant_replaces_her_authenticator_and_is_told(self):
        alice = self.person()
        old = alice.authenticator
        session = alice.session()
        self.assertRuns(session.run("stepupctl verify", alice.code()))
        session.begin("stepupctl enroll totp --replace phone")
        alice.answer_enrolment(session)
        self.assertRuns(session.end())
        self.assertNotEqual(alice.authenticator.secret, old.secret)
        other = alice.session()
        outcome = other.run("sudo id", old.fresh(), alice.code())
        self.assertIn("That code is wrong.", outcome.text)
        self.assertIn("Was it not you?", outcome.text)
        self.assertRuns(outcome)

    def test_an_authenticator_that_was_not_proved_does_not_count(self):
        alice = self.person()
        session = alice.session()
        self.assertRuns(session.run("stepupctl verify", alice.code()))
        session.begin("stepupctl enroll totp --replace phone")
        session.expect("Code shown by the new authenticator: ")
        session.answer(CTRL_C)
        self.assertNotEqual(session.end().status, 0)
        self.assertRuns(alice.session().run("sudo id", alice.code()))

    def test_root_resets_a_person_who_lost_everything(self):
        alice = self.person()
        old = alice.code()
        ticket = alice.ticket("reset", "--yes")
        session = alice.session()
        refused = session.run("sudo id", old)
        self.assertNotEqual(refused.status, 0)
        self.enrol_by_ticket(alice, session, ticket)
        self.assertRuns(session.run("sudo id", alice.code()))


class InTheSession(Bench):
    def test_V39_T03_what_gets_into_a_session_uses_its_proof_unless_each_command_asks(self):
        alice = self.person()
        session = alice.session()
        session.run(f"{TMUX} -L v39 new-session -d")
        self.addCleanup(self.machine.run, "pkill", "-u", alice.name, "tmux", check=False)
        self.assertRuns(session.run("sudo id", alice.code()))
        thief = alice.session()
        self.assertNotEqual(thief.run("sudo -n id").status, 0)

        def injected(name):
            """What comes of a command that the thief puts into a shell of the session."""
            path = f"/tmp/{alice.name}-{name}"
            thief.run(f"tmux -L v39 send-keys 'sudo -n id >{path} 2>&1; echo end=$? >>{path}' Enter")
            return wait_until(lambda: "end=" in (text := thief.run(f"cat {path}").text) and text,
                              "the command ends")
        self.assertIn("uid=0(root)", injected("session"))
        self.rule(alice, level="otp", max_age="0", scope="process")
        self.assertNotIn("uid=0(root)", injected("process"))
