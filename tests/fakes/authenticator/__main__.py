# SPDX-License-Identifier: ISC
"""A virtual FIDO2 authenticator, for programs that use the unmodified libfido2.

    /usr/bin/python3 tests/fakes/authenticator PATH [--state FILE] [--owner UID:GID] [--root DIR]
                                                [--until-eof] [NAME=VALUE ...]

PATH becomes a symbolic link to the pty that plays the hidraw node: give it to fido_dev_open(3) or
to fido2-token(1).  The link goes when the authenticator is unplugged and comes back, with another
pty behind it, when it is plugged in.  NAME=VALUE are the settings of settings.py.  --state keeps
PIN, counter and credentials in a file; without it they last as long as the process.  --owner is
whose the pty is, mode 0600.  --root makes the pty in a container whose root is DIR, for a link
there.  --until-eof ends it when its standard input is closed.

PATH.ctl is a socket that takes one command a line and answers each with a line of JSON, which has
"error" if it failed:

    set NAME=VALUE ...      any setting, at any time; also pin=1234 (empty: none), pin_retries,
                            uv_retries, sign_count and force_pin_change=yes, which are state
    touch                   an error if nothing waits for it
    unplug, plug            at any time, also while it waits for a touch
    lock, unlock            another program holds the flock that libfido2 wants (it tries for 12 s)
    fault KIND [on=make|get|next|info|pin|reset|selection|init|ping|wink] [at=N] [skip=N] [times=N]
                            KIND is a key of a table in faults.py; none ends it
    renew [NAME=VALUE ...]  another one, fresh from the factory, is plugged in instead: cheaper than
                            a new process
    status                  see Control.status below

client.py does all this for a test:

    with Authenticator(directory / "key", "pin=1234", "touch=wait") as key:
        start_something_that_uses(key.path)
        key.touch()
"""

import argparse
import asyncio
import json
import os
import pathlib
import signal

import hid
import pin
from attestation import Attestation
from ctap import Ctap
from faults import Faults
from person import Person
from port import Port
from settings import Settings
from store import Store
from u2f import U2f


class Authenticator:
    def __init__(self, path, root, owner, store, settings):
        self.path, self.root, self.owner = path, root, owner
        self.store, self.settings = store, settings
        self.faults, self.person = Faults(), Person(settings, store)
        self.attestation = Attestation(bytes.fromhex(settings.aaguid))
        self.port = Port(path, root, owner, lambda report: self.hid.receive(report))
        self.hid = hid.Hid(self.port, settings, self.faults, self.person)
        self.seen = []

    def plug(self):
        """Comes up without what only power keeps: channels, tokens, recent PIN failures."""
        if self.port.master is not None:
            return
        pin_uv = pin.PinUv(self.settings, self.store, self.person)
        ctap = Ctap(self.settings, self.store, self.person, pin_uv, self.faults, self.attestation,
                    self.seen)
        self.ctap1 = U2f(self.settings, self.store, self.person, self.attestation, self.seen)
        self.hid.execute = {hid.CBOR: ctap.execute, hid.MSG: self.ctap1.execute}
        self.hid.reset()
        self.port.plug()

    def unplug(self):
        self.port.unplug()
        self.hid.reset()
        self.ctap1.forget()


class Control:
    """The socket of commands."""

    STATE = {"pin_retries": int, "uv_retries": int, "sign_count": int,
             "force_pin_change": lambda value: value == "yes",
             "pin": lambda value: pin.pin_hash(value) if value else None}

    def __init__(self, key):
        self.key = key

    async def serve(self, reader, writer):
        while line := await reader.readline():
            try:
                name, *words = line.decode().split()
                answer = getattr(self, name)(*words) or {}
            except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
                answer = {"error": f"{line.decode().strip()}: {error}"}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()

    def set(self, *words):
        for word in words:
            name, _, value = word.partition("=")
            if name in self.STATE:
                setattr(self.key.store.state, name, self.STATE[name](value))
                self.key.store.save()
            else:
                self.key.settings.set(word)

    def touch(self):
        if not self.key.person.waiting:
            raise ValueError("nothing waits for a touch")
        self.key.person.touched = True

    def plug(self):
        self.key.plug()

    def unplug(self):
        self.key.unplug()

    def renew(self, *words):
        old = self.key
        old.unplug()
        self.key = Authenticator(old.path, old.root, old.owner, Store(), Settings())
        self.set(*words)
        self.key.plug()

    def lock(self):
        self.key.port.hold_lock()

    def unlock(self):
        self.key.port.unlock()

    def fault(self, kind, *words):
        options = dict(word.split("=", 1) for word in words)
        self.key.faults.set(kind, **{
            name: value if name == "on" else int(value) for name, value in options.items()})

    def status(self):
        """`seen` is what it was asked since the start; `struck` how often the fault came about."""
        state = self.key.store.state
        return {"waiting": self.key.person.waiting, "winks": self.key.hid.winks,
                "seen": self.key.seen, "struck": self.key.faults.struck,
                "plugged": self.key.port.master is not None,
                "pin_retries": state.pin_retries, "uv_retries": state.uv_retries,
                "sign_count": state.sign_count, "attestation_root": self.key.attestation.root_pem(),
                "credentials": [{"id": c.id.hex(), "rp_id": c.rp_id, "algorithm": c.algorithm,
                                 "discoverable": c.discoverable, "protect": c.protect,
                                 "user_id": c.user["id"].hex()} for c in state.credentials]}


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("path")
    parser.add_argument("--state")
    parser.add_argument("--owner", default="-1:-1")
    parser.add_argument("--root", default="")
    parser.add_argument("--until-eof", action="store_true")
    parser.add_argument("settings", nargs="*", metavar="NAME=VALUE")
    options = parser.parse_intermixed_args()
    key = Authenticator(options.path, options.root, [int(id) for id in options.owner.split(":")],
                        Store(options.state), Settings())
    control = Control(key)
    control.set(*options.settings)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if options.until_eof:
        loop.add_reader(0, stopped.set)
    key.plug()
    server = await asyncio.start_unix_server(control.serve, f"{options.path}.ctl")
    await stopped.wait()
    server.close()
    control.key.unplug()
    pathlib.Path(f"{options.path}.ctl").unlink(missing_ok=True)  # Python 3.13 has done it


if __name__ == "__main__":
    # The pty becomes this session's terminal, whose hang-up is an everyday event here.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if os.getpid() != os.getsid(0):
        os.setsid()
    asyncio.run(main())
