# SPDX-License-Identifier: ISC
"""The CTAP2 commands, but for authenticatorClientPIN."""

import os
import time

import cbor2

import errors
import keys
from errors import CtapError
from faults import UP, UV, Draft
from manage import Manage
from pin import GET, MAKE
from store import Credential

AT, ED = 0x40, 0x80  # flags: attested credential data, extension data follow


class Ctap:
    def __init__(self, settings, store, person, pin_uv, faults, attestation, seen):
        self.settings, self.store, self.person = settings, store, person
        self.pin_uv, self.faults, self.attestation = pin_uv, faults, attestation
        self.plugged_at = time.monotonic()
        self.following = []  # what getNextAssertion will give
        self.seen = seen  # gets the name of each command
        self.commands = {1: ("make", self._make), 2: ("get", self._get), 4: ("info", self._info),
                         6: ("pin", self.pin_uv.execute), 7: ("reset", self._reset),
                         8: ("next", self._next), 11: ("selection", self._selection)}
        # libfido2 asks by the number that the command had before it was in the standard.
        self.commands[0x0A] = self.commands[0x41] = (
            "manage", Manage(settings, store, pin_uv).execute)

    async def execute(self, message):
        """From a command byte and CBOR to the command's name and a status byte and CBOR."""
        name, command = self.commands.get(message[0] if message else None, ("unknown", None))
        try:
            if command is None:
                raise CtapError(errors.INVALID_COMMAND)
            request = _decoded(message[1:])
            self.seen.append(_described(name, request))
            reply = await command(request)
        except CtapError as error:
            return name, bytes([error.status])
        return name, bytes([errors.OK]) + (cbor2.dumps(reply, canonical=True) if reply else b"")

    # --- Commands that need nobody ---------------------------------------------------------------

    async def _info(self, _):
        settings, state = self.settings, self.store.state
        options = {"plat": False, "rk": settings.rk, "up": True}
        if settings.client_pin:
            options["clientPin"] = state.pin is not None
        if settings.uv != "none":
            options["uv"] = settings.uv == "set"
        if settings.permissions:
            options |= {"pinUvAuthToken": True, "makeCredUvNotRqd": settings.make_cred_uv_not_rqd,
                        "alwaysUv": settings.always_uv, "credMgmt": settings.rk}
        info = {1: settings.versions, 2: settings.extensions, 3: bytes.fromhex(settings.aaguid),
                4: options, 5: settings.max_msg_size, 6: settings.pin_protocols, 7: 8, 8: 128,
                9: ["usb"], 10: [{"alg": a, "type": "public-key"} for a in settings.algorithms],
                14: 1}
        if settings.permissions:
            info |= {12: state.force_pin_change, 13: settings.min_pin_length}
        return info

    # --- Commands for a person -------------------------------------------------------------------

    async def _selection(self, _):
        await self.person.touch()

    async def _reset(self, _):
        if (time.monotonic() - self.plugged_at) * 1000 > self.settings.reset_window:
            raise CtapError(errors.NOT_ALLOWED)
        await self.person.touch()
        self.store.forget()
        self.pin_uv.forget()

    async def _make(self, request):
        client_data_hash, rp, user, algorithms = (_required(request, n) for n in (1, 2, 3, 4))
        options = request.get(7, {})
        await self._answer_selection_by_touch(request.get(8))
        offered = [p["alg"] for p in algorithms if p["alg"] in self.settings.algorithms]
        if not offered:
            raise CtapError(errors.UNSUPPORTED_ALGORITHM)
        if not options.get("up", True):
            raise CtapError(errors.INVALID_OPTION)
        if options.get("rk") and not self.settings.rk:
            raise CtapError(errors.UNSUPPORTED_OPTION)
        verified = await self._verify(request, options, MAKE, rp["id"], pins=(8, 9))
        if not verified and self._protected() and (
                options.get("rk") or self.settings.always_uv or
                not self.settings.make_cred_uv_not_rqd):
            raise CtapError(errors.PUAT_REQUIRED)
        excluded = any(credential.id in [e["id"] for e in request.get(5, [])]
                       for credential in self.store.of(rp["id"]))
        if verified != "finger":  # a finger on the sensor is a touch
            await self.person.touch()
        if excluded:
            raise CtapError(errors.CREDENTIAL_EXCLUDED)
        if options.get("rk") and len(self.store.discoverable()) >= self.settings.max_credentials:
            raise CtapError(errors.KEY_STORE_FULL)
        protect = request.get(6, {}).get("credProtect") if (
            "credProtect" in self.settings.extensions) else None
        credential = Credential(os.urandom(32), rp["id"], user, offered[0],
                                keys.generate(offered[0]), bool(options.get("rk")), protect or 1)
        self.store.add(credential)
        return self._attested(client_data_hash, credential, UV if verified else 0, protect)

    def _attested(self, client_data_hash, credential, uv_flag, protect):
        attested = (bytes.fromhex(self.settings.aaguid) + len(credential.id).to_bytes(2, "big") +
                    credential.id + cbor2.dumps(keys.cose(credential.key, credential.algorithm),
                                                canonical=True))
        if protect:
            attested += cbor2.dumps({"credProtect": protect})
        own = self.settings.attestation == "packed"
        data, signature = self.faults.sign("make", Draft(
            credential.rp_id, UP | uv_flag | AT | (ED if protect else 0), self._count(), attested,
            client_data_hash, self.attestation.key if own else credential.key, credential.id))
        if self.settings.attestation == "none":
            return {1: "none", 2: data, 3: {}}
        statement = {"alg": keys.ES256 if own else credential.algorithm, "sig": signature}
        if own:
            statement["x5c"] = [self.attestation.certificate]
        return {1: "packed", 2: data, 3: statement}

    async def _get(self, request):
        rp_id, client_data_hash = _required(request, 1), _required(request, 2)
        options = request.get(5, {})
        await self._answer_selection_by_touch(request.get(6))
        if "rk" in options:
            raise CtapError(errors.UNSUPPORTED_OPTION)
        present = options.get("up", True)
        verified = await self._verify(request, options, GET, rp_id, pins=(6, 7))
        if present and not verified and self.settings.always_uv:
            raise CtapError(errors.PUAT_REQUIRED)
        allowed = [entry["id"] for entry in request.get(3, [])]
        found = [c for c in self.store.of(rp_id) if (
            c.id in allowed if allowed else c.discoverable) and (
            verified or c.protect < (3 if allowed else 2))]
        if not found:
            raise CtapError(errors.NO_CREDENTIALS)
        if present and verified != "finger":
            await self.person.touch()
        flags = (UP if present else 0) | (UV if verified else 0)
        if allowed:
            return self._asserted("get", found[0], flags, client_data_hash)
        self.following = [(credential, flags, client_data_hash) for credential in found[1:]]
        reply = self._asserted("get", found[0], flags, client_data_hash)
        return reply | ({5: len(found)} if len(found) > 1 else {})

    async def _next(self, _):
        if not self.following:
            raise CtapError(errors.NOT_ALLOWED)
        return self._asserted("next", *self.following.pop(0))

    def _asserted(self, command, credential, flags, client_data_hash):
        draft = Draft(credential.rp_id, flags, self._count(), b"", client_data_hash,
                      credential.key, credential.id)
        data, signature = self.faults.sign(command, draft)
        reply = {1: {"id": draft.credential_id, "type": "public-key"}, 2: data, 3: signature}
        if credential.discoverable:
            reply[4] = credential.user if flags & UV else {"id": credential.user["id"]}
        return self.faults.assertion(command, reply)

    # --- Their parts -----------------------------------------------------------------------------

    def _protected(self):
        return self.store.state.pin is not None or self.settings.uv == "set"

    async def _answer_selection_by_touch(self, proof):
        """An empty pinUvAuthParam is how CTAP 2.0 asks which authenticator the person means."""
        if proof == b"":
            await self.person.touch()
            raise CtapError(errors.PIN_INVALID if self.store.state.pin else errors.PIN_NOT_SET)

    async def _verify(self, request, options, permission, rp_id, pins):
        """How the person was verified: not (""), by "pin", or by a "finger" on this occasion."""
        proof, number = (request.get(key) for key in pins)
        if proof is not None:
            hashed = request[1] if permission == MAKE else request[2]
            protocol = self.pin_uv.authorise(number, proof, hashed, permission, rp_id)
            how = "finger" if protocol.present else "pin"
            protocol.permissions &= ~(MAKE | GET) if options.get("up", True) else ~0
            return how
        if options.get("uv"):
            if self.settings.uv != "set":
                raise CtapError(errors.INVALID_OPTION)
            await self.person.scan()
            return "finger"
        return ""

    def _count(self):
        return self.store.count(self.settings.counter_step)


def _decoded(payload):
    if not payload:
        return {}
    try:
        request = cbor2.loads(payload)
    except cbor2.CBORDecodeError:
        raise CtapError(errors.INVALID_CBOR) from None
    if not isinstance(request, dict):
        raise CtapError(errors.INVALID_CBOR)
    return request


def _required(request, number):
    if number not in request:
        raise CtapError(errors.MISSING_PARAMETER)
    return request[number]


def _described(name, request):
    if name == "pin":
        return f"pin:{request.get(2)}"
    if name == "get" and request.get(5, {}).get("up") is False:
        return "get:silent"
    return name
