#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The virtual authenticator of tests/fakes, used by fido2-tools: what else would vouch for it?"""

import base64
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "fakes"))

from authenticator.client import Authenticator  # noqa: E402

PATIENCE = 10
RP = "stepup.example"
TYPES = {"es256": "-7", "eddsa": "-8", "rs256": "-257"}


def base64_of(data):
    return base64.b64encode(data).decode()


def tool(*words, lines=(), answers=(), timeout=PATIENCE):
    """Runs one of fido2-tools on `lines`; it reads PINs from standard input, having no terminal."""
    with tempfile.NamedTemporaryFile("w", suffix=".in") as parameters:
        parameters.write("".join(f"{line}\n" for line in lines))
        parameters.flush()
        if lines:
            words = (words[0], words[1], "-i", parameters.name, *words[2:])
        return subprocess.run(words, input="".join(f"{pin}\n" for pin in answers), text=True,
                              capture_output=True, timeout=timeout, start_new_session=True,
                              check=False)


class Made:
    """A credential as fido2-cred prints it, and what is asked of it afterwards."""

    def __init__(self, key, *options, type="es256", pin=(), rp=RP, user="user-1000"):
        self.type, self.rp = type, rp
        self.result = tool("fido2-cred", "-M", *options, key.path, type, answers=pin, lines=[
            base64_of(os.urandom(32)), rp, "otto", base64_of(user.encode())])
        self.lines = self.result.stdout.split()
        self.id = self.lines[4] if self.result.returncode == 0 else None

    def verify(self, *options):
        """Checks the attestation and keeps the public key that it vouches for."""
        result = tool("fido2-cred", "-V", *options, self.type, lines=self.lines)
        if result.returncode == 0:
            self.public_key = result.stdout.split("\n", 1)[1]
        return result

    def assert_by(self, key, *options, pin=()):
        return tool("fido2-assert", "-G", *options, key.path, answers=pin, lines=[
            base64_of(os.urandom(32)), self.rp, *([] if "-r" in options else [self.id])])

    def accepts(self, assertion, *options):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(self.public_key)
            file.flush()
            return tool("fido2-assert", "-V", *options, file.name, self.type,
                        lines=assertion.stdout.splitlines()[:4])


class Making:
    """fido2-cred -M in the background."""

    def __init__(self, key):
        self.process = subprocess.Popen(
            ["fido2-cred", "-M", key.path], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.process.stdin.write(f"{base64_of(bytes(32))}\n{RP}\notto\n{base64_of(b'1')}\n")
        self.process.stdin.close()

    def end(self):
        """Waits for its exit; returns status and errors."""
        timer = threading.Timer(PATIENCE, self.process.kill)
        timer.start()
        with self.process.stderr as stream:
            errors = stream.read()
        timer.cancel()
        return self.process.wait(), errors


class KeyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="stepup-key-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.shared = Authenticator(cls.directory / "key")
        cls.addClassCleanup(cls.shared.stop)

    def plug_in(self, *settings):
        """A new key, of the process that all tests share."""
        self.shared.renew(*settings)
        return self.shared

    def start(self, name, *settings, **options):
        """A key of another process."""
        key = Authenticator(self.directory / name, *settings, **options)
        self.addCleanup(key.stop)
        return key

    def assertDone(self, result):
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def assertFails(self, result, words):
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn(words, result.stderr)

    def made(self, *arguments, **options):
        credential = Made(*arguments, **options)
        self.assertDone(credential.result)
        self.assertDone(credential.verify())
        return credential


class AuthenticatorTest(KeyTest):

    # --- Credentials and assertions --------------------------------------------------------------

    def test_makes_and_asserts_with_each_algorithm(self):
        key = self.plug_in()
        for type, number in TYPES.items():
            with self.subTest(type):
                key.set(f"algorithms={number}")
                credential = self.made(key, type=type)
                assertion = self.assertDone(credential.assert_by(key))
                self.assertDone(credential.accepts(assertion, "-p"))

    def test_attests_by_a_certificate_or_by_the_key_itself_or_not(self):
        key = self.plug_in()
        for attestation, lines in (("packed", 7), ("self", 6)):
            with self.subTest(attestation):
                key.set(f"attestation={attestation}")
                self.assertEqual(len(self.made(key).lines), lines)
        key.set("attestation=none")  # which fido2-cred takes, and then has no signature to print
        self.assertFails(Made(key).result, "output error")

    def test_waits_for_the_touch(self):
        key = self.plug_in()
        for act, words in ((key.touch, ""), (lambda: key.set("touch=refuse"), "DENIED"),
                           (lambda: key.set("touch_timeout=0"), "TIMEOUT")):
            key.set("touch=wait")
            making = Making(key)
            key.wait_for_blink()
            self.assertIsNone(making.process.poll())
            act()
            status, errors = making.end()
            self.assertEqual(status, 1 if words else 0, errors)
            self.assertIn(words, errors)

    def test_the_counter_goes_as_it_is_told(self):
        key = self.plug_in()
        credential = self.made(key)
        counts = []
        for step in (1, 1, 0, 0, -1):
            key.set(f"counter_step={step}")
            data = base64.b64decode(credential.assert_by(key).stdout.splitlines()[2])
            counts.append(int.from_bytes(data[-4:], "big"))
        first = counts[0]
        self.assertEqual(counts, [first, first + 1, first + 1, first + 1, first])

    def test_finds_discoverable_credentials_as_their_protection_allows(self):
        key = self.plug_in()
        for protect in "123":
            credential = Made(key, "-r", "-c", protect, rp=f"protect{protect}.example")
            self.assertDone(credential.verify("-c", protect))
            found = credential.assert_by(key, "-r")
            if protect == "1":
                self.assertDone(credential.accepts(found))
            else:
                self.assertFails(found, "NO_CREDENTIALS")
            if protect == "3":
                self.assertFails(credential.assert_by(key), "NO_CREDENTIALS")

    def test_offers_the_newest_of_several_accounts_first(self):
        key = self.plug_in()
        users = ("anna", "otto", "zoe")
        made = [self.made(key, "-r", user=user) for user in users]
        replaced = self.made(key, "-r", user="otto")
        self.assertEqual([c["id"] for c in key.status()["credentials"]],
                         [base64.b64decode(c.id).hex() for c in (made[0], made[2], replaced)])
        found = self.assertDone(replaced.assert_by(key, "-r")).stdout
        places = [found.index(base64_of(user.encode())) for user in ("otto", "zoe", "anna")]
        self.assertEqual(places, sorted(places))

    # --- PIN and fingerprint ---------------------------------------------------------------------

    def test_a_pin_is_set_changed_and_asked_for(self):
        key = self.plug_in()
        for protocols in ("1", "2"):
            with self.subTest(protocol=protocols):
                key.set("pin=", f"pin_protocols={protocols}", "permissions=yes")
                self.assertDone(tool("fido2-token", "-S", key.path, answers=["1234", "1234"]))
                self.assertDone(tool("fido2-token", "-C", key.path,
                                     answers=["1234", "98765", "98765"]))
                credential = self.made(key, "-v", pin=["98765"])
                self.assertDone(credential.verify("-v"))
                for permissions in ("yes", "no"):
                    key.set(f"permissions={permissions}")
                    assertion = self.assertDone(credential.assert_by(key, "-v", pin=["98765"]))
                    self.assertDone(credential.accepts(assertion, "-v", "-p"))

    def test_without_verification_the_uv_flag_is_missing(self):
        key = self.plug_in("pin=1234")
        credential = self.made(key)
        self.assertFails(credential.verify("-v"), "PARAM")
        assertion = self.assertDone(credential.assert_by(key))
        self.assertDone(credential.accepts(assertion))
        self.assertFails(credential.accepts(assertion, "-v"), "PARAM")

    def test_a_wrong_pin_blocks_until_replugged_and_in_the_end_for_good(self):
        key = self.plug_in("pin=1234")
        credential = self.made(key)
        for words in 2 * ("PIN_INVALID", "PIN_INVALID", "PIN_AUTH_BLOCKED") + (
                "PIN_INVALID", "PIN_BLOCKED"):
            self.assertFails(credential.assert_by(key, "-v", pin=["4321"]), words)
            if words == "PIN_AUTH_BLOCKED":
                self.assertFails(credential.assert_by(key, "-v", pin=["1234"]), words)
                key.unplug()
                key.plug()
        self.assertFails(credential.assert_by(key, "-v", pin=["1234"]), "PIN_BLOCKED")

    def test_a_fingerprint_verifies_until_three_have_failed(self):
        key = self.plug_in("uv=set", "pin=1234")
        credential = self.made(key)
        assertion = self.assertDone(credential.assert_by(key, "-t", "uv=true"))
        self.assertDone(credential.accepts(assertion, "-v"))
        key.set("finger_fails=3")
        for words in ("UV_INVALID", "UV_INVALID", "UV_BLOCKED", "UV_BLOCKED"):
            self.assertFails(credential.assert_by(key, "-t", "uv=true"), words)
        self.assertDone(credential.assert_by(key, "-v", pin=["1234"]))  # which unblocks it
        self.assertDone(credential.assert_by(key, "-t", "uv=true"))

    def test_a_pin_that_must_be_changed_opens_nothing_until_it_is(self):
        key = self.plug_in("pin=1234", "force_pin_change=yes")
        self.assertIn("pin change required: true", tool("fido2-token", "-I", key.path).stdout)
        credential = self.made(key)
        self.assertFails(credential.assert_by(key, "-v", pin=["1234"]), "POLICY_VIOLATION")
        self.assertFails(tool("fido2-token", "-C", key.path, answers=["1234", "1234", "1234"]),
                         "POLICY_VIOLATION")
        self.assertDone(tool("fido2-token", "-C", key.path, answers=["1234", "98765", "98765"]))
        self.assertDone(credential.assert_by(key, "-v", pin=["98765"]))

    def test_without_pin_and_fingerprint_there_is_no_verification(self):
        key = self.plug_in("client_pin=no")
        credential = self.made(key)
        self.assertFails(credential.assert_by(key, "-t", "uv=true"), "PIN_REQUIRED")
        self.assertFails(tool("fido2-token", "-S", key.path, answers=["1234", "1234"]), "")

    def test_always_uv_and_strict_models_refuse_what_is_not_verified(self):
        key = self.plug_in("pin=1234")
        credential = self.made(key)
        key.set("always_uv=yes")
        self.assertFails(credential.assert_by(key), "PIN_REQUIRED")
        key.set("always_uv=no", "make_cred_uv_not_rqd=no")
        self.assertFails(Made(key, "-q").result, "PIN_REQUIRED")

    # --- Plug and state --------------------------------------------------------------------------

    def test_each_of_two_keys_knows_its_own_credentials(self):
        keys = [self.plug_in(), self.start("other")]
        credentials = [self.made(key) for key in keys]
        for key, credential, other in zip(keys, credentials, reversed(credentials)):
            self.assertDone(credential.accepts(credential.assert_by(key)))
            self.assertFails(other.assert_by(key), "NO_CREDENTIALS")

    def test_credentials_and_counter_survive_a_replug_and_a_new_process(self):
        key = self.start("kept", state=self.directory / "state")
        credential = self.made(key)
        key.unplug()
        self.assertFails(tool("fido2-token", "-I", key.path), "")
        key.plug()
        self.assertDone(credential.accepts(credential.assert_by(key)))
        before = key.status()["sign_count"]
        key.stop()
        key = self.start("kept", state=self.directory / "state")
        self.assertDone(credential.accepts(credential.assert_by(key)))
        self.assertEqual(key.status()["sign_count"], before + 1)

    def test_unplugged_in_mid_wait_the_client_sees_a_read_error(self):
        key = self.plug_in("touch=wait")
        for _ in range(2):
            making = Making(key)
            key.wait_for_blink()
            stat = pathlib.Path(f"/proc/{making.process.pid}/stat").read_text()
            self.assertEqual(stat.rsplit(")", 1)[1].split()[4], "0", "the pty became its terminal")
            key.unplug()
            self.assertEqual(making.end(), (1, "fido2-cred: fido_dev_make_cred: FIDO_ERR_RX\n"))
            self.assertFalse(key.status()["waiting"])
            key.plug()
        key.set("touch=auto")
        self.made(key)

    def test_a_reset_forgets_all_and_only_soon_after_it_was_plugged_in(self):
        key = self.plug_in("pin=1234", "reset_window=0")
        credential = self.made(key)
        self.assertFails(tool("fido2-token", "-R", key.path), "NOT_ALLOWED")
        key.set("reset_window=10000")
        self.assertDone(tool("fido2-token", "-R", key.path))
        self.assertFails(credential.assert_by(key), "NO_CREDENTIALS")
        self.assertIn("noclientPin", tool("fido2-token", "-I", key.path).stdout)

    def test_lists_and_deletes_discoverable_credentials(self):
        key = self.plug_in("pin=1234")
        ids = [self.made(key, "-r", pin=["1234"], rp=rp).id for rp in ("a.example", "b.example")]
        listed = self.assertDone(tool("fido2-token", "-L", "-r", key.path, answers=["1234"]))
        self.assertRegex(listed.stdout, r"00: \S+ a.example\n01: \S+ b.example\n")
        self.assertDone(tool("fido2-token", "-D", "-i", ids[0], key.path, answers=["1234"]))
        listed = tool("fido2-token", "-L", "-k", "a.example", key.path, answers=["1234"])
        self.assertNotIn(ids[0], listed.stdout)
        listed = tool("fido2-token", "-L", "-k", "b.example", key.path, answers=["1234"])
        self.assertIn(ids[1], listed.stdout)

    def test_a_u2f_key_makes_and_asserts(self):
        key = self.plug_in("ctap2=no")
        credential = self.made(key)
        self.assertEqual(credential.lines[2], "fido-u2f")
        self.assertDone(credential.accepts(credential.assert_by(key, "-p"), "-p"))
        self.assertIn("u2f:register", key.status()["seen"])


if __name__ == "__main__":
    unittest.main()
