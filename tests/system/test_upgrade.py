# SPDX-License-Identifier: ISC
"""From the version before to this one and back, under load, and with dpkg killed at every step: ssh
and sudo go on, with the step-up or with our line gone."""

import os
import shutil
import subprocess
import threading
import unittest

from bench import Bench
from machine import STEPUP_UNITS, Machine
from people import CTRL_C

NAMES = ("stepupd", "libpam-stepup")
NOW = [f"/root/{name}.deb" for name in NAMES]
BEFORE = [f"/root/previous-{name}.deb" for name in NAMES]
DEADLY = [f"/root/deadly-{name}.deb" for name in NAMES]
# In a maintainer script: with its last command done, dpkg, which waits for it, is gone.
KILL = ('trap \'[ ! -e "/root/kill-$DPKG_MAINTSCRIPT_PACKAGE-$DPKG_MAINTSCRIPT_NAME" ] || '
        'kill -9 $PPID\' EXIT\n')


class UpgradeLife:
    @classmethod
    def setUpClass(cls):
        if Bench.machine is None:
            return  # setUp says what is missing
        cls.machine = cls.enterClassContext(Machine(cls.suite))
        cls.machine.bring_packages()
        cls.machine.bring_previous_packages()
        cls.scripts = cls.make_deadly(cls.machine.root / "root")
        cls.machine.boot()

    @staticmethod
    def make_deadly(home):
        """This version's packages, whose maintainer scripts end with the death of dpkg on demand.

        Returns these scripts, as (package, script).
        """
        scripts = []
        for name in NAMES:
            tree = home / "tree"
            subprocess.run(["dpkg-deb", "-R", home / f"{name}.deb", tree], check=True)
            for script in ("preinst", "postinst", "prerm", "postrm"):
                file = tree / "DEBIAN" / script
                if file.exists():
                    shebang, rest = file.read_text().split("\n", 1)
                    file.write_text(f"{shebang}\n{KILL}{rest}")
                    scripts.append((name, script))
            subprocess.run(["dpkg-deb", "-b", tree, home / f"deadly-{name}.deb"], check=True,
                           stdout=subprocess.DEVNULL)
            shutil.rmtree(tree)
        return scripts

    def setUp(self):
        super().setUp()
        self.pam = self.machine.root / "etc/pam.d"
        self.untouched = {path.name: path.read_bytes() for path in self.pam.iterdir()}
        self.alice = self.person(enrolled=False)
        self.addCleanup(self.clean)

    def clean(self):
        for name, text in self.untouched.items():
            (self.pam / name).write_bytes(text)
        self.machine.run("sh", "-c", "rm -f /root/kill-*; dpkg --configure -a", check=False)
        self.machine.run("dpkg", "--purge", *NAMES)

    def dpkg(self, *words, check=True):
        return self.machine.run("dpkg", "--force-confold", *words, check=check, timeout=120)

    def begin(self, packages):
        """Installs `packages`, gives alice a factor, and has sudo ask her in earnest."""
        for package in packages:
            self.dpkg("--install", package)
        conf = self.machine.root / "etc/stepup/stepupd.conf"
        if "\nmode =" not in "\n" + conf.read_text():
            self.machine.write("/etc/stepup/stepupd.conf", 'mode = "enforce"\n' + conf.read_text())
            self.machine.reload_rules()
        if self.alice.authenticator is None:
            self.alice.enrol()
        self.lines_in()

    def lines_in(self):
        for name in ("sudo", "sudo-i"):  # as enable writes them; the version before knows fewer words
            text = self.untouched[name].decode().replace(
                "@include common-account", "# stepup begin: put in by stepupctl enable\n"
                "account [success=ok ignore=ignore default=die] pam_stepup.so\n"
                "# stepup end\n@include common-account")
            (self.pam / name).write_text(text)

    def assertSudoWorks(self, when):
        """In a new login by ssh: with a code, or without one where our line is gone."""
        with self.subTest(when):
            session = self.alice.session()
            if b"pam_stepup" not in (self.pam / "sudo").read_bytes():
                return self.assertSilent(session.run("sudo id"))
            outcome = session.run("sudo id", self.proof())
            self.assertAsked(outcome)
            self.assertRuns(outcome)
        return None

    def proof(self):
        """A recovery code as long as there are some: of one-time codes there are two a minute."""
        codes = self.alice.recovery_codes
        return codes.pop() if len(codes) > 1 else self.alice.code()

    # -- what is claimed ------------------------------------------------------------------------

    def test_V92_each_version_works_with_the_other_half_of_the_version_before(self):
        self.begin(BEFORE)
        self.assertSudoWorks("before")
        self.dpkg("--install", NOW[0])
        self.assertSudoWorks("old module, new daemon")
        self.dpkg("--install", NOW[1])
        self.assertSudoWorks("new")
        self.dpkg("--force-downgrade", "--force-depends", "--install", BEFORE[0])
        self.assertSudoWorks("new module, old daemon")
        self.dpkg("--install", NOW[0])
        self.assertSudoWorks("new again")

    def test_an_upgrade_under_load_with_a_prompt_on_the_screen_asks_nobody_again(self):
        self.begin(BEFORE)
        proved, waiting = self.alice.session(), self.alice.session()
        self.assertRuns(proved.run("sudo id", self.alice.code()))
        waiting.begin("sudo id")
        self.assertIsNotNone(waiting.prompt())
        loaded = self.alice.session()
        self.assertRuns(loaded.run("sudo id", self.alice.code()))
        stop, refused, times = threading.Event(), [], [0]

        def load():
            while not stop.is_set():
                outcome = loaded.run("sudo -n true")
                times[0] += 1
                if outcome.status != 0:
                    refused.append(outcome.text)

        loading = threading.Thread(target=load)
        loading.start()
        try:
            for package in NOW:
                self.dpkg("--install", package)
                self.machine.systemctl("is-active", *STEPUP_UNITS[:2])
                self.assertSilent(proved.run("sudo -n id"))
        finally:
            stop.set()
            loading.join()
        self.assertGreater(times[0], 3)
        # The restart may cost a request that is under way, which says so, and never a grant.
        for text in refused:
            self.assertIn("stopped before it decided", text)
        # Whom it asked is gone, and so is the question; the next one is answered.
        waiting.answer(self.alice.code())
        ended = waiting.end()
        self.assertNotEqual(ended.status, 0, ended.text)
        self.assertIn("stepupd", ended.text)
        self.assertRuns(waiting.run("sudo id", self.alice.code()))

    def test_V90_dpkg_killed_behind_any_maintainer_script_leaves_sudo_working(self):
        tried = []

        def killed(package, script, *words):
            mark = f"/root/kill-{package}-{script}"
            self.machine.run("touch", mark)
            done = self.dpkg(*words, check=False)
            self.machine.run("rm", mark)
            tried.append((package, script))
            self.assertEqual(done.returncode, -9, f"{package} {script}: {done.stderr}")
            self.assertSudoWorks(f"{' '.join(words)}, killed behind {script} of {package}")

        for number, name in enumerate(NAMES):
            for script in ("preinst", "postinst"):
                if (name, script) in self.scripts:
                    killed(name, script, "--install", DEADLY[number])
                    self.dpkg("--configure", "--pending")
            self.dpkg("--install", DEADLY[number])
        self.begin(DEADLY)
        self.assertSudoWorks("installed")
        for number, name in enumerate(NAMES):  # an upgrade: the old prerm and postrm, the new postinst
            for script in ("prerm", "postrm", "postinst"):
                if (name, script) in self.scripts:
                    killed(name, script, "--install", DEADLY[number])
                    self.assertIn(b"pam_stepup", (self.pam / "sudo").read_bytes())
                    self.dpkg("--install", DEADLY[number])
                    self.assertSudoWorks("gone on with")
        for name in reversed(NAMES):
            for script in ("prerm", "postrm"):
                if (name, script) in self.scripts:
                    if name == "stepupd":
                        self.dpkg("--remove", "libpam-stepup")
                    killed(name, script, "--remove", name)
                    for package in DEADLY:
                        self.dpkg("--install", package)
                    self.lines_in()
                    self.assertSudoWorks("installed again")
        self.dpkg("--remove", *NAMES)
        killed("stepupd", "postrm", "--purge", "stepupd")
        self.assertEqual(set(tried), set(self.scripts))

    def test_a_database_of_a_later_version_is_refused_and_left_alone(self):
        self.begin(NOW)
        self.machine.systemctl("stop", *STEPUP_UNITS)
        self.machine.run("sqlite3", "/var/lib/stepup/stepup.db", "PRAGMA user_version = 999")
        before = (self.machine.root / "var/lib/stepup/stepup.db").read_bytes()
        self.machine.restart_daemon()
        refused = self.alice.session().run("sudo id", CTRL_C)
        self.assertNotEqual(refused.status, 0, refused.text)
        self.assertIn("the database was written by a newer stepup",
                      self.machine.journal("-b", "-t", "stepupd"))
        self.assertEqual((self.machine.root / "var/lib/stepup/stepup.db").read_bytes(), before)


class Upgrade(UpgradeLife, Bench):
    suite = "bookworm"


@unittest.skipUnless(os.environ.get("STEPUP_LONG_TESTS"), "builds and boots another release: long")
class UpgradeOnDebian13(UpgradeLife, Bench):
    suite = "trixie"
