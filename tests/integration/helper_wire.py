# SPDX-License-Identifier: ISC
"""A second, independent reading of PROTOCOL.md, "helper.sock": the daemon's end."""

import hashlib
import struct
import subprocess
import time

import wire

ASSERT, MAKE, PIN, CANCEL = 128, 130, 132, 66
PROGRESS, PIN_WANTED, ASSERTION, NEW_CREDENTIAL, FAILED = 129, 131, 133, 135, 137
STAGES = [None, "no-key", "other-key", "busy", "select", "touch", "uv", "uv-refused"]
CAUSES = [None, "timed-out", "cancelled", "unplugged", "pin-blocked", "pin-soft-blocked",
          "pin-nearly-blocked", "pin-not-set", "uv-blocked", "excluded", "unsupported", "device"]
RP = "stepup:test"


class Reader:
    def __init__(self, body):
        self.body = body

    def take(self, size):
        taken, self.body = self.body[:size], self.body[size:]
        assert len(taken) == size
        return taken

    def byte(self):
        return self.take(1)[0]

    def bytes(self):
        return self.take(struct.unpack(">I", self.take(4))[0])

    def text(self):
        return self.bytes().decode()


def listed(items):
    return struct.pack(">I", len(items)) + b"".join(wire.text(item) for item in items)


def ceremony(devices, uv=False, seconds=20, challenge=bytes(32), rp=RP):
    return (wire.text(rp) + wire.text(challenge) + bytes([uv]) + listed(devices) +
            struct.pack(">H", seconds))


class Helper:
    """stepup-fido2-helper --listen, as a context manager."""

    def __init__(self, binary, directory, options=(), **popen):
        self.socket = str(directory / "helper.sock")
        self.process = subprocess.Popen([binary, "--listen", self.socket, *options], **popen)
        deadline = time.monotonic() + 5
        while not self.listens():
            assert time.monotonic() < deadline, "the helper does not listen"
            time.sleep(0.01)

    def listens(self):
        with open("/proc/net/unix", encoding="utf-8") as sockets:
            rows = [line.split() for line in sockets]
        return any(row[3] == "00010000" and row[-1] == self.socket for row in rows)

    def begin(self, kind, body):
        client = wire.Client(self.socket, timeout=15)
        client.send(kind, body)
        return Ceremony(client)

    def make(self, *devices, user=b"user", excluded=(), rk=False, **options):
        return self.begin(MAKE, ceremony(devices, **options) + wire.text(user) +
                          wire.text("alice") + bytes([rk]) + listed(excluded))

    def get(self, *devices, credentials, **options):
        return self.begin(ASSERT, ceremony(devices, **options) + listed(credentials))

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Ceremony:
    """What the helper says about one request."""

    def __init__(self, client):
        self.client = client
        self.said = []  # every message but the last: ("stage", detail) or ("pin", tries, was_wrong)

    def next(self):
        """The next message: ("touch", detail), ("pin", tries, wrong), ("failed", cause, detail),
        ("assertion", id, authenticator data, signature) or ("credential", ...)."""
        reply = self.client.receive()
        if reply is None:
            return ("gone",)
        kind, request_id, body = reply
        assert request_id == self.client.request_id
        reader = Reader(body)
        if kind == PROGRESS:
            message = (STAGES[reader.byte()], reader.text())
        elif kind == PIN_WANTED:
            message = ("pin", reader.byte(), bool(reader.byte()))
        elif kind == ASSERTION:
            message = ("assertion", reader.bytes(), reader.bytes(), reader.bytes())
        elif kind == NEW_CREDENTIAL:
            message = ("credential", reader.byte(), reader.bytes(), reader.text(), reader.bytes(),
                       reader.text())
        else:
            assert kind == FAILED, kind
            message = ("failed", CAUSES[reader.byte()], reader.text())
        assert not reader.body
        return message

    def until(self, *kinds):
        """The first message of one of `kinds`, or the last one."""
        while True:
            message = self.next()
            if message[0] in kinds or message[0] in ("gone", "failed", "assertion", "credential"):
                return message
            self.said.append(message)

    def end(self):
        return self.until()

    def pin(self, text):
        self.client.send(PIN, wire.text(text))

    def cancel(self):
        self.client.send(CANCEL, b"\1")

    def close(self):
        self.client.close()


def credential_id(message):
    """Of a "credential": WebAuthn section 6.5.1."""
    assert message[0] == "credential", message
    data = message[2]
    size = struct.unpack(">H", data[53:55])[0]
    return data[55:55 + size]


def flags(message):
    return message[2][32]


def is_for(message, rp=RP):
    return message[2][:32] == hashlib.sha256(rp.encode()).digest()
