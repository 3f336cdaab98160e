# SPDX-License-Identifier: ISC
"""The table in stepupd(8), WHAT A PROOF REACHES: what a proof of each scope covers from where."""

import re

import machine
from bench import Bench
from machine import wait_until
from people import TMUX
from test_gate import Connection

SILENT, ASKS = "silent", "asks"
TRY = "sudo -n id -u"  # says 0 where a proof covers it, and why not elsewhere


class Scopes(Bench):
    """Each row is a place: alice proves something, and TRY is run there."""

    def prove(self, session, person):
        self.assertRuns(session.run("sudo id", person.code()))

    def covered(self, outcome):
        """Whether a proof covered TRY."""
        if re.search(r"^0\r?$", outcome.text, re.M):
            return SILENT
        # On a terminal sudo shows what stepup says there, and not in the file that a test reads.
        self.assertRegex(outcome.text, "needs a second factor and cannot ask for it here|"
                                       "PAM account management error")
        return ASKS

    def pane(self, session, person, tool="tmux"):
        """What TRY says in a new terminal of tmux or screen, which `session` starts."""
        log = f"/home/{person.name}/pane.log"
        self.machine.run("rm", "-f", log)
        inside = f"sh -c '{TRY} >{log} 2>&1; echo end >>{log}'"
        session.run(f"tmux -L t new-window -d \"{inside}\" || "
                    f"{TMUX} -L t new-session -d \"{inside}\""
                    if tool == "tmux" else f"screen -D -m -S {person.name} {inside}")
        return self.read(log)

    def read(self, log):
        text = wait_until(lambda: (t := self.machine.run("cat", log, check=False).stdout)
                          and "end" in t and t, "a try in another terminal", 15)

        class Shown:
            pass
        Shown.text = text
        return Shown

    def line(self, session, command):
        return session.run(command).text.split()[0]

    def nested(self, session, alice, command):
        """Whatever scope it has, the outer command runs."""
        session.begin(command)
        if session.prompt() is not None:
            session.answer(alice.code())
        return session.end()

    # -- places ---------------------------------------------------------------------------------

    def the_same_terminal(self, alice):
        session = alice.session()
        self.prove(session, alice)
        return session.run(TRY + " 2>&1")

    def another_terminal_of_the_session(self, alice):
        session = alice.session()
        self.prove(session, alice)
        return session.run(f"script -qec '{TRY}' /dev/null 2>&1")

    def no_terminal_in_the_session(self, alice):
        session = alice.session()
        self.prove(session, alice)
        return session.run(f"setsid -w {TRY} </dev/null 2>&1")

    def nohup(self, alice):
        session = alice.session()
        self.prove(session, alice)
        return session.run(f"nohup {TRY} 2>&1 | cat")

    def a_further_channel_without_a_terminal(self, alice):
        connection = Connection(alice)
        self.addCleanup(connection.close)
        talk = connection.on_terminal("sudo id")
        talk.expect("One-time code for .*: ")
        talk.answer(alice.code())
        talk.expect(talk.ENDED)
        done = connection.run(TRY)
        done.text = done.stdout + done.stderr
        return done

    def another_session(self, alice):
        self.prove(alice.session(), alice)
        return alice.session().run(TRY + " 2>&1")

    def tmux_in_its_own_session(self, alice):
        session = alice.session()
        self.prove(session, alice)
        return self.pane(session, alice)

    def screen_in_its_own_session(self, alice):
        session = alice.session()
        self.prove(session, alice)
        return self.pane(session, alice, "screen")

    def tmux_of_another_session_that_proved_nothing(self, alice):
        # It stays in the session that started it, whoever attaches.
        first, second = alice.session(), alice.session()
        first.run(f"{TMUX} -L t new-session -d 'sleep 600'")
        self.prove(second, alice)
        return self.pane(second, alice)

    def tmux_after_the_session_that_started_it_logged_out(self, alice):
        first = alice.session()
        first.run(f"{TMUX} -L t new-session -d 'sleep 600'")
        self.prove(first, alice)
        first.run("true")
        first.answer("exit")
        first.close()
        wait_until(lambda: "active" not in self.states(alice) and "online" not in
                   self.states(alice), "the session has closed")
        return self.pane(alice.session(), alice)

    def states(self, alice):
        listed = self.machine.run("loginctl", "list-sessions", "--no-legend").stdout
        ids = [line.split()[0] for line in listed.splitlines() if alice.name in line.split()]
        shown = [self.machine.run("loginctl", "show-session", "-p", "State", "-p", "Class", i,
                                  check=False).stdout for i in ids]
        # From systemd 256 on the user's manager has a session, too.
        return [state for text in shown if "Class=manager" not in text
                for state in re.findall("^State=(.*)", text, re.M)]

    def a_unit_of_the_user_manager(self, alice):
        session = alice.session()
        self.prove(session, alice)
        return session.run(f"systemd-run -q --user --wait --pipe {TRY} 2>&1")

    def the_same_terminal_under_the_user_manager(self, alice):
        session = alice.session()
        session.begin(f"systemd-run -q --user --pty sh -c 'sudo id; {TRY}; sleep 0.3'")
        self.assertIsNotNone(session.prompt())
        session.answer(alice.code())
        return session.end()

    def another_terminal_under_the_user_manager(self, alice):
        session = alice.session()
        self.assertRuns(session.run("systemd-run -q --user --pty sudo id", alice.code()))
        # What is written last may be lost with the terminal.
        return session.run(f"systemd-run -q --user --pty sh -c '{TRY}; sleep 0.3'")

    def nested_sudo_as_another_person(self, alice):
        bob = self.person("bob")
        session = alice.session()
        self.prove(session, alice)
        return self.nested(session, alice, f"sudo -u {bob.name} {TRY} 2>&1")

    def nested_su_as_another_person(self, alice):
        bob = self.person("bob")
        alice.su_password = bob.password
        session = alice.session()
        self.prove(session, alice)
        return self.nested(session, alice, f"su {bob.name} -c '{TRY}' 2>&1")

    def back_as_oneself_within_sudo(self, alice):
        session = alice.session()
        self.prove(session, alice)
        return self.nested(session, alice, f"sudo -u {alice.name} {TRY} 2>&1")

    def without_audit_ids(self, alice):
        path = "/etc/pam.d/sshd"
        before = (self.machine.root / path.lstrip("/")).read_text()
        self.addCleanup(self.machine.write, path, before)
        self.machine.write(path, re.sub(r"(?m)^session.*pam_loginuid.*$", "", before))
        session = alice.session()
        self.assertEqual(self.line(session, "echo $(cat /proc/self/sessionid)"), str(2 ** 32 - 1))
        self.prove(session, alice)
        self.assertEqual(self.covered(alice.session().run(TRY + " 2>&1")), ASKS)
        return session.run(f"setsid -w {TRY} </dev/null 2>&1")

    def a_terminal_that_is_used_again(self, alice):
        first = alice.session()
        tty = self.line(first, "tty")
        self.prove(first, alice)
        first.close()
        session = self.at(alice, lambda s: self.line(s, "tty") == tty)
        return session.run(TRY + " 2>&1")

    def a_leader_whose_number_is_used_again(self, alice):
        first = alice.session()
        tty, leader = self.line(first, "tty"), int(self.line(first, "echo $$"))
        self.prove(first, alice)
        first.close()
        wait_until(lambda: self.machine.run("test", "-d", f"/proc/{leader}",
                                            check=False).returncode != 0, "the leader ends", 15)

        def same(session):
            return self.line(session, "tty") == tty and self.line(session, "echo $$") == str(leader)
        return self.at(alice, same, leader).run(TRY + " 2>&1")

    def at(self, alice, same, leader=None):
        """A new session for which `same` holds."""
        for _ in range(40):
            if leader is not None:
                self.machine.set_last_pid(leader - 12)
            session = alice.session()
            if same(session):
                return session
            session.close()
        self.skipTest("neither terminals nor numbers come again here")
        return None


# From where, and whether a proof of scope session, tty and process covers it.
ROWS = {
    "the_same_terminal": (SILENT, SILENT, ASKS),
    "another_terminal_of_the_session": (SILENT, ASKS, ASKS),
    "no_terminal_in_the_session": (SILENT, ASKS, ASKS),
    "nohup": (SILENT, SILENT, ASKS),
    "a_further_channel_without_a_terminal": (SILENT, ASKS, ASKS),
    "another_session": (ASKS, ASKS, ASKS),
    "tmux_in_its_own_session": (SILENT, ASKS, ASKS),
    "screen_in_its_own_session": (SILENT, ASKS, ASKS),
    "tmux_of_another_session_that_proved_nothing": (ASKS, ASKS, ASKS),
    "tmux_after_the_session_that_started_it_logged_out": (ASKS, ASKS, ASKS),
    "a_unit_of_the_user_manager": (ASKS, ASKS, ASKS),
    "the_same_terminal_under_the_user_manager": (SILENT, SILENT, ASKS),
    "another_terminal_under_the_user_manager": (ASKS, ASKS, ASKS),
    "nested_sudo_as_another_person": (ASKS, ASKS, ASKS),
    "nested_su_as_another_person": (ASKS, ASKS, ASKS),
    "back_as_oneself_within_sudo": (SILENT, ASKS, ASKS),
    "without_audit_ids": (SILENT, ASKS, ASKS),
    "a_terminal_that_is_used_again": (ASKS, ASKS, ASKS),
    "a_leader_whose_number_is_used_again": (ASKS, ASKS, ASKS),
}


def cell(row, scope, wanted):
    def test(self):
        alice = self.person()
        self.rule(alice, level="otp", max_age="5min", scope=scope)
        self.assertEqual(self.covered(getattr(self, row)(alice)), wanted)
    return test


for name, cells in ROWS.items():
    for wide, expected in zip(("session", "tty", "process"), cells):
        setattr(Scopes, f"test_T06_from_{name}_a_proof_of_the_scope_{wide}_is_{expected}",
                cell(name, wide, expected))
