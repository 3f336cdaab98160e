#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The real stepupd, started by hand as root, and what a local attacker can send it."""

import array
import os
import pathlib
import re
import socket
import struct
import subprocess
import time
import unittest

import wire
from daemon_bench import ACTIVATED, SANITIZED, UID, USER, Daemon, as_user, main


class DaemonTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.daemon.start()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.remove()

    # --- The process -----------------------------------------------------------------------------

    def test_runs_without_root_and_without_capabilities(self):
        status = pathlib.Path(f"/proc/{self.daemon.process.pid}/status").read_text()
        uids = re.search(r"Uid:\s+(.*)", status).group(1).split()
        self.assertNotIn("0", uids)
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertIn(f"{kind}:\t0000000000000000", status)
        self.assertIn("NoNewPrivs:\t1", status)

    @unittest.skipIf(SANITIZED, "the leak checker looks into the process")
    def test_T15_no_process_of_its_user_can_look_into_its_memory(self):
        daemon = Daemon(activated=True)  # whom nobody made unreadable by dropping root
        self.addCleanup(daemon.remove)
        daemon.start()
        self.assertEqual(os.stat(f"/proc/{daemon.process.pid}/mem").st_uid, 0)

    def test_sockets_have_their_modes(self):
        self.assertEqual(os.stat(self.daemon.stepupd).st_mode & 0o777, 0o600)
        self.assertEqual(os.stat(self.daemon.control).st_mode & 0o777, 0o666)

    @unittest.skipIf(ACTIVATED, "the sockets are not the daemon's own")
    def test_F54_a_second_stepupd_exits_and_says_so(self):
        second = subprocess.run(self.daemon.command(), capture_output=True, text=True, timeout=10,
                                check=False)
        self.assertEqual(second.returncode, 1)
        self.assertIn("already running", second.stderr)
        self.assertIsNone(self.daemon.process.poll())

    # --- Who may speak ---------------------------------------------------------------------------

    def test_T01_an_ordinary_user_cannot_reach_stepupd_sock(self):
        self.assertEqual(as_user(lambda: wire.Client(self.daemon.stepupd)), "errno 13")

    def test_F10_a_loosened_mode_does_not_let_a_user_ask_for_verdicts(self):
        os.chmod(self.daemon.stepupd, 0o666)
        try:
            def ask():
                client = wire.Client(self.daemon.stepupd)
                client.send(wire.CHECK, wire.check_body())
                return client.verdict()
            self.assertIn(as_user(ask), ("None", "errno 32", "errno 104"))
        finally:
            os.chmod(self.daemon.stepupd, 0o600)

    def test_V57_requests_that_need_root_are_refused_to_others(self):
        for kind in (wire.TICKET, wire.RESET):
            def ask(kind=kind):
                client = wire.Client(self.daemon.control)
                client.send(kind, wire.text(USER))
                return client.verdict()
            self.assertEqual(as_user(ask), str(wire.DENIED))

    def test_T21_nobody_lists_removes_or_enrols_for_somebody_else(self):
        bodies = {wire.LIST: wire.text("root"), wire.REMOVE: wire.text("root") + wire.text("x"),
                  wire.ENROLL: b"\1" + wire.text("root") + wire.text("") + wire.text("") + b"\1\6\0\0" +
                  wire.text("")}
        for kind, body in bodies.items():
            def ask(kind=kind, body=body):
                client = wire.Client(self.daemon.control)
                client.send(kind, body)
                return client.verdict()
            self.assertEqual(as_user(ask), str(wire.DENIED))

    def test_V53_whoever_becomes_another_after_connecting_is_neither(self):
        # As a program that is executed with set-uid does, and one that gives its rights up.
        def ask(at_connect, afterwards, kind):
            os.setresuid(at_connect, at_connect, 0)
            client = wire.Client(self.daemon.control)
            os.setresuid(0, 0, 0)
            os.setresuid(afterwards, afterwards, afterwards)
            client.send(kind, wire.text(USER))
            return client.verdict()
        for at_connect, afterwards in ((UID, 0), (0, UID)):
            for kind in (wire.TICKET, wire.LIST):
                self.assertEqual(as_user(lambda: ask(at_connect, afterwards, kind), uid=0),
                                 str(wire.DENIED), (at_connect, afterwards, kind))

    def test_T10_root_of_a_user_namespace_gets_no_verdict(self):
        script = (f"import sys; sys.path.insert(0, {str(pathlib.Path(wire.__file__).parent)!r});"
                  f"import wire; c = wire.Client({self.daemon.control!r});"
                  "c.send(wire.LIST, wire.text('')); print(c.verdict())")
        seen = subprocess.run(["unshare", "-r", "-U", "/usr/bin/python3", "-c", script],
                              capture_output=True, text=True, check=False)
        self.assertEqual(seen.stdout.strip(), str(wire.DENIED), seen.stderr)

    def test_T11_root_of_a_nested_pid_namespace_gets_no_verdict(self):
        script = (f"import sys; sys.path.insert(0, {str(pathlib.Path(wire.__file__).parent)!r});"
                  f"import wire; c = wire.Client({self.daemon.stepupd!r});"
                  "c.send(wire.CHECK, wire.check_body()); print(c.verdict())")
        seen = subprocess.run(["unshare", "-p", "-f", "/usr/bin/python3", "-c", script],
                              capture_output=True, text=True, check=False)
        self.assertEqual(seen.stdout.strip(), str(wire.DENIED), seen.stderr)

    def test_D05_a_connection_handed_to_another_process_is_closed(self):
        client = wire.Client(self.daemon.control)
        pid = os.fork()
        if pid == 0:
            client.send(wire.LIST, wire.text(""))
            os._exit(0)
        os.waitpid(pid, 0)
        self.assertIsNone(client.receive())

    # --- What may be said ------------------------------------------------------------------------

    def test_F03_another_version_is_refused_in_the_form_that_never_changes(self):
        for version in (0, 2, 0xFFFF):
            client = wire.Client(self.daemon.stepupd)
            client.send(wire.CHECK, b"whatever", version=version)
            kind, request_id, body = client.receive()
            self.assertEqual((kind, request_id), (wire.VERSION_MISMATCH, client.request_id))
            self.assertEqual(struct.unpack(">HH", body), (1, 1))
            self.assertIsNone(client.receive())

    def test_F03_what_is_not_allowed_now_closes_the_connection(self):
        not_first = (wire.ANSWER, wire.CANCEL, wire.HEARTBEAT, wire.VERDICT, 0, 12345)
        for path, kinds in ((self.daemon.stepupd, not_first + (wire.STATUS, wire.LIST)),
                            (self.daemon.control, not_first + (wire.CHECK,))):
            for kind in kinds:
                client = wire.Client(path)
                client.send(kind, b"")
                self.assertIsNone(client.receive(), kind)

    def test_F02_malformed_requests_are_denied_at_every_length(self):
        body = wire.check_body(argv=("sudo", "id"))
        for size in range(len(body)):
            client = wire.Client(self.daemon.stepupd)
            client.send(wire.CHECK, body[:size])
            self.assertEqual(client.verdict(), wire.DENIED)
            client.close()
        client = wire.Client(self.daemon.stepupd)
        client.send(wire.CHECK, body + b"\0")
        self.assertEqual(client.verdict(), wire.DENIED)

    def test_F02_a_packet_shorter_than_its_header_closes_the_connection(self):
        for size in range(1, 20):
            client = wire.Client(self.daemon.control)
            client.socket.send(b"\0" * size)
            self.assertIsNone(client.receive())

    def test_V55_descriptors_are_closed_with_the_connection(self):
        before = self.daemon.settled_fds()
        for count in (1, 5, 253):
            for _ in range(20):
                client = wire.Client(self.daemon.control)
                fds = array.array("i", [0] * count)
                try:
                    client.socket.sendmsg([wire.header(wire.STATUS, client.request_id)],
                                          [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
                    self.assertIsNone(client.receive())
                except BrokenPipeError:
                    pass
                client.close()
        self.assertEqual(self.daemon.settled_fds(before), before)

    # --- How much --------------------------------------------------------------------------------

    def test_F70_one_user_cannot_hold_more_than_16_connections(self):
        def hold():
            clients = [wire.Client(self.daemon.control) for _ in range(40)]
            time.sleep(0.3)
            served = 0
            for client in clients:
                try:
                    client.send(wire.STATUS)
                    reply = client.receive()
                    served += reply is not None and reply[0] == wire.STATUS_REPORT
                except OSError:
                    pass
            return served
        self.daemon.settled_fds()  # what an earlier test closed must not count any more
        self.assertEqual(as_user(hold), "16")
        client = wire.Client(self.daemon.control)
        client.send(wire.STATUS)
        self.assertEqual(client.receive()[0], wire.STATUS_REPORT)

    def test_F71_a_silent_connection_is_closed_after_five_seconds(self):
        client = wire.Client(self.daemon.control, timeout=10)
        started = time.monotonic()
        self.assertIsNone(client.receive())
        self.assertLess(time.monotonic() - started, 8)

    def test_F01_a_thousand_connections_that_come_and_go_leave_nothing(self):
        before = self.daemon.settled_fds()
        for _ in range(1000):
            wire.Client(self.daemon.control).close()
        self.assertEqual(self.daemon.settled_fds(before), before)

    def test_F70_a_connection_counts_until_its_peer_has_read_everything(self):
        def hold():
            clients = [wire.Client(self.daemon.control) for _ in range(16)]
            for client in clients:
                client.send(wire.STATUS)
            time.sleep(1.5)  # three ticks
            beyond = wire.Client(self.daemon.control).receive()
            read = sum(client.verdict() is not None for client in clients)
            time.sleep(1.5)
            again = wire.Client(self.daemon.control)  # none of the others was closed
            again.send(wire.STATUS)
            return f"{beyond} {read} {again.receive()[0]}"
        self.daemon.settled_fds()
        self.assertEqual(as_user(hold), f"None 16 {wire.STATUS_REPORT}")

    # --- Verdicts --------------------------------------------------------------------------------

    def test_a_service_without_a_rule_asks_for_nothing(self):
        self.assertEqual(self.daemon.verdict(service="cron"), wire.NOT_REQUIRED)

    def test_V74_a_user_that_does_not_exist_is_denied(self):
        self.assertEqual(self.daemon.verdict(service="sudo", user="ghost", uid=0xFFFFFFFF), wire.DENIED)

    def test_an_unenrolled_user_is_denied(self):
        self.assertEqual(self.daemon.verdict(service="sudo", user="daemon", uid=1), wire.DENIED)

    def test_a_caller_who_is_root_is_not_asked_by_sudo(self):
        self.assertEqual(self.daemon.verdict(program=2, user="root", uid=0), wire.NOT_REQUIRED)


if __name__ == "__main__":
    main()
