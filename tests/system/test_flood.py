# SPDX-License-Identifier: ISC
"""Connections of one person that stay open, on a host with logind and stepupd in its unit."""

import re

from bench import Bench
from machine import wait_until

HOLDER, AS_ANOTHER = "/usr/local/bin/hold", "/usr/local/bin/python-of-another"
HOLD = """
import os, socket, struct, sys, time
os.setreuid(os.geteuid(), os.geteuid())
held = []
for _ in range(12):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.connect("/run/stepup/control.sock")
    try:
        client.send(struct.pack(">HH", 1, 16) + os.urandom(16))  # StatusRequest
        if not client.recv(65536):
            continue
    except OSError:
        continue
    while sys.argv[1] == "read" and client.recv(65536):
        pass
    held.append(client)
print("uid", os.geteuid(), "holds", len(held), flush=True)
time.sleep(600)
"""


class Flood(Bench):
    def setUp(self):
        super().setUp()
        self.alice = self.person(enrolled=False)
        self.session = self.alice.session()
        self.machine.write(HOLDER, HOLD)
        self.addCleanup(self.machine.run, "rm", "-f", HOLDER, AS_ANOTHER)

    def hold(self, how, python="python3"):
        """What alice gets: the uid she is then, and how many connections."""
        shown = self.session.run(f"{python} {HOLDER} {how} >~/held & "
                                 "until [ -s ~/held ]; do sleep 0.1; done; cat ~/held; rm ~/held")
        return re.search(r"uid (\d+) holds (\d+)", shown.text).groups()

    def descriptors(self):
        return len(self.machine.run("ls", f"/proc/{self.machine.daemon_pid()}/fd").stdout.split())

    def test_T18_what_was_read_holds_no_descriptor_of_stepupds_though_it_is_never_closed(self):
        before = self.descriptors()
        for _ in range(3):
            self.assertEqual(self.hold("read")[1], "12")
            wait_until(lambda: self.descriptors() <= before, "stepupd to close them", 5)

    def test_T18_a_uid_that_a_set_uid_program_of_hers_gives_counts_for_who_logged_in(self):
        self.machine.run("cp", "/usr/bin/python3", AS_ANOTHER)
        self.machine.run("chown", "100007", AS_ANOTHER)
        self.machine.run("chmod", "4755", AS_ANOTHER)
        self.assertEqual(self.hold("unread")[1], "12")
        self.assertEqual(self.hold("unread", AS_ANOTHER), ("100007", "4"))
        bob = self.person("bob", enrolled=False)
        self.assertRuns(bob.session().run("stepupctl status"))
