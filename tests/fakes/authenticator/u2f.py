# SPDX-License-Identifier: ISC
"""CTAP1: U2F's three commands, of which none waits; the client asks again until it is touched."""

import asyncio
import hashlib
import os

from cryptography.hazmat.primitives import serialization

import keys
from errors import CtapError
from store import Credential

DONE, TOUCH_NEEDED, WRONG_DATA, WRONG_INSTRUCTION = 0x9000, 0x6985, 0x6A80, 0x6D00
CHECK_ONLY = 7


class Refusal(Exception):
    """Ends a command with a status word."""


class U2f:
    def __init__(self, settings, store, person, attestation, seen):
        self.settings, self.store, self.person = settings, store, person
        self.attestation, self.seen = attestation, seen
        self.touching = None

    def forget(self):
        """What the loss of power does."""
        if self.touching:
            self.touching.cancel()

    async def execute(self, apdu):
        name, command = {1: ("register", self._register), 2: ("authenticate", self._authenticate),
                         3: ("version", self._version)}.get(apdu[1], ("unknown", None))
        self.seen.append(f"u2f:{name}")
        try:
            if command is None:
                raise Refusal(WRONG_INSTRUCTION)
            length = int.from_bytes(apdu[4:7], "big")  # of extended length: 0, high, low
            reply, word = await command(apdu[2], apdu[7:7 + length]), DONE
        except Refusal as refusal:
            reply, word = b"", refusal.args[0]
        return name, reply + word.to_bytes(2, "big")

    async def _version(self, *_):
        return b"U2F_V2"

    async def _touched(self):
        if self.touching is None:
            self.touching = asyncio.create_task(self.person.touch())
            await asyncio.sleep(0)
        if not self.touching.done():
            raise Refusal(TOUCH_NEEDED)
        touch, self.touching = self.touching, None
        try:
            touch.result()
        except CtapError:
            raise Refusal(TOUCH_NEEDED) from None

    async def _register(self, _, parameters):
        challenge, application = parameters[:32], parameters[32:64]
        await self._touched()
        credential = Credential(os.urandom(64), application.hex(), {"id": b""}, keys.ES256,
                                keys.generate(keys.ES256), False, 1)
        self.store.add(credential)
        point = credential.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        signature = keys.sign(self.attestation.key,
                              b"\0" + application + challenge + credential.id + point)
        return (b"\x05" + point + bytes([len(credential.id)]) + credential.id +
                self.attestation.certificate + signature)

    async def _authenticate(self, control, parameters):
        challenge, application, handle = parameters[:32], parameters[32:64], parameters[65:]
        found = [c for c in self.store.state.credentials if c.id == handle and application in (
            bytes.fromhex(c.rp_id) if len(c.rp_id) == 64 else b"",
            hashlib.sha256(c.rp_id.encode()).digest())]
        if not found:
            raise Refusal(WRONG_DATA)
        if control == CHECK_ONLY:
            raise Refusal(TOUCH_NEEDED)
        await self._touched()
        statement = b"\1" + self.store.count(self.settings.counter_step).to_bytes(4, "big")
        return statement + keys.sign(found[0].key, application + statement + challenge)
