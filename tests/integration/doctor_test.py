#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""stepupctl doctor."""

import json
import re
import subprocess
import unittest

from host_bench import STEPUPCTL, TREE, HostBench

GATE = TREE / "conf/sshd_config.d/50-stepup-gate.conf.example"


class Doctor(HostBench):
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

    def test_doctor_finds_lines_whose_module_is_gone(self):
        self.enable_all()
        (self.root / "usr/lib/x86_64-linux-gnu/security/pam_stepup.so").unlink()
        self.assertFinds("pam-line", "sudo names pam_stepup.so, which is not installed")

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

    def test_doctor_names_the_option_that_the_module_does_not_take(self):
        self.enable_all()
        sudo = self.pam / "sudo"
        good = sudo.read_text()
        at = good[:good.index("pam_stepup.so")].count("\n") + 1
        for options in ("timeout=3 language=de", "[socket=/run/a b]"):
            sudo.write_text(good.replace("pam_stepup.so", f"pam_stepup.so {options}"))
            self.assertEqual(self.findings(), [], options)
        for options, word in (("timout=3", "timout=3"), ("timeout=3 timeout=4", "timeout=4"),
                              ("language=de \\\n timeout=0", "timeout=0"), ("[de bug]", "de bug")):
            sudo.write_text(good.replace("pam_stepup.so", f"pam_stepup.so {options}"))
            self.assertOnlyFinds("pam-line", f'{sudo}:{at}: pam_stepup.so does not take "{word}"')
            self.assertIn("everybody is refused", self.ctl("doctor", status=1))
        sudo.write_text(good)
        sshd = self.pam / "sshd"
        sshd.write_text(re.sub(r"(?m)^(session.*pam_stepup.so)$", r"\1 debug", sshd.read_text()))
        self.assertOnlyFinds("pam-line", 'pam_stepup.so does not take "debug"')
        self.assertIn("learns of no login", self.ctl("doctor", status=1))

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


class DoctorOnDebian13(Doctor):
    distribution = "debian13"


if __name__ == "__main__":
    unittest.main()
