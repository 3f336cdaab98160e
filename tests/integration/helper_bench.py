# SPDX-License-Identifier: ISC
"""A real stepup-fido2-helper and virtual authenticators, for the tests of it."""

import os
import pathlib
import shutil
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "fakes"))

from authenticator.client import Authenticator  # noqa: E402
from helper_wire import Helper, credential_id  # noqa: E402

BINARY = str(TESTS.parent / os.environ.get("B", "build") / "stepup-fido2-helper")


def worker_of(helper):
    """The process that serves the newest request."""
    children = f"/proc/{helper.process.pid}/task/{helper.process.pid}/children"
    return int(pathlib.Path(children).read_text().split()[-1])


class Bench(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="stepup-helper-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self.helper = Helper(BINARY, self.directory)
        self.addCleanup(self.helper.stop)

    def key(self, name="key", *settings, **options):
        key = Authenticator(self.directory / name, *settings, **options)
        self.addCleanup(key.stop)
        return key

    def enrolled(self, key, pin=None, **options):
        """The id of a new credential of `key`."""
        making = self.helper.make(key.path, **options)
        if pin is not None:
            self.assertEqual(making.until("pin")[0], "pin")
            making.pin(pin)
        return credential_id(making.end())

    def get(self, key, *credentials, **options):
        return self.helper.get(key.path, credentials=list(credentials), **options)
