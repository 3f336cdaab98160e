# SPDX-License-Identifier: ISC
"""What every system test starts from."""

import os
import re
import unittest

from people import CTRL_C, Person

DROP_INS = "/etc/stepup/stepupd.conf.d"


class Bench(unittest.TestCase):
    machine = None  # set by run.py, which boots it once for all tests

    def setUp(self):
        if self.machine is None:
            self.skipTest("needs the booted machine: run tests/system/run.py")

    def person(self, name="alice", groups=("nopasswd",), enrolled=True):
        person = Person(self.machine, name, groups)
        self.addCleanup(person.leave)
        if enrolled:
            person.enrol()
        return person

    def rule(self, person, **demand):
        """Adds a rule for one person alone, so that tests do not meet each other's rules."""
        lines = [f"{key} = {value if isinstance(value, list) else repr(value)}"
                 for key, value in demand.items()]
        self.drop_in(f"{person.name}.conf", "\n".join([
            "[[rule]]", f'name = "for {person.name}"', 'service = ["sudo", "su"]',
            f'user = ["{person.name}"]', *lines, ""]))

    def drop_in(self, name, text):
        """Adds rules for the time of one test."""
        path = f"{DROP_INS}/{name}"
        self.machine.write(path, text)

        def remove():
            os.remove(self.machine.root / path.lstrip("/"))
            if self.machine.daemon_is_up():
                self.machine.reload_rules()
        self.addCleanup(remove)
        self.machine.reload_rules()

    def sshd_asks_for_a_code(self, alice):
        """Logins of alice take a key, then her password and a code."""
        self.drop_in("sshd.conf", f'[[rule]]\nname = "login"\nservice = ["sshd"]\n'
                     f'user = ["{alice.name}"]\nlevel = "otp"\n')
        self.machine.write("/etc/ssh/sshd_config.d/asks.conf",
                           f"Match User {alice.name}\nKbdInteractiveAuthentication yes\n"
                           "AuthenticationMethods publickey,keyboard-interactive:pam\n")
        self.addCleanup(self.machine.systemctl, "restart", "ssh")
        self.addCleanup(self.machine.run, "rm", "/etc/ssh/sshd_config.d/asks.conf")
        # Not a reload: after one sshd does not listen for a moment.
        self.machine.systemctl("restart", "ssh")

    def setting(self, line):
        """Adds a line to stepupd.conf, before its tables, for the time of one test."""
        path = "/etc/stepup/stepupd.conf"
        before = (self.machine.root / path.lstrip("/")).read_text()

        def put(text):
            self.machine.write(path, text)
            self.machine.reload_rules()
        self.addCleanup(put, before)
        put(f"{line}\n{before}")

    def unit_drop_in(self, text):
        """Changes stepupd.service for the time of one test, and starts it anew."""
        path = "/run/systemd/system/stepupd.service.d/test.conf"
        self.machine.run("install", "-D", "-m", "644", "/dev/stdin", path, stdin=text)

        def remove():
            self.machine.run("rm", "-f", path)
            self.machine.restart_daemon()
        self.addCleanup(remove)
        self.machine.restart_daemon()

    def without_lines(self):
        """Takes our lines out of the stacks of sudo and su for the time of one test."""
        for name in ("sudo", "sudo-i", "su"):
            path = self.machine.root / "etc/pam.d" / name
            self.addCleanup(path.write_bytes, path.read_bytes())
            path.write_bytes(re.sub(rb"^[^#\n]*pam_stepup.*\n", b"", path.read_bytes(), flags=re.M))

    # -- assertions -----------------------------------------------------------------------------

    def assertRuns(self, outcome):
        self.assertEqual(outcome.status, 0, outcome.text)

    def assertRefused(self, outcome, words):
        """The command did not run, and one line, which holds `words`, says why."""
        self.assertNotEqual(outcome.status, 0, outcome.text)
        self.assertNotIn("uid=0(root)", outcome.text)
        lines = [line for line in outcome.text.splitlines() if words in line]
        self.assertEqual(len(lines), 1, f"{words!r} on one line of:\n{outcome.text}")

    def assertSilent(self, outcome):
        self.assertRuns(outcome)
        self.assertFalse(outcome.asked, outcome.text)

    def assertAsked(self, outcome, times=1):
        self.assertEqual(len(outcome.prompts), times, outcome.text)

    def assertNoTicket(self, session, ticket):
        """Nobody enrols with this ticket in this session."""
        session.begin("stepupctl enroll totp")
        for answer in (ticket, CTRL_C):
            session.expect("Enrolment ticket: ")
            session.answer(answer)
        outcome = session.end()
        self.assertNotEqual(outcome.status, 0, outcome.text)
        self.assertIn("That ticket is wrong or no longer good.", outcome.text)
        self.assertNotIn("secret=", outcome.text)
