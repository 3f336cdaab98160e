#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""People who open as many connections as they can to the real stepupd, and those who come after."""

import collections
import os
import pathlib
import resource
import subprocess
import sys
import time
import unittest

import wire
from daemon_bench import UID, USER, Daemon, as_user, ctl, main

OTHER = 3
USERS = 63
SUBORDINATE = 100000  # the first uid of a range as in /etc/subuid


def is_in_a_login():
    """Whether stepupd counts every process here for whoever logged in."""
    if "/user.slice/" in pathlib.Path("/proc/self/cgroup").read_text():
        return True
    login_uid = pathlib.Path("/proc/self/loginuid")
    return login_uid.exists() and login_uid.read_text() != "4294967295"


def in_child(function, real_uid):
    """Runs `function`, with a pipe to report to and one to wait on, in a root process of that real
    uid, as sudo is; returns the other ends and the pid."""
    reports, report = os.pipe()
    wait, go_on = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(go_on)
        try:
            os.setresuid(real_uid, 0, 0)
            function(report, wait)
        except Exception as error:  # pylint: disable=broad-except
            os.write(report, repr(error).encode())
        os._exit(0)
    os.close(report)
    os.close(wait)
    return reports, go_on, pid


class StepupdSocketTest(unittest.TestCase):
    """One user has started 2,600 sudo that read nothing."""
    COUNT = 2600

    @classmethod
    def setUpClass(cls):
        resource.setrlimit(resource.RLIMIT_NOFILE, (16384, 16384))  # as the unit has it
        cls.daemon = Daemon()
        cls.daemon.start()
        cls.before = cls.daemon.settled_fds()
        cls.reports, cls.go_on, cls.pid = in_child(cls.flood, UID)
        cls.held = os.read(cls.reports, 1000).decode()

    @classmethod
    def tearDownClass(cls):
        os.close(cls.go_on)
        os.close(cls.reports)
        os.waitpid(cls.pid, 0)
        cls.daemon.remove()

    @classmethod
    def flood(cls, report, wait):
        clients = []
        for _ in range(cls.COUNT):
            try:
                clients.append(cls.daemon.check(caller=USER))
            except OSError:  # closed at once, which no verdict below then makes up for
                pass
        os.write(report, b"held")
        while os.read(wait, 1):
            seen = collections.Counter(client.verdict() for client in clients)
            os.write(report, repr(sorted(seen.items())).encode())

    def verdict_of(self, real_uid):
        def ask(report, _):
            os.write(report, str(self.daemon.verdict(caller="x", uid=real_uid)).encode())
        reports, go_on, pid = in_child(ask, real_uid)
        answer = os.read(reports, 1000).decode()
        os.waitpid(pid, 0)
        os.close(reports)
        os.close(go_on)
        return answer

    def test_1_T18_they_hold_256_places_and_no_more(self):
        self.assertEqual(self.held, "held")
        self.verdict_of(0)  # connections are accepted in order, so all of theirs have been by now
        full = self.before + 2 * 256
        self.assertEqual(self.daemon.settled_fds(full), full)
        self.assertEqual(self.verdict_of(UID), str(wire.LOCKED_OUT))

    def test_2_T18_root_gets_a_verdict(self):
        self.assertEqual(self.verdict_of(0), str(wire.DENIED))

    @unittest.skipIf(is_in_a_login(), "every uid of a login session counts for who logged in")
    def test_3_T18_another_user_gets_a_verdict(self):
        self.assertEqual(self.verdict_of(OTHER), str(wire.DENIED))

    def test_4_T18_each_of_them_reads_his_verdict_and_the_places_are_free_though_none_closes(self):
        os.write(self.go_on, b"x")
        want = sorted({wire.DENIED: 256, wire.LOCKED_OUT: self.COUNT - 256}.items())
        self.assertEqual(os.read(self.reports, 1000).decode(), repr(want))
        self.assertEqual(self.daemon.settled_fds(self.before), self.before)
        self.assertEqual(self.verdict_of(UID), str(wire.DENIED))


class JournalTest(unittest.TestCase):
    """One user asks the gate again and again, which is a decision each time."""

    def test_T18_one_user_has_no_more_than_his_share_of_the_journal(self):
        daemon = Daemon()
        self.addCleanup(daemon.remove)
        daemon.start()

        def ask():
            begun = time.monotonic()
            for _ in range(2600):
                gate = wire.Client(daemon.control)
                gate.send(36, wire.text("true") + b"\0")
                gate.verdict()
                gate.socket.close()
            return time.monotonic() - begun

        def passes(report, _):
            os.write(report, str(daemon.verdict(service="cron", caller=USER)).encode())

        spans = int(float(as_user(ask)) // 10) + 2
        daemon.verdict(caller="sys", uid=OTHER)
        reports, go_on, pid = in_child(passes, UID)
        self.assertEqual(os.read(reports, 1000).decode(), str(wire.NOT_REQUIRED))
        os.waitpid(pid, 0)
        os.close(reports)
        os.close(go_on)
        daemon.stop()
        log = daemon.log.read_text()
        self.assertIn("sudo: ", log)
        self.assertIn("cron: not-required", log)
        self.assertLessEqual(log.count("ssh-command: "), 1000 * spans)


class SilentTest(unittest.TestCase):
    """One user has started 400 sudo, and stopped each between its connection and its request."""

    def test_T18_sudo_that_was_stopped_before_its_request_takes_nobody_elses_place(self):
        daemon = Daemon()
        self.addCleanup(daemon.remove)
        daemon.start()

        def connect(report, wait):
            clients = [wire.Client(daemon.stepupd) for _ in range(400)]
            os.write(report, b"x" * bool(clients))
            os.read(wait, 1)

        def ask(report, _):
            os.write(report, str(daemon.verdict(caller="x", uid=0)).encode())

        before = daemon.settled_fds()
        reports, go_on, pid = in_child(connect, UID)
        self.assertEqual(os.read(reports, 1000), b"x")
        root_reports, root_go_on, root_pid = in_child(ask, 0)
        self.assertEqual(os.read(root_reports, 1000).decode(), str(wire.DENIED))
        self.assertEqual(daemon.settled_fds(before + 2 * 320), before + 2 * 320)
        for fd in (go_on, reports, root_go_on, root_reports):
            os.close(fd)
        os.waitpid(pid, 0)
        os.waitpid(root_pid, 0)


HOLDER = f"""
import ctypes, os, sys
sys.path.insert(0, {str(pathlib.Path(wire.__file__).parent)!r})
import wire
first, control, in_namespace = int(sys.argv[1]), sys.argv[2], sys.argv[3] == "yes"
CLONE_NEWUSER = 0x10000000
if in_namespace and ctypes.CDLL(None).unshare(CLONE_NEWUSER) != 0:
    sys.exit("no user namespaces")
print("ready", flush=True)
sys.stdin.readline()
served = 0
for uid in range(first, first + {USERS}):
    report, pipe = os.pipe()
    if os.fork() == 0:
        os.setresuid(uid, uid, uid)
        clients = []
        for _ in range(16):
            clients.append(wire.Client(control))
            try:
                clients[-1].send(wire.STATUS)
                os.write(pipe, b"x" if clients[-1].receive() else b"")
            except OSError:
                pass
        os.close(pipe)
        sys.stdin.read()
        os._exit(0)
    os.close(pipe)
    while os.read(report, 1):
        served += 1
print(served, flush=True)
sys.stdin.read()
"""


class ControlSocketTest(unittest.TestCase):
    """Many uids send requests, and do not read their answers to the end."""

    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.remove)
        self.daemon.start()

    def hold(self, first, in_namespace="no"):
        """Lets USERS uids from `first` on hold what they get, and returns how much that is."""
        holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(first), self.daemon.control,
                                   in_namespace], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  text=True)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.stdin.close)
        self.assertEqual(holder.stdout.readline(), "ready\n")
        if in_namespace == "yes":
            pathlib.Path(f"/proc/{holder.pid}/uid_map").write_text(f"0 {SUBORDINATE} 65536")
        holder.stdin.write("\n")
        holder.stdin.flush()
        return int(holder.stdout.readline())

    def test_T18_subordinate_uids_are_one_user(self):
        self.assertEqual(self.hold(1, in_namespace="yes"), 16)
        self.assertEqual(ctl(self.daemon, "status", uid=UID).returncode, 0)

    @unittest.skipIf(is_in_a_login(), "every uid of a login session counts for who logged in")
    def test_T18_whoever_holds_no_connection_gets_one_when_many_hold_all_they_can(self):
        self.assertEqual(self.hold(SUBORDINATE), 750 + USERS - 47)  # 46 have 16, one 14
        self.assertEqual(ctl(self.daemon, "status", uid=UID).returncode, 0)


if __name__ == "__main__":
    main()
