# SPDX-License-Identifier: ISC
"""stepupctl enable, disable, doctor, sessions and revoke on a running host."""

import json

from bench import Bench
from machine import TREE
from people import CTRL_C

CONF = "/etc/stepup/stepupd.conf"
STOCK = TREE / "tests/data/pam.d/debian12"
EDITED = ("sudo", "sudo-i", "su", "su-l", "sshd")


class Enable(Bench):
    def setUp(self):
        super().setUp()
        self.pam = self.machine.root / "etc/pam.d"
        was = self.snapshot()
        conf = (self.machine.root / CONF.lstrip("/")).read_text()

        def restore():
            for name, text in was.items():
                (self.pam / name).write_bytes(text)
            self.machine.write(CONF, conf)
            self.machine.reload_rules()
        self.addCleanup(restore)
        # As they are before anybody enables anything.
        for name in EDITED:
            (self.pam / name).write_bytes((STOCK / name).read_bytes())
        self.conf = conf

    def snapshot(self):
        return {path.name: path.read_bytes() for path in self.pam.iterdir()}

    def enforce(self):
        self.machine.write(CONF, self.conf)
        self.machine.reload_rules()

    def test_V91_enable_asks_and_disable_leaves_every_file_byte_for_byte(self):
        alice = self.person()
        session = alice.session()
        before = self.snapshot()
        self.assertSilent(session.run("sudo -n id"))

        done = self.machine.run("stepupctl", "enable", "sudo", "--yes", "--no-rollback")
        self.assertIn("pam_stepup.so", done.stdout)
        self.assertIn('The mode is "monitor"', done.stdout)
        self.assertSilent(session.run("sudo -n id"))
        self.assertIn("monitor-mode", self.machine.journal("-b", "-o", "json", "-t", "stepupd",
                                                           "STEPUP_REASON=monitor-mode"))
        self.enforce()
        self.assertAsked(session.run("sudo id", CTRL_C))
        self.assertRuns(session.run("sudo id", alice.code()))
        self.machine.run("stepupctl", "enable", "su", "--yes", "--no-rollback")
        self.machine.run("stepupctl", "enable", "sshd", "--yes", "--no-rollback")
        self.assertIn("enabled already", self.machine.run("stepupctl", "enable", "sudo").stdout)

        self.machine.run("stepupctl", "disable", "--all")
        self.assertEqual(self.snapshot(), before)
        self.assertSilent(alice.session().run("sudo -n id"))

    def test_a_person_who_used_sudo_and_has_no_factor_is_named(self):
        bob = self.person("bob", enrolled=False)
        self.assertSilent(bob.session().run("sudo -n id"))
        before = self.snapshot()
        done = self.machine.run("stepupctl", "enable", "sudo", check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(f"  {bob.name}\n", done.stdout)
        self.assertEqual(self.snapshot(), before)

    def test_while_stepupd_is_away_nothing_is_enabled(self):
        self.machine.systemctl("stop", "stepupd.service", "stepupd.socket",
                               "stepupd-control.socket")
        self.addCleanup(self.machine.restart_daemon)
        before = self.snapshot()
        done = self.machine.run("stepupctl", "enable", "sudo", "--yes", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("does not answer", done.stderr)
        self.assertEqual(self.snapshot(), before)
        self.machine.restart_daemon()

    def test_doctor_names_what_is_missing(self):
        report = json.loads(self.machine.run("stepupctl", "doctor", "--json", check=False).stdout)
        what = [finding["what"] for finding in report["findings"]]
        self.assertIn("sudo has no line of pam_stepup in account", what)
        self.machine.run("stepupctl", "enable", "sudo", "--yes", "--no-rollback")
        self.machine.run("stepupctl", "enable", "su", "--yes", "--no-rollback")
        self.enforce()
        report = json.loads(self.machine.run("stepupctl", "doctor", "--json", check=False).stdout)
        checks = {finding["check"] for finding in report["findings"]}
        # Containers share the clock and the kernel of their host, whose state is not ours to say.
        self.assertLessEqual(checks, {"clock", "kernel"}, report)


class Sessions(Bench):
    def test_a_revoked_grant_is_gone_for_its_session_at_once(self):
        alice, bob = self.person(), self.person("bob")
        session, other = alice.session(), bob.session()
        self.assertRuns(session.run("sudo id", alice.code()))
        self.assertSilent(session.run("sudo -n id"))
        self.assertRuns(other.run("sudo id", bob.code()))

        own = session.run("stepupctl sessions")
        self.assertIn(alice.name, own.text)
        self.assertNotIn(bob.name, own.text)
        everybody = json.loads(self.machine.run("stepupctl", "sessions", "--json").stdout)
        self.assertLessEqual({alice.name, bob.name},
                             {row["user"] for row in everybody["sessions"]})
        key = next(row["session"] for row in everybody["sessions"] if row["user"] == bob.name)

        refused = session.run(f"stepupctl revoke --user {bob.name}")
        self.assertNotEqual(refused.status, 0)
        # Whether somebody else has proved something in a session is not told.
        self.assertRuns(session.run(f"stepupctl revoke --session {key}"))
        self.assertRuns(session.run("stepupctl revoke --session audit:4000000"))
        self.assertNotEqual(session.run("stepupctl revoke --all").status, 0)
        self.assertSilent(other.run("sudo -n id"))

        self.assertRuns(session.run("stepupctl revoke"))
        self.assertAsked(session.run("sudo id", CTRL_C))
        self.assertSilent(other.run("sudo -n id"))
        self.machine.run("stepupctl", "revoke", "--session", key)
        self.assertAsked(other.run("sudo id", CTRL_C))
        self.assertIn(f"grants of {alice.name} revoked", self.machine.journal(
            "-b", "MESSAGE_ID=6b0d5e1c9a3f47d2b8e4f7a16c2d93e0"))

    def test_a_revoke_outlives_a_restart(self):
        alice = self.person()
        session = alice.session()
        self.assertRuns(session.run("sudo id", alice.code()))
        self.machine.run("stepupctl", "revoke", "--user", alice.name)
        self.machine.kill_daemon("KILL")
        self.assertAsked(session.run("sudo id", CTRL_C))
