# SPDX-License-Identifier: ISC
"""Rules that cannot be loaded never open or close the host."""

from bench import DROP_INS, Bench
from people import CTRL_C

CONF = "/etc/stepup/stepupd.conf"
LAST_GOOD = "stepup goes on with its last good rules"


class Rules(Bench):
    def test_the_shipped_files_are_without_fault_and_ask_in_sudo_and_su(self):
        done = self.machine.run("stepupctl", "config", "check")
        self.assertNotIn("error", done.stdout + done.stderr)

    def bad_drop_in(self):
        # The third line has the fault, at its "=".
        self.drop_in("zz-bad.conf", "[[rule]]\nname = \"bad\"\nlevel = = \"otp\"\n")
        return f"{DROP_INS}/zz-bad.conf:3:"

    def test_config_check_names_file_line_and_column(self):
        where = self.bad_drop_in()
        done = self.machine.run("stepupctl", "config", "check", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(where, done.stdout + done.stderr)

    def assertLastGood(self, alice, where):
        session = alice.session()
        refused = session.run("sudo id", CTRL_C)
        self.assertAsked(refused)
        self.assertRefused(refused, LAST_GOOD)
        self.assertIn(where, refused.text)
        self.assertRuns(session.run("sudo id", alice.code()))
        status = session.run("stepupctl status")
        self.assertIn(where, status.text)

    def test_F20_a_bad_drop_in_and_a_reboot_leave_the_last_good_rules_in_force(self):
        alice = self.person()
        self.rule(alice, level="otp", max_age="1s")  # part of what is good
        where = self.bad_drop_in()
        self.assertLastGood(alice, where)
        self.machine.reboot()
        self.assertLastGood(alice, where)
        journal = self.machine.journal("-b", "-u", "stepupd.service")
        self.assertIn(where, journal)

    def test_F20_without_any_good_rules_sudo_is_refused_and_told_why(self):
        alice = self.person()
        session = alice.session()
        where = self.bad_drop_in()
        self.machine.run("rm", "-f", "/var/lib/stepup/rules.last-good")
        self.machine.restart_daemon()
        outcome = session.run("sudo id")
        self.assertFalse(outcome.asked)
        self.assertRefused(outcome, where)
        self.assertRefused(outcome, "stepupctl config check")

    def test_F20_a_missing_stepupd_conf_leaves_the_last_good_rules_in_force(self):
        alice = self.person()
        self.machine.run("mv", CONF, CONF + ".away")
        self.addCleanup(self.machine.reload_rules)
        self.addCleanup(self.machine.run, "mv", CONF + ".away", CONF)
        self.machine.reload_rules()
        outcome = alice.session().run("sudo id", CTRL_C)
        self.assertAsked(outcome)
        self.assertRefused(outcome, CONF)

    def test_a_drop_in_can_only_add_demands(self):
        alice = self.person()
        self.drop_in("10-none.conf", '[[rule]]\nname = "lax"\nservice = ["sudo"]\n'
                     f'user = ["{alice.name}"]\nlevel = "none"\n')
        self.assertAsked(alice.session().run("sudo id", CTRL_C))

    def test_F21_a_switch_that_belongs_in_stepupd_conf_is_an_error_in_a_drop_in(self):
        alice = self.person()
        self.drop_in("10-mode.conf", 'mode = "monitor"\n')
        outcome = alice.session().run("sudo id", CTRL_C)
        self.assertAsked(outcome)
        self.assertRefused(outcome, "10-mode.conf:1:")

    def test_a_person_named_in_except_user_is_not_asked(self):
        alice = self.person()
        conf = (self.machine.root / CONF.lstrip("/")).read_text()
        self.addCleanup(self.machine.reload_rules)
        self.addCleanup(self.machine.write, CONF, conf)
        self.machine.write(CONF, '[[rule]]\nname = "all but one"\nservice = ["sudo", "su"]\n'
                           f'level = "otp"\nmax_age = "5min"\nexcept_user = ["{alice.name}"]\n')
        self.machine.reload_rules()
        self.assertSilent(alice.session().run("sudo -n id"))
        bob = self.person("bob")
        self.assertAsked(bob.session().run("sudo id", CTRL_C))
