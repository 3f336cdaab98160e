# SPDX-License-Identifier: ISC
"""Where people sit who come over ssh -A: an agent with security keys, which a provider of ours has."""

import itertools
import pathlib
import re
import subprocess
import sys

from bench import Bench
from machine import HOST, TREE
from people import SSH, Session, Talk

PROVIDER = "/usr/local/lib/stepup-test/sk_provider.so"
CONF = "/etc/stepup/stepupd.conf"
TOUCH = r"Touch the security key at your end of ssh for {}@" + HOST + r" \({}\) \[(\w{{3}})\]\."
DEADLINE = 75  # seconds after which pam_stepup(8) refuses, whatever the daemon says

_numbers = itertools.count(1)


class Desk:
    """Where the person sits: root's home stands for another machine, with an agent and its keys."""

    def __init__(self, machine, agent_options=(), environment=()):
        self.machine = machine
        self.directory = f"/root/desk{next(_numbers)}"
        self.socket = f"{self.directory}/agent"
        machine.run("mkdir", "-m", "700", self.directory)
        started = machine.run("env", f"STEPUP_TEST_SK={self.directory}", *environment, "ssh-agent",
                              "-a", self.socket, *agent_options).stdout
        self._agent = re.search(r"SSH_AGENT_PID=(\d+)", started).group(1)
        self._hostile = []

    def outside(self, path):
        return pathlib.Path(f"{self.machine.root}{path}")

    def key(self, kind="ed25519-sk", *options, add=()):
        """Makes a security key and gives it to the agent; returns the path of its public half."""
        path = f"{self.directory}/{kind}{next(_numbers)}"
        self.machine.run("env", f"STEPUP_TEST_SK={self.directory}", "ssh-keygen", "-q", "-t", kind,
                         "-w", PROVIDER, "-N", "", "-C", "alice at her desk", "-f", path, *options)
        self.machine.run("env", f"SSH_AUTH_SOCK={self.socket}", "ssh-add", "-q", "-S", PROVIDER,
                         *add, path)
        return f"{path}.pub"

    def behave(self, words):
        """What the keys do from now on; see tests/fakes/sk_provider.c."""
        self.machine.write(f"{self.directory}/behaviour", words)

    def signatures(self):
        """How many the keys were asked for."""
        signed = self.outside(f"{self.directory}/signed")
        return len(signed.read_text().splitlines()) if signed.exists() else 0

    def ssh(self, person=None, *command, options=("-A",)):
        """ssh from this desk; without a `person`, its options alone."""
        return ("env", f"SSH_AUTH_SOCK={self.socket}", *SSH, "-o", "IdentitiesOnly=yes", *options,
                *([f"{person.name}@127.0.0.1"] if person else []), *command)

    def session(self, person, options=("-A",)):
        session = Session(self.machine, person, self.ssh(person, options=(*options, "-tt")))
        person._sessions.append(session)
        return session

    def hostile(self, person, behaviour):
        """An agent of `person` on the far host that lies in front of this one; its path."""
        path = f"/home/{person.name}/{behaviour}"
        uid = self.machine.run("id", "-u", person.name).stdout.strip()
        agent = subprocess.Popen(
            # A process of the container, since it must have a pid there; by the host's Python.
            ["nsenter", "-t", self.machine._init, "-p", "--", sys.executable,
             TREE / "tests/fakes/hostile_agent.py", self.outside(path), uid,
             self.outside(self.socket), behaviour],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._hostile.append(agent)
        assert agent.stdout.readline() == "ready\n", behaviour
        return path

    def leave(self):
        self.machine.run("kill", self._agent)
        for agent in self._hostile:
            agent.stdin.close()
            agent.wait()
            agent.stdout.close()


class SshSkBench(Bench):
    def setUp(self):
        super().setUp()
        provider = pathlib.Path(f"{self.machine.root}{PROVIDER}")
        if not provider.exists():
            provider.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", provider,
                            TREE / "tests/fakes/sk_provider.c", "-lcrypto"], check=True)
        before = self.machine.run("cat", CONF).stdout
        self.switch(before, "true")

        def restore():
            self.machine.write(CONF, before)
            self.machine.reload_rules()
        self.addCleanup(restore)

    def switch(self, conf, enabled):
        heading, rest = conf.split("[ssh_sk]\n")
        rest = re.sub(r"^#?enabled = \w+$", f"enabled = {enabled}", rest, count=1, flags=re.M)
        self.machine.write(CONF, f"{heading}[ssh_sk]\n{rest}")
        self.machine.reload_rules()

    def desk(self, *agent_options, environment=()):
        desk = Desk(self.machine, agent_options, environment)
        self.addCleanup(desk.leave)
        return desk

    def enrol_key(self, person, public_key, *options):
        """Root enrols the public half for `person`."""
        talk = Talk(self.machine.spawn("stepupctl", "enroll", "ssh-sk", public_key, "--user",
                                       person.name, *options))
        while talk.expect([r"Type one of these recovery codes: ", talk.ENDED]) == 0:
            codes = re.findall(r"\b[a-z0-9]{2}(?:-[a-z0-9]{4}){3}\b", talk.child.before)
            person.recovery_codes = codes
            talk.answer(codes[0])
        talk.child.close()
        self.assertEqual(talk.child.exitstatus, 0, talk.text)
        return talk.text

    def alice_at_her_desk(self, kind="ed25519-sk", level="touch", **demand):
        """Somebody whose key is enrolled, and the desk with that key."""
        alice, desk = self.person(enrolled=False), self.desk()
        self.enrol_key(alice, desk.key(kind))
        self.rule(alice, level=level, **demand)
        return alice, desk

    def assertTouched(self, person, session, command="sudo id", what="sudo: id"):
        """`command` runs after the touch that it asks for."""
        session.begin(command)
        session.expect(TOUCH.format(person.name, re.escape(what)))
        outcome = session.end()
        self.assertRuns(outcome)
        return outcome
