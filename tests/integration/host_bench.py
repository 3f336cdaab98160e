# SPDX-License-Identifier: ISC
"""What the tests of stepupctl enable, disable and doctor start from: copies of Debian's files in a
directory."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

TREE = pathlib.Path(__file__).resolve().parents[2]
STEPUPCTL = os.path.abspath(os.environ.get("B", "build")) + "/stepupctl"
STACKS = TREE / "tests/data/pam.d"
CONF = TREE / "conf/stepupd.conf"
HASH = "$y$j9T$" + "x" * 22 + "$" + "y" * 43


class HostBench(unittest.TestCase):
    distribution = "debian12"

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="stepup-enable-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.pam = self.root / "etc/pam.d"
        self.vendor = self.root / "usr/lib/pam.d"
        self.vendor.mkdir(parents=True)
        shutil.copytree(STACKS / self.distribution, self.pam)
        (self.pam / "polkit-1").rename(self.vendor / "polkit-1")
        self.write("usr/lib/x86_64-linux-gnu/security/pam_stepup.so", "")
        self.write("etc/shadow", f"root:{HASH}:1::::::\nalice:!:1::::::\n")
        self.write("etc/stepup/stepupd.conf", CONF.read_text())
        self.write("var/log/auth.log", "")
        self.before = self.snapshot()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path

    def snapshot(self):
        """Every PAM file, with its mode and owner."""
        return {path.name: (path.read_bytes(), path.stat().st_mode, path.stat().st_uid,
                            path.stat().st_gid) for path in self.pam.iterdir()}

    def ctl(self, *words, status=0):
        done = subprocess.run([STEPUPCTL, *words, "--root", self.root], text=True,
                              capture_output=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def enable_all(self):
        for service in ("sudo", "su", "doas", "sshd", "polkit"):
            self.ctl("enable", service)
