# SPDX-License-Identifier: ISC
"""sudo on this host, answered by a security key at the other end of ssh -A."""

import re

from desk import CONF, TOUCH, SshSkBench
from machine import HOST, ROOT_PASSWORD, wait_until
from people import CTRL_C, TMUX


class SshSk(SshSkBench):
    def test_sudo_at_the_far_end_of_ssh_A_is_answered_by_a_key_of_either_type(self):
        for kind in ("ed25519-sk", "ecdsa-sk"):
            with self.subTest(kind):
                alice, desk = self.alice_at_her_desk(kind)
                session = desk.session(alice)
                outcome = self.assertTouched(alice, session)
                self.assertIn("uid=0(root)", outcome.text)
                self.assertSilent(session.run("sudo id"))
                self.assertEqual(desk.signatures(), 1)
                self.assertIn("ssh_sk", session.run("stepupctl status").text)

    def test_each_request_has_a_code_of_its_own(self):
        alice, desk = self.alice_at_her_desk(max_age="0")
        codes = set()
        for _ in range(3):
            outcome = self.assertTouched(alice, desk.session(alice))
            codes.add(re.search(r"\[(\w{3})\]\.", outcome.text).group(1))
        self.assertGreater(len(codes), 1)

    def test_su_is_answered_by_it(self):
        alice, desk = self.alice_at_her_desk()
        alice.su_password = ROOT_PASSWORD
        session = desk.session(alice)
        session.begin("su -c id")
        session.expect("Password: ")
        session.answer(ROOT_PASSWORD)
        session.expect(TOUCH.format(alice.name, "su to root"))
        self.assertRuns(session.end())

    def test_doas_is_answered_by_it(self):
        alice, desk = self.alice_at_her_desk()
        stack = self.machine.run("cat", "/etc/pam.d/doas").stdout
        self.machine.write("/etc/pam.d/doas", f"account required pam_stepup.so\n{stack}")
        self.addCleanup(self.machine.write, "/etc/pam.d/doas", stack)
        self.machine.write("/etc/doas.conf", f"permit nopass {alice.name}\n", mode=0o400)
        self.drop_in("doas.conf", f'[[rule]]\nname = "doas"\nservice = ["doas"]\n'
                                  f'user = ["{alice.name}"]\nlevel = "touch"\n')
        self.assertTouched(alice, desk.session(alice), "doas id", "doas: id")

    def test_without_ssh_A_and_in_an_agent_with_other_keys_it_says_what_is_missing(self):
        alice, desk = self.alice_at_her_desk()
        other = self.desk()
        other.key()
        rows = ((desk.session(alice, options=()), "your ssh connection offers none"),
                (other.session(alice), "your ssh agent holds no security key that is enrolled"))
        for session, words in rows:
            self.assertRefused(session.run("sudo id"), words)
        self.assertEqual(desk.signatures() + other.signatures(), 0)

    def test_it_is_off_until_it_is_switched_on(self):
        alice, desk = self.alice_at_her_desk()
        self.switch(self.machine.run("cat", CONF).stdout, "false")
        outcome = desk.session(alice).run("sudo id")
        self.assertNotEqual(outcome.status, 0, outcome.text)
        self.assertEqual(desk.signatures(), 0)

    def test_T08_a_forwarded_agent_that_opens_the_login_is_no_second_factor(self):
        alice, desk = self.person(), self.desk()
        key = self.machine.run("cat", desk.key()).stdout
        self.machine.run("install", "-D", "-o", alice.name, "/dev/stdin", "-m", "600",
                         f"/home/{alice.name}/.ssh/authorized_keys", stdin=key)
        self.rule(alice, level="touch")
        self.assertNotEqual(desk.session(alice).run("sudo id").status, 0)
        self.assertEqual(desk.signatures(), 0)

    def test_a_refusal_is_told_from_a_touch_that_did_not_come(self):
        alice, desk = self.alice_at_her_desk()
        desk.behave("refused")
        refused = desk.session(alice).run("sudo id")
        self.assertRefused(refused, "your ssh agent refused at once")
        desk.behave("missed=1500")
        missed = desk.session(alice).run("sudo id")
        self.assertRefused(missed, "your security key was not touched in time")
        self.assertLess(refused.seconds, 1.5)
        self.assertGreater(missed.seconds, 1.4)

    def test_where_a_code_is_enough_it_is_asked_for_after_the_key_has_failed(self):
        alice, desk = self.person(), self.desk()
        self.enrol_key(alice, desk.key())
        self.assertRuns(desk.session(alice).run("sudo id"))
        self.assertEqual(desk.signatures(), 1)
        desk.behave("refused")
        outcome = desk.session(alice).run("sudo id", alice.code())
        self.assertRuns(outcome)
        self.assertIn("Your ssh agent refused at once", outcome.text)

    def test_a_slow_touch_is_waited_for(self):
        alice, desk = self.alice_at_her_desk()
        desk.behave("slow=8000")
        session = desk.session(alice)
        session.begin("sudo id")
        self.assertRuns(session.end(timeout=20))

    def test_Ctrl_C_ends_the_wait_for_a_touch(self):
        alice, desk = self.alice_at_her_desk()
        desk.behave("slow=20000")
        session = desk.session(alice)
        session.begin("sudo id")
        session.expect(TOUCH.format(alice.name, "sudo: id"))
        session.answer(CTRL_C)
        outcome = session.end()
        self.assertNotEqual(outcome.status, 0, outcome.text)
        self.assertLess(outcome.seconds, 5)

    # -- user verification ----------------------------------------------------------------------

    def test_touch_uv_needs_a_key_that_verifies_its_user(self):
        alice, desk = self.person(enrolled=False), self.desk()
        desk.behave("verified")
        self.enrol_key(alice, desk.key("ed25519-sk", "-O", "verify-required"), "--uv")
        self.rule(alice, level="touch+uv")
        self.assertTouched(alice, desk.session(alice))
        desk.behave("verified flags=1")
        self.assertRefused(desk.session(alice).run("sudo id"),
                           "your security key signed without PIN or fingerprint")
        bob, other = self.alice_at_her_desk(level="touch+uv")
        self.assertNotEqual(other.session(bob).run("sudo id").status, 0)
        self.assertEqual(other.signatures(), 0)

    def test_a_PIN_is_asked_for_at_the_desk_and_without_a_way_to_ask_the_agent_refuses(self):
        askpass = "/usr/local/lib/stepup-test/askpass"
        self.machine.write(askpass, "#!/bin/sh\necho 1234\n", mode=0o755)
        for environment, words in ((("SSH_ASKPASS_REQUIRE=force", f"SSH_ASKPASS={askpass}"), None),
                                   ((), "your ssh agent refused at once")):
            alice, desk = self.person(enrolled=False), self.desk(environment=environment)
            desk.behave("verified")
            self.enrol_key(alice, desk.key("ed25519-sk", "-O", "verify-required"), "--uv")
            desk.behave("")
            self.rule(alice, level="touch+uv")
            if words is None:
                self.assertTouched(alice, desk.session(alice))
            else:
                self.assertRefused(desk.session(alice).run("sudo id"), words)

    # -- what the agent does by itself ----------------------------------------------------------

    def test_a_key_that_is_tied_to_hosts_is_explained(self):
        known = "/root/tests.known"
        host_key = self.machine.run("cat", "/etc/ssh/ssh_host_ed25519_key.pub").stdout
        self.machine.write(known, f"127.0.0.1 {host_key}elsewhere {host_key}")
        tied_here = ("-H", known, "-h", "127.0.0.1")
        for add, words in (
                (tied_here, "your ssh agent holds no security key that is enrolled"),
                ((*tied_here, "-h", "127.0.0.1>elsewhere"), "tied to other hosts (ssh-add -h)")):
            with self.subTest(words):
                alice, desk = self.person(enrolled=False), self.desk()
                self.enrol_key(alice, desk.key(add=add))
                self.rule(alice, level="touch")
                session = desk.session(alice, options=("-A", "-o", f"UserKnownHostsFile={known}"))
                self.assertRefused(session.run("sudo id"), words)
                self.assertEqual(desk.signatures(), 0)

    def test_a_tmux_with_a_stale_SSH_AUTH_SOCK_finds_the_agent_of_its_login_session(self):
        alice, desk = self.alice_at_her_desk()
        session = desk.session(alice)
        session.run(f"SSH_AUTH_SOCK=/tmp/ssh-gone/agent.1 {TMUX} -L sk new-session -d "
                    "'sudo id; sleep 60'")
        wait_until(lambda: "uid=0(root)" in session.run("tmux -L sk capture-pane -p").text,
                   "sudo in tmux is answered")
        self.assertEqual(desk.signatures(), 1)
        session.run("tmux -L sk kill-server")

    def test_the_agent_of_another_login_session_takes_no_stale_ones_place(self):
        alice, desk = self.alice_at_her_desk()
        desk.session(alice)  # with an agent of its own
        session = desk.session(alice, options=())
        self.assertRefused(session.run("SSH_AUTH_SOCK=/tmp/ssh-gone/agent.1 sudo id"),
                           "your ssh connection offers none")
        self.assertEqual(desk.signatures(), 0)

    # -- what the key says ----------------------------------------------------------------------

    def test_what_was_not_touched_or_has_more_in_it_is_refused(self):
        alice, desk = self.alice_at_her_desk(max_age="0")
        session = desk.session(alice)
        self.assertTouched(alice, session)
        for words in ("flags=0", "flags=4", "flags=0x41", "flags=0x81"):
            with self.subTest(words):
                desk.behave(words)
                self.assertRefused(session.run("sudo id"), "your security key did not prove itself")

    def test_a_counter_that_went_back_is_refused_as_a_possible_copy(self):
        alice, desk = self.alice_at_her_desk(max_age="0")
        session = desk.session(alice)
        desk.behave("counter=9")
        self.assertTouched(alice, session)
        for counter in (9, 8, 0):
            desk.behave(f"counter={counter}")
            self.assertRefused(session.run("sudo id"), "there may be a copy of it")
        desk.behave("counter=10")
        self.assertTouched(alice, session)

    # -- what stays as it was -------------------------------------------------------------------

    def test_rsync_and_scp_are_unaffected(self):
        alice, desk = self.alice_at_her_desk()
        there = f"{alice.name}@127.0.0.1:"
        self.machine.write(f"{desk.directory}/sent", "what is sent\n" * 1000)
        shell = " ".join(desk.ssh(alice)[2:-1])
        agent = ("env", f"SSH_AUTH_SOCK={desk.socket}")
        self.machine.run(*agent, "rsync", "-e", shell, f"{desk.directory}/sent", f"{there}rsynced")
        self.machine.run(*agent, "rsync", "-e", shell, f"{there}rsynced", f"{desk.directory}/back")
        scp = (*agent, "scp", *desk.ssh(alice)[3:-1])
        self.machine.run(*scp, f"{desk.directory}/back", f"{there}copied")
        self.machine.run(*scp, f"{there}copied", f"{desk.directory}/again")
        self.machine.run("cmp", f"{desk.directory}/sent", f"{desk.directory}/again")
        self.assertEqual(desk.signatures(), 0)

    def test_sudo_n_asks_no_key_and_runs_while_the_session_is_fresh(self):
        alice, desk = self.alice_at_her_desk()
        session = desk.session(alice)
        self.assertNotEqual(session.run("sudo -n id").status, 0)
        self.assertEqual(desk.signatures(), 0)
        self.assertTouched(alice, session)
        self.assertSilent(session.run("sudo -n id"))

    def test_a_command_without_a_terminal_keeps_its_standard_output(self):
        alice, desk = self.alice_at_her_desk()
        done = self.machine.run(*desk.ssh(alice, "sudo id"), check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "")
        self.assertIn(f"sudo on {HOST} needs a security key", done.stderr)
        self.assertEqual(desk.signatures(), 0)
