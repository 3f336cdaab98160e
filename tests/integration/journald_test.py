#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""stepupd while journald hangs.  Runs in a mount namespace with a journal socket of its own."""

import hashlib
import os
import pathlib
import re
import socket
import subprocess
import time
import unittest

import wire
from daemon_bench import UID, Daemon, as_user, main

JOURNAL = pathlib.Path("/run/systemd/journal")


class JournaldTest(unittest.TestCase):
    """journald is a socket that is bound and not read, so that its senders block before long."""

    def setUp(self):
        JOURNAL.parent.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", JOURNAL.parent], check=True)
        JOURNAL.mkdir()
        self.journald = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.journald.bind(str(JOURNAL / "socket"))
        os.chmod(JOURNAL / "socket", 0o666)
        self.daemon = Daemon()
        self.daemon.start()

    def tearDown(self):
        self.daemon.remove()
        self.journald.close()
        subprocess.run(["umount", JOURNAL.parent], check=True)

    def refused(self, service, argv=()):
        return self.daemon.verdict(service=service, user="ghost", uid=0xFFFFFFFF, argv=argv)

    def received(self):
        """What the socket holds and what comes within a second after it."""
        self.journald.settimeout(1)
        while True:
            try:
                record = self.journald.recv(65536).decode()
            except TimeoutError:
                return
            yield dict(re.findall(r"(?m)^(\w+)=(.*)$", record))

    def test_F78_verdicts_do_not_wait_for_a_journald_that_hangs(self):
        room = int(pathlib.Path("/proc/sys/net/unix/max_dgram_qlen").read_text())
        services = [f"sudo-{i}" for i in range(room + 50)]
        for service in services:
            self.assertEqual(self.refused(service), wire.DENIED, service)
        logged = [record["STEPUP_SERVICE"] for record in self.received()
                  if "STEPUP_SERVICE" in record]
        self.assertEqual(logged, services, "lost or out of order")

    def test_a_decision_names_who_logged_in(self):
        def log_in_and_ask():
            loginuid = pathlib.Path("/proc/self/loginuid")
            try:
                loginuid.write_text(str(UID))
            except PermissionError:
                pass  # whoever runs the tests has logged in, and that stays so
            self.refused("sudo")
            return loginuid.read_text()
        login_uid = as_user(log_in_and_ask, uid=0)
        logged = [record.get("STEPUP_LOGIN_UID") for record in self.received()
                  if "STEPUP_SERVICE" in record]
        self.assertEqual(logged, [login_uid])

    def test_a_command_cannot_be_guessed_from_its_digest(self):
        words = ("sudo", "passwd", "alice")
        for argv in (words, words, words[:2]):
            self.refused("sudo", argv)
        first, again, other = [record["STEPUP_COMMAND_DIGEST"] for record in self.received()
                               if "STEPUP_SERVICE" in record]
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)
        guessed = "".join("\0" + word for word in words).encode()
        self.assertNotEqual(first, hashlib.sha256(guessed).hexdigest())
        self.daemon.stop()  # by hand: nothing keeps the key
        self.daemon.start()
        self.refused("sudo", words)
        anew, = [record["STEPUP_COMMAND_DIGEST"] for record in self.received()
                 if "STEPUP_SERVICE" in record]
        self.assertNotEqual(first, anew)

    def test_F78_stepupd_ends_while_journald_hangs(self):
        room = int(pathlib.Path("/proc/sys/net/unix/max_dgram_qlen").read_text())
        for i in range(room + 50):
            self.refused(f"sudo-{i}")
        began = time.monotonic()
        self.daemon.stop()
        self.assertLess(time.monotonic() - began, 8)


if __name__ == "__main__":
    main()
