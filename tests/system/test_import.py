# SPDX-License-Identifier: ISC
"""Coming from other tools: what their own programs wrote is imported, and its owners step up."""

import base64
import pathlib
import sys

from codes import Authenticator
from machine import HOST
from test_touch import PIN, TouchBench

sys.path.append(str(pathlib.Path(__file__).parents[1]))
from otp_devices import HotpDevice  # noqa: E402

HEX = "3132333435363738393031323334353637383930"
BASE32 = base64.b32encode(bytes.fromhex(HEX)).decode()


class Import(TouchBench):
    def take(self, path, *options):
        return self.machine.run("stepupctl", "import", path, *options).stdout

    def mapping(self, person, *options, pin=""):
        """What pamu2fcfg prints for the key that is plugged in."""
        return self.machine.run(*self.pamu2fcfg("-u", person.name, *options), stdin=pin).stdout

    def runs_after_a_touch(self, person, key, pin=None):
        """Returns what is on the screen of a sudo that `person` answers with the key."""
        key.set("touch=wait")
        session = person.session_at_the_machine()
        session.begin("sudo id")
        if pin:
            session.expect(PIN)
            session.answer(pin)
        self.asks_touch(session)
        key.touch()
        outcome = session.end()
        self.assertRuns(outcome)
        return outcome.text

    def test_keys_of_pamu2fcfg_open_sudo_by_touch(self):
        alice, bob, key = self.person(enrolled=False), self.person("bob", enrolled=False), self.key()
        self.machine.write("/etc/u2f_mappings", self.mapping(alice) + "\n" +
                           self.mapping(bob, "-t", "RS256", "-o", "pam://site") + "\n", mode=0o600)
        self.assertIn(f"of pam://{HOST}", self.take("/etc/u2f_mappings", "--dry-run"))
        self.assertIn("has no second factor",
                      self.machine.run("stepupctl", "list", "--user", alice.name).stdout)
        self.machine.write("/etc/u2f_alice", self.mapping(alice), mode=0o600)
        self.machine.write("/etc/u2f_bob", self.mapping(bob, "-t", "RS256", "-o", "pam://site"),
                           mode=0o600)
        self.take("/etc/u2f_alice")
        self.take("/etc/u2f_bob", "--origin", "pam://site")
        for person in (alice, bob):
            self.rule(person, level="touch")
            text = self.runs_after_a_touch(person, key)
            self.assertIn('Note: "key" (fido2) was added to your account by root', text)
            key.set("touch=auto")
        key.renew("touch=auto")
        self.enrol_key(alice)
        self.runs_after_a_touch(alice, key)  # beside the imported one
        changes = self.machine.journal("-b", "STEPUP_CHANGE=imported", f"STEPUP_SUBJECT={bob.name}")
        self.assertIn('imported "key" by "root"', changes)

    def test_a_key_that_pam_u2f_asked_to_verify_its_user_is_asked_for_its_PIN(self):
        alice, key = self.person(enrolled=False), self.key("pin=1234")
        self.machine.write("/etc/u2f_mappings", self.mapping(alice, "-N", pin="1234\n"), mode=0o600)
        self.take("/etc/u2f_mappings")
        self.rule(alice, level="touch+uv")
        self.runs_after_a_touch(alice, key, pin="1234")

    def test_a_U2F_key_in_the_old_form_opens_sudo_by_touch(self):
        alice, key = self.person(enrolled=False), self.key("ctap2=no")
        handle, point, *_ = self.mapping(alice).split(":", 1)[1].split(",")
        old = (handle.rstrip("=").translate(str.maketrans("+/", "-_")) + ",04" +
               base64.b64decode(point).hex())
        self.machine.write("/etc/u2f_mappings", f"{alice.name}:{old}\n", mode=0o600)
        self.take("/etc/u2f_mappings")
        self.rule(alice, level="touch")
        self.runs_after_a_touch(alice, key)

    def test_the_file_of_google_authenticator_opens_sudo_by_its_codes(self):
        alice = self.person(enrolled=False)
        self.machine.run("runuser", "-l", alice.name, "-c",
                         "google-authenticator -q -t -d -f -r 3 -R 30 -w 3")
        path = f"/home/{alice.name}/.google_authenticator"
        secret = self.machine.run("head", "-n", "1", path).stdout.strip()
        self.assertIn("scratch codes do not come along", self.take(path))
        alice.authenticator = Authenticator(secret)
        used = alice.code()
        self.assertRuns(alice.session().run("sudo id", used))
        self.assertNotEqual(alice.session().run("sudo id", used).status, 0)
        self.assertIn("enrolled already", self.take(path))
        self.assertRuns(alice.session().run("sudo id", alice.code()))

    def test_odd_lines_of_users_oath_open_sudo_by_their_codes(self):
        alice, bob = self.person(enrolled=False), self.person("bob", enrolled=False)
        self.machine.write("/etc/users.oath", "\n".join((
            "# type user pin secret", "",
            f"HOTP/T30/8\t{alice.name}\t-\t{HEX}00",
            f"  HOTP  {bob.name}  4711  {HEX}  7  755224  2026-11-24T10:00:00L")), mode=0o600)
        self.take("/etc/users.oath")
        alice.authenticator = Authenticator(
            base64.b32encode(bytes.fromhex(HEX + "00")).decode(), digits=8)
        self.assertRuns(alice.session().run("sudo id", alice.code()))
        device = HotpDevice(BASE32)
        self.assertNotEqual(bob.session().run("sudo id", device.code(7)).status, 0)
        self.assertRuns(bob.session().run("sudo id", device.code(8)))
