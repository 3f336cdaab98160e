# SPDX-License-Identifier: ISC
"""Starts a virtual authenticator and sends it commands; see __main__.py for what there is."""

import json
import os
import socket
import subprocess
import time

PATIENCE = 10


class Authenticator:
    """One authenticator.  As a context manager it is stopped at the end."""

    def __init__(self, path, *settings, state=None, owner=None, root=""):
        """Returns when it is plugged in at `path` and takes commands."""
        self.path = str(path)
        self.process = subprocess.Popen(
            ["/usr/bin/python3", os.path.dirname(os.path.abspath(__file__)), self.path,
             "--until-eof", "--root", root, *(["--owner", owner] if owner else []),
             *(["--state", str(state)] if state else []), *settings],
            stdin=subprocess.PIPE, start_new_session=True)
        self.socket = socket.socket(socket.AF_UNIX)
        self._until(self._connects, "the authenticator did not start")
        self.lines = self.socket.makefile("rw")

    def _connects(self):
        if self.process.poll() is not None:
            raise RuntimeError("the authenticator ended at its start")
        return self.socket.connect_ex(self.path + ".ctl") == 0

    def _until(self, met, failure):
        deadline = time.monotonic() + PATIENCE
        while not met():
            if time.monotonic() > deadline:
                raise TimeoutError(failure)
            time.sleep(0.01)

    def command(self, *words):
        self.lines.write(" ".join(words) + "\n")
        self.lines.flush()
        answer = json.loads(self.lines.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def set(self, *words):
        self.command("set", *words)

    def fault(self, kind, **options):
        self.command("fault", kind, *(f"{name}={value}" for name, value in options.items()))

    def status(self):
        return self.command("status")

    def wait_for_blink(self):
        """Returns when the authenticator waits for a touch."""
        self._until(lambda: self.status()["waiting"], "nobody asked for a touch")

    def touch(self):
        """Waits until a touch is wanted, then touches."""
        self.wait_for_blink()
        self.command("touch")

    def renew(self, *settings):
        self.command("renew", *settings)

    def lock(self):
        self.command("lock")

    def unlock(self):
        self.command("unlock")

    def plug(self):
        self.command("plug")

    def unplug(self):
        self.command("unplug")

    def stop(self):
        self.lines.close()
        self.socket.close()
        self.process.stdin.close()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
