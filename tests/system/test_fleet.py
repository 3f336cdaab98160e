# SPDX-License-Identifier: ISC
"""The example of a play for a fleet: it runs again and again, and changes nothing the second time."""

import re
import shutil

from bench import DROP_INS, Bench
from machine import TREE

CONF = "/etc/stepup/stepupd.conf"
PLAY = "/root/fleet/stepup.yml"


class Fleet(Bench):
    def setUp(self):
        super().setUp()
        self.without_lines()
        before = (self.machine.root / CONF.lstrip("/")).read_text()

        def put_back():
            self.machine.write(CONF, before)
            self.machine.run("rm", "-rf", f"{DROP_INS}/50-fleet.conf", "/root/fleet",
                             "/etc/stepup/credentials.d/nobody.toml")
            self.machine.reload_rules()
        self.addCleanup(put_back)
        conf = TREE / "conf"
        self.machine.write(PLAY, (conf / "ansible/stepup.yml.example").read_text())
        self.machine.write("/root/fleet/files/50-fleet.conf",
                           (conf / "stepupd.conf.d/30-each-terminal.conf.example").read_text())
        keys = self.machine.root / "root/fleet/files/credentials.d"
        keys.mkdir()
        shutil.copyfile(conf / "credentials.d/alice.toml.example", keys / "nobody.toml")

    def play(self, mode):
        """Runs the play but for the packages, which come from no repository here; returns its word
        on what it changed."""
        done = self.machine.run(
            "env", "LC_ALL=C.UTF-8", "ansible-playbook", "-i", "localhost,", "-c", "local",
            "--skip-tags", "packages", "-e", f"stepup_mode={mode}", PLAY, check=False, timeout=180)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return int(re.search(r"changed=(\d+)", done.stdout)[1])

    def test_the_play_asks_nobody_then_everybody_and_changes_nothing_when_it_runs_again(self):
        alice = self.person()
        self.assertGreater(self.play("monitor"), 3)
        self.assertEqual(self.play("monitor"), 0)
        self.assertSilent(alice.session().run("sudo id"))
        for stack in ("sudo", "sudo-i", "su"):
            self.assertIn("pam_stepup.so", (self.machine.root / "etc/pam.d" / stack).read_text())

        self.assertEqual(self.play("enforce"), 2)  # the mode, and that it is loaded
        self.assertEqual(self.play("enforce"), 0)
        self.assertAsked(alice.session().run("sudo id", alice.code()))

        # A mistake ends the play before it is loaded.
        self.machine.write("/root/fleet/files/50-fleet.conf", "[[rule]]\nname = 1\n")
        with self.assertRaisesRegex(AssertionError, "The rules are without mistake"):
            self.play("enforce")
