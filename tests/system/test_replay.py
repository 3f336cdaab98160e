# SPDX-License-Identifier: ISC
"""V-81: a code counts once, whatever happens to the daemon meanwhile."""

import itertools
import os
import random
import subprocess
import time

from bench import Bench
from machine import TREE, wait_until

SHIM = "/usr/local/lib/stepup-test/kill_at.so"
POINT = "/run/stepup-test/kill_at"
ALREADY_USED = "This code was already used."
LONG = bool(os.environ.get("STEPUP_LONG_TESTS"))


class Replay(Bench):
    def test_V81_the_same_code_in_another_session_is_refused(self):
        alice = self.person()
        first, second = alice.session(), alice.session()
        code = alice.code()
        self.assertRuns(first.run("sudo id", code))
        outcome = second.run("sudo id", code)
        self.assertIn(ALREADY_USED, outcome.text)
        self.assertNotEqual(outcome.status, 0)

    def test_V81_a_code_of_an_earlier_step_is_refused_after_a_later_one(self):
        alice = self.person()
        earlier, later = alice.code(), alice.code()
        self.assertRuns(alice.session().run("sudo id", later))
        outcome = alice.session().run("sudo id", earlier)
        self.assertIn(ALREADY_USED, outcome.text)
        self.assertNotEqual(outcome.status, 0)

    def test_V81_the_code_that_proved_an_enrolment_is_used(self):
        alice = self.person(enrolled=False)
        alice.enrol()
        proof = alice.authenticator.code(alice.authenticator.last_step)
        outcome = alice.session().run("sudo id", proof)
        self.assertIn(ALREADY_USED, outcome.text)

    def test_a_code_stays_used_after_a_restart(self):
        alice = self.person()
        code = alice.code()
        self.assertRuns(alice.session().run("sudo id", code))
        self.machine.restart_daemon()
        self.assertIn(ALREADY_USED, alice.session().run("sudo id", code).text)


class KilledDaemon(Bench):
    """The daemon is killed around storing that a code was used: no code may count twice."""

    def give_and_replay(self, code, alice, meanwhile, afterwards=lambda: None):
        """Types `code`, calling `meanwhile` just before, and types it again in a new session.

        Returns what both showed, or None for the second when the daemon lived on.
        """
        daemon = self.machine.daemon_pid()
        session = alice.session()
        session.begin("sudo id")
        self.assertIsNotNone(session.prompt())
        meanwhile(daemon)
        session.answer(code)
        first = session.end()
        afterwards()
        if self.machine.daemon_pid() == daemon:
            return first, None
        wait_until(lambda: self.machine.daemon_is_up()
                   and self.machine.daemon_pid() not in (0, daemon), "a new daemon")
        second = alice.session().run("sudo id", code)
        self.assertTrue(second.asked, second.text)
        for outcome in (first, second):
            self.assertEqual(outcome.status == 0, "uid=0(root)" in outcome.text, outcome.text)
        self.assertFalse(first.status == 0 and second.status == 0, "one code was accepted twice")
        if first.status == 0:
            self.assertIn(ALREADY_USED, second.text)
        return first, second

    def load_shim(self):
        shim = self.machine.root / SHIM.lstrip("/")
        shim.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O2", "-o", shim,
                        TREE / "tests/fakes/kill_at.c"], check=True)
        self.machine.run("mkdir", "-p", os.path.dirname(POINT))
        self.unit_drop_in(f"[Service]\nEnvironment=LD_PRELOAD={SHIM}\n")

    def killed_at(self, point):
        alice = self.person()
        # What her enrolment left to be told is told now, so that the next reply is the verdict.
        self.assertRuns(alice.session().run("sudo id", alice.code()))
        return self.give_and_replay(
            alice.code(), alice,
            meanwhile=lambda _: self.machine.run("install", "-m", "644", "/dev/stdin", POINT,
                                                 stdin=point),
            afterwards=lambda: self.machine.run("rm", "-f", POINT))

    def test_F50_V81_a_code_counts_at_most_once_when_killed_at_each_named_point(self):
        self.load_shim()
        # From the end of the fsync on, the code is known as used.
        for point, durable in (("before write 1", False), ("after write 1", False),
                               ("before fsync 1", False), ("after fsync 1", True),
                               ("before reply 1", True), ("after reply 1", True)):
            with self.subTest(point=point):
                first, second = self.killed_at(point)
                self.assertIsNotNone(second, "the daemon was not killed")
                if point == "after reply 1":
                    self.assertRuns(first)
                else:
                    self.assertRefused(first, "stopped before it decided")
                if durable:
                    self.assertIn(ALREADY_USED, second.text)

    def test_F50_V81_a_code_counts_at_most_once_when_killed_at_every_write(self):
        if not LONG:
            self.skipTest("takes minutes: make check-long")
        self.load_shim()
        for when in ("before", "after"):
            for count in itertools.count(1):
                with self.subTest(when=when, write=count):
                    if self.killed_at(f"{when} write {count}")[1] is None:
                        self.assertGreater(count, 1, "no write was met")
                        break  # there are fewer writes: all were tried

    def test_F51_V81_a_code_counts_at_most_once_under_random_kills(self):
        seed = int(os.environ.get("STEPUP_SEED", random.SystemRandom().randrange(10**6)))
        kills = int(os.environ.get("STEPUP_KILLS", 200 if LONG else 20))
        print(f"(STEPUP_SEED={seed}, {kills} kills) ", end="", flush=True)
        chance = random.Random(seed)
        moment, accepted = 0.03, 0
        for number in range(kills):
            if number % 2 == 0:  # two further codes count at once after an enrolment
                alice = self.person()
            delay = max(0, moment + chance.uniform(-0.008, 0.008))
            with self.subTest(seed=seed, kill=number, delay=delay):
                first, _ = self.give_and_replay(
                    alice.code(), alice, lambda pid: self.machine.run(
                        "sh", "-c", f"(sleep {delay:.4f}; kill -9 {pid}) >/dev/null 2>&1 &"),
                    afterwards=lambda: time.sleep(delay))
                # Closes in on the moment at which a code becomes accepted, where faults would be.
                moment += 0.004 if first.status else -0.004
                accepted += first.status == 0
        print(f"({accepted} accepted before the kill) ", end="", flush=True)
