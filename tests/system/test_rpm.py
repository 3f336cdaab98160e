# SPDX-License-Identifier: ISC
"""The RPM packages, whose scriptlets run under rpm on a booted Debian 13: with the module linked to
where Debian looks for it, and without dependencies, which rpm cannot know there.  SELinux is not
there.  And the profile of authselect, which Debian 13 has."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from bench import Bench
from machine import STEPUP_UNITS, TREE, Machine
from test_package import HAND_WRITTEN, PackageBench

SYSTEM_AUTH = "/etc/authselect/system-auth"
# As Fedora has it.
SUDO_OF_FEDORA = "".join(f"{phase} include system-auth\n"
                         for phase in ("auth", "account", "password", "session"))


def build(release, where):
    """Builds the packages of a later release than the spec says, and puts them into `where`."""
    with tempfile.TemporaryDirectory() as out:
        subprocess.run(["packaging/rpm.sh", out, "--without", "check", "--define", f"dist {release}"],
                       cwd=TREE, check=True, capture_output=True)
        for name in ("stepup", "pam_stepup"):
            [package] = pathlib.Path(out).glob(f"{name}-0*.x86_64.rpm")
            shutil.copyfile(package, where / f"next-{name}.rpm")


@unittest.skipUnless(os.environ.get("STEPUP_LONG_TESTS"), "boots another release: long")
class RpmLife(PackageBench, Bench):
    @classmethod
    def setUpClass(cls):
        if Bench.machine is None:
            return  # setUp says what is missing
        cls.machine = cls.enterClassContext(
            Machine("trixie", more_packages=("rpm", "authselect")))
        for name in ("stepup", "pam_stepup"):
            [package] = (TREE / "build/rpms").glob(f"{name}-0*.x86_64.rpm")
            shutil.copyfile(package, cls.machine.root / f"root/{name}.rpm")
        cls.machine.chroot("ln", "-s", "/usr/lib64/security/pam_stepup.so",
                           "/usr/lib/x86_64-linux-gnu/security/pam_stepup.so")
        cls.machine.boot()

    def rpm(self, *words, check=True):
        return self.machine.run("rpm", "--nodeps", *words, check=check)

    def install(self):
        self.rpm("--install", "/root/stepup.rpm", "/root/pam_stepup.rpm")

    def clean(self):
        for name in self.stacks().keys() - self.untouched.keys():
            (self.pam / name).unlink()
        for name, text in self.untouched.items():
            (self.pam / name).write_bytes(text)
        self.rpm("--erase", "pam_stepup", "stepup", check=False)
        self.machine.run("rm", "-rf", "/var/lib/stepup", "/etc/stepup")

    def test_from_installation_to_removal_ssh_and_sudo_work_at_every_step(self):
        self.install()
        self.assertEqual(self.stacks(), self.untouched)
        self.machine.systemctl("is-active", *STEPUP_UNITS)
        self.machine.systemctl("is-enabled", *STEPUP_UNITS)
        self.assertSudoAsksNobody()

        self.alice.enrol()
        self.enable()
        self.prove()
        self.assertSudoAsks()

        before, enabled = self.machine.daemon_pid(), self.stacks()
        build(".next", self.machine.root / "root")
        self.rpm("--upgrade", "/root/next-stepup.rpm", "/root/next-pam_stepup.rpm")
        self.assertIn(".next", self.machine.run("rpm", "-q", "stepup", "pam_stepup").stdout)
        self.assertNotIn(self.machine.daemon_pid(), (0, before))
        self.assertEqual(self.stacks(), enabled)
        self.machine.systemctl("is-active", *STEPUP_UNITS)
        self.assertSudoAsks()

        self.rpm("--erase", "pam_stepup", "stepup")
        self.assertEqual(self.stacks(), self.untouched)
        self.assertFalse(self.exists("/usr/lib64/security/pam_stepup.so"))
        self.assertFalse(self.exists("/run/stepup"))
        for unit in STEPUP_UNITS:
            self.assertEqual(self.machine.systemctl("show", "-P", "LoadState", unit).stdout,
                             "not-found\n", unit)
        self.assertSudoAsksNobody()

    def test_V90_neither_goes_while_a_line_needs_it(self):
        self.install()
        self.alice.enrol()
        self.enable()
        self.prove()
        refused = self.rpm("--erase", "stepup", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertRegex(refused.stderr, r"/etc/pam\.d/sudo:\d+:account ")
        self.assertSudoAsks()

        own = self.pam / "backup-tool"
        own.write_text(HAND_WRITTEN)
        self.addCleanup(own.unlink)
        before = self.stacks()
        refused = self.rpm("--erase", "pam_stepup", "stepup", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("/etc/pam.d/backup-tool:1:" + HAND_WRITTEN, refused.stderr)
        self.assertEqual(self.stacks(), before)
        self.assertSudoAsks()

    def test_a_profile_of_authselect_asks_before_a_line_that_lets_local_users_through(self):
        self.install()
        self.alice.enrol()
        conf = self.machine.root / "etc/stepup/stepupd.conf"
        conf.write_text('mode = "enforce"\n' + conf.read_text())
        self.machine.reload_rules()
        nsswitch = (self.machine.root / "etc/nsswitch.conf").read_bytes()

        def put_back():
            self.machine.run("authselect", "opt-out")
            (self.machine.root / "etc/nsswitch.conf").write_bytes(nsswitch)
        self.addCleanup(put_back)
        self.machine.run("mkdir", "-p", "/etc/authselect/custom")  # its package leaves that out
        self.machine.run("authselect", "select", "sssd", "with-silent-lastlog", "--force")
        (self.pam / "sudo").write_text(SUDO_OF_FEDORA)

        said = self.machine.run("/usr/libexec/stepup/authselect-profile").stdout
        self.assertSudoAsksNobody()  # it selects nothing
        command = said.splitlines()[-1].split()
        self.assertEqual(command, ["authselect", "select", "custom/stepup", "with-silent-lastlog",
                                   "with-stepup"])
        self.machine.run(*command)
        lines = (self.machine.root / SYSTEM_AUTH.lstrip("/")).read_text().splitlines()
        account = [line for line in lines if line.startswith("account")]
        self.assertIn("pam_stepup.so", account[0])
        self.assertTrue(any("sufficient" in line for line in account[1:]), account)
        self.prove()
        self.assertSudoAsks()

        again = self.machine.run("/usr/libexec/stepup/authselect-profile", check=False)
        self.assertNotEqual(again.returncode, 0)
        self.machine.run("authselect", "disable-feature", "with-stepup")
        self.assertSudoAsksNobody()
