# SPDX-License-Identifier: ISC
"""State that is damaged, incomplete or another's is refused and kept, never made anew."""

from bench import Bench
from machine import STEPUP_UNITS
from people import Person

STATE = "/var/lib/stepup"


class State(Bench):
    def assertRefusedAndKept(self, alice, file, words):
        """sudo is refused for `words`, and `file` stays as it is, or absent."""
        checksum = self.machine.run("sha256sum", file, check=False).stdout
        outcome = alice.session().run("sudo id", alice.code())
        self.assertRefused(outcome, words)
        self.assertEqual(self.machine.run("sha256sum", file, check=False).stdout, checksum)

    def spoilt_state(self, command):
        """Runs `command` in the state directory while the daemon is down, for one test."""
        def put_back():
            self.machine.systemctl("stop", *STEPUP_UNITS)
            self.machine.run("sh", "-ec", f"cd {STATE}; rm -rf * .[!.]*; cp -a /var/aside/. .")
            self.machine.run("rm", "-r", "/var/aside")
            self.machine.restart_daemon()
        self.machine.systemctl("stop", *STEPUP_UNITS)
        self.machine.run("cp", "-a", STATE, "/var/aside")
        self.addCleanup(put_back)
        self.machine.run("sh", "-ec", f"cd {STATE}; {command}")
        self.machine.restart_daemon()

    def test_F43_a_damaged_database_is_refused_and_kept(self):
        alice = self.person()
        self.spoilt_state("printf spoilt | dd conv=notrunc status=none of=stepup.db")
        self.assertIn("the database is damaged",
                      self.machine.run("stepupctl", "doctor", check=False).stdout)
        self.assertRefusedAndKept(alice, f"{STATE}/stepup.db", "journalctl -u stepupd")

    def test_a_missing_sealing_key_is_named_and_not_made_anew(self):
        alice = self.person()
        self.spoilt_state("rm seal.key")
        self.assertRefusedAndKept(alice, f"{STATE}/seal.key", "cannot open its stored secrets")

    def test_F54_a_second_daemon_leaves_the_first_alone(self):
        alice = self.person()
        second = self.machine.run("timeout", "5", "/usr/libexec/stepup/stepupd", check=False)
        self.assertNotIn(second.returncode, (0, 124), second.stderr)
        by_hand = self.machine.spawn("/usr/libexec/stepup/stepupd")
        by_hand.expect("stepupd: stepupd is already running\r\n")
        self.assertRuns(alice.session().run("sudo id", alice.code()))

    def test_V74_a_reused_uid_does_not_inherit_the_factor_and_both_names_are_shown(self):
        alice = self.person()
        uid = self.machine.run("id", "-u", alice.name).stdout.strip()
        self.machine.run("userdel", alice.name)
        carol = Person(self.machine, "carol", options=("-u", uid))
        self.addCleanup(carol.leave)
        outcome = carol.session().run("sudo id")
        self.assertFalse(outcome.asked)
        self.assertRefused(outcome, f'was enrolled by "{alice.name}"')
        self.assertRefused(outcome, f"stepupctl reset {carol.name}")

    def test_a_sealing_key_that_systemd_hands_over_opens_what_was_sealed_before(self):
        """As stepupd(8) has it: SEALING KEY AND BACKUP."""
        alice = self.person()
        encrypted = "/etc/credstore.encrypted/stepup.seal-key"
        self.addCleanup(self.machine.run, "rm", "-f", encrypted)
        self.machine.run("mkdir", "-p", "/etc/credstore.encrypted")
        self.machine.run("systemd-creds", "encrypt", "--with-key=host", "--name=stepup.seal-key",
                         f"{STATE}/seal.key", encrypted)
        self.unit_drop_in(f"[Service]\nLoadCredentialEncrypted=stepup.seal-key:{encrypted}\n")
        self.spoilt_state("rm seal.key")
        self.assertRuns(alice.session().run("sudo id", alice.code()))
        self.machine.run("test", "!", "-e", f"{STATE}/seal.key")  # and none is made

        # Another's opens nothing, and one that cannot be loaded keeps the daemon from starting.
        other = "/root/other.key"
        self.addCleanup(self.machine.run, "rm", "-f", other)
        self.machine.run("dd", "if=/dev/urandom", f"of={other}", "bs=64", "count=1", "status=none")
        self.unit_drop_in(f"[Service]\nLoadCredential=stepup.seal-key:{other}\n")
        outcome = alice.session().run("sudo id", alice.code())
        self.assertRefused(outcome, "cannot open its stored secrets")
