# SPDX-License-Identifier: ISC
"""Plays sudo and the module in it, before the real stepupd: a process of root's on a terminal whose
real uid is USER's, with an agent of USER's."""

import array
import base64
import hashlib
import json
import os
import pathlib
import pty
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import wire
from daemon_bench import RULE, UID, USER, Daemon, Dialogue

CONNECTED, ABSENT, UNREACHABLE, UNFIT = 1, 2, 3, 4
FAILURE, IDENTITIES, SIGN_REQUEST, SIGN_RESPONSE = 5, 12, 13, 14
UP, UV = 1, 4
ON = "[ssh_sk]\nenabled = true\n"
TOUCH_RULE = RULE.replace('"otp"', '"touch"')


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


def listening(uid):
    """A socket on which `uid` listens, as far as who connects can see, and its path."""
    path = tempfile.mktemp(prefix="stepup-agent-", dir="/tmp")
    listener = socket.socket(socket.AF_UNIX)
    os.seteuid(uid)
    listener.bind(path)
    listener.listen()
    os.seteuid(0)
    return listener, path


def connection_to(agent, uid=UID):
    """A connection to `agent` that was `uid` when it listened."""
    listener, path = listening(uid)
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
        listener, path = listening(UID)
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


class SshSkBench(unittest.TestCase):
    """USER has enrolled `key`, which the rules let answer sudo."""
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
