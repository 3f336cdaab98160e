# SPDX-License-Identifier: ISC
"""What a login proves, what ends it, and that many of them leave nothing behind."""

import json
import os

import machine
from bench import Bench
from machine import wait_until
from people import SSH, TMUX

LOGINS = 1000 if os.environ.get("STEPUP_LONG_TESTS") else 40


class Login(Bench):
    def login_of(self, session):
        """What `stepupctl status --json` says of the session's login."""
        outcome = session.run("stepupctl status --json")
        self.assertRuns(outcome)
        return json.loads(outcome.text[outcome.text.index("{"):outcome.text.rindex("}") + 1])["login"]

    def logind_id(self, session):
        """logind's name for the session."""
        outcome = session.run("echo id=$XDG_SESSION_ID")
        return outcome.text.split("id=")[1].split()[0]

    def test_status_tells_how_somebody_logged_in_by_ssh(self):
        alice = self.person()
        login = self.login_of(alice.session())
        self.assertEqual((login["service"], login["source"], login["methods"], login["amr"],
                          login["level"]), ("sshd", "127.0.0.1", ["publickey"], ["pop"], "none"))

    def test_a_code_asked_for_at_the_login_counts_where_the_rule_says_so(self):
        alice = self.person()
        self.sshd_asks_for_a_code(alice)
        self.drop_in("sudo.conf", '[[rule]]\nname = "again at sudo"\nservice = ["sudo"]\n'
                     f'user = ["{alice.name}"]\nlevel = "otp"\nlogin_counts = true\n')
        self.machine.write("/etc/stepup/stepupd.conf", '[[rule]]\nname = "all the others"\n'
                           f'service = ["sudo", "su"]\nexcept_user = ["{alice.name}"]\n'
                           'level = "otp"\n')
        self.addCleanup(self.machine.reload_rules)
        self.addCleanup(self.machine.write, "/etc/stepup/stepupd.conf",
                        (machine.TREE / "conf/stepupd.conf").read_text())
        self.machine.reload_rules()

        def log_in(talk):
            talk.expect("Password: ")
            talk.answer(alice.password)
            talk.expect("One-time code for .*: ")
            talk.answer(alice.code())
        session = alice.session(log_in)
        login = self.login_of(session)
        self.assertEqual((login["level"], "otp" in login["amr"]), ("otp", True), login)
        self.assertSilent(session.run("sudo id"))
        self.assertRuns(session.run("stepupctl revoke"))
        self.assertAsked(session.run("sudo id"))

    def test_locking_a_session_ends_what_was_proved_in_it(self):
        alice = self.person()
        session, other = alice.session(), alice.session()
        for each in (session, other):
            self.assertRuns(each.run("sudo id", alice.code()))
            self.assertSilent(each.run("sudo -n id"))
        self.machine.run("loginctl", "lock-session", self.logind_id(session))
        wait_until(lambda: session.run("sudo -n id").status != 0, "the lock ends the proof", 3)
        self.assertSilent(other.run("sudo -n id"))

    def test_the_end_of_a_session_ends_what_was_proved_in_what_stays_behind(self):
        alice = self.person()
        self.rule(alice, level="otp", max_age="1h", scope="tty")
        session = alice.session()
        session.run(f"{TMUX} -L t new-session -d")
        session.run("tmux -L t send-keys 'sudo id' Enter")
        wait_until(lambda: "One-time code" in session.run("tmux -L t capture-pane -p").text,
                   "a prompt in the pane")
        session.run(f"tmux -L t send-keys {alice.code()} Enter")
        wait_until(lambda: "uid=0(root)" in session.run("tmux -L t capture-pane -p").text,
                   "sudo runs in the pane")
        # A killed sshd reports nothing; the pane lives on.
        pid = self.machine.run("pgrep", "-f", fr"sshd.*: {alice.name} \[priv\]").stdout.split()[0]
        self.machine.run("kill", "-9", pid)
        after = alice.session()
        after.run("tmux -L t send-keys clear Enter 'sudo -n id; echo rc=$?' Enter")
        wait_until(lambda: "rc=1" in after.run("tmux -L t capture-pane -p").text,
                   "sudo in the pane is refused")
        after.run("tmux -L t kill-server")

    def test_a_restart_of_logind_or_of_the_bus_costs_nobody_a_proof_for_good(self):
        alice = self.person()
        session = alice.session()
        self.assertRuns(session.run("sudo id", alice.code()))
        self.machine.systemctl("restart", "systemd-logind.service")
        wait_until(lambda: session.run("sudo -n id").status == 0, "logind is seen again", 9)

    def test_a_bus_that_stays_lost_ends_what_was_proved_before(self):
        alice = self.person()
        session = alice.session()
        self.assertRuns(session.run("sudo id", alice.code()))

        def start():
            self.machine.run("sh", "-c", "systemctl unmask --runtime systemd-logind; "
                             "systemctl start systemd-logind")
        self.addCleanup(start)
        self.machine.systemctl("mask", "--runtime", "systemd-logind.service")
        self.machine.systemctl("stop", "systemd-logind.service")
        wait_until(lambda: session.run("sudo -n id").status != 0, "the loss is noticed", 5)
        # What is proved now is good.
        self.assertRuns(session.run("sudo id", alice.code()))
        self.assertSilent(session.run("sudo -n id"))

    def test_logins_and_logouts_leave_memory_and_descriptors_flat(self):
        alice = self.person()

        def holds():
            pid = self.machine.daemon_pid()
            fds = len(self.machine.run("ls", f"/proc/{pid}/fd").stdout.split())
            status = self.machine.run("cat", f"/proc/{pid}/status").stdout
            [line] = [line for line in status.splitlines() if line.startswith("RssAnon")]
            return fds, int(line.split()[1])

        def log_in_and_out(times):
            done = self.machine.run("sh", "-c", f"i=0; while [ $i -lt {times} ]; do "
                                    f"{' '.join(SSH)} -T {alice.name}@127.0.0.1 true || exit 1; "
                                    "i=$((i + 1)); done", timeout=1200)
            self.assertEqual(done.stderr, "")
        log_in_and_out(20)
        before = holds()
        log_in_and_out(LOGINS)
        after = wait_until(lambda: (now := holds())[0] <= before[0] and now, "descriptors are closed")
        self.assertLess(after[1] - before[1], 512, "KiB of memory")
        self.assertLess(after[1], 8192, "KiB of memory, although recovery codes were made")
        print(f"{LOGINS} logins: descriptors {before[0]} to {after[0]}, "
              f"RssAnon {before[1]} to {after[1]} KiB")
