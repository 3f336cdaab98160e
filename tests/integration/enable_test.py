#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""stepupctl enable and disable."""

import os
import shutil
import subprocess
import unittest

from host_bench import CONF, HostBench

LINE = "[success=ok ignore=ignore default=die] pam_stepup.so"


class Enable(HostBench):
    def test_enable_then_disable_leaves_every_file_as_it_was(self):
        (self.pam / "sudo").chmod(0o640)
        os.chown(self.pam / "sudo", 0, 5)
        self.before = self.snapshot()
        self.enable_all()
        self.assertEqual(len(self.snapshot()), len(self.before) + 1)  # polkit-1
        for name in ("sudo", "sudo-i", "su", "doas", "sshd", "polkit-1"):
            self.assertIn(LINE, (self.pam / name).read_text(), name)
        for name in ("login", "su-l", "common-auth", "common-account"):
            self.assertEqual(self.snapshot()[name], self.before[name])
        self.assertEqual((self.pam / "sudo").stat().st_mode & 0o777, 0o640)
        self.assertEqual((self.pam / "sudo").stat().st_gid, 5)
        self.ctl("disable", "--all")
        self.assertEqual(self.snapshot(), self.before)

    def test_a_second_enable_and_a_second_disable_change_nothing(self):
        self.enable_all()
        once = self.snapshot()
        self.assertIn("enabled already", self.ctl("enable", "sudo"))
        self.enable_all()
        self.assertEqual(self.snapshot(), once)
        self.ctl("disable", "--all")
        self.assertIn("nothing to disable", self.ctl("disable", "--all"))

    def test_disable_takes_out_one_service_alone(self):
        self.enable_all()
        self.ctl("disable", "su", "sshd")
        after = self.snapshot()
        for name in ("su", "su-l", "sshd"):
            self.assertEqual(after[name], self.before[name], name)
        self.assertIn(LINE, (self.pam / "sudo").read_text())

    def test_disable_with_dry_run_tells_of_a_line_that_would_stay_and_writes_nothing(self):
        self.enable_all()
        (self.pam / "old").mkdir()  # which is no PAM file
        self.addCleanup((self.pam / "old").rmdir)
        self.ctl("disable", "--all", "--dry-run")
        with open(self.pam / "chsh", "w", encoding="ascii") as file:
            file.write("# mine\naccount required pam_stepup.so\n")
        before = [path.read_bytes() for path in self.pam.iterdir() if path.is_file()]
        self.assertIn("etc/pam.d/chsh:2: a line of pam_stepup that stepupctl did not put in",
                      self.ctl("disable", "--all", "--dry-run", status=1))
        self.assertEqual([path.read_bytes() for path in self.pam.iterdir() if path.is_file()],
                         before)

    def test_an_edit_in_between_stays(self):
        self.enable_all()
        foreign = "session optional pam_foreign.so\t# mine"  # without a final newline
        for name in ("sudo", "polkit-1"):
            with open(self.pam / name, "a", encoding="ascii") as file:
                file.write(foreign)
        self.ctl("disable", "--all")
        self.assertEqual((self.pam / "sudo").read_bytes(),
                         self.before["sudo"][0] + foreign.encode())
        # The copy of the vendor's file is somebody's own now.
        self.assertEqual((self.pam / "polkit-1").read_bytes(),
                         (self.vendor / "polkit-1").read_bytes() + foreign.encode())

    def test_the_diff_that_is_shown_is_the_one_that_is_made(self):
        diff = self.ctl("enable", "sshd", "--dry-run")
        self.assertEqual(self.snapshot(), self.before)
        hunks = diff[diff.index("--- "):diff.index("It begins")]
        copy = self.root / "copy"
        copy.write_bytes(self.before["sshd"][0])
        self.ctl("enable", "sshd")
        if shutil.which("patch"):
            subprocess.run(["patch", "--quiet", copy], input=hunks, text=True, check=True)
            self.assertEqual(copy.read_bytes(), (self.pam / "sshd").read_bytes())
        ours = [line for line in hunks.splitlines() if line[:1] == "+" and line[:3] != "+++"]
        self.assertEqual(len(ours), 6, hunks)
        self.assertNotIn("\n-", hunks.split("\n", 1)[1])

    def test_the_first_enable_begins_in_monitor_mode_and_no_later_one(self):
        conf = self.root / "etc/stepup/stepupd.conf"
        self.assertIn('The mode is "monitor"', self.ctl("enable", "sudo"))
        self.assertIn('\nmode = "monitor"\n', conf.read_text())
        self.assertEqual(conf.read_text().replace('\nmode = "monitor"', "", 1), CONF.read_text())
        conf.write_text(CONF.read_text())
        self.assertIn('The mode is "enforce"', self.ctl("enable", "su"))
        self.assertEqual(conf.read_text(), CONF.read_text())

    def test_a_mode_that_was_chosen_stays(self):
        conf = self.write("etc/stepup/stepupd.conf", 'mode = "enforce"\n' + CONF.read_text())
        before = conf.read_text()
        self.assertIn('The mode is "enforce"', self.ctl("enable", "sudo"))
        self.assertEqual(conf.read_text(), before)

    def test_a_bad_conf_stops_it(self):
        self.write("etc/stepup/stepupd.conf", "mode = \n")
        self.assertIn("stepupd.conf:1:", self.ctl("enable", "sudo", status=1))
        self.assertEqual(self.snapshot(), self.before)

    def test_without_a_way_back_it_is_refused(self):
        self.write("etc/shadow", "root:*:1::::::\n")
        self.assertIn("--no-way-back", self.ctl("enable", "sudo", status=1))
        self.assertEqual(self.snapshot(), self.before)
        self.write("etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n")
        self.write("root/.ssh/authorized_keys", "# none\n")
        self.ctl("enable", "sudo", status=1)
        self.write("root/.ssh/authorized_keys", "ssh-ed25519 AAAA root\n")
        self.assertIn("root's key over ssh", self.ctl("enable", "sudo"))
        self.ctl("disable", "sudo")
        self.write("etc/ssh/sshd_config.d/no.conf", "PermitRootLogin no\n")
        self.ctl("enable", "sudo", status=1)
        self.ctl("enable", "sudo", "--no-way-back")

    def test_a_host_that_does_not_tell_who_used_sudo_wants_a_yes(self):
        log = self.root / "var/log/auth.log"
        os.truncate(log, 64 << 20)  # anybody can fill it with lines of a "sudo" of his own
        unknown = "Neither a journal nor auth.log tells who else used sudo."
        self.assertIn(unknown, self.ctl("enable", "sudo", status=1))
        log.unlink()
        self.assertIn(unknown, self.ctl("enable", "sudo", status=1))
        self.assertEqual(self.snapshot(), self.before)
        self.ctl("enable", "sudo", "--yes")

    def test_people_who_use_sudo_and_have_no_factor_want_a_yes(self):
        self.write("var/log/auth.log",
                   "Nov 24 20:33:24 host sudo: alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id\n"
                   "Nov 24 20:33:24 host sudo[7]:  root : PWD=/ ; USER=root ; COMMAND=/bin/id\n"
                   "Nov 24 20:33:24 host sudo: eve : user NOT in sudoers ; PWD=/ ; COMMAND=/bin/id\n")
        said = self.ctl("enable", "sudo", status=1)
        self.assertIn("  alice\n", said)
        self.assertNotIn("eve", said)
        self.assertNotIn("  root\n", said)
        self.assertEqual(self.snapshot(), self.before)
        self.ctl("enable", "sudo", "--yes")
        self.assertIn(LINE, (self.pam / "sudo").read_text())

    def test_login_and_strangers_are_refused(self):
        self.assertIn("way back", self.ctl("enable", "login", status=2))
        self.ctl("enable", "common-auth", status=2)
        self.ctl("disable", "login", status=2)
        self.ctl("disable", status=2)
        self.assertEqual(self.snapshot(), self.before)

    def test_a_console_that_passes_stepup_is_refused(self):
        with open(self.pam / "common-account", "a", encoding="ascii") as file:
            file.write("account required pam_stepup.so\n")
        before = self.snapshot()
        self.ctl("enable", "sshd", "--yes", "--no-way-back", status=1)
        self.assertEqual(self.snapshot(), before)

    def test_without_the_module_it_is_refused(self):
        (self.root / "usr/lib/x86_64-linux-gnu/security/pam_stepup.so").unlink()
        self.assertIn("not installed", self.ctl("enable", "sudo", status=1))
        self.assertEqual(self.snapshot(), self.before)

    def test_a_symbolic_link_is_left_alone(self):
        (self.pam / "doas").rename(self.pam / "elsewhere")
        (self.pam / "doas").symlink_to("elsewhere")
        self.assertIn("symbolic link", self.ctl("enable", "doas", status=1))
        self.assertTrue((self.pam / "doas").is_symlink())
        self.assertEqual((self.pam / "elsewhere").read_bytes(), self.before["doas"][0])

    def test_disable_tells_of_lines_that_others_have_put_in(self):
        self.ctl("enable", "sudo")
        with open(self.pam / "cron", "w", encoding="ascii") as file:
            file.write("account required pam_stepup.so\n")
        self.assertIn("cron:1: a line", self.ctl("disable", "--all", status=1))
        self.assertEqual(self.snapshot()["sudo"], self.before["sudo"])

    def test_half_a_marker_keeps_no_other_file_from_being_disabled(self):
        self.enable_all()
        sudo = self.pam / "sudo"
        sudo.write_text(sudo.read_text().replace("# stepup end\n", ""))
        self.assertIn("sudo:", self.ctl("disable", "--all", status=1))
        self.assertEqual(self.snapshot()["su"], self.before["su"])


class EnableOnDebian13(Enable):
    distribution = "debian13"


if __name__ == "__main__":
    unittest.main()
