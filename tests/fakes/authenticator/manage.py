# SPDX-License-Identifier: ISC
"""authenticatorCredentialManagement: listing and deleting discoverable credentials."""

import hashlib

import cbor2

import errors
import keys
from errors import CtapError
from pin import MANAGE


def _hash(rp_id):
    return hashlib.sha256(rp_id.encode()).digest()


class Manage:
    def __init__(self, settings, store, pin_uv):
        self.settings, self.store, self.pin_uv = settings, store, pin_uv
        self.following = []

    async def execute(self, request):
        subcommand, parameters = request.get(1), request.get(2, {})
        if subcommand in (3, 5):  # the next relying party, the next credential
            if not self.following:
                raise CtapError(errors.NOT_ALLOWED)
            return self.following.pop(0)
        if 4 not in request:
            raise CtapError(errors.PUAT_REQUIRED)
        message = bytes([subcommand]) + (
            cbor2.dumps(parameters, canonical=True) if parameters else b"")
        self.pin_uv.authorise(request.get(3), request[4], message, MANAGE,
                              self._subject(parameters))
        command = {1: self._metadata, 2: self._relying_parties, 4: self._credentials,
                   6: self._delete}.get(subcommand)
        if command is None:
            raise CtapError(errors.INVALID_SUBCOMMAND)
        return command(parameters)

    def _subject(self, parameters):
        """The relying party that a command is about, None if all or unknown."""
        named = parameters.get(2, {}).get("id")
        return next((c.rp_id for c in self.store.discoverable() if named == c.id or
                     parameters.get(1) == _hash(c.rp_id)), None)

    def _metadata(self, _):
        count = len(self.store.discoverable())
        return {1: count, 2: self.settings.max_credentials - count}

    def _relying_parties(self, _):
        rp_ids = sorted({c.rp_id for c in self.store.discoverable()})
        return self._first_of([{3: {"id": rp_id}, 4: _hash(rp_id)} for rp_id in rp_ids], 5)

    def _credentials(self, parameters):
        return self._first_of([
            {6: c.user, 7: {"id": c.id, "type": "public-key"}, 8: keys.cose(c.key, c.algorithm),
             10: c.protect} for c in self.store.discoverable()
            if _hash(c.rp_id) == parameters.get(1)], 9)

    def _first_of(self, replies, total):
        if not replies:
            raise CtapError(errors.NO_CREDENTIALS)
        first, *self.following = replies
        return first | {total: len(replies)}

    def _delete(self, parameters):
        self.store.remove(parameters.get(2, {}).get("id"))
