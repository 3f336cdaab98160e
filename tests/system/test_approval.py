# SPDX-License-Identifier: ISC
"""sudo's approval plugin asks about the command that sudo decided on."""

from bench import Bench
from machine import HOST
from people import CTRL_C

SUDO_CONF = "/etc/sudo.conf"
LINE = "Plugin stepup_approval stepup_approval.so"


class Approval(Bench):
    def setUp(self):
        super().setUp()
        before = (self.machine.root / SUDO_CONF.lstrip("/")).read_text()
        self.addCleanup(self.machine.write, SUDO_CONF, before)
        self.machine.write(SUDO_CONF, before + LINE + "\n")

    def without_the_pam_line(self):
        path = "/etc/pam.d/sudo"
        before = (self.machine.root / path.lstrip("/")).read_text()
        self.addCleanup(self.machine.write, path, before)
        self.machine.write(path, "".join(line for line in before.splitlines(True)
                                         if "pam_stepup" not in line))

    def test_it_asks_with_the_path_that_sudo_found_and_runs_with_the_code(self):
        self.without_the_pam_line()
        alice = self.person()
        outcome = alice.session().run("sudo id", alice.code())
        self.assertEqual(outcome.prompts,
                         [f"One-time code for {alice.name}@{HOST} (sudo: /usr/bin/id): "])
        self.assertRuns(outcome)

    def test_it_refuses_without_a_code(self):
        self.without_the_pam_line()
        alice = self.person()
        outcome = alice.session().run("sudo id", CTRL_C)
        self.assertAsked(outcome)
        self.assertRefused(outcome, "was refused: no code was given")

    def test_the_account_phase_and_the_plugin_together_ask_once(self):
        alice = self.person()
        self.rule(alice, level="otp", max_age="0", scope="process")
        session = alice.session()
        for _ in range(2):
            outcome = session.run("sudo id", alice.code())
            self.assertAsked(outcome)
            self.assertRuns(outcome)

    def test_sudo_n_gets_a_refusal_that_says_what_to_run_first(self):
        self.without_the_pam_line()
        alice = self.person()
        outcome = alice.session().run("sudo -n id")
        self.assertFalse(outcome.asked)
        self.assertRefused(outcome, "stepupctl verify")

    def test_it_refuses_while_the_daemon_is_absent(self):
        self.without_the_pam_line()
        alice = self.person()
        session = alice.session()
        self.addCleanup(self.machine.systemctl, "start", "stepupd.socket", "stepupd.service")
        self.machine.systemctl("stop", "stepupd.socket", "stepupd.service")
        outcome = session.run("sudo id")
        self.assertFalse(outcome.asked)
        self.assertRefused(outcome, "stepupd does not answer")

    def test_an_option_that_it_does_not_know_refuses(self):
        self.without_the_pam_line()
        text = (self.machine.root / SUDO_CONF.lstrip("/")).read_text()
        self.machine.write(SUDO_CONF, text.replace(LINE, LINE + " nullok"))
        alice = self.person()
        self.assertRefused(alice.session().run("sudo id"), "nullok")

    def asks_on_demand_of(self, command):
        """A session that has proved what the other rules want; that for `command` asks each time."""
        self.without_the_pam_line()
        alice = self.person()
        self.rule(alice, level="otp", max_age="0", scope="process", command=[command])
        session = alice.session()
        self.assertRuns(session.run("sudo id", alice.code()))
        self.assertFalse(session.run("sudo /usr/bin/true").asked)
        return session

    def test_an_edit_is_asked_for_however_its_line_was_made_hard_to_read(self):
        session = self.asks_on_demand_of("sudoedit")
        self.assertRuns(session.run("export SUDO_EDITOR=/usr/bin/true"))
        for line in ("sudo -e /etc/motd",
                     "sudo /usr/bin/sudoedit /etc/motd",
                     "sudo -e -p $(printf %040000d 0) /etc/motd",
                     "sudo --edit - /etc/motd",
                     "(exec -a foosudo sudo -e /etc/motd)"):
            with self.subTest(line):
                outcome = session.run(line, CTRL_C)
                self.assertAsked(outcome)
                self.assertIn("(sudo: sudoedit ", outcome.prompts[0])
                self.assertIn("/etc/motd): ", outcome.prompts[0])
                self.assertRefused(outcome, "was refused")
        self.assertFalse(session.run("(exec -a foosudo sudo /usr/bin/true)").asked)

    def test_a_shell_is_every_command_however_its_line_was_made_hard_to_read(self):
        session = self.asks_on_demand_of("/usr/bin/psql")
        for line in ("sudo -s", "sudo -i", "sudo -i true",
                     "(exec -a foosudo sudo -s)",
                     "(exec -a foosudo sudo -i true)",
                     "sudo -s -p $(printf %040000d 0) true"):
            with self.subTest(line):
                outcome = session.run(line, CTRL_C)
                self.assertAsked(outcome)
                self.assertRefused(outcome, "was refused")

    def test_the_journal_names_the_command_and_whose_rights_it_took(self):
        self.without_the_pam_line()
        alice = self.person()
        self.assertRuns(alice.session().run("sudo -u nobody id", alice.code()))
        journal = self.machine.journal("-u", "stepupd", "-o", "json", "-n", "20")
        self.assertIn('"STEPUP_PHASE":"approval"', journal)
        self.assertIn('"STEPUP_TARGET_USER":"nobody"', journal)
