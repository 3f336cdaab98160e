# SPDX-License-Identifier: ISC
"""People of the container, and the ssh sessions in which they type."""

import dataclasses
import itertools
import re
import time

import pexpect

import canaries
from codes import Authenticator

CTRL_C = "\x03"
SSH = ("ssh", "-F", "none", "-i", "/root/tests.key", "-o", "StrictHostKeyChecking=no",
       "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR")

# Panes stay in the session: tmux of Debian 13 would put them under user@.service (stepupd(8)).
TMUX = "env -u XDG_RUNTIME_DIR -u DBUS_SESSION_BUS_ADDRESS tmux"

_OTP_PROMPT = r"One-time code for \S+ \([^\r\n]*?\): "
_PASSWORD_PROMPT = r"(?:\[sudo\] password for \S+|Password): "
_SHELL_PROMPT = r"\[rc=(\d+)\]% $"
_numbers = itertools.count(1)


@dataclasses.dataclass
class Outcome:
    """What a person saw of one command."""
    status: int
    text: str              # everything on the screen, prompts too
    prompts: list          # the prompts for a one-time code, as shown
    passwords: int         # how often a password was asked for
    seconds: float

    @property
    def asked(self):
        return bool(self.prompts)


class Talk:
    """A program on a terminal, and what it has shown so far."""

    ENDED = pexpect.EOF  # what is seen when the program has ended

    def __init__(self, child):
        self.child = child
        self.text = ""

    def expect(self, patterns, timeout=15):
        """Waits for one of `patterns`; returns which, and `child.match` has the groups."""
        try:
            found = self.child.expect(patterns, timeout=timeout)
        except (pexpect.TIMEOUT, pexpect.EOF) as error:
            raise AssertionError(f"{type(error).__name__}, waiting for {patterns}; on the screen:\n"
                                 f"{self.text}{self.child.before}") from None
        self.text += self.child.before
        if isinstance(self.child.after, str):
            self.text += self.child.after
        return found

    def answer(self, text):
        if text == CTRL_C:
            time.sleep(0.3)  # pam_stepup takes a prompt that fails at once as one nobody saw
            self.child.send(text)
        else:
            self.child.sendline(text)


class Session(Talk):
    """A login on a terminal: by ssh with a key, or by what `command` does."""

    ENDED = _SHELL_PROMPT

    def __init__(self, machine, user, command=None, log_in=lambda talk: None):
        super().__init__(machine.spawn(*(command or (*SSH, "-tt", f"{user.name}@127.0.0.1"))))
        self._prompts, self._passwords, self._start = [], 0, 0.0
        self._status = None  # of the last command; None while it runs
        self._user = user
        log_in(self)
        self.child.delaybeforesend = None  # a program that asks must be ready for the answer
        self.expect(r"[$#] $")
        # Without echo, what is read is only what the commands printed.
        self.answer(" stty -echo; PS1='[rc=$?]% '; PROMPT_COMMAND=; unset HISTFILE")
        self.expect(self.ENDED)

    def expect(self, patterns, timeout=15):
        found = super().expect(patterns, timeout)
        if self.child.match.re.pattern == self.ENDED:
            self._status = int(self.child.match.group(1))
        return found

    def begin(self, command):
        """Types a command; `prompt()` or `end()` must follow."""
        self.text, self._prompts, self._passwords, self._status = "", [], 0, None
        self._start = time.monotonic()
        self.answer(command)

    def prompt(self, timeout=15):
        """Waits until a one-time code is asked for, answering password prompts on the way.

        Returns the prompt, or None when the command ended without one.
        """
        while True:
            found = self.expect([_OTP_PROMPT, _PASSWORD_PROMPT, self.ENDED], timeout)
            if found == 0:
                self._prompts.append(self.child.after)
                return self.child.after
            if found == 2:
                return None
            self._passwords += 1
            self.answer(self._user.password_for(self.child.after))

    def end(self, timeout=15):
        """Waits for the command to end; a code it asks for meanwhile is refused with Ctrl-C."""
        while self._status is None:
            if self.prompt(timeout) is not None:
                self.answer(CTRL_C)
        return Outcome(self._status, self.text, self._prompts, self._passwords,
                       time.monotonic() - self._start)

    def run(self, command, *answers, timeout=15):
        """Types a command and gives `answers` to its prompts, one each, then Ctrl-C."""
        self.begin(command)
        for answer in answers:
            if self.prompt(timeout) is None:
                break
            self.answer(answer)
        return self.end(timeout)

    def close(self):
        self.child.close(force=True)


class Person:
    """An account of the container.  Each test makes its own, so no test can lock out another."""

    def __init__(self, machine, name, groups=("nopasswd",), number=True, options=()):
        self.machine = machine
        self.name = f"{name}{next(_numbers)}" if number else name
        self.password = canaries.keep(f"password-of-{self.name}")
        self.su_password = None  # what to type when su asks for the password of its target
        self.authenticator = None
        self.recovery_codes = []
        self._sessions = []
        machine.run("useradd", "-m", "-s", "/bin/bash", "-G", ",".join(groups), *options,
                    self.name)
        machine.run("chpasswd", stdin=f"{self.name}:{self.password}\n")

    def password_for(self, prompt):
        return self.password if prompt.startswith("[sudo]") else self.su_password

    def session(self, log_in=lambda talk: None):
        session = Session(self.machine, self, log_in=log_in)
        self._sessions.append(session)
        return session

    def session_at_the_machine(self, at_a_seat=True):
        """A login at a terminal of the machine itself, as login(1) makes it; on a serial line, or
        by su for a job of cron, it has no seat."""
        # systemd-run's terminal outlives the hangup that login begins with, script's does not.
        run = ["systemd-run", "--quiet", "--pty", "--collect"]
        seat = [*run, "--setenv=XDG_SEAT=seat0", "login", "-p", "-f", self.name]
        session = Session(self.machine, self, seat if at_a_seat else [*run, "login", "-f",
                                                                      self.name])
        self._sessions.append(session)
        return session

    def ssh(self, command, stdin="", timeout=30):
        """`ssh HOST command` without a terminal: standard output and error stay apart."""
        return self.machine.run(*SSH, "-T", f"{self.name}@127.0.0.1", command, check=False,
                                stdin=stdin, timeout=timeout)

    def enrol(self, *options):
        """Root gives this person an authenticator; the first comes with recovery codes."""
        talk = Talk(self.machine.spawn("stepupctl", "enroll", "totp", "--user", self.name,
                                       *options))
        self.answer_enrolment(talk)
        talk.child.close()
        if talk.child.exitstatus != 0:
            raise AssertionError(f"enrolment ended with {talk.child.exitstatus}: {talk.text}")

    def answer_enrolment(self, talk):
        """Answers what `stepupctl enroll totp` asks, until it ends."""
        talk.expect(r"(otpauth://\S+)\r\n")
        uri = talk.child.match.group(1)
        authenticator = Authenticator.from_uri(uri)
        talk.expect("Code shown by the new authenticator: ")
        talk.answer(authenticator.fresh())
        if talk.expect(["Type one of these recovery codes: ", talk.ENDED]) == 0:
            self.recovery_codes = re.findall(r"\b[a-z0-9]{2}(?:-[a-z0-9]{4}){3}\b",
                                             talk.child.before)
            canaries.KEPT.update(self.recovery_codes)
            talk.answer(self.recovery_codes[0])
            talk.expect(talk.ENDED)
        self.authenticator = authenticator

    def ticket(self, *command):
        """The enrolment ticket that root gets for this person from `ticket`, or from `reset`."""
        heading, ticket, *_ = self.machine.run("stepupctl", *(command or ("ticket",)),
                                               self.name).stdout.splitlines()
        assert heading.startswith("Enrolment ticket"), heading
        return canaries.keep(ticket)

    def code(self):
        return self.authenticator.fresh()

    def leave(self):
        for session in self._sessions:
            session.close()
