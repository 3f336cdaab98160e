# SPDX-License-Identifier: ISC
"""ssh agents that lie, and what only looks like an agent."""

import re

from desk import DEADLINE, SshSkBench


class HostileAgent(SshSkBench):
    def daemon_facts(self):
        """Memory of the daemon in KiB at its highest, and how many descriptors it has open."""
        pid = self.machine.daemon_pid()
        status = self.machine.run("cat", f"/proc/{pid}/status").stdout
        return (int(re.search(r"VmHWM:\s+(\d+)", status).group(1)),
                len(self.machine.run("ls", f"/proc/{pid}/fd").stdout.split()))

    def refusal_by(self, alice, desk, session, path):
        outcome = session.run(f"SSH_AUTH_SOCK={path} sudo id", timeout=DEADLINE)
        self.assertNotEqual(outcome.status, 0, outcome.text)
        self.assertNotIn("uid=0(root)", outcome.text)
        return outcome

    def test_V12_a_hostile_agent_gets_a_refusal_and_costs_bounded_memory(self):
        alice, desk = self.alice_at_her_desk(max_age="0")
        desk.key()  # another one of the same type, for OtherKey
        session = desk.session(alice, options=())
        self.assertRuns(session.run(f"SSH_AUTH_SOCK={desk.hostile(alice, 'Honest')} sudo id"))
        memory, descriptors = self.daemon_facts()
        broken = "your ssh agent does not answer as an agent does"
        unproved = "your security key did not prove itself"
        for behaviour, words in (
                ("HangsUp", broken), ("Endless", broken), ("Huge", broken), ("Countless", broken),
                ("Silent", broken), ("Slow", broken), ("WrongType", broken),
                ("Longest", "your ssh agent holds no security key that is enrolled"),
                ("Fails", "your ssh agent refused at once"), ("OtherKey", unproved),
                ("OtherNamespace", unproved), ("OtherMessage", unproved), ("More", unproved)):
            with self.subTest(behaviour):
                path = desk.hostile(alice, behaviour)
                self.assertRefused(self.refusal_by(alice, desk, session, path), words)
        after, open_now = self.daemon_facts()
        self.assertLess(after - memory, 4096)
        self.assertEqual(open_now, descriptors)

    def test_V12_a_signature_counts_once_and_in_the_session_that_asked(self):
        alice, desk = self.alice_at_her_desk(max_age="0")
        path = desk.hostile(alice, "Replays")
        first, second = desk.session(alice, options=()), desk.session(alice, options=())
        self.assertRuns(first.run(f"SSH_AUTH_SOCK={path} sudo id"))
        for session in (first, second):
            self.assertRefused(self.refusal_by(alice, desk, session, path),
                               "your security key did not prove itself")

    def test_what_is_no_socket_of_the_callers_is_left_alone(self):
        alice, desk = self.alice_at_her_desk()
        bob = self.person("bob", enrolled=False)
        home = f"/home/{alice.name}"
        session = desk.session(alice, options=())
        session.run("mkfifo fifo; touch file; mkdir directory; umask 0")
        bobs = desk.hostile(bob, "Honest")
        self.machine.run("chmod", "777", f"/home/{bob.name}", bobs)
        own = desk.hostile(alice, "Honest")
        session.run(f"ln -s {own} link; ln -s /home/{bob.name} way")
        for path in (f"{home}/fifo", f"{home}/file", f"{home}/directory", bobs, desk.socket,
                     f"{home}/link", f"{home}/way/Honest", "/dev/zero", "/dev/tty", "Honest",
                     f"{home}/../{alice.name}/Honest", "/run/stepup/stepupd.sock", "/" + "a" * 200):
            with self.subTest(path):
                outcome = self.refusal_by(alice, desk, session, path)
                self.assertRefused(outcome, "your ssh connection offers none")
                self.assertLess(outcome.seconds, 5)
        self.assertEqual(desk.signatures(), 0)
