#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""What the real stepupd makes of its rules and its state, also of damaged ones."""

import signal
import time
import unittest

import wire
from daemon_bench import RULE, Daemon, ctl, main


class RulesTest(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()

    def tearDown(self):
        self.daemon.remove()

    def status(self):
        return ctl(self.daemon, "status").stdout

    def reload(self):
        self.daemon.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)

    def test_F20_a_bad_drop_in_leaves_the_last_good_rules_also_after_a_restart(self):
        self.daemon.start()
        self.daemon.conf('[[rule]]\nname = "x"\nlevel = "none"\nlevle = 1\n', "stepupd.conf.d/50-bad.conf")
        self.reload()
        self.assertEqual(self.daemon.verdict(), wire.DENIED)
        self.assertIn("50-bad.conf:4", self.status())
        self.daemon.stop()
        self.daemon.start()
        self.assertEqual(self.daemon.verdict(), wire.DENIED)
        self.assertIn("50-bad.conf:4", self.status())
        (self.daemon.root / "etc/stepupd.conf.d/50-bad.conf").unlink()
        self.reload()
        self.assertNotIn("50-bad.conf", self.status())

    def test_V13_without_any_good_rules_everything_is_refused_by_name(self):
        for content in ("", "rule", "mode = 1\n", "\0", "mode = \"enforce\"\nmode = \"monitor\"\n"):
            self.daemon.conf(content)
            self.daemon.start()
            self.assertEqual(self.daemon.verdict(), wire.UNAVAILABLE, repr(content))
            self.assertIn("stepupd.conf", self.status())
            self.daemon.stop()
            (self.daemon.root / "state/rules.last-good").unlink(missing_ok=True)

    def test_monitor_mode_asks_nobody(self):
        self.daemon.conf('mode = "monitor"\n' + RULE)
        self.daemon.start()
        self.assertEqual(self.daemon.verdict(), wire.NOT_REQUIRED)
        self.assertIn("monitor", self.status())

    def test_allow_until_lets_the_unenrolled_pass_until_that_day(self):
        for until, want in (("2999-12-31", wire.NOT_REQUIRED), ("2001-01-01", wire.DENIED)):
            self.daemon.conf(f'unenrolled = "allow-until {until}"\n' + RULE)
            self.daemon.start()
            self.assertEqual(self.daemon.verdict(), want, until)
            self.daemon.stop()

    def test_a_rule_that_is_not_enforced_only_reports(self):
        self.daemon.conf(RULE + "enforce = false\n")
        self.daemon.start()
        self.assertEqual(self.daemon.verdict(), wire.NOT_REQUIRED)

    def test_F23_a_storm_of_reloads_loses_no_request(self):
        self.daemon.start()
        for _ in range(300):
            self.daemon.process.send_signal(signal.SIGHUP)
            self.assertEqual(self.daemon.verdict(), wire.DENIED)


class StateTest(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()

    def tearDown(self):
        self.daemon.remove()

    def test_F43_a_damaged_database_is_refused_and_kept(self):
        database = self.daemon.root / "state/stepup.db"
        self.daemon.start()
        self.daemon.stop()
        damaged = bytearray(database.read_bytes())
        damaged[:16] = b"not a database.."
        database.write_bytes(damaged)
        self.daemon.start()
        self.assertEqual(self.daemon.verdict(), wire.UNAVAILABLE)
        self.assertIn("the database is damaged", ctl(self.daemon, "status").stdout)
        self.assertEqual(database.read_bytes(), bytes(damaged))

    def test_F55_a_state_directory_deleted_under_the_daemon_is_not_made_anew(self):
        self.daemon.start()
        self.assertEqual(self.daemon.verdict(), wire.DENIED)
        for path in (self.daemon.root / "state").iterdir():
            path.unlink()
        for _ in range(3):
            self.assertEqual(self.daemon.verdict(), wire.UNAVAILABLE)
        self.assertFalse((self.daemon.root / "state/stepup.db").exists())


if __name__ == "__main__":
    main()
