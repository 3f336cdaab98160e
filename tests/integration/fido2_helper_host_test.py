#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""stepup-fido2-helper among other programs, with fewer rights, and what it can do itself."""

import grp
import os
import stat
import struct
import subprocess
import time
import unittest

import wire
from helper_bench import BINARY, Bench
from helper_wire import ASSERT, Helper

NOBODY = 65534


class Browser:
    """Waits for a touch of a key, and holds no lock on it, as Chromium does."""

    def __init__(self, key):
        self.node = os.open(key.path, os.O_RDWR | os.O_NOCTTY)
        self._send(b"\xff" * 4, 0x86, b"a nonce.")
        self._send(os.read(self.node, 64)[15:19], 0x90, b"\x0b")  # authenticatorSelection
        key.wait_for_blink()

    def _send(self, channel, command, message):
        report = channel + struct.pack(">BH", command, len(message)) + message
        os.write(self.node, b"\0" + report.ljust(64, b"\0"))

    def close(self):
        os.close(self.node)


class Host(Bench):
    def start_as_nobody(self, **options):
        directory = self.directory / "nobody"
        directory.mkdir()
        self.directory.chmod(0o755)
        os.chown(directory, NOBODY, NOBODY)
        helper = Helper(BINARY, directory, user=NOBODY, group=NOBODY, extra_groups=[], **options)
        self.addCleanup(helper.stop)
        return helper

    def test_F62_a_key_that_a_browser_uses_without_a_lock_is_waited_for(self):
        key = self.key()
        mine = self.enrolled(key)
        key.set("touch=wait")
        browser = Browser(key)
        asking = self.get(key, mine)
        self.assertEqual(asking.until("busy"), ("busy", "another program"))
        key.command("touch")
        time.sleep(0.1)
        browser.close()
        self.assertEqual(asking.until("touch"), ("touch", ""))
        key.touch()
        self.assertEqual(asking.end()[:2], ("assertion", mine))

    def test_F63_a_key_that_udev_has_not_yet_given_to_us_is_waited_for(self):
        key = self.key()
        mine = self.enrolled(key)
        asking = self.start_as_nobody().get(key.path, credentials=[mine])
        self.assertEqual(asking.until("other-key"), ("other-key", "Permission denied"))
        os.chown(os.path.realpath(key.path), NOBODY, NOBODY)
        self.assertEqual(asking.end()[:2], ("assertion", mine))

    def test_F29d_a_key_that_never_answers_holds_up_no_other(self):
        mute, key = self.key("mute", "delay=60000"), self.key()
        mine = self.enrolled(key)
        asking = self.helper.get(mute.path, key.path, credentials=[mine])
        begun = time.monotonic()
        self.assertEqual(asking.end()[:2], ("assertion", mine))
        self.assertLess(time.monotonic() - begun, 1)

    def test_a_credential_that_the_key_cannot_even_be_asked_for_is_passed_over(self):
        key = self.key("key", "ctap2=no")  # U2F: 255 bytes at the most
        mine = self.enrolled(key)
        self.assertEqual(self.get(key, b"x" * 300, mine).end()[:2], ("assertion", mine))

    def test_sixty_four_credentials_can_be_asked_for(self):
        key = self.key()
        mine = self.enrolled(key)
        others = [os.urandom(64) for _ in range(63)]
        self.assertEqual(self.get(key, *others, mine).end()[:2], ("assertion", mine))

    def test_stepupd_hears_from_it_at_least_every_two_seconds(self):
        key = self.key()
        mine = self.enrolled(key)
        key.set("touch=wait")
        client = self.get(key, mine, seconds=5).client
        silence, begun = 0, time.monotonic()
        while True:
            kind = client.receive(skip_heartbeats=False)[0]
            silence, begun = max(silence, time.monotonic() - begun), time.monotonic()
            if kind not in (wire.HEARTBEAT, 129):
                break
        self.assertLess(silence, 2.5)

    def test_a_request_of_another_version_is_told_so(self):
        client = wire.Client(self.helper.socket)
        client.send(ASSERT, b"", version=2)
        self.assertEqual(client.receive()[0], wire.VERSION_MISMATCH)

    def test_without_a_request_it_ends_after_five_seconds(self):
        client = wire.Client(self.helper.socket)
        begun = time.monotonic()
        self.assertIsNone(client.receive())
        self.assertTrue(4 < time.monotonic() - begun < 6)

    def test_the_process_that_talks_to_keys_is_confined_and_leaves_no_core(self):
        asking = self.helper.get("/nonexistent", credentials=[b"x"])
        asking.until("no-key")
        with open(f"/proc/{self.helper.process.pid}/task/{self.helper.process.pid}/children",
                  encoding="utf-8") as file:
            child = file.read().split()[0]
        with open(f"/proc/{child}/status", encoding="utf-8") as file:
            status = dict(line.split(":\t", 1) for line in file.read().splitlines())
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        with open(f"/proc/{child}/limits", encoding="utf-8") as file:
            self.assertIn("Max core file size 0 0".split(), [
                line.split()[:6] for line in file.read().splitlines()])
        with open(f"/proc/{child}/environ", "rb") as file:
            self.assertEqual(file.read(), b"")

    def test_FIDO_DEBUG_in_the_environment_prints_nothing_of_the_PIN_exchange(self):
        key = self.key("key", "pin=1234")
        mine = self.enrolled(key, pin="1234", uv=True)
        directory = self.directory / "debug"
        directory.mkdir()
        with open(directory / "log", "wb") as log:
            with Helper(BINARY, directory, stderr=log,
                        env={"FIDO_DEBUG": "1"}) as helper:
                asking = helper.get(key.path, credentials=[mine], uv=True)
                asking.until("pin")
                asking.pin("1234")
                self.assertEqual(asking.end()[:2], ("assertion", mine))
        self.assertEqual((directory / "log").read_bytes(), b"")


class Listening(Bench):
    def test_a_socket_that_a_dead_one_left_is_taken_over_and_a_live_one_is_not(self):
        second = subprocess.run([BINARY, "--listen", self.helper.socket], check=False,
                                stderr=subprocess.PIPE, timeout=10)
        self.assertEqual(second.returncode, 1)
        self.assertIn(b"listens there already", second.stderr)
        self.helper.stop()
        while self.helper.listens():  # a child that served the second one's question, for a moment
            time.sleep(0.01)
        self.assertTrue(os.path.exists(self.helper.socket))
        again = subprocess.Popen([BINARY, "--listen", self.helper.socket])
        self.addCleanup(again.wait)
        self.addCleanup(again.terminate)
        asking = None
        deadline = time.monotonic() + 5
        while asking is None and time.monotonic() < deadline:
            try:
                asking = self.helper.get("/nonexistent", credentials=[b"x"])
            except ConnectionRefusedError:
                time.sleep(0.01)
        self.assertEqual(asking.until("no-key"), ("no-key", ""))

    def test_group_and_user_open_the_socket_to_the_one_and_serve_as_the_other(self):
        directory = self.directory / "given"
        directory.mkdir()
        helper = Helper(BINARY, directory, options=["--group", "daemon", "--user", "nobody"])
        self.addCleanup(helper.stop)
        asking = helper.get("/nonexistent", credentials=[b"x"])
        asking.until("no-key")
        status = os.stat(helper.socket)
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o660)
        self.assertEqual(status.st_gid, grp.getgrnam("daemon").gr_gid)
        with open(f"/proc/{helper.process.pid}/status", encoding="utf-8") as file:
            uids = [line for line in file if line.startswith("Uid:")][0].split()[1:]
        self.assertEqual(uids, [str(NOBODY)] * 4)

    def test_nobody_else_may_connect(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.helper.socket).st_mode), 0o600)

    def test_wrong_usage_is_told(self):
        for words in ((), ("x",), ("--listen",), ("--listen", "/x", "--connection"), ("--what",)):
            with self.subTest(words=words):
                self.assertEqual(subprocess.run([BINARY, *words], stderr=subprocess.DEVNULL,
                                                check=False, timeout=10).returncode, 2)


if __name__ == "__main__":
    unittest.main(verbosity=1)
