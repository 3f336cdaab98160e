# SPDX-License-Identifier: ISC
"""What an authenticator keeps when it is unplugged: in memory and, if one is named, in a file."""

import json
import os
from dataclasses import dataclass, field

import keys
from errors import NO_CREDENTIALS, CtapError


@dataclass
class Credential:
    id: bytes
    rp_id: str
    user: dict  # id, and perhaps name and displayName
    algorithm: int
    key: object
    discoverable: bool
    protect: int  # credProtect: 1 to 3


@dataclass
class State:
    pin: str | None = None  # the first 16 bytes of its SHA-256, in hex
    pin_retries: int = 8
    uv_retries: int = 3
    force_pin_change: bool = False
    sign_count: int = 0
    credentials: list = field(default_factory=list)


class Store:
    def __init__(self, path=None):
        self.path = path
        self.state = State()
        if path and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.state = State(**json.load(file))
            self.state.credentials = [_credential(saved) for saved in self.state.credentials]

    def save(self):
        if not self.path:
            return
        saved = {**vars(self.state), "credentials": [_saved(c) for c in self.state.credentials]}
        with open(f"{self.path}.new", "w", encoding="utf-8") as file:
            json.dump(saved, file)
        os.replace(f"{self.path}.new", self.path)

    def forget(self):
        """What a reset leaves: the counter goes on, as it does on real ones."""
        self.state = State(sign_count=self.state.sign_count)
        self.save()

    def add(self, credential):
        """A discoverable credential replaces the one of the same account."""
        self.state.credentials = [c for c in self.state.credentials if not (
            c.discoverable and credential.discoverable and c.rp_id == credential.rp_id and
            c.user["id"] == credential.user["id"])]
        self.state.credentials.append(credential)
        self.save()

    def remove(self, id):
        """Only what is there: CtapError otherwise."""
        kept = [c for c in self.state.credentials if c.id != id]
        if len(kept) == len(self.state.credentials):
            raise CtapError(NO_CREDENTIALS)
        self.state.credentials = kept
        self.save()

    def count(self, step):
        """The next value of the sign counter."""
        self.state.sign_count = max(0, self.state.sign_count + step)
        self.save()
        return self.state.sign_count

    def discoverable(self):
        return [c for c in self.state.credentials if c.discoverable]

    def of(self, rp_id):
        """Newest first, the order in which they are offered."""
        return [c for c in reversed(self.state.credentials) if c.rp_id == rp_id]


def _saved(credential):
    return {**vars(credential), "id": credential.id.hex(), "key": keys.to_hex(credential.key),
            "user": {**credential.user, "id": credential.user["id"].hex()}}


def _credential(saved):
    return Credential(**{**saved, "id": bytes.fromhex(saved["id"]),
                         "key": keys.from_hex(saved["key"]),
                         "user": {**saved["user"], "id": bytes.fromhex(saved["user"]["id"])}})
