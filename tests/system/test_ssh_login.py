# SPDX-License-Identifier: ISC
"""A code on the way into an account over ssh, after a key: keyboard-interactive of sshd."""

import re

import machine
from bench import Bench
from people import SSH, Talk

PROMPT = r"One-time code for {}@testhost \(sshd\): "


class SshLogin(Bench):
    """With the lines that pam_stepup(8) has: a code instead of the password, where one is asked."""

    def setUp(self):
        super().setUp()
        stack = "/etc/pam.d/sshd"
        before = (self.machine.root / stack.lstrip("/")).read_text()
        line = re.search(r"(?m)^auth.*pam_stepup.so\n", before).group()
        after = before.replace(line, "").replace(
            "@include common-auth\n",
            "auth [success=done ignore=ignore default=die] pam_stepup.so\n@include common-auth\n")
        self.addCleanup(self.machine.write, stack, before)
        self.machine.write(stack, after)
        self.sshd = "/etc/ssh/sshd_config.d/10-stepup.conf"
        self.addCleanup(self.machine.systemctl, "restart", "ssh")
        self.addCleanup((self.machine.root / self.sshd.lstrip("/")).unlink)
        self.methods("publickey,keyboard-interactive:pam")
        self.machine.run("groupadd", "-f", "privileged")
        self.drop_in("sshd.conf", '[[rule]]\nname = "logins"\nservice = ["sshd"]\nlevel = "otp"\n'
                                  'user = ["@privileged"]\n')

    def methods(self, methods):
        self.machine.write(self.sshd, "UseDNS no\nMatch Group privileged\n"
                           f"    KbdInteractiveAuthentication yes\n"
                           f"    AuthenticationMethods {methods}\n")
        # Not a reload: after one sshd does not listen for a moment.
        self.machine.systemctl("restart", "ssh")

    def privileged(self):
        return self.person(groups=("nopasswd", "privileged"))

    def login(self, person, *answers, command="id -un"):
        talk = Talk(self.machine.spawn(*SSH, "-o", "NumberOfPasswordPrompts=1", "-tt",
                                       f"{person.name}@127.0.0.1", command))
        for answer in answers:
            talk.expect(PROMPT.format(person.name))
            talk.answer(answer)
        talk.expect(talk.ENDED)
        talk.child.close()
        return talk

    def copy(self, person, number, timeout=20):
        return self.machine.run("scp", "-q", *SSH[1:], "/etc/hostname",
                                f"{person.name}@127.0.0.1:copy-{number}", check=False,
                                timeout=timeout)

    def test_a_login_asks_for_a_code_after_the_key_and_for_no_password(self):
        alice = self.privileged()
        talk = self.login(alice, alice.code())
        self.assertEqual(talk.child.exitstatus, 0, talk.text)
        self.assertIn(alice.name + "\r\n", talk.text)
        self.assertNotIn("assword", talk.text)
        refused = self.login(alice, "000000", "000000", "000000")
        self.assertNotEqual(refused.child.exitstatus, 0)

    def test_an_account_that_is_not_privileged_logs_in_by_its_key_alone(self):
        bob = self.person("bob")
        self.assertEqual(bob.ssh("id -un").stdout.strip(), bob.name)

    def test_twenty_scp_ask_once_where_source_reuse_allows_it_and_no_longer(self):
        alice, carol = self.privileged(), self.privileged()
        self.assertNotEqual(self.copy(alice, 0).returncode, 0)
        self.setting('source_reuse = "60s"')
        self.login(alice, alice.code())
        for number in range(1, 21):
            done = self.copy(alice, number)
            self.assertEqual(done.returncode, 0, done.stderr)
        home = self.machine.root / f"home/{alice.name}"
        self.assertEqual(len(list(home.glob("copy-*"))), 20)
        self.assertNotEqual(self.copy(carol, 1).returncode, 0)
        self.machine.run("stepupctl", "revoke", "--user", alice.name)
        self.assertNotEqual(self.copy(alice, 21).returncode, 0)

    def test_without_a_key_first_a_right_code_opens_nothing_and_is_not_asked_for(self):
        alice = self.privileged()
        self.methods("keyboard-interactive:pam")
        talk = Talk(self.machine.spawn(*SSH, "-o", "PreferredAuthentications=keyboard-interactive",
                                       "-tt", f"{alice.name}@127.0.0.1", "id"))
        self.assertEqual(talk.expect([talk.ENDED, "One-time code"]), 0)
        talk.child.close()
        self.assertNotEqual(talk.child.exitstatus, 0)
        self.assertIn("first-factor", self.machine.journal("-b", "-o", "json", "-t", "stepupd",
                                                           f"STEPUP_SUBJECT={alice.name}"))
        self.assertEqual(self.login_by_key_and_code(alice).child.exitstatus, 0)

    def login_by_key_and_code(self, person):
        self.methods("publickey,keyboard-interactive:pam")
        return self.login(person, person.code())
