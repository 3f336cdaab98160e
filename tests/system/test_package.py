# SPDX-License-Identifier: ISC
"""The packages from installation to purge: ssh and sudo work at every step, with the step-up or
with our line gone."""

import os
import unittest

from bench import Bench
from machine import STEPUP_UNITS, TREE, Machine
from people import CTRL_C

CONF = "/etc/stepup/stepupd.conf"
PACKAGES = ("/root/stepupd.deb", "/root/libpam-stepup.deb")
PRERM = "/var/lib/dpkg/info/libpam-stepup.prerm"
HAND_WRITTEN = "account required pam_stepup.so\n"


class PackageBench:
    """A host of its own, on which packages come and go."""

    def setUp(self):
        super().setUp()
        self.pam = self.machine.root / "etc/pam.d"
        self.untouched = self.stacks()
        self.alice = self.person(enrolled=False)
        self.addCleanup(self.clean)

    def stacks(self):
        return {path.name: path.read_bytes() for path in self.pam.iterdir() if path.is_file()}

    def enable(self):
        """Has sudo, su and sshd ask in earnest."""
        conf = (self.machine.root / CONF.lstrip("/")).read_text()
        if not conf.startswith("mode ="):
            self.machine.write(CONF, 'mode = "enforce"\n' + conf)
            self.machine.reload_rules()
        for service in ("sudo", "su", "sshd"):
            self.machine.run("stepupctl", "enable", service, "--yes", "--no-rollback")

    def exists(self, path):
        return os.path.lexists(self.machine.root / path.lstrip("/"))

    def assertSudoAsksNobody(self):
        """In a new login by ssh."""
        self.assertSilent(self.alice.session().run("sudo id"))

    def assertSudoAsks(self):
        """In a new login by ssh; and nothing stands in the way of somebody who has proved it."""
        self.assertAsked(self.alice.session().run("sudo id", CTRL_C))
        self.assertSilent(self.proved.run("sudo -n id"))

    def prove(self):
        """Logs in by ssh and gives a code to sudo.  This session is then not asked again."""
        self.proved = self.alice.session()
        outcome = self.proved.run("sudo id", self.alice.code())
        self.assertAsked(outcome)
        self.assertRuns(outcome)


class PackageLife(PackageBench):
    suite = None

    @classmethod
    def setUpClass(cls):
        if Bench.machine is None:
            return  # setUp says what is missing
        cls.machine = cls.enterClassContext(Machine(cls.suite))
        cls.machine.bring_packages()
        cls.machine.boot()

    def clean(self):
        for name, text in self.untouched.items():
            (self.pam / name).write_bytes(text)
        self.machine.run("dpkg", "--purge", "stepupd", "libpam-stepup")

    def apt(self, *words, check=True):
        return self.machine.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet",
                                "--yes", *words, check=check, timeout=120)

    def install(self):
        self.apt("install", *PACKAGES)

    def has_module(self):
        return any((self.machine.root / "usr/lib").glob("*/security/pam_stepup.so"))

    # -- what is claimed ------------------------------------------------------------------------

    def test_from_installation_to_purge_ssh_and_sudo_work_at_every_step(self):
        self.assertSudoAsksNobody()

        self.install()
        self.assertEqual(self.stacks(), self.untouched)
        self.machine.systemctl("is-active", *STEPUP_UNITS)
        self.machine.systemctl("is-enabled", *STEPUP_UNITS)
        self.assertSudoAsksNobody()

        self.alice.enrol()
        self.enable()
        self.prove()
        self.assertSudoAsks()

        # Where dpkg dies between the two, the lines are gone and the module is not.
        self.machine.run(PRERM, "remove")
        self.assertEqual(self.stacks(), self.untouched)
        self.assertTrue(self.has_module())
        self.assertSudoAsksNobody()

        self.enable()
        self.assertSudoAsks()
        self.apt("remove", "libpam-stepup", "stepupd")
        self.assertEqual(self.stacks(), self.untouched)
        self.assertFalse(self.has_module())
        self.assertFalse(self.exists("/run/stepup"))
        self.assertSudoAsksNobody()

        # What is removed and not purged knows its people again.
        self.install()
        self.assertSudoAsksNobody()
        self.enable()
        self.prove()
        self.assertSudoAsks()

        self.machine.run("dpkg", "--purge", "stepupd", "libpam-stepup")
        self.assertEqual(self.stacks(), self.untouched)
        self.assertFalse(self.has_module())
        for path in ("/etc/stepup", "/var/lib/stepup", "/run/stepup"):
            self.assertFalse(self.exists(path), path)
        for unit in STEPUP_UNITS:
            self.assertEqual(self.machine.systemctl("show", "-P", "LoadState", unit).stdout,
                             "not-found\n", unit)
        self.assertSudoAsksNobody()

    def test_systemd_of_this_release_has_nothing_to_say_about_the_units(self):
        self.install()
        units = sorted(path.name for path in (TREE / "packaging/systemd").iterdir())
        said = self.machine.run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
                                *units)
        self.assertEqual(said.stdout + said.stderr, "")

    def test_V92_an_upgrade_asks_nobody_again_and_touches_no_line(self):
        self.install()
        self.alice.enrol()
        self.enable()
        self.prove()
        enabled = self.stacks()
        conf = (self.machine.root / CONF.lstrip("/")).read_text()
        before = self.machine.daemon_pid()
        # One after the other, since libpam-stepup pre-depends on the daemon.
        for package in PACKAGES:
            for step in (("--unpack", package), ("--configure", "--pending")):
                self.machine.run("dpkg", *step)
                self.assertEqual(self.stacks(), enabled, step)
                self.assertSudoAsks()
        self.assertNotIn(self.machine.daemon_pid(), (0, before))
        self.assertEqual((self.machine.root / CONF.lstrip("/")).read_text(), conf)
        for words in (("upgrade", "9"), ("failed-upgrade", "0"),
                      ("deconfigure", "in-favour", "other", "1")):
            self.machine.run(PRERM, *words)
            self.assertEqual(self.stacks(), enabled, words)

    def test_V90_stepupd_stays_while_a_line_needs_it(self):
        self.install()
        self.alice.enrol()
        self.enable()
        self.prove()
        refused = self.machine.run("dpkg", "--force-depends", "--remove", "stepupd", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertRegex(refused.stderr, r"/etc/pam\.d/sudo:\d+:account ")
        self.assertIn("stepupctl disable --all", refused.stderr)
        self.machine.systemctl("is-active", *STEPUP_UNITS)
        self.assertSudoAsks()

    def test_V90_the_module_stays_and_goes_on_asking_while_somebody_elses_line_needs_it(self):
        self.install()
        self.alice.enrol()
        self.enable()
        self.prove()
        own = self.pam / "backup-tool"
        own.write_text("# pam_stepup.so\n" + HAND_WRITTEN)
        self.addCleanup(own.unlink)
        before = self.stacks()
        refused = self.apt("remove", "libpam-stepup", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("/etc/pam.d/backup-tool:2:" + HAND_WRITTEN, refused.stdout + refused.stderr)
        self.assertEqual(self.stacks(), before)
        self.assertTrue(self.has_module())
        self.assertSudoAsks()

        own.write_text("")
        self.apt("remove", "libpam-stepup")
        self.assertSudoAsksNobody()

    def test_a_host_whose_daemon_is_broken_gets_rid_of_it(self):
        self.install()
        self.enable()
        self.machine.systemctl("disable", "--now", *STEPUP_UNITS)
        refused = self.alice.session().run("sudo id")
        self.assertNotEqual(refused.status, 0, refused.text)
        self.apt("remove", "libpam-stepup", "stepupd")
        self.assertSudoAsksNobody()


class PackageOnDebian12(PackageLife, Bench):
    suite = "bookworm"


@unittest.skipUnless(os.environ.get("STEPUP_LONG_TESTS"), "builds and boots another release: long")
class PackageOnDebian13(PackageLife, Bench):
    suite = "trixie"
