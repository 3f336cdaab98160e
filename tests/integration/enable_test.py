#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""stepupctl enable, disable and doctor, on copies of Debian's files in a directory."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

STEPUPCTL = os.path.abspath(os.environ.get("B", "build")) + "/stepupctl"
STACKS = pathlib.Path(__file__).resolve().parents[1] / "data/pam.d"
CONF = pathlib.Path(__file__).resolve().parents[2] / "conf/stepupd.conf"
GATE = pathlib.Path(__file__).resolve().parents[2] / "conf/sshd_config.d/50-stepup-gate.conf.example"
HASH = "$y$j9T$" + "x" * 22 + "$" + "y" * 43
LINE = "[success=ok ignore=ignore default=die] pam_stepup.so"


class Enable(unittest.TestCase):
    distribution = "debian12"

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="stepup-enable-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.pam = self.root / "etc/pam.d"
        self.vendor = self.root / "usr/lib/pam.d"
        self.vendor.mkdir(parents=True)
        shutil.copytree(STACKS / self.distribution, self.pam)
        (self.pam / "polkit-1").rename(self.vendor / "polkit-1")
        self.write("usr/lib/x86_64-linux-gnu/security/pam_stepup.so", "")
        self.write("etc/shadow", f"root:{HASH}:1::::::\nalice:!:1::::::\n")
        self.write("etc/stepup/stepupd.conf", CONF.read_text())
        self.write("var/log/auth.log", "")
        self.before = self.snapshot()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path

    def snapshot(self):
        """Every PAM file, with its mode and owner."""
        return {path.name: (path.read_bytes(), path.stat().st_mode, path.stat().st_uid,
                            path.stat().st_gid) for path in self.pam.iterdir()}

    def ctl(self, *words, status=0):
        done = subprocess.run([STEPUPCTL, *words, "--root", self.root], text=True,
                              capture_output=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def enable_all(self):
        for service in ("sudo", "su", "doas", "sshd", "polkit"):
            self.ctl("enable", service)

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

    # -- doctor ---------------------------------------------------------------------------------

    def findings(self):
        done = subprocess.run([STEPUPCTL, "doctor", "--json", "--root", self.root], text=True,
                              capture_output=True, check=False)
        report = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0 if report["ok"] else 1, done.stderr)
        self.assertEqual(report["ok"], not report["findings"])
        for finding in report["findings"]:
            self.assertEqual(list(finding), ["check", "what", "why", "remedy"])
            self.assertTrue(all(finding.values()), finding)
        return report["findings"]

    def assertFinds(self, check, words):
        found = self.findings()
        self.assertTrue(any(f["check"] == check and words in f["what"] for f in found), found)

    def test_doctor_finds_nothing_on_an_enabled_host(self):
        self.enable_all()
        self.assertEqual(self.findings(), [])
        self.assertIn("Nothing was found.", self.ctl("doctor"))

    def test_doctor_finds_missing_lines(self):
        self.assertFinds("pam-line", "sudo-i has no line")
        self.assertIn("stepupctl enable su", self.ctl("doctor", status=1))

    def test_doctor_finds_lines_without_effect(self):
        self.enable_all()
        sudo = self.pam / "sudo"
        good = sudo.read_text()
        for text, words in (
                (good.replace("default=die", "default=ignore"), "lets a refusal pass"),
                ("account sufficient pam_localuser.so\n" + good, "passed over"),
                (good.replace("ignore=ignore", "ignore=ignore authinfo_unavail=ignore"), "away"),
                ("account required pam_stepup.so\n", "nothing but pam_stepup")):
            sudo.write_text(text)
            self.assertFinds("pam-line", words)
        sudo.write_text(good.replace("# stepup end\n", ""))
        self.assertFinds("pam-marker", "sudo:")

    def test_doctor_finds_what_sudoers_turns_off(self):
        self.enable_all()
        self.write("etc/sudoers", "Defaults env_reset\n#includedir /etc/sudoers.d\n")
        self.assertEqual(self.findings(), [])
        self.write("etc/sudoers.d/bad", "# a comment\nDefaults:alice mail_badpass, \\\n !pam_acct_mgmt\n")
        self.assertFinds("sudoers", "bad:2: Defaults !pam_acct_mgmt")
        self.write("etc/sudoers.d/bad", "Defaults pam_service=cron\n")
        self.assertFinds("sudoers", "pam_service=cron")

    def assertOnlyFinds(self, check, words):
        found = self.findings()
        self.assertEqual([f["check"] for f in found], [check], found)
        self.assertIn(words, found[0]["what"])

    def test_doctor_finds_commands_without_a_password_that_are_shells(self):
        self.enable_all()
        sudoers = "Cmnd_Alias EDIT = /usr/bin/vim, /bin/true\nCmnd_Alias SAFE = /bin/true\n"
        for line in ("alice ALL=(ALL) NOPASSWD: /usr/bin/systemctl restart nginx, SAFE",
                     "alice ALL=(ALL) NOPASSWD: ALL", "alice ALL=(ALL) EDIT, /bin/less",
                     "bob ALL=NOPASSWD: SAFE, PASSWD: /usr/bin/vi", "# NOPASSWD: /bin/less"):
            self.write("etc/sudoers", line + "\n" + sudoers)
            self.assertEqual(self.findings(), [], line)
        for line, words in (("alice ALL=(ALL) NOPASSWD: /usr/bin/less /var/log/syslog", "/usr/bin/less"),
                            ("%ops ALL = NOPASSWD:/usr/bin/python3.11", "sudoers:1: NOPASSWD for"),
                            ("alice ALL=(root) NOPASSWD: SAFE, EDIT", "/usr/bin/vim"),
                            ("alice ALL=(root) NOPASSWD: SAFE, \\\n /bin/bash", "/bin/bash")):
            self.write("etc/sudoers", line + "\n" + sudoers)
            self.assertOnlyFinds("nopasswd", words)

    def test_doctor_finds_who_becomes_root_by_another_way_or_has_no_factor(self):
        self.enable_all()
        self.write("etc/passwd", "root:x:0:0::/:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n"
                                 "bob:x:1001:999::/:/bin/sh\n")
        self.write("etc/group", "root:x:0:\ndocker:x:998:\nsudo:x:27:root\nwheel:x:999:\n")
        self.assertOnlyFinds("unenrolled", "the administrator bob")
        self.write("etc/stepup/credentials.d/bob.toml", "")
        self.assertEqual(self.findings(), [])
        self.write("etc/stepup/credentials.d/carl.toml", "")
        self.assertOnlyFinds("gone", "carl.toml")
        (self.root / "etc/stepup/credentials.d/carl.toml").unlink()
        self.write("etc/group", "docker:x:998:alice,bob\n")
        self.assertOnlyFinds("group", "docker: alice, bob")

    def test_doctor_finds_a_kernel_that_lets_programs_into_others(self):
        self.enable_all()
        for path, good, bad, words in (
                ("proc/sys/kernel/yama/ptrace_scope", "1\n", "0\n", "ptrace_scope is 0"),
                ("proc/sys/dev/tty/legacy_tiocsti", "0\n", "1\n", "legacy_tiocsti is 1")):
            self.write(path, bad)
            self.assertOnlyFinds("kernel", words)
            self.write(path, good)
            self.assertEqual(self.findings(), [])

    def test_doctor_finds_logins_without_a_login_uid(self):
        self.enable_all()
        sshd = self.pam / "sshd"
        good = sshd.read_text()
        sshd.write_text(re.sub(r"(?m)^session.*pam_loginuid.*\n", "", good))
        self.assertOnlyFinds("login-uid", "sshd has no line of pam_loginuid")

    def test_doctor_finds_a_vendor_file_that_moved_on(self):
        self.enable_all()
        with open(self.vendor / "polkit-1", "a", encoding="ascii") as file:
            file.write("auth required pam_faildelay.so\n")
        self.assertOnlyFinds("vendor", "polkit-1 is a copy of another")

    def test_doctor_finds_what_leads_around_the_gate(self):
        self.enable_all()
        self.write("etc/stepup/stepupd.conf.d/ssh.conf", '[[rule]]\nname = "ssh"\n'
                   'service = ["ssh-command"]\nlevel = "otp"\n')
        drop_in = "etc/ssh/sshd_config.d/50-stepup-gate.conf"
        main = "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n"
        self.write("etc/ssh/sshd_config", main)
        example = GATE.read_text()
        self.write(drop_in, example)
        self.assertEqual(self.findings(), [])
        for line in ("PermitUserRC no", "DisableForwarding yes"):
            self.write(drop_in, example.replace(line, "# " + line))
            self.assertOnlyFinds("sshd", "stepupctl gate without " + line)
        others = ("AllowTcpForwarding", "AllowStreamLocalForwarding", "X11Forwarding", "PermitTunnel")
        for left in (None, *others):
            lines = "\n    ".join(f"{key} {'yes' if key == left else 'no'}" for key in others)
            self.write(drop_in, example.replace("DisableForwarding yes", lines))
            if left is None:
                self.assertEqual(self.findings(), [])
            else:
                self.assertOnlyFinds("sshd", "stepupctl gate without DisableForwarding yes")
        self.write(drop_in, example.replace("Environment no", "Environment yes"))
        self.assertOnlyFinds("sshd", "stepupctl gate without PermitUserEnvironment no")
        self.write(drop_in, example)
        self.write("etc/ssh/sshd_config", main + "Subsystem sftp internal-sftp\n")
        self.assertOnlyFinds("sshd", "internal-sftp")
        self.write("etc/ssh/sshd_config", main.replace("yes", "no"))
        self.assertOnlyFinds("sshd", "does not use PAM")
        self.write("etc/ssh/sshd_config", main)
        (self.root / "etc/stepup/stepupd.conf.d/ssh.conf").unlink()
        self.assertOnlyFinds("sshd", "no rule names ssh-command")

    def test_doctor_finds_drop_ins_that_change_nothing(self):
        self.enable_all()
        drop_in = "etc/stepup/stepupd.conf.d/20-more.conf"
        rule = '[[rule]]\nname = "more"\nservice = ["sudo", "su"]\nlevel = "otp"\n'
        for more in ('max_age = "1min"\n', 'scope = "tty"\n', 'level = "touch"\n'):
            self.write(drop_in, rule.replace('level = "otp"\n', "" if "level" in more else
                                             'level = "otp"\n') + more)
            self.assertEqual(self.findings(), [], more)
        for more in ("", 'max_age = "1d"\n', 'user = ["alice"]\n', "enforce = false\n"):
            self.write(drop_in, rule + more)
            self.assertOnlyFinds("drop-in", '20-more.conf:1: the rule "more" changes nothing')
        self.write(drop_in, "# nothing yet\n")
        self.assertOnlyFinds("drop-in", "has no rule, and masks nothing")
        self.write("usr/lib/stepup/stepupd.conf.d/20-more.conf", rule)
        self.assertEqual(self.findings(), [])
        self.write("etc/stepup/stepupd.conf.d/30-more.toml", rule)
        self.assertOnlyFinds("drop-in", "30-more.toml is not read")

    def test_doctor_finds_a_closed_way_back_and_open_state(self):
        self.enable_all()
        self.write("etc/shadow", "root:!$y$x:1::::::\n")
        self.write("var/lib/stepup/seal.key", "x")
        self.assertFinds("way-back", "no way")
        self.assertFinds("state", "seal.key")
        with open(self.pam / "login", "a", encoding="ascii") as file:
            file.write("account required pam_stepup.so\n")
        self.assertFinds("login", "login has")


class EnableOnDebian13(Enable):
    distribution = "debian13"


if __name__ == "__main__":
    unittest.main()
