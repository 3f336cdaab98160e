# SPDX-License-Identifier: ISC
"""A restart of stepupd asks nobody again; a stop and a reboot ask everybody."""

import threading

from bench import Bench

RESTARTS = 100


class Restart(Bench):
    def test_a_hundred_restarts_under_load_ask_nobody_again(self):
        alice, bob = self.person(), self.person("bob")
        session = alice.session()
        self.assertRuns(session.run("sudo id", alice.code()))
        other = bob.session()
        self.assertRuns(other.run("sudo true", bob.code()))
        stop = threading.Event()
        refused = []

        def load():
            while not stop.is_set():
                outcome = other.run("sudo -n true")
                if outcome.status != 0:
                    refused.append(outcome.text)

        loading = threading.Thread(target=load)
        loading.start()
        try:
            for number in range(RESTARTS):
                self.machine.systemctl("restart", "stepupd.service")
                with self.subTest(restart=number):
                    self.assertSilent(session.run("sudo -n id"))
        finally:
            stop.set()
            loading.join()
        # A restart in the middle of a request may cost that request, never a grant.
        for text in refused:
            self.assertIn("stopped before it decided", text)

    def test_a_killed_daemon_asks_nobody_again(self):
        alice = self.person()
        session = alice.session()
        self.assertRuns(session.run("sudo id", alice.code()))
        for _ in range(5):
            self.machine.kill_daemon("SIGKILL")
            self.assertSilent(session.run("sudo id"))

    def test_a_reboot_asks_everybody(self):
        alice = self.person()
        session = alice.session()
        self.assertRuns(session.run("sudo id", alice.code()))
        session.close()
        self.machine.reboot()
        session = alice.session()
        self.assertAsked(session.run("sudo id"))
