#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Security keys behind an ssh agent, against the real stepupd."""

import json
import os
import signal
import socket
import subprocess
import time
import unittest

import wire
from daemon_bench import RULE, UID, USER, ctl
from ssh_sk_bench import (
    ABSENT, FAILURE, ON, TOUCH_RULE, UP, UV, Agent, Gate, Key, SshSkBench, hand,
    spoilt, string, strings, word)


class WithAnyRule:
    """What holds, too, where a code is as good."""

    def test_a_touch_at_the_far_end_answers_sudo_once_for_this_request(self):
        agent = Agent(Key(), self.key)
        first = self.sudo(agent)
        self.assertEqual((first.verdict, first.asked, first.prompts), (wire.GRANTED, 1, 0))
        self.assertEqual((first.told[0], first.told[-1]), (word("AgentTouch"), word("None")))
        listed = json.loads(ctl(self.daemon, "list", "--user", USER, "--json").stdout)
        row = listed["credentials"][0]
        self.assertEqual((row["factor"], row["label"]), ("ssh_sk", "ssh-key"))
        self.assertEqual(row["details"], "EdDSA, touch, of ssh:")
        self.assertIsNotNone(row["last_used_at"])
        # Another terminal is asked again, and for something else.
        self.assertEqual(self.sudo(Agent(self.key)).verdict, wire.GRANTED)

    def test_without_a_terminal_the_gate_has_the_key_touched_and_writes_nothing_of_its_own(self):
        self.daemon.conf(ON + TOUCH_RULE + '[[rule]]\nname = "commands over ssh"\n'
                         'service = ["ssh-command"]\nlevel = "touch"\n')
        self.daemon.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        done = Gate(self.daemon, Agent(Key(), self.key))
        # The shell of USER, which says so; what the gate says goes to standard error.
        self.assertEqual((done.out, done.connections),
                         ("This account is currently not available.\n", 1), done.err)
        self.assertIn("(ssh-command: echo ran) [", done.err)
        refused = Gate(self.daemon, Agent(Key()))
        self.assertEqual((refused.status, refused.out), (1, ""))
        self.assertIn("holds no security key that is enrolled", refused.err)

    def test_no_command_of_stepupctl_but_the_gate_hands_an_agent_over(self):
        daemon = self.daemon.root / "false.sock"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(str(daemon))
        listener.listen()
        process = subprocess.Popen(
            [f"{os.environ.get('B', 'build')}/stepupctl", "--socket", str(daemon), "list"],
            env={"SSH_AUTH_SOCK": str(daemon)}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        stream, _ = listener.accept()
        request = stream.recv(65536)
        stream.send(wire.header(wire.AGENT_REQUEST, request[4:20]))
        out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, out), (3, ""), err)
        stream.setblocking(False)
        self.assertEqual(stream.recv(65536), b"")
        listener.close()

    def test_what_is_signed_is_in_our_namespace_and_never_twice_the_same(self):
        seen = self.daemon.root / "signed"

        def record(agent, blob, to_sign):
            with open(seen, "ab") as file:
                file.write(string(to_sign))
            return Agent.signature(agent, blob, to_sign)
        for _ in range(3):
            self.sudo(spoilt("signature", record)(self.key))
        signed = strings(seen.read_bytes())
        self.assertEqual(len(set(signed)), 3)
        for one in signed:
            self.assertTrue(one.startswith(b"SSHSIG"))
            self.assertEqual(strings(one[6:])[0], b"stepup")

    def test_a_descriptor_where_none_is_expected_ends_the_connection(self):
        before = self.daemon.settled_fds()
        cases = {
            "two": lambda client: hand(client, 0, 1),
            "eight": lambda client: hand(client, *range(3), *range(3), 0, 1),
            "without an agent": lambda client: hand(client, 0, outcome=ABSENT),
            "missing": lambda client: hand(client),
            "with a cancel": lambda client: hand(client, 0, kind=wire.CANCEL),
        }
        for name, hand_over in cases.items():
            with self.subTest(name):
                done = self.sudo(hand_over)
                self.assertIsNone(done.verdict)
        self.assertEqual(self.daemon.settled_fds(before), before)


class SshSkTest(WithAnyRule, SshSkBench):
    def test_programs_that_have_no_caller_are_not_asked_for_an_agent(self):
        other = self.sudo(Agent(self.key), program=1)
        self.assertEqual((other.verdict, other.asked), (wire.DENIED, 0))
        silent = self.sudo(Agent(self.key), words=("sudo", "-n", "id"))
        self.assertEqual((silent.verdict, silent.asked), (wire.DENIED, 0))

    def test_a_refusal_is_told_from_a_touch_that_did_not_come(self):
        agent = spoilt("signature", lambda agent, blob, to_sign: bytes([FAILURE]))(self.key)
        self.assertEqual(self.sudo(agent).told[-1], word("RefusedAgent"))
        agent.delay = 0.6
        self.assertEqual(self.sudo(agent).told[-1], word("RefusedNoTouch"))

    def test_switched_off_it_does_not_count(self):
        self.daemon.stop()
        self.daemon.conf(TOUCH_RULE)
        self.daemon.start()
        off = self.sudo(Agent(self.key))
        self.assertEqual((off.verdict, off.asked), (wire.DENIED, 0))
        path = self.daemon.root / "key.pub"
        refused = ctl(self.daemon, "enroll", "ssh-sk", str(path), "--user", USER)
        self.assertIn("[ssh_sk] enabled is false", refused.stderr)

    def test_a_key_is_enrolled_once_and_only_if_it_is_one(self):
        path = self.daemon.root / "key.pub"
        again = ctl(self.daemon, "enroll", "ssh-sk", str(path), "--user", USER)
        self.assertIn("enrolled already", again.stderr)
        path.write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUL5XE5Qy1Vw1eAqSZS8nPLGbKQQ"
                        "XXMdkqkTjSIBqbL alice\n")
        for text in (None, "sk-ssh-ed25519@openssh.com AAAA\n"):
            if text:
                path.write_text(text)
            refused = ctl(self.daemon, "enroll", "ssh-sk", str(path), "--user", USER)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("This security key cannot be used", refused.stderr)
        removed = ctl(self.daemon, "remove", "ssh-key", "--user", USER)
        self.assertEqual(removed.returncode, 0)
        self.assertEqual(self.sudo(Agent(self.key)).verdict, wire.DENIED)

    def test_changes_by_stepupctl_want_sudo_first(self):
        refused = ctl(self.daemon, "list", uid=UID)
        self.assertIn("sudo -v", refused.stderr)


class SshSkWithCodesTest(WithAnyRule, SshSkBench):
    """Where a code is as good, one is asked for when nothing comes of the agent."""
    conf = ON + RULE

    def test_a_code_is_asked_for_when_nothing_comes_of_the_agent(self):
        refusing = spoilt("signature", lambda agent, blob, to_sign: bytes([FAILURE]))
        cases = [
            (lambda client: hand(client, outcome=ABSENT), "AgentAbsent"),
            (Agent(Key()), "AgentOtherKeys"),
            (refusing(self.key), "AgentRefused"),
            (spoilt("identities", lambda agent: b"")(self.key), "AgentBroken"),
        ]
        for spare, (agent, notice) in zip(self.codes[1:], cases):
            with self.subTest(notice):
                done = self.sudo(agent, answers=[spare])
                self.assertEqual((done.verdict, done.prompts), (wire.GRANTED, 1))
                self.assertIn(word(notice), done.told)


class SshSkUvTest(SshSkBench):
    """A key that verifies its user."""
    conf = ON + RULE.replace('"otp"', '"touch+uv"')

    def enrol(self, key, *options):
        return super().enrol(key, "--uv", *options)

    def test_only_a_signature_that_says_so_meets_touch_uv(self):
        plain = self.sudo(Agent(self.key))
        self.assertEqual((plain.verdict, plain.told[-1]), (wire.DENIED, word("RefusedAgentUv")))
        self.key.flags = UP | UV
        self.assertEqual(self.sudo(Agent(self.key)).verdict, wire.GRANTED)


if __name__ == "__main__":
    unittest.main()
