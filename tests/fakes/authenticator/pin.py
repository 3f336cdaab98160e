# SPDX-License-Identifier: ISC
"""PIN and user verification: both PIN/UV auth protocols and authenticatorClientPIN."""

import hashlib
import hmac
import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

import keys
from errors import (INVALID_OPTION, INVALID_PARAMETER, INVALID_SUBCOMMAND, MISSING_PARAMETER,
                    NOT_ALLOWED, PIN_AUTH_BLOCKED, PIN_AUTH_INVALID, PIN_BLOCKED, PIN_INVALID,
                    PIN_NOT_SET, PIN_POLICY_VIOLATION, UNAUTHORIZED_PERMISSION, CtapError)

MAKE, GET, MANAGE = 1, 2, 4  # permissions
PIN_RETRIES = 8
FAILURES_UNTIL_REPLUG = 3


def pin_hash(pin):
    return hashlib.sha256(pin.encode()).digest()[:16].hex()


class Protocol:
    """One of the two protocols, with its key agreement key and its token."""

    def __init__(self, number):
        self.number = number
        self.renew_key()
        self.renew_token()

    def renew_key(self):
        self.key = keys.generate(keys.ES256)

    def renew_token(self, permissions=0, rp_id=None, present=False):
        """An old token is worth nothing after this.  `present`: a finger was on the sensor."""
        self.token, self.permissions = os.urandom(32), permissions
        self.rp_id, self.present = rp_id, present
        return self.token

    def secrets(self, peer):
        """The keys for HMAC and for AES that are shared with `peer`."""
        try:
            x = keys.shared_x(self.key, peer)
        except (KeyError, TypeError, ValueError):
            raise CtapError(INVALID_PARAMETER) from None
        if self.number == 1:
            both = hashlib.sha256(x).digest()
            return both, both
        return tuple(HKDF(hashes.SHA256(), 32, bytes(32), info).derive(x)
                     for info in (b"CTAP2 HMAC key", b"CTAP2 AES key"))

    def _cipher(self, key, iv):
        return Cipher(algorithms.AES(key), modes.CBC(iv))

    def encrypt(self, key, text):
        iv = bytes(16) if self.number == 1 else os.urandom(16)
        encryptor = self._cipher(key, iv).encryptor()
        return (iv if self.number == 2 else b"") + encryptor.update(text) + encryptor.finalize()

    def decrypt(self, key, sealed):
        iv, sealed = (bytes(16), sealed) if self.number == 1 else (sealed[:16], sealed[16:])
        if not sealed or len(iv) != 16 or len(sealed) % 16:
            raise CtapError(INVALID_PARAMETER)
        decryptor = self._cipher(key, iv).decryptor()
        return decryptor.update(sealed) + decryptor.finalize()

    def verify(self, key, message, proof):
        wanted = hmac.digest(key, message, "sha256")[:16 if self.number == 1 else 32]
        if not hmac.compare_digest(wanted, proof):
            raise CtapError(PIN_AUTH_INVALID)


class PinUv:
    """authenticatorClientPIN.  A new one is made each time the authenticator is plugged in."""

    def __init__(self, settings, store, person):
        self.settings, self.store, self.person = settings, store, person
        self.forget()

    def forget(self):
        self.protocols = {number: Protocol(number) for number in (1, 2)}
        self.failures = 0

    def protocol(self, number):
        if number is None:
            raise CtapError(MISSING_PARAMETER)
        if number not in self.settings.pin_protocols:
            raise CtapError(INVALID_PARAMETER)
        return self.protocols[number]

    def authorise(self, number, proof, message, permission, rp_id):
        """Checks a pinUvAuthParam, whose token must be for this use; returns its protocol."""
        protocol = self.protocol(number)
        protocol.verify(protocol.token, message, proof)
        if not protocol.permissions & permission or protocol.rp_id not in (None, rp_id):
            raise CtapError(PIN_AUTH_INVALID)
        if permission != MANAGE:
            protocol.rp_id = rp_id  # a token without one is bound by its first use
        return protocol

    # --- The command -----------------------------------------------------------------------------

    SUBCOMMANDS = {1: "retries", 2: "key", 3: "set", 4: "change", 5: "token", 6: "uv_token",
                   7: "uv_retries", 9: "token"}

    async def execute(self, request):
        name = self.SUBCOMMANDS.get(request.get(2))
        if name is None or not self.settings.client_pin and name in ("set", "change", "token"):
            raise CtapError(INVALID_SUBCOMMAND)
        reply = await getattr(self, "_" + name)(request)
        self.store.save()
        return reply

    async def _retries(self, _):
        return {3: self.store.state.pin_retries, 4: self.failures >= FAILURES_UNTIL_REPLUG}

    async def _uv_retries(self, _):
        if self.settings.uv == "none":
            raise CtapError(INVALID_SUBCOMMAND)
        return {5: self.store.state.uv_retries}

    async def _key(self, request):
        return {1: keys.cose(self.protocol(request.get(1)).key, keys.ECDH_ES_HKDF_256)}

    async def _set(self, request):
        protocol = self.protocol(request.get(1))
        mac_key, aes_key = protocol.secrets(request.get(3))
        if self.store.state.pin:
            raise CtapError(NOT_ALLOWED)
        protocol.verify(mac_key, request.get(5, b""), request.get(4, b""))
        self._take_new_pin(protocol.decrypt(aes_key, request[5]))

    async def _change(self, request):
        protocol = self.protocol(request.get(1))
        mac_key, aes_key = protocol.secrets(request.get(3))
        self._allow_attempt()
        protocol.verify(mac_key, request.get(5, b"") + request.get(6, b""), request.get(4, b""))
        self._check_pin(protocol, aes_key, request[6])
        self._take_new_pin(protocol.decrypt(aes_key, request[5]))

    async def _token(self, request):
        """With the PIN: getPinToken, or getPinUvAuthTokenUsingPinWithPermissions."""
        protocol = self.protocol(request.get(1))
        with_permissions = request[2] == 9
        permissions = self._permissions(request) if with_permissions else MAKE | GET
        aes_key = protocol.secrets(request.get(3))[1]
        self._allow_attempt()
        self._check_pin(protocol, aes_key, request.get(6, b""))
        if self.store.state.force_pin_change:
            raise CtapError(PIN_POLICY_VIOLATION if with_permissions else PIN_INVALID)
        return {2: protocol.encrypt(aes_key, protocol.renew_token(permissions, request.get(10)))}

    async def _uv_token(self, request):
        """With the fingerprint reader: getPinUvAuthTokenUsingUvWithPermissions."""
        protocol = self.protocol(request.get(1))
        permissions = self._permissions(request)
        if self.settings.uv != "set":
            raise CtapError(INVALID_OPTION if self.settings.uv == "none" else NOT_ALLOWED)
        aes_key = protocol.secrets(request.get(3))[1]
        await self.person.scan()
        token = protocol.renew_token(permissions, request.get(10), present=True)
        return {2: protocol.encrypt(aes_key, token)}

    # --- Its parts -------------------------------------------------------------------------------

    def _permissions(self, request):
        if not self.settings.permissions:
            raise CtapError(INVALID_SUBCOMMAND)
        permissions = request.get(9)
        if not permissions:
            raise CtapError(MISSING_PARAMETER if permissions is None else INVALID_PARAMETER)
        if permissions & ~(MAKE | GET | MANAGE):
            raise CtapError(UNAUTHORIZED_PERMISSION)
        if permissions & (MAKE | GET) and not request.get(10):
            raise CtapError(MISSING_PARAMETER)
        return permissions

    def _allow_attempt(self):
        if not self.store.state.pin:
            raise CtapError(PIN_NOT_SET)
        if not self.store.state.pin_retries:
            raise CtapError(PIN_BLOCKED)
        if self.failures >= FAILURES_UNTIL_REPLUG:
            raise CtapError(PIN_AUTH_BLOCKED)

    def _check_pin(self, protocol, aes_key, sealed_hash):
        state = self.store.state
        if protocol.decrypt(aes_key, sealed_hash).hex() == state.pin:
            state.pin_retries, state.uv_retries, self.failures = PIN_RETRIES, 3, 0
            return
        state.pin_retries -= 1
        self.failures += 1
        protocol.renew_key()
        self.store.save()
        if not state.pin_retries:
            raise CtapError(PIN_BLOCKED)
        raise CtapError(PIN_AUTH_BLOCKED if self.failures >= FAILURES_UNTIL_REPLUG else PIN_INVALID)

    def _take_new_pin(self, padded):
        pin = padded.rstrip(b"\0")
        state = self.store.state
        new = hashlib.sha256(pin).digest()[:16].hex()
        if len(padded) != 64:
            raise CtapError(INVALID_PARAMETER)
        if len(pin) > 63 or len(pin.decode(errors="replace")) < self.settings.min_pin_length or (
                state.force_pin_change and new == state.pin):
            raise CtapError(PIN_POLICY_VIOLATION)
        state.pin, state.force_pin_change, state.pin_retries = new, False, PIN_RETRIES
        for protocol in self.protocols.values():
            protocol.renew_token()
