# SPDX-License-Identifier: ISC
"""stepupctl gate where it wants a touch: of the security key at the other end of ssh -A."""

import re
import time

from desk import TOUCH, SshSkBench
from people import CTRL_C, Talk
from test_gate import EXAMPLE, GateBench

NO_AGENT = "your ssh connection offers none. Connect with ssh -A"
NOT_TOUCHED = "your security key was not touched in time"


def for_agents(example):
    """What the example says to write instead where agents are forwarded."""
    instead = re.search(r"write instead: (.*)\n    DisableForwarding yes", example, re.S).group(1)
    lines = re.sub(r"\s*\n\s*#\s*", " ", instead).split(",")
    return example.replace("DisableForwarding yes", "\n    ".join(map(str.strip, lines)))


def asked_for(person, what):
    return TOUCH.format(person.name, re.escape(f"ssh-command: {what}"))


class GateTouchBench(SshSkBench, GateBench):
    sshd_config = for_agents(EXAMPLE.read_text())

    def alice(self, enrolled=False):
        """Somebody whose commands over ssh are gated, and the desk with her key."""
        alice, desk = self.gated(enrolled=enrolled), self.desk()
        self.enrol_key(alice, desk.key())
        return alice, desk

    def ssh(self, desk, *words, stdin="", options=("-A",)):
        """A command over a connection of its own, without a terminal."""
        return self.machine.run(*desk.ssh(*words, options=(*options, "-T")), check=False,
                                stdin=stdin, timeout=90)

    def on_terminal(self, desk, *words, options=("-A",)):
        return Talk(self.machine.spawn(*desk.ssh(*words, options=(*options, "-tt"))))


class GateTouch(GateTouchBench):
    level = "touch"

    def test_a_command_without_a_terminal_runs_after_a_touch_with_its_streams_and_status(self):
        alice, desk = self.alice()
        self.ssh(desk, alice, "true")  # she is told of her new factors once
        done = self.ssh(desk, alice, "cat; echo words >&2; exit 7", stdin="what is sent\n")
        self.assertEqual((done.returncode, done.stdout), (7, "what is sent\n"))
        # Of the gate there is one line, on standard error.
        asked, words = done.stderr.splitlines()
        self.assertRegex(asked, f"^{asked_for(alice, 'cat; echo words >&2; exit 7')}$")
        self.assertEqual(words, "words")
        self.assertEqual(desk.signatures(), 2)
        log = self.machine.run("stepupctl", "log", "--user", alice.name).stdout
        self.assertRegex(log, "ssh-command .*granted.*proved by ssh_sk")

    def test_bytes_go_both_ways_untouched(self):
        alice, desk = self.alice()
        ssh = " ".join(desk.ssh(alice, "cat", options=("-A", "-T")))
        self.machine.run("bash", "-c", f"cd {desk.directory} && head -c 3000000 /dev/urandom >sent && "
                         f"{ssh} <sent >back && cmp sent back")

    def test_without_a_touch_nothing_runs_and_the_reason_is_on_standard_error(self):
        alice, desk = self.alice()
        for behaviour, words in (("missed=1500", NOT_TOUCHED),
                                 ("refused", "your ssh agent refused at once"),
                                 ("flags=0", "your security key did not prove itself")):
            with self.subTest(behaviour):
                desk.behave(behaviour)
                self.assertNothingRan(self.ssh(desk, alice, "echo ran; touch ran"), words)
        self.assertFalse((self.machine.root / f"home/{alice.name}/ran").exists())
        self.assertEqual(desk.signatures(), 3)

    def test_without_ssh_A_it_says_what_is_missing_with_a_terminal_and_without(self):
        alice, desk = self.alice()
        self.assertNothingRan(self.ssh(desk, alice, "id", options=()), NO_AGENT)
        talk = self.on_terminal(desk, alice, "id", options=())
        talk.expect(Talk.ENDED)
        self.assertIn(NO_AGENT, talk.text)
        self.assertNotIn("uid=", talk.text)
        self.assertEqual(desk.signatures(), 0)

    def test_an_agent_with_other_keys_opens_nothing(self):
        alice, _ = self.alice()
        other = self.desk()
        other.key()
        self.assertNothingRan(self.ssh(other, alice, "id"),
                              "your ssh agent holds no security key that is enrolled")
        self.assertEqual(other.signatures(), 0)

    def test_with_a_terminal_the_touch_opens_a_login_shell_and_Ctrl_C_does_not(self):
        alice, desk = self.alice()
        talk = self.on_terminal(desk, alice)
        talk.expect(TOUCH.format(alice.name, "ssh-command"))
        talk.expect(r"[$] $")
        talk.answer("shopt -q login_shell && echo it-is-$((40 + 2))")
        talk.expect("it-is-42")
        desk.behave("slow=20000")
        talk = self.on_terminal(desk, alice, "echo it-$((40 + 2))")
        talk.expect(asked_for(alice, "echo it-$((40 + 2))"))
        begun = time.monotonic()
        talk.answer(CTRL_C)
        talk.expect(Talk.ENDED)
        self.assertNotIn("it-42", talk.text)
        self.assertLess(time.monotonic() - begun, 5)

    def test_one_touch_is_for_one_connection_and_for_all_that_goes_over_it(self):
        alice, desk = self.alice()
        first, second = (self.connection(alice, desk) for _ in range(2))
        self.assertRegex(first.run("id").stderr, asked_for(alice, "id"))
        for _ in range(2):
            done = first.run("id", "-un")
            self.assertEqual((done.stdout, done.stderr), (alice.name + "\n", ""))
        self.assertEqual(desk.signatures(), 1)
        self.assertRegex(second.run("id").stderr, asked_for(alice, "id"))
        desk.behave("refused")
        third = self.connection(alice, desk)
        self.assertNothingRan(third.run("id"), "your ssh agent refused at once")
        self.assertEqual(first.run("true").stderr, "")

    def test_T09_where_the_scope_is_the_process_each_command_of_a_connection_takes_a_touch(self):
        self.demand("process")
        alice, desk = self.alice()
        connection = self.connection(alice, desk)
        for n in range(1, 4):
            done = connection.run(f"echo {n}")
            self.assertEqual(done.stdout, f"{n}\n", done.stderr)
            self.assertEqual(desk.signatures(), n)
        desk.behave("missed=1000")
        self.assertNothingRan(connection.run("id"), NOT_TOUCHED)

    def test_scp_sftp_rsync_and_git_each_take_one_touch_over_a_connection_of_their_own(self):
        (alice, desk), usual = self.alice(), self.desk()
        forwarding = ("-o", f"ForwardAgent={desk.socket}")  # as stepup-ssh-sk(7) says
        ways, script = self.copying(alice, desk.ssh(options=forwarding)[3:])
        for signatures, (way, command) in enumerate(ways.items(), 1):
            with self.subTest(way):
                self.machine.run("env", f"SSH_AUTH_SOCK={usual.socket}", *command, stdin=script)
                self.assertArrived(alice, way)
                self.assertEqual(desk.signatures(), signatures)

    def test_a_command_whose_ssh_has_gone_does_not_run_after_a_late_touch(self):
        alice, desk = self.alice()
        connection = self.connection(alice, desk)
        desk.behave("slow=5000")
        talk = Talk(self.machine.spawn("ssh", *connection.options, "-T", connection.host,
                                       "touch ran"))
        talk.expect(asked_for(alice, "touch ran"))
        talk.answer(CTRL_C)
        talk.expect(Talk.ENDED)
        time.sleep(7)
        self.assertFalse((self.machine.root / f"home/{alice.name}/ran").exists())

    def test_commands_at_once_wait_for_the_touch_of_the_first(self):
        alice, desk = self.alice()
        connection = self.connection(alice, desk)
        desk.behave("slow=1500")
        ssh = " ".join(("ssh", *connection.options, "-T", connection.host))
        done = self.machine.run("bash", "-c", f"for i in 1 2 3; do {ssh} echo ran-$i & done; wait")
        self.assertEqual(sorted(done.stdout.split()), ["ran-1", "ran-2", "ran-3"], done.stderr)
        self.assertEqual(done.stderr.count("is needed for another request of yours first"), 2)


class GateTouchOrCode(GateTouchBench):
    def test_where_a_code_is_enough_it_is_asked_for_on_a_terminal_alone(self):
        alice, desk = self.alice(enrolled=True)
        desk.behave("refused")
        done = self.ssh(desk, alice, "id")
        self.assertNothingRan(done)
        self.assertIn("Your ssh agent refused at once", done.stderr)
        talk = self.on_terminal(desk, alice, "id")
        talk.expect("One-time code for ")
        talk.answer(alice.code())
        talk.expect("uid=")
