#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The wire of the virtual authenticator, and what it does wrong on demand to fido2-tools."""

import base64
import os
import pathlib
import struct
import threading
import time
import unittest

import cbor2

from authenticator_test import RP, KeyTest, Made, Making, tool

PING, INIT, WINK, CBOR, CANCEL, KEEPALIVE, ERROR = 0x81, 0x86, 0x88, 0x90, 0x91, 0xBB, 0xBF
SELECTION = b"\x0b"
RX = (1, "fido2-cred: fido_dev_make_cred: FIDO_ERR_RX\n")


class Channel:
    """One CTAPHID channel, spoken by hand."""

    def __init__(self, key):
        self.fd = os.open(key.path, os.O_RDWR | os.O_NOCTTY)
        self.id = b"\xff" * 4
        nonce = os.urandom(8)
        kind, reply = self.ask(INIT, nonce)
        assert kind == INIT and reply[:8] == nonce
        self.id = reply[8:12]

    def report(self, body):
        os.write(self.fd, (b"\0" + self.id + body).ljust(65, b"\0"))

    def send(self, kind, payload=b""):
        self.report(bytes([kind]) + struct.pack(">H", len(payload)) + payload[:57])
        for number, at in enumerate(range(57, len(payload), 59)):
            self.report(bytes([number]) + payload[at:at + 59])

    def receive(self):
        """Kind and payload of the next message to this channel."""
        report = os.read(self.fd, 64)
        while report[:4] != self.id:
            report = os.read(self.fd, 64)
        length = struct.unpack(">H", report[5:7])[0]
        payload = report[7:]
        while len(payload) < length:
            payload += os.read(self.fd, 64)[5:]
        return report[4], payload[:length]

    def ask(self, kind, payload=b""):
        self.send(kind, payload)
        return self.receive()

    def ctap(self, command, request=None):
        """Status and reply of a CTAP2 command, however long it takes."""
        self.send(CBOR, bytes([command]) + (cbor2.dumps(request) if request else b""))
        payload = self.last()[1]
        return payload[0], cbor2.loads(payload[1:]) if payload[1:] else None

    def last(self):
        kind, payload = self.receive()
        while kind == KEEPALIVE:
            kind, payload = self.receive()
        return kind, payload

    def close(self):
        os.close(self.fd)


class ChannelTest(KeyTest):
    def setUp(self):
        super().setUp()
        self.key = self.plug_in("touch=wait")
        self.channel = Channel(self.key)
        self.addCleanup(self.channel.close)

    def wait_for_touch(self):
        self.channel.send(CBOR, SELECTION)
        self.assertEqual(self.channel.receive(), (KEEPALIVE, b"\2"))

    def test_pings_come_back_whole_and_winks_are_counted(self):
        for size in (1, 57, 58, 7609):
            payload = os.urandom(size)
            self.assertEqual(self.channel.ask(PING, payload), (PING, payload))
        self.assertEqual(self.channel.ask(WINK), (WINK, b""))
        self.assertEqual(self.key.status()["winks"], 1)

    def test_a_wait_ends_by_cancel_of_its_channel_only(self):
        other = Channel(self.key)
        self.addCleanup(other.close)
        self.wait_for_touch()
        other.send(CANCEL)
        self.assertEqual(other.ask(CBOR, SELECTION), (ERROR, b"\6"))  # busy
        self.assertTrue(self.key.status()["waiting"])
        self.channel.send(CANCEL)
        self.assertEqual(self.channel.last(), (CBOR, b"\x2d"))

    def test_init_on_its_channel_ends_a_wait_without_a_reply(self):
        self.wait_for_touch()
        self.assertEqual(self.channel.ask(INIT, bytes(8))[0], INIT)
        self.assertEqual(self.channel.ask(PING, b"here"), (PING, b"here"))

    def test_while_one_client_waits_libfido2_takes_the_key_of_the_next_for_a_u2f_key(self):
        self.wait_for_touch()
        self.assertIn("nocbor", tool("fido2-token", "-I", self.key.path).stdout)
        self.key.set("init_ends_wait=yes")
        self.assertIn(", cbor", tool("fido2-token", "-I", self.key.path).stdout)

    def test_names_what_is_wrong_with_a_report(self):
        cases = ((b"\x80\0\1", 1), (b"\x82\0\1", 1), (b"\x81\xff\xff", 3))  # command, length
        for body, error in cases:
            self.channel.report(body)
            self.assertEqual(self.channel.receive(), (ERROR, bytes([error])))
        for sequence, error in ((1, 4), (None, 5)):  # sequence, too slow
            self.channel.report(b"\x81\0\x50")
            if sequence is not None:
                self.channel.report(bytes([sequence]))
            self.assertEqual(self.channel.receive(), (ERROR, bytes([error])))
        self.channel.id = bytes(4)  # a channel that nobody was given
        self.assertEqual(self.channel.ask(PING), (ERROR, b"\x0b"))


    def test_a_cancel_on_the_heels_of_its_command_counts(self):
        for _ in range(20):
            self.channel.send(CBOR, SELECTION)
            self.channel.send(CANCEL)
            self.assertEqual(self.channel.last(), (CBOR, b"\x2d"))

    def test_names_what_is_wrong_with_a_command(self):
        self.key.set("touch=auto")
        make = {1: bytes(32), 2: {"id": RP}, 3: {"id": b"1"},
                4: [{"alg": -7, "type": "public-key"}]}
        status, made = self.channel.ctap(1, make)
        self.assertEqual(status, 0)
        id = made[2][55:87]
        for name, command, request, status in (
                ("unknown command", 0x55, None, 0x01), ("not a map", 1, [1], 0x12),
                ("nothing in it", 1, {1: bytes(32)}, 0x14),
                ("unknown algorithm", 1, make | {4: [{"alg": -999, "type": "x"}]}, 0x26),
                ("excluded", 1, make | {5: [{"id": id, "type": "public-key"}]}, 0x19),
                ("make without a touch", 1, make | {7: {"up": False}}, 0x2C),
                ("rk asked of get", 2, {1: RP, 2: bytes(32), 5: {"rk": True}}, 0x2B),
                ("nothing to go on with", 8, None, 0x30),
                ("which key? no PIN", 1, make | {8: b"", 9: 1}, 0x35),
                ("selection", 0x0B, None, 0)):
            with self.subTest(name):
                self.assertEqual(self.channel.ctap(command, request)[0], status)

    def test_gives_the_id_of_another_credential_which_libfido2_does_not_notice(self):
        self.key.set("touch=auto")
        credential = self.made(self.key)
        self.key.fault("other_credential", on="get")
        assertion = self.assertDone(credential.assert_by(self.key))
        self.assertDone(credential.accepts(assertion))
        id = base64.b64decode(credential.id)
        status, reply = self.channel.ctap(
            2, {1: RP, 2: bytes(32), 3: [{"id": id, "type": "public-key"}]})
        self.assertEqual(status, 0)
        self.assertNotEqual(reply[1]["id"], id)

    def test_looks_for_a_credential_without_asking_for_a_touch(self):
        self.key.set("touch=auto")
        id = base64.b64decode(self.made(self.key).id)
        self.key.set("touch=wait")
        search = {1: RP, 2: bytes(32), 5: {"up": False}}
        status, reply = self.channel.ctap(2, search | {3: [{"id": id, "type": "public-key"}]})
        self.assertEqual((status, reply[2][32]), (0, 0))  # neither UP nor UV
        self.assertEqual(self.channel.ctap(
            2, search | {3: [{"id": bytes(32), "type": "public-key"}]})[0], 0x2E)
        self.assertEqual(self.key.status()["seen"][-2:], ["get:silent", "get:silent"])


class FaultTest(KeyTest):
    def setUp(self):
        super().setUp()
        self.key = self.plug_in()

    def assertStruck(self):
        self.assertGreater(self.key.status()["struck"], 0)

    # --- What libfido2 finds ---------------------------------------------------------------------

    def test_an_assertion_that_is_not_what_was_asked_for_is_refused(self):
        credential = self.made(self.key)
        good = self.assertDone(credential.assert_by(self.key))
        self.assertDone(credential.accepts(good, "-p"))
        for kind, status in (
                ("no_up", "INVALID_PARAM"), ("forged_uv", "INVALID_SIG"), ("replay", "INVALID_SIG"),
                ("other_challenge", "INVALID_SIG"), ("foreign_key", "INVALID_SIG"),
                ("foreign_rp", "INVALID_PARAM"), ("zero_signature", "INVALID_SIG")):
            with self.subTest(kind):
                self.key.fault(kind, on="get")
                assertion = self.assertDone(credential.assert_by(self.key))
                self.assertStruck()
                self.assertFails(credential.accepts(assertion, "-p"), status)

    def test_a_missing_uv_flag_is_found_and_an_invented_one_is_not(self):
        self.key.set("pin=1234")
        credential = self.made(self.key)
        self.key.fault("no_uv", on="get")
        assertion = self.assertDone(credential.assert_by(self.key, "-v", pin=["1234"]))
        self.assertFails(credential.accepts(assertion, "-v"), "INVALID_PARAM")
        self.key.fault("claimed_uv", on="get")
        self.assertDone(credential.accepts(credential.assert_by(self.key), "-v"))

    def test_a_credential_that_is_not_attested_is_refused(self):
        for kind in ("no_up", "foreign_rp", "other_challenge", "foreign_key", "forged_uv"):
            with self.subTest(kind):
                self.key.fault(kind, on="make")
                made = Made(self.key)
                self.assertStruck()
                if made.result.returncode == 0:
                    made.result = made.verify()
                self.assertFails(made.result, "FIDO_ERR_INVALID_")

    # --- Replies that are none -------------------------------------------------------------------

    def test_every_status_of_ctap_ends_the_tool(self):
        for status in (1, 0x27, 0x2F, 0x7F, 0xF0, 0xFF):
            self.key.fault("status", on="make", at=status)
            code, errors = Making(self.key).end()
            self.assertEqual(code, 1)
            self.assertIn("FIDO_ERR_", errors)

    def test_malformed_replies_end_the_tool_and_the_key_goes_on(self):
        for kind, at in (("cut", 1), ("cut", 40), ("garbage", 1), ("random", 0), ("empty", 0),
                         ("not_a_map", 0), ("huge_map", 0), ("huge_bytes", 0), ("deep", 0),
                         ("indefinite", 0), ("duplicate", 0), ("filled", 0)):
            with self.subTest(kind, at=at):
                self.key.fault(kind, on="make", at=at)
                code, errors = Making(self.key).end()
                self.assertStruck()
                self.assertEqual(code, 1)
                self.assertRegex(errors, "FIDO_ERR_")
        self.key.fault("none")
        self.made(self.key)

    def test_malformed_messages_end_the_tool_and_the_key_goes_on(self):
        for kind, at in (("wrong_command", 0), ("wrong_sequence", 0), ("huge_length", 0),
                         ("error", 0x7F), ("short", 10), ("unplug", 2)):
            with self.subTest(kind):
                self.key.fault(kind, on="make", at=at)
                self.assertEqual(Making(self.key).end(), RX)
                self.assertStruck()
        self.key.fault("none")
        self.key.plug()
        self.made(self.key)

    def test_a_reply_that_stops_or_goes_elsewhere_is_waited_for_until_the_key_is_unplugged(self):
        for kind in ("truncated", "wrong_channel"):
            with self.subTest(kind):
                self.key.fault(kind, on="make", at=2)
                making = Making(self.key)
                while not self.key.status()["struck"]:
                    time.sleep(0.01)
                time.sleep(0.1)
                self.assertIsNone(making.process.poll())
                self.key.unplug()
                self.assertEqual(making.end(), RX)
                self.key.plug()

    def test_reports_without_an_end_fail_a_client_and_leave_nothing_for_the_next(self):
        self.key.fault("endless", on="info")
        self.assertFails(tool("fido2-token", "-I", self.key.path), "FIDO_ERR_RX")
        self.key.fault("twice", on="make", times=1)
        self.assertEqual(Making(self.key).end(), (0, ""))
        self.assertStruck()
        self.made(self.key)

    def test_a_fault_strikes_as_often_as_told_and_not_before(self):
        self.key.fault("status", on="make", at=0x27, skip=1, times=2)
        self.assertEqual([Making(self.key).end()[0] for _ in range(4)], [0, 1, 1, 0])

    # --- Patience --------------------------------------------------------------------------------

    def test_a_flood_of_keepalives_and_slow_reports_are_borne(self):
        self.key.set("touch=wait", "keepalive=0")
        making = Making(self.key)
        self.key.wait_for_blink()
        time.sleep(0.2)
        self.key.touch()
        self.assertEqual(making.end(), (0, ""))
        self.key.set("touch=auto", "keepalive=100", "slow=10", "delay=300")
        started = time.monotonic()
        self.assertEqual(Making(self.key).end(), (0, ""))
        self.assertGreater(time.monotonic() - started, 0.3)

    def test_a_key_that_another_program_holds_is_waited_for(self):
        self.key.lock()
        node = os.stat(self.key.path)
        name = f"{os.major(node.st_dev):02x}:{os.minor(node.st_dev):02x}:{node.st_ino}"
        held = [line.split() for line in pathlib.Path("/proc/locks").read_text().splitlines()]
        self.assertIn([str(self.key.process.pid), name], [line[4:6] for line in held])
        threading.Timer(0.2, self.key.unlock).start()
        started = time.monotonic()
        self.assertDone(tool("fido2-token", "-I", self.key.path))
        self.assertGreater(time.monotonic() - started, 0.2)


if __name__ == "__main__":
    unittest.main()
