# SPDX-License-Identifier: ISC
"""The real stepupd, started by hand as root, and people who enrol with it."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import wire

# Let systemd-socket-activate(1) pass the sockets to a stepupd that is unprivileged from the start,
# as under systemd.  The leak checker needs that too: it cannot look into a process that dropped root.
ACTIVATED = os.environ.get("ACTIVATED") == "1"
BUILD = os.path.abspath(os.environ.get("B", "build"))
STEPUPD = pathlib.Path(BUILD, "stepupd").read_bytes()
SANITIZED = b"__asan_init" in STEPUPD or b"__tsan_init" in STEPUPD
USER, UID = "games", 5        # an ordinary account of every Debian
DAEMON_USER = "nobody"

RULE = '[[rule]]\nname = "ask"\nservice = ["sudo", "su"]\nlevel = "otp"\n'


class Daemon:
    """stepupd with directories of its own."""

    def __init__(self, activated=ACTIVATED):
        self.activated = activated
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="stepup-it-", dir="/run"))
        self.root.chmod(0o755)
        for name in ("etc", "etc/stepupd.conf.d", "vendor", "run"):
            (self.root / name).mkdir(mode=0o755)
        (self.root / "state").mkdir(mode=0o700)
        shutil.chown(self.root / "state", DAEMON_USER)
        self.conf(RULE)
        self.process = None
        self.log = self.root / "log"

    def conf(self, content, name="stepupd.conf"):
        path = self.root / "etc" / name
        path.write_text(content)
        path.chmod(0o644)

    def command(self):
        r = self.root
        command = [f"{BUILD}/stepupd", "--config-dir", f"{r}/etc", "--vendor-dir", f"{r}/vendor",
                   "--state-dir", f"{r}/state", "--run-dir", f"{r}/run", "--user", DAEMON_USER]
        if not self.activated:
            return command
        return ["systemd-socket-activate", "--seqpacket", "--listen", self.stepupd, "--listen",
                self.control, "--fdname=stepupd:control", "setpriv", f"--reuid={DAEMON_USER}",
                "--regid=nogroup", "--clear-groups", "--no-new-privs", "--bounding-set=-all",
                *command]

    def start(self):
        for path in (self.stepupd, self.control):
            pathlib.Path(path).unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), stderr=log, stdout=log)
        for _ in range(200):
            if self.process.poll() is not None:
                raise RuntimeError("stepupd ended: " + self.log.read_text())
            try:
                client = wire.Client(self.control)
                client.send(wire.STATUS)
                if client.receive() is not None:
                    if self.activated:
                        os.chmod(self.stepupd, 0o600)
                        os.chmod(self.control, 0o666)
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise RuntimeError("stepupd does not listen")

    @property
    def stepupd(self):
        return str(self.root / "run/stepupd.sock")

    @property
    def control(self):
        return str(self.root / "run/control.sock")

    def check(self, timeout=8, **fields):
        """A connection that asked for a verdict, about USER and sudo unless `fields` say more."""
        client = wire.Client(self.stepupd, timeout)
        client.send(wire.CHECK, wire.check_body(**{"user": USER, "uid": UID, **fields}))
        return client

    def verdict(self, **fields):
        return self.check(**fields).verdict()

    def fds(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def settled_fds(self, wanted=None):
        """The number of descriptors once it stays the same for 0.3 s, or is `wanted`, for at most
        10 s."""
        seen = []
        for _ in range(100):
            seen.append(self.fds())
            if seen[-1] == wanted or (wanted is None and seen[-4:] == 4 * seen[-1:]):
                break
            time.sleep(0.1)
        return seen[-1]

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            if self.process.wait(30) != 0:
                raise AssertionError("stepupd did not end well: " + self.log.read_text())

    def remove(self):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.root)


def as_user(function, uid=UID):
    """Runs `function` in a child with that uid; its return value must be a short string."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(60, 60, 60)
            os.setresuid(uid, uid, uid)
            answer = str(function())
        except OSError as error:
            answer = f"errno {error.errno}"
        except Exception as error:  # pylint: disable=broad-except
            answer = f"exception {error!r}"
        os.write(writer, answer.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    os.waitpid(pid, 0)
    return answer


def ctl(daemon, *arguments, answers="", uid=0):
    """stepupctl without a terminal; answers come from standard input."""
    command = ["setpriv", f"--reuid={uid}", "--regid=60", "--clear-groups"] if uid else []
    return subprocess.run(
        command + [f"{BUILD}/stepupctl", "--socket", daemon.control, *arguments],
        input=answers, capture_output=True, text=True, timeout=60, check=False,
        start_new_session=True)


def code(secret, offset=0):
    return subprocess.run(["oathtool", "--totp", "-b", secret, "-N", f"@{int(time.time()) + offset}"],
                          capture_output=True, text=True, check=True).stdout.strip()


class Dialogue:
    """stepupctl over a pipe, answered as its lines come."""

    def __init__(self, daemon, *arguments):
        self.process = subprocess.Popen(
            [f"{BUILD}/stepupctl", "--socket", daemon.control, *arguments], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        self.seen = ""

    def expect(self, pattern):
        while not (found := re.search(pattern, self.seen)):
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError(f"no {pattern} in: {self.seen}")
            self.seen += line
        return found

    def answer(self, *lines):
        for line in lines:
            self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def finish(self, proof):
        """Types `proof`, and the recovery code that a first factor wants."""
        self.answer(proof)
        codes = self.expect(r"(?m)((?:^\s*\w{2}-\w{4}-\w{4}-\w{4}\s*\n){10})").group(1).split()
        self.answer(codes[0])
        self.process.stdin.close()
        with self.process.stdout as rest:
            self.seen += rest.read()
        assert self.process.wait(30) == 0, self.seen


class Enrolment:
    """Enrols through a pipe that answers as the prompts come."""

    def __init__(self, daemon, *arguments, uid=0, ticket=None):
        command = ["setpriv", f"--reuid={uid}", "--regid=60", "--clear-groups"] if uid else []
        self.process = subprocess.Popen(
            command + [f"{BUILD}/stepupctl", "--socket", daemon.control, "enroll", "totp",
                       *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True)
        self.seen = ""
        if ticket is not None:
            self.answer(ticket)
        uri = self.read_until(r"otpauth://\S*secret=([A-Z2-7]+)\S*\n")
        self.secret = uri.group(1)

    def read_until(self, pattern):
        while True:
            found = re.search(pattern, self.seen)
            if found:
                return found
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError(f"no {pattern} in: {self.seen}")
            self.seen += line

    def answer(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def finish(self):
        """Proves the authenticator with the code of the step before, and a recovery code."""
        self.answer(code(self.secret, -30))
        self.recovery = self.read_until(r"(?m)((?:^\s*\w{2}-\w{4}-\w{4}-\w{4}\s*\n){10})")
        self.codes = self.recovery.group(1).split()
        self.answer(self.codes[0])
        self.process.stdin.close()
        self.seen += self.process.stdout.read()
        return self.process.wait(30)


def main():
    """Runs the tests of this program in a mount namespace of its own, where /etc/pam.d and
    /etc/sudoers.d may be replaced."""
    if os.environ.get("STEPUP_TEST_NAMESPACE") != "1":
        os.environ["STEPUP_TEST_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "-m", "/usr/bin/python3", os.path.abspath(sys.argv[0]),
                              *sys.argv[1:]])
    unittest.main()
