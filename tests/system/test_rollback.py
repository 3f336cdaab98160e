# SPDX-License-Identifier: ISC
"""What enable changes is taken back by itself, unless it is confirmed in another login session."""

import re

from bench import Bench
from machine import TREE, wait_until
from people import CTRL_C

CONF = "/etc/stepup/stepupd.conf"
STOCK = TREE / "tests/data/pam.d/debian12"
EDITED = ("sudo", "sudo-i", "su", "su-l", "sshd")
KEPT = "var/lib/stepup-rollback"
TIMER = "/run/systemd/system/stepup-rollback.timer.d/test.conf"
LINE = re.compile(rb"^account.*pam_stepup", re.M)


class Rollback(Bench):
    def setUp(self):
        super().setUp()
        self.pam = self.machine.root / "etc/pam.d"
        was = {path.name: path.read_bytes() for path in self.pam.iterdir()}

        conf = (self.machine.root / CONF.lstrip("/")).read_text()
        if "\nmode =" not in "\n" + conf:  # or the first enable would begin in monitor mode
            self.machine.write(CONF, 'mode = "enforce"\n' + conf)

        def restore():
            self.machine.write(CONF, conf)
            self.machine.run("stepupctl", "rollback")
            self.machine.systemctl("stop", "stepup-rollback.timer")
            for name, text in was.items():
                (self.pam / name).write_bytes(text)
        self.addCleanup(restore)
        for name in EDITED:
            (self.pam / name).write_bytes((STOCK / name).read_bytes())
        self.before = self.snapshot()
        self.admin = self.person("admin")

    def snapshot(self):
        return {path.name: path.read_bytes() for path in self.pam.iterdir()}

    def minutes_are_short(self, seconds=1):
        self.machine.run("install", "-D", "-m", "644", "/dev/stdin", TIMER,
                         stdin=f"[Timer]\nOnActiveSec=\nOnActiveSec={seconds}s\n")
        self.machine.systemctl("daemon-reload")

        def remove():
            self.machine.run("rm", TIMER)
            self.machine.systemctl("daemon-reload")
        self.addCleanup(remove)

    def enable(self, *words, check=True):
        return self.machine.run("stepupctl", "enable", *(words or ("sudo",)), "--yes", check=check)

    def pending(self):
        return (self.machine.root / KEPT / "pending").exists()

    def rolled_back(self):
        wait_until(lambda: not self.pending(), "the rollback has happened")
        return self.machine.journal("-b", "-u", "stepup-rollback.service")

    # -- what is claimed ------------------------------------------------------------------------

    def test_V93_what_nobody_confirms_is_taken_back_by_itself(self):
        self.minutes_are_short()
        self.assertIn("stepupctl confirm", self.enable().stdout)
        self.assertRegex((self.pam / "sudo").read_bytes(), LINE)
        self.assertIn("/etc/pam.d/sudo: taken back.", self.rolled_back())
        self.assertEqual(self.snapshot(), self.before)
        self.assertSilent(self.admin.session().run("sudo -n id"))

    def test_V93_only_a_step_up_made_since_in_another_login_session_confirms_it(self):
        here, there = self.admin.session(), self.admin.session()
        self.assertRuns(there.run("stepupctl verify", self.admin.code()))
        here.begin("sudo stepupctl enable sudo --yes")
        self.assertIn("as " + self.admin.name, here.prompt() and here.text)  # the rehearsal asks
        here.answer(self.admin.code())
        enabled = here.end()
        self.assertRuns(enabled)
        # sudo-i is rehearsed as well, without a question: the refusal that brings is no news.
        self.assertNotIn("cannot ask for it here", enabled.text)
        self.assertEqual((self.machine.root / KEPT).stat().st_mode & 0o777, 0o700)

        refused = there.run("sudo -n stepupctl confirm")
        self.assertRefused(refused, "nobody has stepped up in this login session since")
        self.assertRuns(here.run("stepupctl verify", self.admin.code()))
        self.assertRefused(here.run("sudo -n stepupctl confirm"), "in which it was enabled")
        self.assertIn("nobody has stepped up",
                      self.machine.run("stepupctl", "confirm", check=False).stderr)
        self.assertTrue(self.pending())

        self.assertRuns(there.run("stepupctl verify", self.admin.code()))
        wait_until(lambda: there.run("sudo -n stepupctl confirm").status == 0, "confirmed", 5)
        self.assertFalse(self.pending())
        self.assertEqual(self.machine.systemctl("is-active", "stepup-rollback.timer",
                                                check=False).stdout, "inactive\n")
        self.assertRegex((self.pam / "sudo").read_bytes(), LINE)
        self.assertRefused(there.run("sudo -n stepupctl confirm"), "nothing waits")
        self.assertAsked(self.admin.session().run("sudo id", CTRL_C))

    def test_V93_a_rehearsal_that_is_refused_changes_nothing(self):
        talk = self.admin.session()
        talk.begin("sudo stepupctl enable sudo --yes")
        self.assertIsNotNone(talk.prompt())
        talk.answer(CTRL_C)
        outcome = talk.end()
        self.assertNotEqual(outcome.status, 0, outcome.text)
        self.assertEqual(self.snapshot(), self.before)
        self.assertFalse(self.pending())

    def test_V93_a_stack_that_libpam_cannot_use_changes_nothing(self):
        (self.pam / "sudo").write_bytes(b"account required pam_gone.so\n" + self.before["sudo"])
        before = self.snapshot()
        done = self.enable(check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stderr, "the rehearsal of sudo as .* failed: Module is unknown")
        self.assertEqual(self.snapshot(), before)

    def test_an_edit_in_between_stays_when_it_is_taken_back(self):
        self.enable("sudo")
        again = self.enable("sudo").stdout
        self.assertIn("sudo is enabled already.", again)
        self.assertIn("stepupctl confirm", again)
        self.enable("su")
        foreign = b"session optional pam_echo.so\t# mine\n"
        with open(self.pam / "sudo", "ab") as file:
            file.write(foreign)
        done = self.machine.run("stepupctl", "rollback")
        self.assertIn("the edit stays", done.stdout)
        self.assertEqual((self.pam / "sudo").read_bytes(), self.before["sudo"] + foreign)
        for name in ("sudo-i", "su", "su-l"):
            self.assertEqual((self.pam / name).read_bytes(), self.before[name], name)
        self.assertIn("Nothing waits", self.machine.run("stepupctl", "rollback").stdout)

    def test_a_block_that_was_broken_in_between_goes_with_its_file_which_is_kept(self):
        self.enable("sudo")
        broken = (self.pam / "sudo").read_bytes().replace(b"# stepup end\n", b"# mine\n")
        (self.pam / "sudo").write_bytes(broken)
        self.machine.run("stepupctl", "rollback")
        self.assertEqual(self.snapshot(), self.before)
        kept = self.machine.root / KEPT / "sudo.edited"
        self.assertEqual(kept.read_bytes(), broken)
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)

    def test_V93_a_reboot_before_it_is_confirmed_takes_it_back(self):
        self.enable()
        self.machine.reboot()
        self.assertIn("/etc/pam.d/sudo: taken back.", self.rolled_back())
        self.assertEqual(self.snapshot(), self.before)
        self.assertSilent(self.admin.session().run("sudo -n id"))

    def test_V93_a_kill_at_any_moment_leaves_each_stack_whole(self):
        whole = {self.before["sudo"]}
        self.enable()
        whole.add((self.pam / "sudo").read_bytes())
        self.machine.run("stepupctl", "rollback")
        for milliseconds in range(0, 60, 6):
            self.machine.run("sh", "-c", "stepupctl enable sudo --yes >/dev/null 2>&1 & "
                             f"sleep 0.{milliseconds:03}; kill -9 $!; wait $! || true")
            self.assertIn((self.pam / "sudo").read_bytes(), whole, milliseconds)
            self.machine.run("stepupctl", "rollback")
            self.assertEqual(self.snapshot(), self.before, milliseconds)

    def test_without_the_timer_nothing_is_enabled(self):
        self.machine.run("systemctl", "mask", "--runtime", "stepup-rollback.timer")
        self.addCleanup(self.machine.run, "systemctl", "unmask", "--runtime",
                        "stepup-rollback.timer")
        done = self.enable(check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--no-rollback", done.stderr)
        self.assertEqual(self.snapshot(), self.before)
