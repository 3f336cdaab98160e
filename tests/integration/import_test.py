#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""stepupctl import: files that the other tools' own programs wrote, and the real stepupd."""

import os
import pathlib
import pwd
import re
import subprocess
import sys
import time
import unittest

from daemon_bench import UID, USER, Daemon, ctl, main

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "fakes"))
sys.path.append(str(TESTS))

from authenticator.client import Authenticator  # noqa: E402
from otp_devices import HotpDevice, output_of  # noqa: E402

OTHER, OTHER_UID = "man", 6
SECRET = "3132333435363738393031323334353637383930"
LONG = SECRET + SECRET[:24]  # 32 bytes, the most that pam_oath takes


def oath_code(secret, *options):
    return output_of("oathtool", *options, secret)


class ImportTest(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.remove)
        self.daemon.start()

    def file(self, text, name="file", mode=0o600, owner=0):
        path = self.daemon.root / name
        path.write_text(text)
        path.chmod(mode)
        os.chown(path, owner, -1)
        return str(path)

    def take(self, path, *options, status=0):
        """What root is told of an import that ends with `status`."""
        done = ctl(self.daemon, "import", path, *options)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout if status == 0 else done.stderr

    def assertAccepted(self, code, uid=UID):
        seen = ctl(self.daemon, "list", uid=uid, answers=code + "\n")
        self.assertEqual(seen.returncode, 0, seen.stderr)
        return seen.stdout

    def assertUsed(self, code, uid=UID):
        seen = ctl(self.daemon, "list", uid=uid, answers=code + "\n")
        self.assertNotEqual(seen.returncode, 0, seen.stdout)
        self.assertIn("already used", seen.stderr)

    def assertHoldsNothing(self, user=USER):
        self.assertIn("has no second factor", ctl(self.daemon, "list", "--user", user).stdout)

    # --- google-authenticator --------------------------------------------------------------------

    def google(self, *options):
        """The file that google-authenticator writes for USER, and the secret in it."""
        path = self.daemon.root / "google"
        subprocess.run(["google-authenticator", "-q", "-f", "-s", path, *options], check=True,
                       stdin=subprocess.DEVNULL, capture_output=True)
        os.chown(path, UID, -1)
        return str(path), path.read_text().split("\n", 1)[0]

    def test_a_phone_of_google_authenticator_goes_on(self):
        path, secret = self.google("-t", "-d", "-r", "3", "-R", "30", "-w", "3")
        dry = self.take(path, "--dry-run")
        self.assertIn("Nothing was changed", dry)
        self.assertHoldsNothing()
        said = self.take(path)
        self.assertRegex(said, rf"(?m)^1 +{USER} +totp +phone +SHA1, 6 digits, 30 s +new$")
        self.assertIn("scratch codes do not come along", said)
        self.assertIn("RATE_LIMIT", said)
        self.assertIn("Imported.", said)
        for text in (dry, said, self.daemon.log.read_text()):
            self.assertNotIn(secret, text)
        now = oath_code(secret, "--totp", "-b")
        self.assertAccepted(now)
        self.assertUsed(now)
        again = self.take(path)
        self.assertRegex(again, r"(?m) enrolled already$")
        self.assertIn("Nothing was changed: all of it is enrolled already.", again)
        self.assertNotIn("Imported", again)
        self.assertUsed(now)

    def test_a_counter_of_google_authenticator_goes_on_where_it_stood(self):
        path, secret = self.google("-c", "-r", "3", "-R", "30", "-w", "17")
        text = pathlib.Path(path).read_text()
        self.assertIn("HOTP_COUNTER 1\n", text)
        pathlib.Path(path).write_text(text.replace("HOTP_COUNTER 1\n", "HOTP_COUNTER 5\n"))
        self.take(path)
        device = HotpDevice(secret)
        self.assertUsed(device.code(4))
        self.assertAccepted(device.code(5))

    def test_a_used_step_of_google_authenticator_stays_used(self):
        path, secret = self.google("-t", "-d", "-u", "-W")
        now = time.time()
        with open(path, "a", encoding="ascii") as file:
            file.write(f'" LAST0 localhost {int(now)}\n')
        text = pathlib.Path(path).read_text()
        pathlib.Path(path).write_text(
            text.replace("DISALLOW_REUSE", f"DISALLOW_REUSE {int(now // 30)}"))
        self.take(path)
        self.assertUsed(oath_code(secret, "--totp", "-b", "-N", f"@{int(now)}"))
        self.assertAccepted(oath_code(secret, "--totp", "-b", "-N", f"@{int(now) + 30}"))

    # --- users.oath ------------------------------------------------------------------------------

    def test_the_odd_lines_of_users_oath_import_and_their_users_step_up(self):
        now = int(time.time())
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SL", time.localtime(now))
        said = self.take(self.file(
            "# type\tuser\tpin\tsecret\n\n"
            f"HOTP/T30/8\t{USER}\t-\t{LONG}\t0\t12345678\t{stamp}\n"
            f"  HOTP   {USER}  +  {SECRET.upper()}   7   999999   {stamp}  \r\n"
            f"HOTP/E/7 {OTHER} 4711 {SECRET} 3\n"
            f"HOTP/T60 {OTHER} - {LONG}"))
        self.assertIn("Line 5: its PIN does not come along", said)
        self.assertUsed(oath_code(LONG, "--totp", "-d8", "-N", f"@{now}"))
        self.assertAccepted(oath_code(LONG, "--totp", "-d8", "-N", f"@{now + 30}"))
        self.assertUsed(oath_code(SECRET, "--hotp", "-c7"))
        self.assertAccepted(oath_code(SECRET, "--hotp", "-c8"))
        self.assertUsed(oath_code(SECRET, "--hotp", "-d7", "-c2"), OTHER_UID)
        self.assertAccepted(oath_code(SECRET, "--hotp", "-d7", "-c3"), OTHER_UID)
        self.assertAccepted(oath_code(LONG, "--totp", "-s60"), OTHER_UID)

    def test_a_file_with_new_and_enrolled_credentials_says_how_many_were_imported(self):
        line = f"HOTP {USER} - {SECRET}\n"
        self.take(self.file(line))
        said = self.take(self.file(line + f"HOTP {OTHER} - {SECRET}\n"))
        self.assertIn("Imported 1 of 2: the others are enrolled already.", said)

    def test_one_line_that_is_not_understood_keeps_all_of_the_file_out(self):
        path = self.file(f"HOTP {USER} - {SECRET}\nHOTP/T90 {OTHER} - {LONG}\nHOTP x\n")
        said = self.take(path, status=1)
        self.assertRegex(said, re.escape(path) + r":2:1: a type that pam_oath does not know")
        self.assertRegex(said, re.escape(path) + r":3:1: not of the form")
        self.assertIn("Nothing was imported", said)
        self.assertNotIn(SECRET[:8], said)
        self.assertHoldsNothing()
        said = self.take(self.file(f"HOTP {USER} - {SECRET}\nHOTP nobody-here - {LONG}\n"), status=1)
        self.assertIn(':2:1: there is no user "nobody-here"', said)
        self.assertHoldsNothing()

    # --- pam_u2f ---------------------------------------------------------------------------------

    def mapping(self, *options, settings=(), pin=""):
        """What pamu2fcfg prints for a key of the virtual authenticator."""
        preload = self.daemon.root / "one_key.so"
        if not preload.exists():
            subprocess.run(["gcc", "-shared", "-fPIC", "-o", preload, TESTS / "fakes/one_key.c"],
                           check=True)
        with Authenticator(self.daemon.root / "key", *settings) as key:
            return subprocess.run(
                ["pamu2fcfg", *options], input=pin, text=True, check=True, timeout=30,
                stdout=subprocess.PIPE, start_new_session=True,
                env={**os.environ, "LD_PRELOAD": str(preload), "STEPUP_TEST_KEY": key.path}).stdout

    def test_keys_of_every_kind_that_pamu2fcfg_writes_are_imported(self):
        line = self.mapping("-u", USER)
        for more in (self.mapping("-n", "-t", "RS256"), self.mapping("-n", "-P"),
                     self.mapping("-n", "-V", settings=["pin=1234"], pin="1234\n"),
                     self.mapping("-n", "-N", "-V", settings=["pin=1234"], pin="1234\n"),
                     self.mapping("-n", settings=["ctap2=no"])):
            line += more.strip()
        said = self.take(self.file(line + "\n"), "--origin", "pam://cluster")
        self.assertEqual(len(re.findall(r" new$", said, re.M)), 6, said)
        listed = ctl(self.daemon, "list", "--user", USER).stdout
        self.assertRegex(listed, r"fido2 +key +ES256, touch, of pam://cluster ")
        self.assertRegex(listed, r"fido2 +key-2 +RS256, touch, of pam://cluster ")
        self.assertEqual(listed.count("PIN or fingerprint, of pam://cluster"), 2)
        self.assertIn("pam_u2f asked for no touch", said)

    def test_without_an_origin_it_is_that_of_this_host(self):
        said = self.take(self.file(self.mapping("-u", USER)))
        self.assertIn(f"of pam://{os.uname().nodename}", said)

    def test_a_discoverable_key_is_named_and_keeps_the_file_out(self):
        path = self.file(self.mapping("-u", USER) + "\n" + self.mapping("-u", OTHER, "-r"))
        self.assertIn(":2:5: a discoverable credential", self.take(path, status=1))
        self.assertHoldsNothing()

    # --- Whose a file is -------------------------------------------------------------------------

    def test_a_person_s_own_file_brings_nobody_else_a_key(self):
        line = f"HOTP {OTHER} - {SECRET}\n"
        said = self.take(self.file(line, owner=UID), status=1)
        self.assertIn(f':1:1: it is for "{OTHER}", and the file is taken for {USER}\'s alone', said)
        self.assertHoldsNothing(OTHER)
        self.take(self.file(line, owner=OTHER_UID))
        for mode in (0o620, 0o602):
            said = self.take(self.file(line, mode=mode), status=1)
            self.assertIn("can be written by others than its owner", said)

    def test_a_file_that_is_none_is_refused_with_its_name(self):
        (self.daemon.root / "link").symlink_to(self.file("[x]\n"))
        os.mkfifo(self.daemon.root / "fifo", 0o600)
        self.file("#" * (1024 * 1024 + 1), "long")
        for name, words in (("link", "is a symbolic link"), ("fifo", "is no regular file"),
                            ("etc", "is no regular file"), ("long", "has more than 1 MiB"),
                            ("none", "No such file"), ("file", ":1:1: this begins no file of a known kind")):
            said = self.take(str(self.daemon.root / name), status=1)
            self.assertIn(f"{self.daemon.root / name}", said)
            self.assertIn(words, said)

    def test_nobody_but_root_imports(self):
        path = self.file(f"HOTP {USER} - {SECRET}\n", mode=0o644, owner=UID)
        seen = ctl(self.daemon, "import", path, uid=UID)
        self.assertEqual(seen.returncode, 1)
        self.assertIn("Only root may run: stepupctl import", seen.stderr)

    def test_a_long_file_of_comments_and_one_line_arrives_whole(self):
        self.take(self.file("#\n" * 500_000 + f"HOTP {USER} - {SECRET}\n"))
        self.assertAccepted(oath_code(SECRET, "--hotp", "-c0"))

    def test_more_credentials_than_one_report_holds_are_all_reported(self):
        names = [account.pw_name for account in pwd.getpwall()][:18]
        lines = [f"HOTP {name} - {SECRET}{number:02}" for name in names for number in range(16)]
        started = time.monotonic()
        said = self.take(self.file("\n".join(lines)))
        self.assertLess(time.monotonic() - started, 5)
        self.assertEqual(len(re.findall(r" new$", said, re.M)), len(lines))
        self.assertIn('"root" has as many credentials', self.take(
            self.file(f"HOTP root - {LONG}"), status=1))

    def test_yubikeys_are_named_with_what_is_missing(self):
        said = self.take(self.file(f"{USER}:ccccccbcgujh\n"), status=1)
        self.assertIn(":1:7: of this YubiKey the private id and the AES key are missing", said)
        self.assertIn("stepupctl enroll yubikey --existing", said)


if __name__ == "__main__":
    main()
