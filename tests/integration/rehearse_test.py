#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""stepupctl rehearse: rules that are not in force yet, and what the real stepupd has recorded."""

import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import wire  # noqa: E402
from daemon_bench import RULE, UID, USER, Daemon, ctl  # noqa: E402

EVERY_TIME = RULE + 'max_age = "0"\n'


class RehearseTest(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.remove)
        self.daemon.conf('mode = "monitor"\n' + RULE)
        self.daemon.start()
        self.etc = tempfile.TemporaryDirectory()
        self.addCleanup(self.etc.cleanup)
        pathlib.Path(self.etc.name).chmod(0o755)

    def rehearse(self, conf, *options, uid=0, status=0):
        path = pathlib.Path(self.etc.name, "stepupd.conf")
        path.write_text(conf)
        path.chmod(0o644)
        done = ctl(self.daemon, "rehearse", "--config", self.etc.name, *options, uid=uid)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def person(self, conf, **options):
        report = json.loads(self.rehearse(conf, "--json", **options).stdout)
        return report, {person["user"]: person for person in report["people"]}[USER]

    def test_the_way_from_monitor_to_enforce_is_foreseen(self):
        for command in ("id", "ls", "id"):
            self.assertEqual(self.daemon.verdict(service="sshd", argv=[command]),
                             wire.NOT_REQUIRED)
        report, person = self.person(RULE.replace('["sudo", "su"]', '["sshd"]'))
        self.assertEqual((person["uid"], person["decisions"], person["prompts_before"]),
                         (UID, 3, 0))
        # Nobody has enrolled, so all of them would be refused.
        self.assertEqual((person["prompts_after"], person["unmet"], person["refusals_after"]),
                         (0, 3, 3))
        self.assertEqual(report["not_recorded"], [])
        text = self.rehearse(EVERY_TIME.replace('["sudo", "su"]', '["sshd"]')).stdout
        self.assertRegex(text, rf"{USER} +3 +0\.0 -> 0\.0 +0 -> 3 +3 +0\n")

    def test_what_is_not_recorded_is_said(self):
        self.daemon.verdict(service="sshd")
        _, person = self.person(RULE + 'source = ["192.0.2.0/24"]\n')
        self.assertEqual((person["refusals_after"], person["uncertain"]), (0, 0))  # sudo's rule
        report, person = self.person(
            RULE.replace('["sudo", "su"]', '["sshd"]') + 'source = ["192.0.2.0/24"]\n')
        self.assertEqual((person["refusals_after"], person["uncertain"]), (1, 1))
        self.assertEqual(report["not_recorded"], ["source"])

    def test_an_ordinary_person_rehearses_what_was_decided_about_him(self):
        self.daemon.verdict(service="sshd")
        self.daemon.verdict(service="sshd", user="root", uid=0)
        report, person = self.person(RULE.replace('["sudo", "su"]', '["sshd"]'), uid=UID)
        self.assertEqual(len(report["people"]), 1)
        self.assertEqual((person["unmet"], person["prompts_after"]), (None, 1))
        self.assertIn("Only root is told", report["remarks"][0])
        report, _ = self.person(RULE)
        self.assertEqual(len(report["people"]), 2)

    def test_files_with_a_mistake_are_not_rehearsed(self):
        done = self.rehearse(RULE + "levle = 1\n", status=1)
        self.assertIn('did you mean "level"?', done.stderr)
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
