# SPDX-License-Identifier: ISC
"""Every way to a privileged command does what the table in pam_stepup(8) says."""

import re

import machine
from bench import Bench
from machine import wait_until
from people import CTRL_C, TMUX

NEEDS_VERIFY = 'Run "stepupctl verify" in this session first.'


class Entrances(Bench):
    def assertPrompt(self, outcome, person, what):
        """Asked once, for this person's factor, in these words."""
        self.assertEqual(outcome.prompts,
                         [f"One-time code for {person.name}@{machine.HOST} ({what}): "])

    def test_each_form_of_sudo_asks_once_and_runs(self):
        for command, what, shows in (
                ("sudo -u nobody id -un", "sudo: -u nobody id -un", "nobody"),
                ("sudo -s id -un", "sudo: -s id -un", "root"),
                ("sudo -i id -un", "sudo: -i id -un", "root"),
                ("sudo -- id -un", "sudo: -- id -un", "root")):
            with self.subTest(command=command):
                alice = self.person()
                session = alice.session()
                outcome = session.run(command, alice.code())
                self.assertPrompt(outcome, alice, what)
                self.assertRuns(outcome)
                self.assertIn(shows, outcome.text.split("): ")[-1])
                self.assertSilent(session.run(command))

    def test_sudo_u_of_another_person_asks_for_the_factor_of_the_caller(self):
        alice, bob = self.person(), self.person("bob")
        outcome = alice.session().run(f"sudo -u {bob.name} id -un", alice.code())
        self.assertPrompt(outcome, alice, f"sudo: -u {bob.name} id -un")
        self.assertRuns(outcome)
        self.assertIn(bob.name, outcome.text.split("): ")[-1])

    def test_an_interactive_root_shell_asks_before_it_opens(self):
        for command in ("sudo -s", "sudo -i"):
            with self.subTest(command=command):
                alice = self.person()
                session = alice.session()
                session.begin(command)
                self.assertIn(f"(sudo: {command[5:]}): ", session.prompt())
                session.answer(alice.code())
                session.expect(r"root@[^\r\n]*[#] $")
                session.answer("exit")
                self.assertRuns(session.end())

    def test_su_asks_for_the_factor_of_the_caller_after_the_password_of_the_target(self):
        for command in ("su -c 'id -un'", "su - -c 'id -un'", "su -l -c 'id -un'"):
            with self.subTest(command=command):
                alice = self.person(groups=("passwd",))
                alice.su_password = machine.ROOT_PASSWORD
                session = alice.session()
                outcome = session.run(command, alice.code())
                self.assertEqual(outcome.passwords, 1)
                self.assertPrompt(outcome, alice, "su to root")
                self.assertRuns(outcome)
                again = session.run(command)
                self.assertEqual(again.passwords, 1)
                self.assertSilent(again)

    def test_V30_whosever_password_sudo_takes_the_code_is_the_callers(self):
        for option in ("rootpw", "targetpw", "runaspw"):
            with self.subTest(option):
                alice = self.person(groups=("passwd",))
                alice.password = machine.ROOT_PASSWORD
                path = f"/etc/sudoers.d/{alice.name}"
                self.machine.write(path, f"Defaults:{alice.name} {option}\n", mode=0o440)
                self.addCleanup(self.machine.run, "rm", path)
                outcome = alice.session().run("sudo id", alice.code())
                self.assertEqual(outcome.passwords, 1)
                self.assertPrompt(outcome, alice, "sudo: id")
                self.assertRuns(outcome)

    def test_su_to_another_person_asks_for_the_factor_of_the_caller(self):
        alice, bob = self.person(), self.person("bob")
        alice.su_password = bob.password
        outcome = alice.session().run(f"su {bob.name} -c 'id -un'", alice.code())
        self.assertPrompt(outcome, alice, f"su to {bob.name}")
        self.assertRuns(outcome)

    def test_a_tmux_pane_asks_when_the_scope_is_its_terminal(self):
        alice = self.person()
        self.rule(alice, level="otp", max_age="5min", scope="tty")
        session = alice.session()
        self.assertRuns(session.run("sudo id", alice.code()))
        session.run(f"{TMUX} -L t new-session -d 'sudo id; sleep 60'")
        pane = wait_until(
            lambda: "One-time code" in (shown := session.run("tmux -L t capture-pane -p").text)
            and shown, "a prompt in the pane")
        self.assertNotIn("uid=0", pane)
        session.run(f"tmux -L t send-keys {alice.code()} Enter")
        wait_until(lambda: "uid=0(root)" in session.run("tmux -L t capture-pane -p").text,
                   "sudo runs in the pane")
        session.run("tmux -L t kill-server")

    def test_a_tmux_pane_of_the_session_does_not_ask_when_the_scope_is_the_session(self):
        alice = self.person()
        session = alice.session()
        self.assertRuns(session.run("sudo id", alice.code()))
        session.run(f"{TMUX} -L t new-session -d 'sudo -n id; sleep 60'")
        wait_until(lambda: "uid=0(root)" in session.run("tmux -L t capture-pane -p").text,
                   "sudo runs in the pane")
        session.run("tmux -L t kill-server")

    def test_a_process_without_the_terminal_inherits_nothing_from_a_grant_of_the_terminal(self):
        alice = self.person()
        self.rule(alice, level="otp", max_age="5min", scope="tty")
        session = alice.session()
        self.assertRuns(session.run("sudo id", alice.code()))
        outcome = session.run("setsid -w sudo -n id </dev/null 2>&1")
        self.assertRefused(outcome, NEEDS_VERIFY)

    def test_a_unit_of_the_user_manager_inherits_nothing_from_a_login(self):
        alice = self.person()
        session = alice.session()
        self.assertRuns(session.run("sudo id", alice.code()))
        outcome = session.run("systemd-run -q --user --wait --pipe sudo -n id 2>&1")
        self.assertRefused(outcome, NEEDS_VERIFY)

    def test_V42_sudo_without_a_terminal_is_refused_at_once_and_stdout_stays_clean(self):
        alice = self.person()
        done = alice.ssh("sudo id", timeout=10)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "")
        self.assertIn(NEEDS_VERIFY, done.stderr)

    def test_F80_sudo_S_without_a_terminal_reads_the_code_from_stdin(self):
        alice = self.person()
        done = alice.ssh("sudo -S id", stdin=alice.code() + "\n", timeout=10)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("uid=0(root)", done.stdout)
        self.assertNotIn("One-time code", done.stdout)

    def test_a_command_without_a_terminal_inherits_nothing_from_another_session(self):
        alice = self.person()
        self.assertRuns(alice.session().run("sudo id", alice.code()))
        self.assertNotEqual(alice.ssh("sudo -n id", timeout=10).returncode, 0)

    def test_V42_sudo_n_is_refused_before_stepupctl_verify_and_silent_after_it(self):
        alice = self.person()
        session = alice.session()
        before = session.run("sudo -n id")
        self.assertFalse(before.asked)
        self.assertRefused(before, NEEDS_VERIFY)
        verify = session.run("stepupctl verify", alice.code())
        self.assertAsked(verify)
        self.assertRuns(verify)
        after = session.run("sudo -n id")
        self.assertSilent(after)
        self.assertIn("uid=0(root)", after.text)

    def test_F80_cron_is_refused_without_hanging(self):
        alice = self.person()
        log = f"/home/{alice.name}/cron.log"
        self.machine.run("crontab", "-u", alice.name, "-",
                         stdin="@reboot sudo id >cron.log 2>&1; echo rc=$? >>cron.log\n")
        # cron runs @reboot jobs when this mark is missing, so nobody need wait for a minute.
        self.machine.run("rm", "-f", "/run/crond.reboot")
        self.machine.systemctl("restart", "cron")
        text = wait_until(lambda: (t := self.machine.run("cat", log, check=False).stdout)
                          and "rc=" in t and t, "cron's job ends", 15)
        self.assertRegex(text, r"rc=[1-9]")
        self.assertNotIn("uid=0", text)
        self.assertIn(NEEDS_VERIFY, text)

    def test_sudo_and_su_by_root_do_not_ask(self):
        for command in (("sudo", "id", "-un"), ("su", "-c", "id -un"), ("su", "-", "-c", "id -un"),
                        ("sudo", "-n", "id", "-un"), ("sudo", "-u", "root", "id", "-un")):
            with self.subTest(command=command):
                self.assertEqual(self.machine.run(*command, timeout=10).stdout.strip(), "root")

    def test_root_is_asked_where_a_rule_names_root(self):
        self.drop_in("root.conf", '[[rule]]\nname = "root too"\nservice = ["sudo"]\n'
                     'user = ["root"]\nlevel = "otp"\n')
        done = self.machine.run("sudo", "id", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("You have no second factor", done.stderr)

    def test_sudo_within_sudo_does_not_ask_root(self):
        alice = self.person()
        outcome = alice.session().run("sudo sudo id", alice.code())
        self.assertAsked(outcome)
        self.assertRuns(outcome)

    def test_sudo_l_does_not_ask_and_proves_nothing(self):
        alice = self.person()
        session = alice.session()
        self.assertSilent(session.run("sudo -l"))
        self.assertAsked(session.run("sudo id", CTRL_C))

    def test_sudo_v_asks_and_counts_for_the_next_sudo(self):
        alice = self.person()
        session = alice.session()
        self.assertPrompt(session.run("sudo -v", alice.code()), alice, "sudo: -v")
        self.assertSilent(session.run("sudo id"))

    def test_a_login_with_a_key_never_asks(self):
        alice = self.person()
        done = alice.ssh("id -un")
        self.assertEqual((done.returncode, done.stdout.strip()), (0, alice.name))

    def test_status_tells_what_this_session_has_proved(self):
        alice = self.person()
        session = alice.session()
        before = session.run("stepupctl status")
        self.assertRuns(before)
        self.assertRuns(session.run("sudo id", alice.code()))
        after = session.run("stepupctl status")
        self.assertRuns(after)
        self.assertNotEqual(re.sub(r"\d+", "", before.text), re.sub(r"\d+", "", after.text))
