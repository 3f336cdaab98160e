# SPDX-License-Identifier: ISC
"""A fleet's administrator brings stepup to people who have no second factor yet."""

import datetime
import shutil

from bench import DROP_INS, Bench
from people import CTRL_C

CONF = "/etc/stepup/stepupd.conf"
REPOSITORY = "/srv/fleet"
REMINDER = "You have no second factor on testhost yet, and need one after {}."


class RollOut(Bench):
    def setUp(self):
        super().setUp()
        self.conf = (self.machine.root / CONF.lstrip("/")).read_text()
        self.addCleanup(self.machine.reload_rules)
        self.addCleanup(self.machine.write, CONF, self.conf)

    def stage(self, line):
        self.machine.write(CONF, f"{line}\n{self.conf}")
        self.machine.reload_rules()

    def seen(self):
        """What status and doctor say."""
        status = self.machine.run("stepupctl", "status").stdout
        return status, self.machine.run("stepupctl", "doctor", check=False).stdout

    def assertSeen(self, words):
        for text in self.seen():
            self.assertIn(words, text)

    def digest(self):
        return self.machine.run("stepupctl", "status", "--json").stdout.split(
            '"rules_digest":"')[1][:64]

    def test_from_monitor_over_allow_until_to_enforce(self):
        alice, bob = self.person(enrolled=False), self.person("bob", enrolled=False)
        session = alice.session()

        self.stage('mode = "monitor"')
        self.assertSilent(session.run("sudo id"))
        self.assertSeen('mode = "monitor"')
        self.assertIn(alice.name, self.machine.journal("-b", "-o", "json", "-t", "stepupd",
                                                       "STEPUP_REASON=monitor-mode"))

        last = datetime.date.today() + datetime.timedelta(days=30)
        self.stage(f'unenrolled = "allow-until {last}"')
        reminder = REMINDER.format(last)
        first = session.run("sudo id")
        self.assertSilent(first)
        self.assertIn(reminder, first.text)
        again = session.run("sudo id")
        self.assertSilent(again)
        self.assertNotIn(reminder, again.text, "once a day is enough")
        # A job that nobody reads is not told.
        self.assertNotIn(reminder, bob.session().run("sudo -n id").text)
        self.assertSeen(f"People without a factor are let through until the end of {last} (UTC).")

        alice.enrol()
        self.assertRuns(session.run("sudo id", alice.code()))

        self.stage('unenrolled = "deny"')
        for text in self.seen():
            self.assertNotIn("are let through", text)
            self.assertNotIn("monitor", text)
        self.assertRefused(bob.session().run("sudo id"), "You have no second factor on testhost.")

    def test_a_bad_drop_in_pushed_at_noon_and_its_repair(self):
        alice = self.person()
        good = self.digest()
        self.machine.run("cp", "-a", "/etc/stepup", REPOSITORY)
        self.addCleanup(shutil.rmtree, self.machine.root / REPOSITORY.lstrip("/"))
        name = "50-noon.conf"
        bad = ('[[rule]]\nname = "noon"\nservice = ["sudo"]\n'
               f'user = ["{alice.name}"]\nlevle = "otp"\nlevel = "otp"\nmax_age = "0"\n')
        mended = bad.replace('levle = "otp"\n', "")

        # What the tests of the repository would have said, without a daemon or rights.
        self.machine.write(f"{REPOSITORY}/stepupd.conf.d/{name}", bad)
        self.machine.run("chmod", "-R", "a+rX", REPOSITORY)
        checked = self.machine.run("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
                                   "stepupctl", "config", "check", REPOSITORY, check=False)
        self.assertNotEqual(checked.returncode, 0)
        self.assertIn('50-noon.conf:5:9: unknown key "levle": did you mean "level"?\n'
                      '  5 | levle = "otp"\n'
                      "    |         ^\n", checked.stderr)

        # It is pushed all the same: the rules of the morning stay, and everybody can see why.
        self.drop_in(name, bad)
        self.assertSeen("Stale since ")
        self.assertSeen(f"{DROP_INS}/{name}:5:9: unknown key")
        self.assertEqual(self.digest(), good)
        session = alice.session()
        refused = session.run("sudo id", CTRL_C)
        self.assertAsked(refused)
        self.assertRefused(refused, "stepup goes on with its last good rules")
        self.assertRuns(session.run("sudo id", alice.code()))
        self.assertSilent(session.run("sudo id"))
        self.assertIn(f'"STEPUP_RULES_DIGEST":"{good}"', self.machine.journal(
            "-b", "-o", "json", "-t", "stepupd", f"STEPUP_SUBJECT={alice.name}"))
        self.assertIn("stale since", self.machine.journal("-b", "-t", "stepupd"))

        # The repair says beforehand what it will do, and does that.
        self.machine.write(f"{REPOSITORY}/stepupd.conf.d/{name}", mended)
        self.machine.run("rm", f"{DROP_INS}/{name}")
        for compared_with in ([], ["--running"]):
            self.assertEqual(
                self.machine.run("stepupctl", "config", "diff", *compared_with, REPOSITORY).stdout,
                f'+ rule "noon": otp every time, scope session (service sudo; user {alice.name})\n')
        self.machine.write(f"{DROP_INS}/{name}", mended)
        self.machine.reload_rules()
        for text in self.seen():
            self.assertNotIn("Stale since ", text)
        self.assertNotEqual(self.digest(), good)
        self.assertEqual(self.machine.run("stepupctl", "config", "diff", "--running").stdout, "")
        checked = self.machine.run("/usr/libexec/stepup/stepupd", "--check").stdout
        self.assertIn(f"digest: {self.digest()}\n", checked)
        for _ in range(2):
            self.assertAsked(session.run("sudo id", alice.code()))
