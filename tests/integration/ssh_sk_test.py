#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Security keys behind an ssh agent, against the real stepupd.  This program plays sudo and the
module in it: a process of root's on a terminal whose real uid is USER's, with an agent of USER's."""

import array
import base64
import hashlib
import json
import os
import pathlib
import pty
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import wire
from daemon_bench import BUILD, RULE, UID, USER, Daemon, ctl
from otp_test import Dialogue

CONNECTED, ABSENT, UNREACHABLE, UNFIT = 1, 2, 3, 4
FAILURE, IDENTITIES, SIGN_REQUEST, SIGN_RESPONSE = 5, 12, 13, 14
UP, UV = 1, 4
ON = "[ssh_sk]\nenabled = true\n"
TOUCH_RULE = RULE.replace('"otp"', '"touch"')
LIST_DEADLINE = 10


def string(value):
    return struct.pack(">I", len(value)) + value


def strings(packed):
    found = []
    while packed:
        size = struct.unpack(">I", packed[:4])[0]
        found.append(packed[4:4 + size])
        packed = packed[4 + size:]
    return found


class Key:
    """A security key and the ssh key in it."""

    def __init__(self, application=b"ssh:"):
        self.private = Ed25519PrivateKey.generate()
        self.application = application
        public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.type = b"sk-ssh-ed25519@openssh.com"
        self.blob = string(self.type) + string(public) + string(application)
        self.flags = UP

    def line(self):
        return f"{self.type.decode()} {base64.b64encode(self.blob).decode()} at her desk\n"

    def sign(self, to_sign):
        # The same in each child that uses it: only time goes on in all of them.
        counter = time.monotonic_ns() // 1_000_000
        tail = bytes([self.flags]) + struct.pack(">I", counter)
        signed = (hashlib.sha256(self.application).digest() + tail +
                  hashlib.sha256(to_sign).digest())
        return string(self.type) + string(self.private.sign(signed)) + tail


class Agent:
    """An honest agent that holds `keys`; tests override what they spoil."""
    delay = 0  # before a signature

    def __init__(self, *keys):
        self.keys = keys
        self.signed = []

    def identities(self):
        return (bytes([IDENTITIES]) + struct.pack(">I", len(self.keys)) +
                b"".join(string(key.blob) + string(b"a comment") for key in self.keys))

    def signature(self, blob, to_sign):
        self.signed.append(to_sign)
        key = next(key for key in self.keys if key.blob == blob)
        return bytes([SIGN_RESPONSE]) + string(key.sign(to_sign))

    def serve(self, stream):
        try:
            while True:
                size = struct.unpack(">I", stream.recv(4, socket.MSG_WAITALL))[0]
                message = stream.recv(size, socket.MSG_WAITALL)
                if message[0] == SIGN_REQUEST:
                    time.sleep(self.delay)
                    self.say(stream, self.signature(*strings(message[1:-4])))
                else:
                    self.say(stream, self.identities())
        except (OSError, struct.error):
            pass

    def say(self, stream, answer):
        stream.sendall(string(answer))


def spoilt(name, function):
    """An agent one of whose methods is another."""
    return type("Spoilt", (Agent,), {name: function})


def connection_to(agent, uid=UID):
    """A connection to `agent` that was `uid` when it listened."""
    path = tempfile.mktemp(prefix="stepup-agent-", dir="/tmp")
    listener = socket.socket(socket.AF_UNIX)
    os.seteuid(uid)
    listener.bind(path)
    listener.listen()
    os.seteuid(0)
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    stream, _ = listener.accept()
    os.unlink(path)
    threading.Thread(target=agent.serve, args=(stream,), daemon=True).start()
    return client


class Sudo:
    """What came of one check of "sudo WORDS": told in JSON by a child on a terminal of its own."""

    def __init__(self, daemon, hand_over, words=("sudo", "id"), program=2, answers=()):
        reader, writer = os.pipe()
        pid, terminal = pty.fork()
        if pid == 0:
            try:
                os.close(reader)
                os.setgroups([])
                os.setresgid(60, 0, 0)
                os.setresuid(UID, 0, 0)
                seen = self.talk(daemon, hand_over, words, program, list(answers))
            except BaseException as error:  # pylint: disable=broad-except
                seen = {"broken": repr(error)}
            os.write(writer, json.dumps(seen).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as told:
            seen = json.load(told)
        os.close(terminal)
        os.waitpid(pid, 0)
        assert "broken" not in seen, seen
        self.verdict, self.seconds, self.asked = seen["verdict"], seen["seconds"], seen["asked"]
        self.told, self.prompts = seen["told"], seen["prompts"]

    @staticmethod
    def talk(daemon, hand_over, words, program, answers):
        client = wire.Client(daemon.stepupd, 90)
        client.send(wire.CHECK, wire.check_body(program=program, user=USER, uid=UID, caller=USER,
                                                argv=words))
        seen = {"verdict": None, "told": [], "prompts": 0, "asked": 0}
        start = time.monotonic()
        while (reply := client.receive()) is not None:
            kind, _, body = reply
            if kind == wire.AGENT_REQUEST:
                seen["asked"] += 1
                hand_over(client)
            elif kind == wire.NOTICE:
                seen["told"].append(body[0])
            elif kind == wire.PROMPT:
                seen["prompts"] += 1
                if answers:
                    client.send(wire.ANSWER, wire.text(answers.pop(0)))
                else:
                    client.send(wire.CANCEL, b"\2")
            elif kind == wire.VERDICT:
                seen["verdict"] = struct.unpack(">I", body[:4])[0]
                seen["told"].append(body[4])
                break
        seen["seconds"] = time.monotonic() - start
        return seen


def hand(client, *descriptors, outcome=CONNECTED, kind=wire.AGENT_ANSWER):
    client.socket.sendmsg(
        [wire.header(kind, client.request_id) + bytes([outcome])],
        [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors
        else [])


def handing(agent, uid=UID):
    def hand_over(client):
        connection = connection_to(agent, uid)
        hand(client, connection.fileno())
        connection.close()
    return hand_over


class Gate:
    """What came of "stepupctl gate", run by USER, who has no shell, with COMMAND and with `agent` behind
    SSH_AUTH_SOCK, in a session of its own without a terminal."""

    def __init__(self, daemon, agent, command="echo ran"):
        path = tempfile.mktemp(prefix="stepup-agent-", dir="/tmp")
        listener = socket.socket(socket.AF_UNIX)
        os.seteuid(UID)
        listener.bind(path)
        listener.listen()
        os.seteuid(0)
        self.connections = 0

        def serve():
            while True:
                try:
                    stream, _ = listener.accept()
                except OSError:
                    return
                self.connections += 1
                agent.serve(stream)
        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        done = subprocess.run(
            [f"{os.environ.get('B', 'build')}/stepupctl", "--socket", daemon.control, "gate"],
            env={"PATH": os.environ["PATH"], "SSH_AUTH_SOCK": path,
                 "SSH_ORIGINAL_COMMAND": command},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, start_new_session=True,
            user=UID, group=60, extra_groups=[], timeout=60)
        os.unlink(path)
        # The next listener gets the same number, and its connections must not come to this thread.
        listener.shutdown(socket.SHUT_RDWR)
        serving.join()
        listener.close()
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr


def word(name):
    """The number of a sentence, from message_id.h."""
    header = (pathlib.Path(__file__).parents[2] / "stepupd/wire/message_id.h").read_text()
    body = header[header.index("enum class MessageId"):header.index("kLast")]
    names = [line.split(",")[0].split("=")[0].strip() for line in body.splitlines()[1:]
             if line.strip() and not line.strip().startswith("//")]
    return names.index(name)


class SshSkTest(unittest.TestCase):
    conf = ON + TOUCH_RULE

    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.remove)
        self.daemon.conf(self.conf)
        self.daemon.start()
        self.key = Key()
        self.codes = self.enrol(self.key)

    def enrol(self, key, *options):
        """Root enrols it as the first factor; the recovery codes that came with it."""
        path = self.daemon.root / "key.pub"
        path.write_text(key.line())
        dialogue = Dialogue(self.daemon, "enroll", "ssh-sk", str(path), "--user", USER, *options)
        codes = dialogue.expect(
            r"(?m)((?:^\s*\w{2}-\w{4}-\w{4}-\w{4}\s*\n){10})").group(1).split()
        dialogue.answer(codes[0])
        dialogue.process.stdin.close()
        with dialogue.process.stdout:
            dialogue.process.stdout.read()
        self.assertEqual(dialogue.process.wait(30), 0)
        return codes

    def sudo(self, agent, **options):
        return Sudo(self.daemon, agent if callable(agent) else handing(agent), **options)

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
        sanitized = any(word in BUILD for word in ("asan", "tsan"))
        self.assertLess(self.resident() - before, 16384 if sanitized else 4096)
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

    def resident(self):
        """Kilobytes."""
        status = pathlib.Path(f"/proc/{self.daemon.process.pid}/status").read_text("ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))


class SshSkWithCodesTest(SshSkTest):
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

    # What is refused there is followed by a prompt here.
    test_V12_a_hostile_agent_gets_a_refusal_in_time_and_costs_bounded_memory = None
    test_V12_an_agent_that_is_slow_or_silent_is_waited_for_ten_seconds = None
    test_what_is_no_agent_of_the_caller_s_is_told_nothing = None
    test_a_refusal_is_told_from_a_touch_that_did_not_come = None
    test_programs_that_have_no_caller_are_not_asked_for_an_agent = None
    test_switched_off_it_does_not_count = None
    test_a_key_is_enrolled_once_and_only_if_it_is_one = None
    test_changes_by_stepupctl_want_sudo_first = None


class SshSkUvTest(SshSkTest):
    """A key that verifies its user."""
    conf = ON + RULE.replace('"otp"', '"touch+uv"')

    def enrol(self, key, *options):
        return super().enrol(key, "--uv", *options)

    def test_only_a_signature_that_says_so_meets_touch_uv(self):
        plain = self.sudo(Agent(self.key))
        self.assertEqual((plain.verdict, plain.told[-1]), (wire.DENIED, word("RefusedAgentUv")))
        self.key.flags = UP | UV
        self.assertEqual(self.sudo(Agent(self.key)).verdict, wire.GRANTED)


for name in list(vars(SshSkTest)):
    if name.startswith("test_"):
        setattr(SshSkUvTest, name, None)


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
