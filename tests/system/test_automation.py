# SPDX-License-Identifier: ISC
"""Programs that cannot answer: ansible-playbook over a connection that a person stepped up."""

import time

from machine import wait_until
from people import SSH, Talk
from test_gate import GateBench

PLAYBOOK = """
- hosts: all
  gather_facts: true
  become: true
  tasks:
    - ansible.builtin.command: id -un
      register: who
      changed_when: false
    - ansible.builtin.copy: {content: "by ansible\\n", dest: "/root/%s", mode: "0600"}
    - ansible.builtin.assert: {that: "who.stdout == 'root'"}
"""
NEEDS_VERIFY = 'Run "stepupctl verify" in this session first.'


class Ansible(GateBench):
    def setUp(self):
        super().setUp()
        self.setting("verify_session = true")

    def path(self, person, number=1):
        return f"/root/{person.name}-{number}.step"

    def close(self, person, path):
        self.machine.run(*SSH, "-o", f"ControlPath={path}", "-O", "exit",
                         f"{person.name}@127.0.0.1", check=False)

    def verify(self, person, path):
        """As stepupctl(1) has it, EXAMPLES."""
        self.addCleanup(self.close, person, path)
        talk = Talk(self.machine.spawn(
            *SSH, "-t", "-o", "ControlMaster=auto", "-o", "ControlPersist=15m", "-o",
            f"ControlPath={path}", f"{person.name}@127.0.0.1", "stepupctl verify --session"))
        talk.expect(r"One-time code for .*: ")
        talk.answer(person.code())
        talk.expect("Verified.")
        # The master holds the terminal open, so the end of the program is not looked for.
        wait_until(lambda: self.machine.run(*SSH, "-o", f"ControlPath={path}", "-O", "check",
                                            f"{person.name}@127.0.0.1", check=False).returncode == 0,
                   "the connection stays")

    def play(self, person, path, *options):
        self.machine.write("/root/site.yml", PLAYBOOK % person.name)
        self.machine.write("/root/ansible.cfg", "[defaults]\nhost_key_checking = False\n"
                           "remote_tmp = /tmp/.ansible-${USER}\n")
        began = time.monotonic()
        done = self.machine.run(
            "env", "ANSIBLE_CONFIG=/root/ansible.cfg", "LC_ALL=C.UTF-8", "ansible-playbook", "-i",
            "127.0.0.1,", "-u", person.name, "--private-key", "/root/tests.key",
            "--ssh-common-args", f"-F none -o ControlPath={path} -o UserKnownHostsFile=/dev/null",
            *options, "/root/site.yml", check=False, timeout=120)
        done.seconds = time.monotonic() - began
        return done

    def assertPlayed(self, person, done):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("failed=0", done.stdout)
        self.assertEqual((self.machine.root / "root" / person.name).read_text(), "by ansible\n")

    def test_a_playbook_runs_twice_after_one_code_and_not_over_another_connection(self):
        alice = self.person()
        path = self.path(alice)
        self.verify(alice, path)
        for _ in range(2):
            self.assertPlayed(alice, self.play(alice, path))
        self.assertIn("changed=0", self.play(alice, path).stdout)

        other = self.path(alice, 2)
        self.addCleanup(self.close, alice, other)
        refused = self.play(alice, other)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("Missing sudo password", refused.stdout)  # so Ansible reads what sudo adds
        self.assertLess(refused.seconds, 30)
        began = time.monotonic()
        raw = self.machine.run(*SSH, "-T", "-o", f"ControlPath={other}",
                               f"{alice.name}@127.0.0.1", "sudo -H -S -n id", check=False)
        self.assertNotEqual(raw.returncode, 0)
        self.assertEqual(raw.stdout, "")
        self.assertIn(NEEDS_VERIFY, raw.stderr)
        self.assertLess(time.monotonic() - began, 10)

    def test_a_playbook_runs_twice_behind_the_gate_and_not_over_another_connection(self):
        alice = self.gated()
        path = self.path(alice)
        self.verify(alice, path)
        for _ in range(2):
            self.assertPlayed(alice, self.play(alice, path))
        other = self.path(alice, 2)
        self.addCleanup(self.close, alice, other)
        refused = self.play(alice, other, "-vvv")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("there is no terminal to ask on", refused.stdout + refused.stderr)

    def test_a_service_account_that_the_rules_except_plays_without_a_code(self):
        deploy = self.person("deploy", enrolled=False)
        conf = self.machine.root / "etc/stepup/stepupd.conf"
        before = conf.read_text()
        self.assertIn('service = ["sudo", "su"]\n', before)
        self.addCleanup(self.machine.reload_rules)
        self.addCleanup(self.machine.write, "/etc/stepup/stepupd.conf", before)
        self.machine.write("/etc/stepup/stepupd.conf", before.replace(
            'service = ["sudo", "su"]\n',
            f'service = ["sudo", "su"]\nexcept_user = ["{deploy.name}"]\n', 1))
        self.machine.reload_rules()
        path = self.path(deploy)
        self.addCleanup(self.close, deploy, path)
        self.assertPlayed(deploy, self.play(deploy, path))

    def test_whatever_comes_from_an_excepted_source_plays_without_a_code_and_nothing_else_does(self):
        deploy = self.person("deploy", enrolled=False)
        conf = self.machine.root / "etc/stepup/stepupd.conf"
        before = conf.read_text()
        self.addCleanup(self.machine.reload_rules)
        self.addCleanup(self.machine.write, "/etc/stepup/stepupd.conf", before)
        path = self.path(deploy)
        for source, plays in (("127.0.0.1", True), ("127.0.0.2", False)):
            self.machine.write("/etc/stepup/stepupd.conf", before.replace(
                'service = ["sudo", "su"]\n',
                f'service = ["sudo", "su"]\nexcept_source = ["{source}"]\n', 1))
            self.machine.reload_rules()
            self.addCleanup(self.close, deploy, path)
            with self.subTest(source):
                done = self.play(deploy, path)
                if plays:
                    self.assertPlayed(deploy, done)
                else:
                    self.assertNotEqual(done.returncode, 0)
                    self.assertIn("Missing sudo password", done.stdout)
