# SPDX-License-Identifier: ISC
"""Other ways to root than sudo and su: doas, sudoedit, and sudo to a service account."""

import machine
from bench import Bench
from machine import TREE
from people import CTRL_C
from test_entrances import NEEDS_VERIFY
from test_touch import TouchBench


class Doas(Bench):
    def setUp(self):
        super().setUp()
        before = (self.machine.root / "etc/pam.d/doas").read_text()
        self.addCleanup(self.machine.write, "/etc/pam.d/doas", before)
        self.machine.write("/etc/pam.d/doas", (TREE / "conf/pam.d/doas").read_text())
        self.drop_in("doas.conf", '[[rule]]\nname = "doas"\nservice = ["doas"]\nlevel = "otp"\n')

    def conf(self, text):
        self.machine.write("/etc/doas.conf", text, mode=0o600)

    def test_doas_without_a_password_asks_once(self):
        alice = self.person()
        self.conf(f"permit nopass {alice.name} as root\n")
        session = alice.session()
        outcome = session.run("doas id", alice.code())
        self.assertEqual(outcome.prompts,
                         [f"One-time code for {alice.name}@{machine.HOST} (doas: id): "])
        self.assertRuns(outcome)
        self.assertIn("uid=0(root)", outcome.text)
        self.assertSilent(session.run("doas id"))
        self.assertAsked(alice.session().run("doas id", CTRL_C))

    def test_a_ticket_of_doas_does_not_replace_the_code(self):
        alice = self.person(groups=("passwd",))
        alice.su_password = alice.password
        self.conf(f"permit persist {alice.name} as root\n")
        self.drop_in("doas-now.conf", '[[rule]]\nname = "doas now"\nservice = ["doas"]\n'
                                      'level = "otp"\nmax_age = "0"\n')
        session = alice.session()
        session.begin("doas id")
        session.expect("doas .* password: ")
        session.answer(alice.password)
        self.assertIsNotNone(session.prompt())
        session.answer(alice.code())
        self.assertRuns(session.end())
        self.assertAsked(session.run("doas id", alice.code()))

    def test_doas_n_and_doas_without_a_terminal_are_refused_without_hanging(self):
        alice = self.person()
        self.conf(f"permit nopass {alice.name} as root\n")
        done = alice.ssh("doas id", timeout=10)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "")
        self.assertIn(NEEDS_VERIFY, done.stderr)


class Sudoedit(Bench):
    def test_sudoedit_asks_once_and_then_edits(self):
        alice = self.person()
        session = alice.session()
        self.machine.write("/etc/edited", "before\n")
        session.run("export SUDO_EDITOR='sed -i s/before/after/'")
        refused = session.run("sudoedit /etc/edited", CTRL_C)
        self.assertEqual(refused.prompts, [
            f"One-time code for {alice.name}@{machine.HOST} (sudo: /etc/edited): "])
        self.assertEqual((self.machine.root / "etc/edited").read_text(), "before\n")
        self.assertRuns(session.run("sudoedit /etc/edited", alice.code()))
        self.assertEqual((self.machine.root / "etc/edited").read_text(), "after\n")
        self.assertSilent(session.run("sudo -e /etc/edited"))


class ServiceAccount(TouchBench):
    def setUp(self):
        super().setUp()
        self.machine.run("useradd", "-r", "-s", "/usr/sbin/nologin", "postgres", check=False)
        self.machine.write("/usr/local/bin/psql", "#!/bin/sh\necho \"$(id -un) at $1\"\n", 0o755)

    def test_sudo_u_postgres_psql_runs_after_a_touch_and_not_over_ssh(self):
        alice, key = self.person(), self.key()
        self.enrol_key(alice)
        self.rule(alice, target_user=["postgres"], level="touch")
        key.set("touch=wait")
        remote = alice.session().run("sudo -u postgres psql shop")
        self.assertNotEqual(remote.status, 0, remote.text)
        self.assertIn("needs a security key", remote.text)
        session = alice.session_at_the_machine()
        session.begin("sudo -u postgres psql shop")
        self.asks_touch(session)
        key.touch()
        outcome = session.end()
        self.assertRuns(outcome)
        self.assertIn("postgres at shop", outcome.text)
