# SPDX-License-Identifier: ISC
"""A second, independent reading of PROTOCOL.md, to speak to stepupd with."""

import os
import socket
import struct
import time

VERSION = 1
CHECK, STATUS, LIST, ENROLL, TICKET, RESET, REMOVE, VERIFY, ANSWER, CANCEL = (
    2, 16, 18, 20, 22, 24, 26, 28, 64, 66)
AGENT_ANSWER, AGENT_REQUEST = 70, 73
HEARTBEAT, PROMPT, NOTICE, VERDICT, STATUS_REPORT, VERSION_MISMATCH = 65, 67, 69, 71, 81, 0xFFFF
GRANTED, NOT_REQUIRED, DENIED = 0x47524E54, 0x4E524551, 0x44454E59
LOCKED_OUT, UNAVAILABLE = 0x4C4F434B, 0x554E4156


def text(value):
    raw = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">I", len(raw)) + raw


def header(kind, request_id, version=VERSION):
    return struct.pack(">HH", version, kind) + request_id


def check_body(phase=2, program=1, service="sudo", user="root", uid=0, caller="root", argv=()):
    """CheckRequest: phase, program, names, hints, groups unknown, argv, clock unknown, no
    requester, no exact command, no SSH_AUTH_INFO_0, no password."""
    return (bytes([phase, program]) + text(service) + text(user) + struct.pack(">I", uid) +
            text(caller) + text("") + text("") + b"\0" + struct.pack(">I", len(argv)) +
            b"".join(text(word) for word in argv) + b"\0" + b"\1" + b"\0" + b"\0" + b"\0" +
            b"\0")


class Client:
    """One connection.  Replies come as (type, request id, body); None is the end."""

    def __init__(self, path, timeout=8):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(timeout)
        for _ in range(500):
            try:
                self.socket.connect(path)
                break
            except BlockingIOError:  # the backlog is full
                time.sleep(0.01)
        self.request_id = os.urandom(16)

    def send(self, kind, body=b"", version=VERSION):
        self.socket.send(header(kind, self.request_id, version) + body)

    def receive(self, skip_heartbeats=True):
        while True:
            try:
                packet = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not packet:
                return None
            kind = struct.unpack(">H", packet[2:4])[0]
            if kind != HEARTBEAT or not skip_heartbeats:
                return kind, packet[4:20], packet[20:]

    def verdict(self):
        """The verdict's code, passing over notices; None when the connection ends without one."""
        while True:
            reply = self.receive()
            if reply is None:
                return None
            if reply[0] == VERDICT:
                assert reply[1] == self.request_id
                return struct.unpack(">I", reply[2][:4])[0]
            if reply[0] == PROMPT:
                return "prompt"

    def close(self):
        self.socket.close()

    __del__ = close
