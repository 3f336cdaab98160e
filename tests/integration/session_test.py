#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Logins and logouts as pam_stepup reports them, in audit sessions of their own."""

import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import wire  # noqa: E402
from daemon_bench import SANITIZED, UID, Daemon  # noqa: E402

OPEN, CLOSE = 3, 4
LOGINS = 1000


def in_a_session(function):
    """Runs `function` as sshd would: as root, in a new audit session of USER.  Returns its text."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            pathlib.Path("/proc/self/loginuid").write_text(str(UID))
            os.write(writer, function().encode()[:4096])
            os._exit(0)
        except OSError:
            os._exit(77)
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status == 77:
        raise unittest.SkipTest("this kernel lets nobody begin an audit session here")
    if status != 0:
        raise AssertionError(f"a login ended with {status}")
    return text


class SessionTest(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.daemon.start()

    def tearDown(self):
        self.daemon.remove()

    def report(self, phase, **fields):
        return self.daemon.verdict(phase=phase, service="sshd", **fields)

    def status(self):
        client = wire.Client(self.daemon.control)
        client.send(wire.STATUS)
        return client.receive()[2].decode(errors="replace")

    def test_a_login_is_known_in_its_session_until_it_is_closed(self):
        def session():
            told = self.report(OPEN)
            during = self.status()
            closed = self.report(CLOSE)
            return str([told == closed == wire.NOT_REQUIRED, "sshd" in during,
                        "sshd" in self.status()])
        self.assertEqual(in_a_session(session), "[True, True, False]")

    def test_a_login_outlives_nobody_who_reported_it(self):
        in_a_session(lambda: str(self.report(OPEN)))
        self.assertNotIn("sshd", self.status())

    def test_a_session_within_another_persons_is_no_login(self):
        self.assertEqual(in_a_session(lambda: str((self.report(OPEN, user="root", uid=0),
                                                   "sshd" in self.status())[1])), "False")

    def memory(self):
        """KiB of memory of its own, and bytes of what it keeps over a restart."""
        proc = pathlib.Path(f"/proc/{self.daemon.process.pid}")
        [line] = [line for line in (proc / "status").read_text().splitlines()
                  if line.startswith("RssAnon")]
        kept = [fd.stat().st_size for fd in (proc / "fd").iterdir()
                if "memfd:stepup-grants" in os.readlink(fd)]
        return int(line.split()[1]), kept

    def test_a_thousand_logins_and_logouts_leave_memory_and_descriptors_flat(self):
        def log_in_and_out():
            return str(self.report(OPEN) == self.report(CLOSE) == wire.NOT_REQUIRED)

        def many(count):
            self.assertEqual({in_a_session(log_in_and_out) for _ in range(count)}, {"True"})
        many(100)
        descriptors, (resident, kept) = self.daemon.settled_fds(), self.memory()
        many(LOGINS)
        self.assertEqual(self.daemon.settled_fds(descriptors), descriptors)
        grown = self.memory()[0] - resident
        self.assertEqual(self.memory()[1], kept)
        if not SANITIZED:
            self.assertLess(grown, 512, "KiB")
        print(f"{LOGINS} logins and logouts: {descriptors} descriptors, {grown} KiB more of {resident}")


if __name__ == "__main__":
    unittest.main()
