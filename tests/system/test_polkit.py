# SPDX-License-Identifier: ISC
"""pkexec and run0: the step-up in polkit's agent helper, and who is asked for a touch there."""

import os
import time
import unittest

from bench import Bench
from machine import HOST, Machine
from people import CTRL_C
from test_touch import TouchBench

TOUCH = r"Touch your security key for {} \(polkit-1\) \[\w{{3}}\]\."
# Has polkit ask on this terminal.  The agent that pkexec has in itself fails on some releases with
# "No session for cookie", with stepup and without.
WITH_AGENT = """#!/bin/bash
exec 3< <(exec pkttyagent --process $$ --notify-fd 1)
cat <&3
"$@"
status=$?
kill $!
exit $status
"""


class PolkitBench(TouchBench):
    def setUp(self):
        super().setUp()
        machine = self.machine
        machine.write("/usr/local/bin/with-agent", WITH_AGENT, mode=0o755)
        machine.run("stepupctl", "enable", "polkit", "--yes", "--no-rollback")
        self.addCleanup(machine.run, "stepupctl", "disable", "polkit")

    def administrator(self):
        """The one whom polkit asks, be it for another; with a rule that demands a touch."""
        person = self.person(groups=("sudo",), enrolled=False)
        self.addCleanup(self.machine.run, "gpasswd", "-d", person.name, "sudo")
        self.drop_in("polkit.conf", '[[rule]]\nname = "polkit"\nservice = ["polkit-1"]\n'
                                    'level = "touch"\n')
        return person

    def begin(self, session, command, administrator):
        """Begins `command`, and gives the password that polkit asks for."""
        session.begin(command)
        session.expect("Password: ")
        time.sleep(0.3)  # polkit's agent drops what is typed before it has turned the echo off
        session.answer(administrator.password)

    def assertTouchIsEnough(self, session, command, person, key):
        self.begin(session, command, person)
        session.expect(TOUCH.format(f"{person.name}@{HOST}"))
        key.wait_for_blink()
        key.touch()
        outcome = session.end()
        self.assertRuns(outcome)
        self.assertIn("uid=0(root)", outcome.text)
        self.assertNotIn("Error:", outcome.text)

    def assertCtrlCEndsIt(self, session, command, person, key):
        self.begin(session, command, person)
        session.expect(TOUCH.format(f"{person.name}@{HOST}"))
        key.wait_for_blink()
        session.answer(CTRL_C)
        outcome = session.end()
        self.assertNotEqual(outcome.status, 0, outcome.text)
        self.assertNotIn("uid=0(root)", outcome.text)
        key._until(lambda: not key.status()["waiting"], "the key blinks on")

    def assertNeverBlinks(self, session, command, person, key):
        """`command`, which polkit asks `person` for, is refused, and no key is asked."""
        before = len(key.status()["seen"])
        self.begin(session, command, person)
        refused = session.end()
        self.assertRefused(refused, f"polkit-1 on {HOST} needs a security key: one at {HOST}, "
                                    "when you sit there")
        self.assertEqual(key.status()["seen"][before:], [])


class Pkexec:
    def test_pkexec_runs_after_a_touch_and_asks_for_it_each_time(self):
        alice, key = self.administrator(), self.key()
        self.enrol_key(alice)
        key.set("touch=wait")
        session = alice.session_at_the_machine()
        for _ in range(2):
            self.assertTouchIsEnough(session, "with-agent pkexec id", alice, key)

    def test_pkexec_without_a_touch_runs_nothing(self):
        alice, key = self.administrator(), self.key()
        self.enrol_key(alice)
        key.set("touch=wait")
        session = alice.session_at_the_machine()
        self.assertCtrlCEndsIt(session, "with-agent pkexec id", alice, key)

    @unittest.skipUnless(os.environ.get("STEPUP_LONG_TESTS"), "waits a minute: long")
    def test_pkexec_is_refused_when_no_touch_comes_in_time(self):
        alice, key = self.administrator(), self.key()
        self.enrol_key(alice)
        key.set("touch=wait")
        session = alice.session_at_the_machine()
        self.begin(session, "with-agent pkexec id", alice)
        self.assertRefused(session.end(timeout=90), f"polkit-1 on {HOST} was refused: your security key was not touched in time")

    def test_whoever_has_no_security_key_reads_that_one_is_needed(self):
        alice = self.administrator()
        session = alice.session_at_the_machine()
        self.begin(session, "with-agent pkexec id", alice)
        self.assertRefused(session.end(), f'polkit-1 on {HOST} needs a factor of level "touch"')

    def test_a_program_of_the_desktop_is_asked_for_a_touch_at_the_seat(self):
        # Such programs and their agent run under the user manager, in no login session.
        alice, key = self.administrator(), self.key()
        self.enrol_key(alice)
        key.set("touch=wait")
        session = alice.session_at_the_machine()
        self.assertTouchIsEnough(session, "systemd-run --user --quiet --pty with-agent pkexec id",
                                 alice, key)

    def test_V20_over_ssh_the_key_at_the_machine_never_blinks(self):
        alice, key = self.administrator(), self.key()
        self.enrol_key(alice)
        self.assertNeverBlinks(alice.session(), "with-agent pkexec id", alice, key)

    def test_V20_nobody_has_the_key_of_another_blink_who_sits_at_the_machine(self):
        alice, key, mallory = self.administrator(), self.key(), self.person("mallory", groups=())
        self.enrol_key(alice)
        alice.session_at_the_machine()
        session = mallory.session()
        for command in ("with-agent pkexec id",
                        "systemd-run --user --quiet --pty with-agent pkexec id"):
            with self.subTest(command):
                self.assertNeverBlinks(session, command, alice, key)


class PkexecOnDebian12(Pkexec, PolkitBench):
    pass


class OnDebian13(Pkexec):
    newer = ()

    @classmethod
    def setUpClass(cls):
        if Bench.machine is None:
            return  # setUp says what is missing
        cls.machine = cls.enterClassContext(Machine("trixie", newer=cls.newer))
        cls.machine.install()
        cls.machine.boot()

    def test_run0_runs_after_a_touch(self):
        alice, key = self.administrator(), self.key()
        self.enrol_key(alice)
        key.set("touch=wait")
        self.assertTouchIsEnough(alice.session_at_the_machine(), "run0 id", alice, key)

    def test_run0_without_a_touch_runs_nothing(self):
        alice, key = self.administrator(), self.key()
        self.enrol_key(alice)
        key.set("touch=wait")
        self.assertCtrlCEndsIt(alice.session_at_the_machine(), "run0 id", alice, key)

    def test_V20_run0_over_ssh_never_has_the_key_at_the_machine_blink(self):
        alice, key = self.administrator(), self.key()
        self.enrol_key(alice)
        self.assertNeverBlinks(alice.session(), "run0 id", alice, key)


@unittest.skipUnless(os.environ.get("STEPUP_LONG_TESTS"), "builds and boots another release: long")
class PolkitOnDebian13(OnDebian13, PolkitBench):
    pass


@unittest.skipUnless(os.environ.get("STEPUP_LONG_TESTS"), "builds and boots another release: long")
class SandboxedHelperOnDebian13(OnDebian13, PolkitBench):
    """With polkit of the next release, whose helper is a service in a sandbox and not set-uid."""
    newer = ("polkitd", "pkexec", "libpolkit*")

    def test_the_helper_is_the_service(self):
        self.assertEqual(self.machine.run("stat", "-c", "%a",
                                          "/usr/lib/polkit-1/polkit-agent-helper-1").stdout, "755\n")
        self.machine.systemctl("is-active", "polkit-agent-helper.socket")
