# SPDX-License-Identifier: ISC
"""What a broken or hostile authenticator does instead.

One fault is in force at a time.  The tables below say which there are: SIGNED changes what is
signed, SPOILT what was signed, REPLY the bytes of a reply, REPORTS how it is cut into reports.
"""

import hashlib
import os
from dataclasses import dataclass

import keys

UP, UV = 0x01, 0x04


@dataclass
class Draft:
    """A statement about to be signed: an assertion, or the attestation of a new credential."""

    rp_id: str
    flags: int
    sign_count: int
    rest: bytes  # of the authenticator data
    client_data_hash: bytes
    key: object
    credential_id: bytes


@dataclass
class Fault:
    kind: str
    on: str = "any"  # the command it strikes, as __main__ names them
    at: int = 0  # a byte, a report, or a status, as the kind needs it
    skip: int = 0  # so many replies of that command stay sound first
    times: int = 0  # so many are struck; 0: all


class Faults:
    def __init__(self):
        self.current = None
        self.struck = 0
        self.old_assertion = None

    def set(self, kind, **options):
        """Takes the words of the command fault; ValueError tells what is wrong with them."""
        if kind != "none" and not any(kind in table for table in KINDS):
            raise ValueError(f"no fault {kind!r}")
        self.current = None if kind == "none" else Fault(kind, **options)
        self.struck = 0

    def _strike(self, table, command):
        fault = self.current
        if fault is None or fault.kind not in table or fault.on not in ("any", command):
            return None
        if fault.skip:
            fault.skip -= 1
            return None
        self.struck += 1
        if self.struck == fault.times:
            self.current = None
        return fault

    def sign(self, command, draft):
        """Returns authenticator data and its signature."""
        if fault := self._strike(SIGNED, command):
            SIGNED[fault.kind](draft)
        data = (hashlib.sha256(draft.rp_id.encode()).digest() + bytes([draft.flags]) +
                draft.sign_count.to_bytes(4, "big") + draft.rest)
        signature = keys.sign(draft.key, data + draft.client_data_hash)
        if fault := self._strike(SPOILT, command):
            return SPOILT[fault.kind](data, signature)
        return data, signature

    def assertion(self, command, reply):
        """The reply to send: under "replay", the first one that was ever made."""
        self.old_assertion = self.old_assertion or reply
        return self.old_assertion if self._strike(REPLAY, command) else reply

    def reply(self, command, payload):
        fault = self._strike(REPLY, command)
        return REPLY[fault.kind](payload, fault.at) if fault else payload

    def reports(self, command, reports, port):
        """The reports to send; a generator for those faults that never end by themselves."""
        fault = self._strike(REPORTS, command)
        if fault is None:
            return reports
        if fault.kind == "endless":
            return _endless(reports, lambda: self.current is fault)
        return REPORTS[fault.kind](reports, fault.at, port)


# --- What is signed, and what is changed after it was signed -------------------------------------

def _drop(flag):
    def change(draft):
        draft.flags &= ~flag
    return change


def _put(name, make):
    return lambda draft: setattr(draft, name, make(draft))


SIGNED = {
    "no_up": _drop(UP),
    "no_uv": _drop(UV),
    "claimed_uv": _put("flags", lambda draft: draft.flags | UV),  # an authenticator that lies
    "foreign_rp": _put("rp_id", lambda draft: "evil." + draft.rp_id),
    "other_challenge": _put("client_data_hash", lambda _: os.urandom(32)),
    "other_credential": _put("credential_id", lambda _: os.urandom(32)),
    "foreign_key": _put("key", lambda _: keys.generate(keys.ES256)),
}

REPLAY = {"replay"}  # the first assertion that it ever made


def _with_flags(data, flags):
    return data[:32] + bytes([data[32] | flags]) + data[33:]


SPOILT = {
    "forged_up": lambda data, signature: (_with_flags(data, UP), signature),
    "forged_uv": lambda data, signature: (_with_flags(data, UV), signature),
    "empty_signature": lambda data, _: (data, b""),
    "zero_signature": lambda data, _: (data, bytes.fromhex("3006020100020100")),  # r = s = 0
}

# --- The bytes of a reply: status, then CBOR -----------------------------------------------------

def _flipped(data):
    return bytes(byte ^ 0xFF for byte in data)


REPLY = {
    "status": lambda _, at: bytes([at]),
    "garbage": lambda payload, at: payload[:at] + _flipped(payload[at:at + 1]) + payload[at + 1:],
    "random": lambda payload, _: b"\0" + os.urandom(len(payload) - 1),
    "cut": lambda payload, at: payload[:at],
    "trailing": lambda payload, _: payload + b"\xff" * 16,
    "empty": lambda *_: b"",
    "not_a_map": lambda *_: b"\0\x80",
    "huge_map": lambda *_: b"\0\xbb" + b"\xff" * 8,
    "huge_bytes": lambda *_: b"\0\xa1\x01\x5b" + b"\x7f" * 8,
    "deep": lambda *_: b"\0" + b"\x81" * 1100,
    "indefinite": lambda *_: b"\0\xbf\x01\x02\xff",
    "duplicate": lambda *_: b"\0\xa2\x01\x02\x01\x02",
    "filled": lambda payload, _: payload.ljust(7609, b"\xff"),  # the longest CTAPHID message
}

# --- The reports ---------------------------------------------------------------------------------

def _patched(report, at, new):
    return report[:at] + new + report[at + len(new):]


def _short(reports, at, port):
    port.wake_reader_from(1)  # as hidraw does: a short report is a short read
    return [reports[0][:at or 10]]


def _unplugged(reports, at, port):
    yield from reports[:at]
    port.unplug()


def _endless(reports, in_force):
    """Continuations without an end, until the fault is lifted."""
    yield from reports
    while in_force():
        for sequence in range(128):
            yield reports[0][:4] + bytes([sequence]) + bytes(59)


REPORTS = {
    "wrong_channel": lambda reports, *_: [_flipped(r[:4]) + r[4:] for r in reports],
    "wrong_command": lambda reports, *_: [_patched(reports[0], 4, b"\x81"), *reports[1:]],
    "wrong_sequence": lambda reports, *_: [reports[0], *(
        _patched(report, 4, bytes([report[4] + 1])) for report in reports[1:])],
    "huge_length": lambda reports, *_: [_patched(reports[0], 5, b"\xff\xff"), *reports[1:]],
    "truncated": lambda reports, at, _: reports[:at],  # and then silence
    "error": lambda reports, at, _: [
        (reports[0][:4] + b"\xbf\0\1" + bytes([at])).ljust(64, b"\0")],
    "twice": lambda reports, *_: [*reports, *reports],
    "short": _short,
    "unplug": _unplugged,
    "endless": None,
}

KINDS = (SIGNED, SPOILT, REPLAY, REPLY, REPORTS)
