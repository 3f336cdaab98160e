# SPDX-License-Identifier: ISC
"""The person who touches the authenticator, or does not."""

import asyncio
import time

from errors import OPERATION_DENIED, USER_ACTION_TIMEOUT, UV_BLOCKED, UV_INVALID, CtapError

STEP = 0.005


class Person:
    def __init__(self, settings, store):
        self.settings, self.store = settings, store
        self.waiting = False  # the authenticator blinks
        self.touched = False

    async def touch(self):
        """Returns when the authenticator was touched; the settings may change meanwhile."""
        self.waiting, self.touched, start = True, False, time.monotonic()
        try:
            while True:
                waited = (time.monotonic() - start) * 1000
                if self.settings.touch == "refuse":
                    raise CtapError(OPERATION_DENIED)
                if self.touched or (
                        self.settings.touch == "auto" and waited >= self.settings.touch_after):
                    return
                if waited >= self.settings.touch_timeout:
                    raise CtapError(USER_ACTION_TIMEOUT)
                await asyncio.sleep(STEP)
        finally:
            self.waiting = False

    async def scan(self):
        """Returns when an enrolled finger touched; another one costs one of three attempts."""
        state = self.store.state
        if not state.uv_retries:
            raise CtapError(UV_BLOCKED)
        await self.touch()
        if self.settings.finger and not self.settings.finger_fails:
            state.uv_retries = 3
            return
        self.settings.finger_fails = max(0, self.settings.finger_fails - 1)
        state.uv_retries -= 1
        self.store.save()
        raise CtapError(UV_INVALID if state.uv_retries else UV_BLOCKED)
