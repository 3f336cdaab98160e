#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Ssh agents that lie, stall or are none, against the real stepupd."""

import os
import pathlib
import re
import socket
import threading
import time
import unittest

import wire
from daemon_bench import SANITIZED
from ssh_sk_bench import (
    ABSENT, FAILURE, SIGN_RESPONSE, UNFIT, UNREACHABLE, UP, Agent, Key, SshSkBench, hand, handing,
    spoilt, string, word)

LIST_DEADLINE = 10


class SshSkHostileTest(SshSkBench):
    def resident(self):
        """Kilobytes."""
        status = pathlib.Path(f"/proc/{self.daemon.process.pid}/status").read_text("ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))

    def test_V12_a_hostile_agent_gets_a_refusal_in_time_and_costs_bounded_memory(self):
        other = Key()
        old = []

        def replay(agent, blob, to_sign):
            del agent
            if not old:
                old.append(self.key.sign(b"SSHSIG" + string(b"stepup")))
            return bytes([SIGN_RESPONSE]) + string(old[0])

        def foreign(change):
            return lambda agent, blob, to_sign: Agent.signature(agent, blob, change(to_sign))

        def with_flags(flags):
            def sign(agent, blob, to_sign):
                self.key.flags = flags
                try:
                    return Agent.signature(agent, blob, to_sign)
                finally:
                    self.key.flags = UP
            return sign

        def flood(first):
            def say(agent, stream, answer):
                del agent
                stream.sendall(first(answer))
                while True:
                    stream.sendall(bytes(1 << 20))
            return say
        failed, broken = word("RefusedKeyFailed"), word("RefusedAgentBroken")
        cases = {
            "replay": ("signature", replay, failed),
            "another namespace": ("signature", foreign(lambda m: m.replace(b"stepup", b"filed!")),
                                  failed),
            "another host's request": ("signature", foreign(lambda m: m[:-1] + bytes([m[-1] ^ 1])), failed),
            "another key": ("signature", lambda agent, blob, to_sign: bytes([SIGN_RESPONSE]) +
                            string(other.sign(to_sign)), failed),
            "no touch in the flags": ("signature", with_flags(0), failed),
            "attested data": ("signature", with_flags(UP | 0x40), failed),
            "extensions": ("signature", with_flags(UP | 0x80), failed),
            "wrong type": ("signature", lambda agent, blob, to_sign: b"\6", broken),
            "no key of ours": ("identities", lambda agent: Agent(other).identities(),
                               word("RefusedAgentOtherKeys")),
            "countless keys": ("identities", lambda agent: b"\x0c\xff\xff\xff\xff", broken),
            "empty": ("identities", lambda agent: b"", broken),
            "endless": ("say", flood(string), broken),
            "huge": ("say", flood(lambda answer: b"\xff\xff\xff\xff"), broken),
            "hangs up": ("say", lambda agent, stream, answer: stream.close(), broken),
            "refuses at once": ("signature", lambda agent, blob, to_sign: bytes([FAILURE]),
                                word("RefusedAgent")),
        }
        before = self.resident()
        for name, (method, function, want) in cases.items():
            with self.subTest(name):
                done = self.sudo(spoilt(method, function)(self.key))
                self.assertEqual((done.verdict, done.told[-1]), (wire.DENIED, want))
                self.assertLess(done.seconds, 5)
        # A sanitizer keeps for a while what was freed.
        self.assertLess(self.resident() - before, 16384 if SANITIZED else 4096)
        self.assertEqual(self.sudo(Agent(self.key)).verdict, wire.GRANTED)

    def test_V12_an_agent_that_is_slow_or_silent_is_waited_for_ten_seconds(self):
        def slow(agent, stream, answer):
            del agent
            for byte in string(answer):
                stream.sendall(bytes([byte]))
                time.sleep(1)
        done = []
        cases = (slow, lambda agent, stream, answer: time.sleep(60))
        threads = [threading.Thread(target=lambda say=say: done.append(
            self.sudo(spoilt("say", say)(self.key)))) for say in cases]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for one in done:
            self.assertEqual(one.verdict, wire.DENIED)
            # One waits for the other: a person has one touch outstanding.
            self.assertLess(one.seconds, 2 * LIST_DEADLINE + 5)
        self.assertGreater(min(one.seconds for one in done), LIST_DEADLINE - 1)

    def test_what_is_no_agent_of_the_caller_s_is_told_nothing(self):
        def pair(kind=socket.SOCK_STREAM, family=socket.AF_UNIX):
            return lambda: socket.socketpair(family, kind)[0]
        fifo = self.daemon.root / "fifo"
        os.mkfifo(fifo)
        none = word("RefusedNoAgent")
        things = {
            "a file": lambda: open("/etc/passwd", "rb"),
            "a FIFO": lambda: open(fifo, "r+b", buffering=0),
            "a network socket": lambda: socket.socket(socket.AF_INET),
            "not connected": lambda: socket.socket(socket.AF_UNIX),
            "root's": pair(),
            "packets": pair(socket.SOCK_SEQPACKET),
        }
        for name, make in things.items():
            with self.subTest(name):
                def hand_over(client, make=make):
                    with make() as thing:
                        hand(client, thing.fileno())
                done = self.sudo(hand_over)
                self.assertEqual((done.verdict, done.told), (wire.DENIED, [none]))
                self.assertLess(done.seconds, 2)
        with self.subTest("another user's agent"):
            self.assertEqual(self.sudo(handing(Agent(self.key), 60)).told, [none])
        for outcome in (ABSENT, UNREACHABLE, UNFIT):
            self.assertEqual(self.sudo(lambda client, outcome=outcome: hand(
                client, outcome=outcome)).told, [none])


if __name__ == "__main__":
    unittest.main()
