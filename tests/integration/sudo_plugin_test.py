#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""stepup_approval.so, as it is loaded into sudo: what it exports, needs and calls."""

import os
import subprocess
import unittest

PLUGIN = os.path.abspath(os.environ.get("B", "build")) + "/stepup_approval.so"
# Nothing that would start a process or a thread, read the environment, or change how sudo takes
# signals.
FORBIDDEN = set("getenv secure_getenv setenv putenv fork vfork execve system popen signal alarm "
                "pthread_create umask chdir openlog closelog exit setlocale posix_spawn atexit "
                "printf puts clone".split())


def lines_of(*command):
    return subprocess.run(command, text=True, capture_output=True, check=True).stdout.splitlines()


class SudoPlugin(unittest.TestCase):
    def test_it_exports_one_symbol(self):
        exported = [line.split()[2] for line in lines_of("nm", "-D", "--defined-only", PLUGIN)]
        self.assertEqual(exported, ["stepup_approval"])

    def test_it_needs_nothing_but_libc(self):
        needed = [line.split("[")[1].rstrip("]") for line in lines_of("readelf", "-d", PLUGIN)
                  if "(NEEDED)" in line]
        self.assertTrue(needed)
        self.assertEqual([name for name in needed if not name.startswith(("libc.so.6", "ld-linux"))],
                         [])

    def test_it_calls_nothing_that_changes_its_host(self):
        undefined = {line.split()[-1].split("@")[0]
                     for line in lines_of("nm", "-D", "--undefined-only", PLUGIN)}
        self.assertGreater(len(undefined), 10)
        self.assertEqual(undefined & FORBIDDEN, set())


if __name__ == "__main__":
    unittest.main()
