# SPDX-License-Identifier: ISC
"""CTAPHID: messages in reports, channels, keepalives and cancellation."""

import asyncio
import os
import struct

from errors import INVALID_COMMAND, INVALID_LENGTH, KEEPALIVE_CANCEL, CtapError

PING, MSG, INIT, WINK, CBOR, CANCEL, KEEPALIVE, ERROR = 1, 3, 6, 8, 16, 17, 0x3B, 0x3F
BROADCAST = b"\xff" * 4
CAN_WINK, CAN_CBOR, NO_MSG = 1, 4, 8
INVALID_SEQUENCE, TIMEOUT, CHANNEL_BUSY, INVALID_CHANNEL = 4, 5, 6, 11
FIRST, NEXT = 57, 59  # payload bytes in a report
LONGEST = FIRST + 128 * NEXT
PROCESSING, UP_NEEDED = 1, 2
MESSAGE_TIMEOUT = 0.5
FLOOD = 32  # keepalives at a time, so that other work goes on


def cut(channel, command, payload):
    """The reports of a message."""
    first = channel + bytes([0x80 | command]) + struct.pack(">H", len(payload)) + payload[:FIRST]
    rest = [payload[at:at + NEXT] for at in range(FIRST, len(payload), NEXT)]
    return [report.ljust(64, b"\0") for report in
            [first, *(channel + bytes([n]) + part for n, part in enumerate(rest))]]


class Hid:
    def __init__(self, port, settings, faults, person):
        self.port, self.settings, self.faults, self.person = port, settings, faults, person
        self.winks = 0
        self.execute = {}  # command: a coroutine function from payload to (name, reply)
        self.channels = set()
        self.partial = None  # channel, command, length, payload so far, next sequence
        self.expiry = None
        self.busy = None  # channel, task
        self.senders = set()

    def reset(self):
        """What the loss of power does."""
        self.channels = set()
        if self.partial:
            self._drop_partial()
        self._cancel()

    def receive(self, report):
        channel, kind = report[:4], report[4]
        if kind & 0x80:
            self._first(channel, kind & 0x7F, struct.unpack(">H", report[5:7])[0], report[7:])
        elif self.partial and self.partial[0] == channel:
            self._continue(kind, report[5:])

    def _first(self, channel, command, length, part):
        if channel != BROADCAST and channel not in self.channels or (
                channel == BROADCAST and command != INIT):
            self._error(channel, INVALID_CHANNEL)
        elif command == CANCEL:
            if self.busy and self.busy[0] == channel:
                self._cancel(KEEPALIVE_CANCEL)
        elif command == INIT:
            self._init(channel, part[:8])
        elif self.busy or self.partial and self.partial[0] != channel:
            self._error(channel, CHANNEL_BUSY)
        elif self.partial:
            self._drop_partial()
            self._error(channel, INVALID_SEQUENCE)
        elif length > LONGEST:
            self._error(channel, INVALID_LENGTH)
        else:
            self.partial = [channel, command, length, part[:length], 0]
            self.expiry = asyncio.get_running_loop().call_later(MESSAGE_TIMEOUT, self._expire)
            self._complete()

    def _continue(self, sequence, part):
        channel, _, length, payload, wanted = self.partial
        if sequence != wanted:
            self._drop_partial()
            self._error(channel, INVALID_SEQUENCE)
            return
        self.partial[3:] = [payload + part[:length - len(payload)], wanted + 1]
        self._complete()

    def _complete(self):
        channel, command, length, payload, _ = self.partial
        if len(payload) == length:
            self._drop_partial()
            self.busy = (channel, asyncio.create_task(self._serve(channel, command, payload)))

    def _drop_partial(self):
        self.expiry.cancel()
        self.partial = None

    def _expire(self):
        channel = self.partial[0]
        self.partial = None
        self._error(channel, TIMEOUT)

    def _init(self, channel, nonce):
        if channel == BROADCAST:
            self.port.forget_unread()
            channel = os.urandom(4)
            self.channels.add(channel)
            answered = BROADCAST
            if self.settings.init_ends_wait:
                self._cancel()
        else:
            answered = channel
            if self.busy and self.busy[0] == channel:
                self._cancel()
            if self.partial and self.partial[0] == channel:
                self._drop_partial()
        able = CAN_WINK | (CAN_CBOR if self.settings.ctap2 else 0) | (
            0 if self.settings.u2f else NO_MSG)
        reply = self.faults.reply("init", nonce + channel + bytes([2, 1, 0, 0, able]))
        self._send_later(self.faults.reports("init", cut(answered, INIT, reply), self.port))

    def _cancel(self, status=None):
        """Ends the command that is worked on, with this status or without a reply."""
        if self.busy is None:
            return
        busy = self.busy

        def cancel():
            if self.busy is busy:  # it has not begun to reply
                busy[1].status = status
                busy[1].cancel()
        # Only after it has begun: a task that is cancelled before would never run its cleanup.
        asyncio.get_running_loop().call_soon(cancel)

    async def _serve(self, channel, command, payload):
        keepalive = asyncio.create_task(self._keep_alive(channel))
        try:
            await asyncio.sleep(self.settings.delay / 1000)
            name, reply = await self._answer(command, payload)
        except asyncio.CancelledError:
            status = getattr(asyncio.current_task(), "status", None)
            if status is None:
                return
            name, reply = "cancel", bytes([status])
        except CtapError as error:
            name, command, reply = "error", ERROR, bytes([error.status])
        finally:
            keepalive.cancel()
            self.busy = None
        reply = self.faults.reply(name, reply)
        await self.port.send(self.faults.reports(name, cut(channel, command, reply), self.port),
                             self.settings.slow)

    async def _answer(self, command, payload):
        if command in self.execute and (
                self.settings.ctap2 if command == CBOR else self.settings.u2f):
            return await self.execute[command](payload)
        if command == PING:
            return "ping", payload
        if command == WINK:
            self.winks += 1
            return "wink", b""
        raise CtapError(INVALID_COMMAND)

    async def _keep_alive(self, channel):
        while True:
            await asyncio.sleep(self.settings.keepalive / 1000)
            status = UP_NEEDED if self.person.waiting else PROCESSING
            report = cut(channel, KEEPALIVE, bytes([status]))
            await self.port.send(report * (1 if self.settings.keepalive else FLOOD), 0)

    def _error(self, channel, status):
        self._send_later(cut(channel, ERROR, bytes([status])))

    def _send_later(self, reports):
        sender = asyncio.create_task(self.port.send(reports, self.settings.slow))
        self.senders.add(sender)  # the loop itself holds only weak references
        sender.add_done_callback(self.senders.discard)
