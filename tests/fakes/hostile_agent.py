#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""An ssh agent that lies, in front of an honest one, which it asks where it needs a signature.

    hostile_agent.py SOCKET OWNER UPSTREAM BEHAVIOUR

Listens at SOCKET, which belongs to the uid OWNER, until standard input ends; "ready" on standard
output says from when on.  BEHAVIOUR names a class below.
"""
import os
import socket
import struct
import sys
import threading
import time

FAILURE, SUCCESS = 5, 6
IDENTITIES_ANSWER, SIGN_REQUEST, SIGN_RESPONSE = 12, 13, 14
LONGEST = 256 * 1024
UPSTREAM = ""


def string(value):
    return struct.pack(">I", len(value)) + value


def strings(packed):
    """The strings of which `packed` consists."""
    found = []
    while len(packed) >= 4:
        size = struct.unpack(">I", packed[:4])[0]
        found.append(packed[4:4 + size])
        packed = packed[4 + size:]
    return found


def read_exactly(stream, size):
    got = b""
    while len(got) < size:
        piece = stream.recv(size - len(got))
        if not piece:
            raise ConnectionError
        got += piece
    return got


def read_message(stream):
    return read_exactly(stream, struct.unpack(">I", read_exactly(stream, 4))[0])


def ask(message):
    """What the honest agent says to `message`."""
    with socket.socket(socket.AF_UNIX) as upstream:
        upstream.connect(UPSTREAM)
        upstream.sendall(string(message))
        return read_message(upstream)


def blobs():
    return strings(ask(b"\x0b")[5:])[::2]


def sign(blob, to_sign):
    return ask(bytes([SIGN_REQUEST]) + string(blob) + string(to_sign) + bytes(4))


class Honest:
    """Says what the other says; the rest change something of it."""

    def answer(self, message):
        if message[0] == SIGN_REQUEST:
            blob, to_sign = strings(message[1:-4])
            return self.signature(blob, to_sign)
        return self.identities()

    def identities(self):
        return ask(b"\x0b")

    def signature(self, blob, to_sign):
        return sign(blob, to_sign)

    def send(self, stream, answer):
        stream.sendall(string(answer))


class Silent(Honest):
    def send(self, stream, answer):
        time.sleep(3600)


class HangsUp(Honest):
    def send(self, stream, answer):
        stream.close()


class Slow(Honest):
    """A byte a second."""

    def send(self, stream, answer):
        for byte in string(answer):
            stream.sendall(bytes([byte]))
            time.sleep(1)


class Endless(Honest):
    """The answer, and then more and more."""

    def send(self, stream, answer):
        stream.sendall(string(answer))
        while True:
            stream.sendall(bytes(LONGEST))


class Huge(Honest):
    """A message of 4 GiB, as far as anybody reads it."""

    def send(self, stream, answer):
        stream.sendall(b"\xff\xff\xff\xff")
        while True:
            stream.sendall(bytes(LONGEST))


class Longest(Honest):
    """As many keys as there is room for, and none of them enrolled."""

    def identities(self):
        keys = (LONGEST - 5) // 8
        return struct.pack(">BI", IDENTITIES_ANSWER, keys) + bytes(8 * keys)


class Countless(Honest):
    """Promises four billion keys."""

    def identities(self):
        return struct.pack(">BI", IDENTITIES_ANSWER, 0xffffffff) + ask(b"\x0b")[5:]


class Fails(Honest):
    def signature(self, blob, to_sign):
        return bytes([FAILURE])


class WrongType(Honest):
    """Success, as if there were nothing more to say."""

    def signature(self, blob, to_sign):
        return bytes([SUCCESS])


class OtherKey(Honest):
    """Another key signs."""

    def signature(self, blob, to_sign):
        return sign(next(other for other in blobs()
                         if other != blob and strings(other)[0] == strings(blob)[0]), to_sign)


class OtherNamespace(Honest):
    """A signature as ssh-keygen -Y sign makes it for files."""

    def signature(self, blob, to_sign):
        return sign(blob, to_sign.replace(string(b"stepup"), string(b"file")))


class OtherMessage(Honest):
    """A signature that was asked for on another host: its message has another hash."""

    def signature(self, blob, to_sign):
        return sign(blob, to_sign[:-1] + bytes([to_sign[-1] ^ 1]))


class Replays(Honest):
    """The first signature is the answer to everything that follows."""
    first = None

    def signature(self, blob, to_sign):
        if Replays.first is None:
            Replays.first = sign(blob, to_sign)
        return Replays.first


class More(Honest):
    """A byte after the signature."""

    def signature(self, blob, to_sign):
        return bytes([SIGN_RESPONSE]) + string(strings(sign(blob, to_sign)[1:])[0] + b"\0")


def serve(stream, behaviour):
    try:
        with stream:
            while True:
                behaviour.send(stream, behaviour.answer(read_message(stream)))
    except OSError:
        pass  # who asked has heard enough


def accept(listener, behaviour):
    while True:
        stream, _ = listener.accept()
        threading.Thread(target=serve, args=(stream, behaviour), daemon=True).start()


def main():
    global UPSTREAM
    path, owner, UPSTREAM, name = sys.argv[1:]
    behaviour = globals()[name]()
    listener = socket.socket(socket.AF_UNIX)
    os.umask(0o177)
    os.chdir(os.path.dirname(path))  # which its owner may not be able to reach
    os.seteuid(int(owner))           # who listens is whom SO_PEERCRED names
    listener.bind(os.path.basename(path))
    listener.listen()
    os.seteuid(os.getuid())
    print("ready", flush=True)
    threading.Thread(target=accept, args=(listener, behaviour), daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
