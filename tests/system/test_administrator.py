# SPDX-License-Identifier: ISC
"""What administrators set up, as the manual pages tell them to."""

import ctypes

import machine
from bench import Bench
from machine import STEPUP_UNITS
from people import SSH, Talk

LINE = "pam_stepup.so"


class Administrator(Bench):
    def stack(self, name, edit):
        """Edits a file of /etc/pam.d for the time of one test."""
        path = f"/etc/pam.d/{name}"
        text = (self.machine.root / path.lstrip("/")).read_text()
        self.addCleanup(self.machine.write, path, text)
        self.assertNotEqual(edit(text), text)
        self.machine.write(path, edit(text))

    def test_RECOVERY_without_the_line_sudo_runs_at_once_though_stepupd_is_away(self):
        alice = self.person()
        session = alice.session()
        self.machine.systemctl("stop", *STEPUP_UNITS)
        self.addCleanup(self.machine.restart_daemon)
        self.assertRefused(session.run("sudo id"), "RECOVERY")
        self.stack("sudo", lambda text: "".join(
            line for line in text.splitlines(keepends=True) if LINE not in line))
        self.assertSilent(session.run("sudo id"))

    def test_a_misspelt_option_refuses_everybody_and_is_named(self):
        alice = self.person()
        session = alice.session()
        self.assertRuns(session.run("sudo id", alice.code()))
        self.stack("sudo", lambda text: text.replace(LINE, LINE + " tiemout=5"))
        self.assertRefused(session.run("sudo id"), '"tiemout=5"')

    def test_lines_in_auth_and_in_account_ask_once(self):
        alice = self.person(groups=("passwd",))
        self.rule(alice, level="otp", max_age="0")
        self.stack("sudo", lambda text: text.replace(
            "@include common-auth\n",
            f"@include common-auth\nauth [success=ok ignore=ignore default=die] {LINE}\n"))
        outcome = alice.session().run("sudo id", alice.code())
        self.assertAsked(outcome)
        self.assertRuns(outcome)

    def test_a_refusal_in_the_auth_phase_ends_sudo_without_further_prompts(self):
        alice = self.person(groups=("passwd",))
        self.stack("sudo", lambda text: text.replace(
            "@include common-auth\n",
            f"@include common-auth\nauth [success=ok ignore=ignore default=die] {LINE}\n"))
        outcome = alice.session().run("sudo id", *[alice.authenticator.wrong()] * 9)
        self.assertAsked(outcome, times=3)
        self.assertNotEqual(outcome.status, 0)

    def test_doctor_names_whose_credentials_are_kept_after_the_account_is_gone(self):
        gone, here = self.person("gone"), self.person("here")
        uid = self.machine.run("id", "-u", gone.name).stdout.strip()
        self.machine.run("userdel", "-r", gone.name, check=False)

        def reset():
            self.machine.run("useradd", "-u", uid, gone.name)
            self.machine.run("stepupctl", "reset", "--yes", gone.name)
        self.addCleanup(reset)
        told = self.machine.run("stepupctl", "doctor", check=False).stdout
        self.assertIn(f'Credentials are kept of "{gone.name}"', told)
        self.assertNotIn(here.name, told)
        session = here.session()
        self.assertNotIn(gone.name, session.run("stepupctl status").text)

    def test_doctor_says_of_the_clock_what_the_kernel_says(self):
        timex = (ctypes.c_int * 64)()  # modes = 0: it is only read; status is the sixth long
        state = ctypes.CDLL(None).adjtimex(timex)
        status = ctypes.cast(timex, ctypes.POINTER(ctypes.c_long))[5] & 0xffffffff
        off = state == 5 or bool(status & 0x40)
        told = self.machine.run("stepupctl", "doctor", check=False).stdout
        self.assertEqual("the clock of this host is not synchronised" in told, off, told)

    def test_verify_for_the_whole_session_is_the_administrators_to_allow(self):
        alice = self.person()
        outcome = alice.session().run("stepupctl verify --session")
        self.assertFalse(outcome.asked)
        self.assertRefused(outcome, "verify_session = true")

    def test_the_shipped_sshd_stack_asks_for_a_code_where_a_rule_names_sshd(self):
        alice = self.person()
        self.sshd_asks_for_a_code(alice)
        for right in (True, False):
            with self.subTest(right=right):
                talk = Talk(self.machine.spawn(*SSH, f"{alice.name}@127.0.0.1", "id -un"))
                talk.expect("Password: ")
                talk.answer(alice.password)
                talk.expect(rf"One-time code for {alice.name}@{machine.HOST} \(sshd\): ")
                talk.answer(alice.code() if right else alice.authenticator.wrong())
                if right:
                    talk.expect(alice.name + "\r\n")
                else:
                    talk.expect("That code is wrong.")
                talk.child.close(force=True)
