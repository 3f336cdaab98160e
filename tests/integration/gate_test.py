#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""stepupctl gate against the real stepupd: what it lets through is as if it were not there."""

import os
import random
import re
import signal
import socket
import subprocess
import unittest

import wire
from daemon_bench import BUILD, RULE, Daemon

ASKING = RULE + '[[rule]]\nname = "commands over ssh"\nservice = ["ssh-command"]\nlevel = "otp"\n'
SIGNALS = "grep -e SigBlk -e SigIgn /proc/self/status | cut -f 2"
BYTES = bytes(range(256)) * 4096 + random.Random(1).randbytes(65537)


def signals_without_the_gate():
    """What a child of this process has blocked and ignores, as masks; a runner of tests may
    have left some of them ignored."""
    return tuple(int(mask, 16) for mask in subprocess.check_output(SIGNALS, shell=True).split())


class Gate(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.remove)

    def start(self, conf=RULE):
        self.daemon.conf(conf)
        self.daemon.start()

    def popen(self, command, daemon=None, **more):
        environment = {"PATH": os.environ["PATH"], "HOME": "/", "MARK": "left alone"}
        if command is not None:
            environment["SSH_ORIGINAL_COMMAND"] = command
        return subprocess.Popen(
            [f"{BUILD}/stepupctl", "--socket", daemon or self.daemon.control, "gate"],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True, **more)

    def gate(self, command, stdin=b"", **more):
        with self.popen(command, **more) as process:
            process.out, process.err = process.communicate(stdin, timeout=60)
        return process

    def assertShows(self, command, out, **more):
        done = self.gate(command, **more)
        self.assertEqual((done.returncode, done.out, done.err), (0, out, b""), command)

    def test_what_goes_in_and_out_is_untouched_byte_for_byte(self):
        self.start()
        self.assertShows("cat", BYTES, stdin=BYTES)

    def test_the_exit_status_and_a_death_by_a_signal_are_those_of_the_command(self):
        self.start()
        self.assertEqual(self.gate("exit 7").returncode, 7)
        self.assertEqual(self.gate("kill -KILL $$").returncode, -signal.SIGKILL)

    def test_a_signal_to_it_reaches_the_command(self):
        self.start()
        with self.popen("echo ready; exec sleep 60") as process:
            self.assertEqual(process.stdout.readline(), b"ready\n")
            process.terminate()
            self.assertEqual(process.wait(10), -signal.SIGTERM)

    def test_no_process_stays_in_between(self):
        self.start()
        with self.popen("echo $$ $PPID") as process:
            self.assertEqual(process.stdout.read().split(),
                             [b"%d" % process.pid, b"%d" % os.getpid()])

    def test_nothing_of_it_stays_open_or_blocked(self):
        self.start()
        self.assertShows("ls /proc/self/fd", b"0\n1\n2\n3\n")  # the last one is that of ls
        self.assertShows(SIGNALS, b"%016x\n%016x\n" % signals_without_the_gate())

    def test_a_signal_that_was_blocked_or_ignored_before_it_still_is(self):
        self.start()

        def quieten():
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        blocked, ignored = signals_without_the_gate()
        self.assertShows(SIGNALS, b"%016x\n%016x\n" % (blocked | 0x200, ignored | 0x1),
                         preexec_fn=quieten)

    def test_the_environment_is_that_of_sshd_without_its_command(self):
        self.start()
        self.assertShows("echo $MARK-$SSH_ORIGINAL_COMMAND", b"left alone-\n")

    def test_without_a_command_it_is_a_login_shell(self):
        self.start()
        for command in (None, ""):
            self.assertShows(command, b"-bash\n", stdin=b"echo $0\n")

    def test_a_command_longer_than_what_stepupd_is_told_runs_whole(self):
        self.start()
        self.assertShows(f"true {'x' * 100_000}; echo end", b"end\n")

    def assertNothingRan(self, done, status, words):
        self.assertEqual((done.returncode, done.out), (status, b""))
        self.assertRegex(done.err.decode(), words)

    def test_a_refusal_is_words_on_standard_error_and_leaves_standard_input_alone(self):
        self.start(ASKING)
        reader, writer = os.pipe()
        os.write(writer, b"for the command")
        process = subprocess.run(
            [f"{BUILD}/stepupctl", "--socket", self.daemon.control, "gate"], stdin=reader,
            env={"SSH_ORIGINAL_COMMAND": "cat"}, capture_output=True, start_new_session=True)
        process.out, process.err = process.stdout, process.stderr
        self.assertNothingRan(process, 1, "You have no second factor")
        self.assertEqual(os.read(reader, 100), b"for the command")
        os.close(reader)
        os.close(writer)

    def test_nobody_who_reads_is_the_end_of_the_wait_for_a_touch(self):
        path = str(self.daemon.root / "false.sock")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.addCleanup(listener.close)
        listener.bind(path)
        listener.listen()
        with self.popen("echo ran", path) as process:
            stream, _ = listener.accept()
            self.addCleanup(stream.close)
            request_id = stream.recv(65536)[4:20]
            stream.send(wire.header(wire.AGENT_REQUEST, request_id))
            self.assertEqual(stream.recv(65536)[:4], wire.header(wire.AGENT_ANSWER, b""))
            stream.settimeout(0.5)
            self.assertRaises(TimeoutError, stream.recv, 65536)
            process.stdout.close()
            self.assertEqual(stream.recv(65536)[:4], wire.header(wire.CANCEL, b""))
            self.assertEqual((process.wait(10), process.stderr.read()), (130, b""))

    def test_without_stepupd_nothing_runs(self):
        self.assertNothingRan(self.gate("id"), 3, re.escape(self.daemon.control))

    def test_without_any_rules_nothing_runs(self):
        self.start("nonsense\n")
        self.assertNothingRan(self.gate("id"), 3, "nonsense|stepupd.conf")

    def test_internal_sftp_is_refused_with_the_way_out(self):
        self.start()
        for command in ("internal-sftp", "internal-sftp -l INFO"):
            self.assertNothingRan(self.gate(command), 1, "Subsystem sftp")


if __name__ == "__main__":
    unittest.main()
