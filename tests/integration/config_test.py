#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""stepupctl config and stepupd --check on the files of a fleet's repository: no daemon, no rights."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import tomllib
import unittest

import jsonschema

BUILD = os.path.abspath(os.environ.get("B", "build"))
TREE = pathlib.Path(__file__).resolve().parents[2]
NOBODY = 65534
GOOD = '[[rule]]\nname = "a"\nservice = ["sudo"]\nlevel = "otp"\n'


class Config(unittest.TestCase):
    def setUp(self):
        # Not /tmp: stepupd --check wants every directory above to be root's alone.
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="stepup-config-", dir="/root"))
        self.addCleanup(shutil.rmtree, self.root)
        self.repository = pathlib.Path(tempfile.mkdtemp(prefix="stepup-config-"))
        self.addCleanup(shutil.rmtree, self.repository)
        self.repository.chmod(0o755)

    def put(self, name, text, where=None):
        file = (where or self.repository) / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)

    def ctl(self, verb, *arguments):
        return self.run_ctl("config", verb, *arguments)

    @staticmethod
    def run_ctl(*words):
        """stepupctl, as an ordinary user who has no part in stepup."""
        return subprocess.run([f"{BUILD}/stepupctl", *words], text=True,
                              capture_output=True, timeout=20, user=NOBODY, group=NOBODY,
                              extra_groups=[], env={"TZ": "UTC"})

    def test_a_repository_is_checked_as_an_ordinary_user_without_a_daemon(self):
        self.put("stepupd.conf", GOOD)
        done = self.ctl("check", self.repository)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("No mistake found: 1 rule in 1 file.", done.stdout)

    def test_a_mistake_is_shown_with_its_line_a_caret_and_the_key_that_was_meant(self):
        self.put("stepupd.conf", GOOD)
        self.put("stepupd.conf.d/50-x.conf", '[[rule]]\nname = "x"\nlevle = "otp"\nlevel = "otp"\n')
        done = self.ctl("check", self.repository)
        self.assertNotEqual(done.returncode, 0)
        path = self.repository / "stepupd.conf.d/50-x.conf"
        self.assertEqual(done.stderr,
                         f'stepupctl: {path}:3:9: unknown key "levle": did you mean "level"?\n'
                         '  3 | levle = "otp"\n'
                         "    |         ^\n")

    def test_a_rule_keeps_the_hours_of_the_place_that_it_names(self):
        self.put("stepupd.conf", GOOD + 'time = ["mon-fri 08:00-18:00 Europe/Berlin"]\n')
        for time, demand in (("2026-06-29 05:59", "nothing"), ("2026-06-29 06:00", "otp"),
                             ("2026-11-23 06:59", "nothing"), ("2026-11-23 07:00", "otp")):
            done = self.run_ctl("explain", "sudo", "--user", "nobody", "--at", time,
                                "--config", self.repository)
            self.assertIn("Demand: " + demand, done.stdout)

    def test_explain_refuses_or_remarks_on_a_method_that_no_login_has(self):
        self.put("stepupd.conf", GOOD)
        words = ("explain", "sudo", "--user", "nobody", "--config", self.repository)
        self.assertNotIn("no login", self.run_ctl(*words, "--login-method", "pwd").stdout)
        done = self.run_ctl(*words, "--login-method", "pwd", "--login-method", "foo")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('"foo" is reported of no login: the methods are hwk, ', done.stdout)
        for method in ("PWD", "publickey,password"):
            done = self.run_ctl(*words, "--login-method", method)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(f'--login-method: "{method}" is no method of RFC 8176', done.stderr)

    def test_an_unknown_zone_is_shown_with_the_package_that_has_it(self):
        self.put("stepupd.conf", GOOD + 'time = ["sat,sun Europe/Atlantis"]\n')
        done = self.ctl("check", self.repository)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('stepupd.conf:5:9: time: "sat,sun Europe/Atlantis" names the time zone '
                      '"Europe/Atlantis", which this host does not know', done.stderr)
        self.assertIn("tzdata", done.stderr)

    def test_show_names_the_origin_of_each_and_diff_what_a_directory_would_change(self):
        self.put("stepupd.conf", 'mode = "monitor"\n' + GOOD)
        shown = self.ctl("show", self.repository).stdout
        self.assertIn(f'mode = "monitor"  # {self.repository}/stepupd.conf\n', shown)
        self.assertIn('verify_session = false  # default\n', shown)
        self.assertIn('rule "a": otp within 15min, scope session (service sudo)  # stepupd.conf:2\n',
                      shown)
        # This host has no files of its own to compare with.
        if not pathlib.Path("/etc/stepup/stepupd.conf").exists():
            done = self.ctl("diff", self.repository)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("/etc/stepup/stepupd.conf: missing", done.stderr)

    def test_the_schema_takes_what_is_shipped_and_nothing_misspelt(self):
        schema = json.loads(self.ctl("schema").stdout)
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)

        def faults(text):
            return [fault.message for fault in validator.iter_errors(tomllib.loads(text))]
        shipped = [TREE / "conf/stepupd.conf", *(TREE / "conf/stepupd.conf.d").iterdir()]
        self.assertGreater(len(shipped), 3)
        for file in shipped:
            with self.subTest(file=file.name):
                self.assertEqual(faults(file.read_text()), [])
        # And so with every key at its default.
        self.assertEqual(faults(re.sub(r"(?m)^#(?! )", "", shipped[0].read_text())), [])
        for bad in ('levle = "otp"', 'mode = "off"', "[attempts]\nmax_failures = 0",
                    '[[rule]]\nname = "a"', '[[rule]]\nlevel = "otp"', "[host]\nmode = 1",
                    GOOD + 'max_age = "5 min"', GOOD + "servce = []", GOOD + "user = []",
                    GOOD + 'user = "alice"', 'unenrolled = "allow"'):
            with self.subTest(bad=bad):
                self.assertNotEqual(faults(bad), [])
        # What an editor takes, the code takes, and the other way round: no key is forgotten.
        known = set(re.findall(r'"(\w+)"', (TREE / "stepupd/rules/keys.h").read_text()
                               .split("kCredentialKeys")[0].split("kTopKeys")[1]))
        def names(node):
            for name, value in node.get("properties", {}).items():
                yield name
                yield from names(value)
                yield from names(value.get("items", {}))
        self.assertEqual(set(names(schema)), known)

    def stepupd(self):
        return subprocess.run([f"{BUILD}/stepupd", "--check", "--config-dir", self.root,
                               "--vendor-dir", self.root / "vendor"], text=True,
                              capture_output=True, timeout=20, env={})

    def test_stepupd_says_the_same_of_files_that_it_would_obey_and_tells_their_digest(self):
        self.put("stepupd.conf", GOOD, self.root)
        done = self.stepupd()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"No mistake found: 1 rule in 1 file\.\ndigest: [0-9a-f]{64}\n$")
        self.put("stepupd.conf", GOOD + "levle = 1\n", self.root)
        bad = self.stepupd()
        self.assertNotEqual(bad.returncode, 0)
        self.assertIn(f'{self.root}/stepupd.conf:5:9: unknown key "levle"', bad.stderr)
        (self.root / "stepupd.conf").chmod(0o666)
        self.assertIn("writable by its group or by others", self.stepupd().stderr)


if __name__ == "__main__":
    unittest.main()
