#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The real stepupd, started by hand as root, and what a local attacker can send it.

Runs in a mount namespace of its own, where /etc/pam.d and /etc/sudoers.d may be replaced.
"""

import array
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import wire  # noqa: E402

# Let systemd-socket-activate(1) pass the sockets to a stepupd that is unprivileged from the start,
# as under systemd.  The leak checker needs that too: it cannot look into a process that dropped root.
ACTIVATED = os.environ.get("ACTIVATED") == "1"
BUILD = os.path.abspath(os.environ.get("B", "build"))
SANITIZED = b"__asan_init" in pathlib.Path(BUILD, "stepupd").read_bytes()
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
        """The number of descriptors once it stays the same, or is `wanted`, for at most 10 s."""
        last = -1
        for _ in range(100):
            now = self.fds()
            if now == wanted or (wanted is None and now == last):
                return now
            last = now
            time.sleep(0.1)
        return last

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


class DaemonTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.daemon.start()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.remove()

    # --- The process -----------------------------------------------------------------------------

    def test_runs_without_root_and_without_capabilities(self):
        status = pathlib.Path(f"/proc/{self.daemon.process.pid}/status").read_text()
        uids = re.search(r"Uid:\s+(.*)", status).group(1).split()
        self.assertNotIn("0", uids)
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertIn(f"{kind}:\t0000000000000000", status)
        self.assertIn("NoNewPrivs:\t1", status)

    @unittest.skipIf(SANITIZED, "the leak checker looks into the process")
    def test_T15_no_process_of_its_user_can_look_into_its_memory(self):
        daemon = Daemon(activated=True)  # whom nobody made unreadable by dropping root
        self.addCleanup(daemon.remove)
        daemon.start()
        self.assertEqual(os.stat(f"/proc/{daemon.process.pid}/mem").st_uid, 0)

    def test_sockets_have_their_modes(self):
        self.assertEqual(os.stat(self.daemon.stepupd).st_mode & 0o777, 0o600)
        self.assertEqual(os.stat(self.daemon.control).st_mode & 0o777, 0o666)

    @unittest.skipIf(ACTIVATED, "the sockets are not the daemon's own")
    def test_F54_a_second_stepupd_exits_and_says_so(self):
        second = subprocess.run(self.daemon.command(), capture_output=True, text=True, timeout=10,
                                check=False)
        self.assertEqual(second.returncode, 1)
        self.assertIn("already running", second.stderr)
        self.assertIsNone(self.daemon.process.poll())

    # --- Who may speak ---------------------------------------------------------------------------

    def test_T01_an_ordinary_user_cannot_reach_stepupd_sock(self):
        self.assertEqual(as_user(lambda: wire.Client(self.daemon.stepupd)), "errno 13")

    def test_F10_a_loosened_mode_does_not_let_a_user_ask_for_verdicts(self):
        os.chmod(self.daemon.stepupd, 0o666)
        try:
            def ask():
                client = wire.Client(self.daemon.stepupd)
                client.send(wire.CHECK, wire.check_body())
                return client.verdict()
            self.assertIn(as_user(ask), ("None", "errno 32", "errno 104"))
        finally:
            os.chmod(self.daemon.stepupd, 0o600)

    def test_V57_requests_that_need_root_are_refused_to_others(self):
        for kind in (wire.TICKET, wire.RESET):
            def ask(kind=kind):
                client = wire.Client(self.daemon.control)
                client.send(kind, wire.text(USER))
                return client.verdict()
            self.assertEqual(as_user(ask), str(wire.DENIED))

    def test_T21_nobody_lists_removes_or_enrols_for_somebody_else(self):
        bodies = {wire.LIST: wire.text("root"), wire.REMOVE: wire.text("root") + wire.text("x"),
                  wire.ENROLL: b"\1" + wire.text("root") + wire.text("") + wire.text("") + b"\1\6\0\0" +
                  wire.text("")}
        for kind, body in bodies.items():
            def ask(kind=kind, body=body):
                client = wire.Client(self.daemon.control)
                client.send(kind, body)
                return client.verdict()
            self.assertEqual(as_user(ask), str(wire.DENIED))

    def test_V53_whoever_becomes_another_after_connecting_is_neither(self):
        # As a program that is executed with set-uid does, and one that gives its rights up.
        def ask(at_connect, afterwards, kind):
            os.setresuid(at_connect, at_connect, 0)
            client = wire.Client(self.daemon.control)
            os.setresuid(0, 0, 0)
            os.setresuid(afterwards, afterwards, afterwards)
            client.send(kind, wire.text(USER))
            return client.verdict()
        for at_connect, afterwards in ((UID, 0), (0, UID)):
            for kind in (wire.TICKET, wire.LIST):
                self.assertEqual(as_user(lambda: ask(at_connect, afterwards, kind), uid=0),
                                 str(wire.DENIED), (at_connect, afterwards, kind))

    def test_T10_root_of_a_user_namespace_gets_no_verdict(self):
        script = (f"import sys; sys.path.insert(0, {str(pathlib.Path(wire.__file__).parent)!r});"
                  f"import wire; c = wire.Client({self.daemon.control!r});"
                  "c.send(wire.LIST, wire.text('')); print(c.verdict())")
        seen = subprocess.run(["unshare", "-r", "-U", "/usr/bin/python3", "-c", script],
                              capture_output=True, text=True, check=False)
        self.assertEqual(seen.stdout.strip(), str(wire.DENIED), seen.stderr)

    def test_T11_root_of_a_nested_pid_namespace_gets_no_verdict(self):
        script = (f"import sys; sys.path.insert(0, {str(pathlib.Path(wire.__file__).parent)!r});"
                  f"import wire; c = wire.Client({self.daemon.stepupd!r});"
                  "c.send(wire.CHECK, wire.check_body()); print(c.verdict())")
        seen = subprocess.run(["unshare", "-p", "-f", "/usr/bin/python3", "-c", script],
                              capture_output=True, text=True, check=False)
        self.assertEqual(seen.stdout.strip(), str(wire.DENIED), seen.stderr)

    def test_D05_a_connection_handed_to_another_process_is_closed(self):
        client = wire.Client(self.daemon.control)
        pid = os.fork()
        if pid == 0:
            client.send(wire.LIST, wire.text(""))
            os._exit(0)
        os.waitpid(pid, 0)
        self.assertIsNone(client.receive())

    # --- What may be said ------------------------------------------------------------------------

    def test_F03_another_version_is_refused_in_the_form_that_never_changes(self):
        for version in (0, 2, 0xFFFF):
            client = wire.Client(self.daemon.stepupd)
            client.send(wire.CHECK, b"whatever", version=version)
            kind, request_id, body = client.receive()
            self.assertEqual((kind, request_id), (wire.VERSION_MISMATCH, client.request_id))
            self.assertEqual(struct.unpack(">HH", body), (1, 1))
            self.assertIsNone(client.receive())

    def test_F03_what_is_not_allowed_now_closes_the_connection(self):
        not_first = (wire.ANSWER, wire.CANCEL, wire.HEARTBEAT, wire.VERDICT, 0, 12345)
        for path, kinds in ((self.daemon.stepupd, not_first + (wire.STATUS, wire.LIST)),
                            (self.daemon.control, not_first + (wire.CHECK,))):
            for kind in kinds:
                client = wire.Client(path)
                client.send(kind, b"")
                self.assertIsNone(client.receive(), kind)

    def test_F02_malformed_requests_are_denied_at_every_length(self):
        body = wire.check_body(argv=("sudo", "id"))
        for size in range(len(body)):
            client = wire.Client(self.daemon.stepupd)
            client.send(wire.CHECK, body[:size])
            self.assertEqual(client.verdict(), wire.DENIED)
            client.close()
        client = wire.Client(self.daemon.stepupd)
        client.send(wire.CHECK, body + b"\0")
        self.assertEqual(client.verdict(), wire.DENIED)

    def test_F02_a_packet_shorter_than_its_header_closes_the_connection(self):
        for size in range(1, 20):
            client = wire.Client(self.daemon.control)
            client.socket.send(b"\0" * size)
            self.assertIsNone(client.receive())

    def test_V55_descriptors_are_closed_with_the_connection(self):
        before = self.daemon.settled_fds()
        for count in (1, 5, 253):
            for _ in range(20):
                client = wire.Client(self.daemon.control)
                fds = array.array("i", [0] * count)
                try:
                    client.socket.sendmsg([wire.header(wire.STATUS, client.request_id)],
                                          [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
                    self.assertIsNone(client.receive())
                except BrokenPipeError:
                    pass
                client.close()
        self.assertEqual(self.daemon.settled_fds(before), before)

    # --- How much --------------------------------------------------------------------------------

    def test_F70_one_user_cannot_hold_more_than_16_connections(self):
        def hold():
            clients = [wire.Client(self.daemon.control) for _ in range(40)]
            time.sleep(0.3)
            served = 0
            for client in clients:
                try:
                    client.send(wire.STATUS)
                    reply = client.receive()
                    served += reply is not None and reply[0] == wire.STATUS_REPORT
                except OSError:
                    pass
            return served
        self.daemon.settled_fds()  # what an earlier test closed must not count any more
        self.assertEqual(as_user(hold), "16")
        client = wire.Client(self.daemon.control)
        client.send(wire.STATUS)
        self.assertEqual(client.receive()[0], wire.STATUS_REPORT)

    def test_F71_a_silent_connection_is_closed_after_five_seconds(self):
        client = wire.Client(self.daemon.control, timeout=10)
        started = time.monotonic()
        self.assertIsNone(client.receive())
        self.assertLess(time.monotonic() - started, 8)

    def test_F01_a_thousand_connections_that_come_and_go_leave_nothing(self):
        before = self.daemon.settled_fds()
        for _ in range(1000):
            wire.Client(self.daemon.control).close()
        self.assertEqual(self.daemon.settled_fds(before), before)

    def test_F70_a_connection_counts_until_its_peer_closes_it(self):
        def hold():
            clients = []
            for _ in range(20):
                client = wire.Client(self.daemon.control)
                try:
                    client.send(wire.STATUS)
                    if client.verdict() is None:
                        break
                except OSError:
                    break
                clients.append(client)
            return len(clients)
        self.daemon.settled_fds()
        self.assertEqual(as_user(hold), "16")

    # --- Verdicts --------------------------------------------------------------------------------

    def test_a_service_without_a_rule_asks_for_nothing(self):
        self.assertEqual(self.daemon.verdict(service="cron"), wire.NOT_REQUIRED)

    def test_V74_a_user_that_does_not_exist_is_denied(self):
        self.assertEqual(self.daemon.verdict(service="sudo", user="ghost", uid=0xFFFFFFFF), wire.DENIED)

    def test_an_unenrolled_user_is_denied(self):
        self.assertEqual(self.daemon.verdict(service="sudo", user="daemon", uid=1), wire.DENIED)

    def test_a_caller_who_is_root_is_not_asked_by_sudo(self):
        self.assertEqual(self.daemon.verdict(program=2, user="root", uid=0), wire.NOT_REQUIRED)


class EnrolmentTest(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.daemon.start()

    def tearDown(self):
        self.daemon.remove()

    def test_a_first_factor_needs_root_or_a_ticket_that_works_once(self):
        refused = ctl(self.daemon, "enroll", "totp", uid=UID, answers="no-ticket\n" * 3)
        self.assertEqual(refused.returncode, 1, refused.stderr)

        issued = ctl(self.daemon, "ticket", USER)
        self.assertEqual(issued.returncode, 0, issued.stderr)
        ticket = max(issued.stdout.split(), key=lambda word: word.count("-") * 100 + len(word))
        enrolment = Enrolment(self.daemon, uid=UID, ticket=ticket)
        self.assertEqual(enrolment.finish(), 0, enrolment.seen)

        listed = ctl(self.daemon, "list", "--user", USER)
        self.assertIn("totp", listed.stdout)
        self.assertIn("10 of 10 unused", listed.stdout)

        removed = ctl(self.daemon, "reset", USER, "--yes")
        self.assertEqual(removed.returncode, 0, removed.stderr)
        again = ctl(self.daemon, "enroll", "totp", uid=UID, answers=(ticket + "\n") * 3)
        self.assertEqual(again.returncode, 1, "the used ticket worked again")

    def test_a_code_that_was_not_typed_back_enrols_nothing(self):
        enrolment = Enrolment(self.daemon, "--user", USER)
        enrolment.answer("000000")
        enrolment.process.stdin.close()
        self.assertIn("cancelled. Nothing was changed", enrolment.process.stdout.read())
        self.assertNotEqual(enrolment.process.wait(30), 0)
        self.assertNotIn("totp", ctl(self.daemon, "list", "--user", USER).stdout)

    def test_verify_without_a_terminal_is_refused_in_words(self):
        enrolment = Enrolment(self.daemon, "--user", USER)
        self.assertEqual(enrolment.finish(), 0, enrolment.seen)
        refused = ctl(self.daemon, "verify", uid=UID, answers=code(enrolment.secret) + "\n")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("needs a terminal", refused.stderr)

    def test_a_reset_ends_an_enrolment_that_is_under_way(self):
        first = Enrolment(self.daemon, "--user", USER)
        self.assertEqual(first.finish(), 0, first.seen)
        second = Enrolment(self.daemon, "--user", USER, "--label", "second")
        self.assertEqual(ctl(self.daemon, "reset", USER, "--yes").returncode, 0)
        second.answer(code(second.secret))
        second.process.stdin.close()
        second.seen += second.process.stdout.read()
        self.assertNotEqual(second.process.wait(30), 0, second.seen)
        self.assertIn("revoked while it waited", second.seen)
        self.assertNotIn("totp", ctl(self.daemon, "list", "--user", USER).stdout)

    def test_an_answer_is_recorded_also_when_its_peer_leaves_at_once(self):
        enrolment = Enrolment(self.daemon, "--user", USER)
        self.assertEqual(enrolment.finish(), 0, enrolment.seen)
        for end in ("close", "cancel"):
            def answer_and_leave(end=end):
                client = self.daemon.check()
                seen = client.verdict()
                client.send(wire.ANSWER, wire.text("000000"))
                if end == "cancel":
                    client.send(wire.CANCEL, b"\1")
                client.close()
                return seen
            before = self.daemon.log.read_text().count("totp of")
            # Each from a process of its own, since one that gave up is not asked again.
            self.assertEqual(as_user(answer_and_leave, uid=0), "prompt")
            for _ in range(50):
                if self.daemon.log.read_text().count("totp of") > before:
                    break
                time.sleep(0.1)
            self.assertGreater(self.daemon.log.read_text().count("totp of"), before, end)

    def test_T14_a_revoke_refuses_within_a_second_what_waits_for_a_code(self):
        enrolment = Enrolment(self.daemon, "--user", USER)
        self.assertEqual(enrolment.finish(), 0, enrolment.seen)
        client = self.daemon.check(phase=2)
        self.assertEqual(client.verdict(), "prompt")
        self.assertEqual(ctl(self.daemon, "revoke", "--user", USER).returncode, 0)
        revoked = time.monotonic()
        self.assertEqual(client.verdict(), wire.DENIED)
        self.assertLess(time.monotonic() - revoked, 1)

    def test_T14_a_code_typed_after_a_revoke_proves_nothing(self):
        enrolment = Enrolment(self.daemon, "--user", USER)
        self.assertEqual(enrolment.finish(), 0, enrolment.seen)
        client = self.daemon.check(phase=2)
        self.assertEqual(client.verdict(), "prompt")
        self.assertEqual(ctl(self.daemon, "revoke", "--user", USER).returncode, 0)
        try:
            client.send(wire.ANSWER, wire.text(code(enrolment.secret)))
        except BrokenPipeError:
            pass
        self.assertEqual(client.verdict(), wire.DENIED)

    def test_T14_a_revoke_ends_what_the_auth_phase_proved_for_the_account_phase(self):
        enrolment = Enrolment(self.daemon, "--user", USER)
        self.assertEqual(enrolment.finish(), 0, enrolment.seen)
        client = self.daemon.check(phase=1)
        self.assertEqual(client.verdict(), "prompt")
        client.send(wire.ANSWER, wire.text(code(enrolment.secret)))
        self.assertEqual(client.verdict(), wire.GRANTED)
        self.assertEqual(ctl(self.daemon, "revoke", "--user", USER).returncode, 0)
        self.assertEqual(self.daemon.check(phase=2).verdict(), "prompt")

    def test_T15_the_database_holds_no_secret_in_the_clear(self):
        enrolment = Enrolment(self.daemon, "--user", USER)
        self.assertEqual(enrolment.finish(), 0, enrolment.seen)
        import base64
        padded = enrolment.secret + "=" * (-len(enrolment.secret) % 8)
        needles = [enrolment.secret.encode(), base64.b32decode(padded),
                   enrolment.codes[1].encode(), enrolment.codes[1].replace("-", "").encode()]
        for path in (self.daemon.root / "state").iterdir():
            content = path.read_bytes()
            for needle in needles:
                self.assertNotIn(needle, content, path)

    def test_no_secret_is_left_in_the_memory_of_the_log(self):
        enrolment = Enrolment(self.daemon, "--user", USER)
        self.assertEqual(enrolment.finish(), 0, enrolment.seen)
        log = self.daemon.log.read_text()
        for needle in [enrolment.secret, *enrolment.codes]:
            self.assertNotIn(needle, log)


class RulesTest(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()

    def tearDown(self):
        self.daemon.remove()

    def status(self):
        return ctl(self.daemon, "status").stdout

    def reload(self):
        self.daemon.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)

    def test_F20_a_bad_drop_in_leaves_the_last_good_rules_also_after_a_restart(self):
        self.daemon.start()
        self.daemon.conf('[[rule]]\nname = "x"\nlevel = "none"\nlevle = 1\n', "stepupd.conf.d/50-bad.conf")
        self.reload()
        self.assertEqual(self.daemon.verdict(), wire.DENIED)
        self.assertIn("50-bad.conf:4", self.status())
        self.daemon.stop()
        self.daemon.start()
        self.assertEqual(self.daemon.verdict(), wire.DENIED)
        self.assertIn("50-bad.conf:4", self.status())
        (self.daemon.root / "etc/stepupd.conf.d/50-bad.conf").unlink()
        self.reload()
        self.assertNotIn("50-bad.conf", self.status())

    def test_V13_without_any_good_rules_everything_is_refused_by_name(self):
        for content in ("", "rule", "mode = 1\n", "\0", "mode = \"enforce\"\nmode = \"monitor\"\n"):
            self.daemon.conf(content)
            self.daemon.start()
            self.assertEqual(self.daemon.verdict(), wire.UNAVAILABLE, repr(content))
            self.assertIn("stepupd.conf", self.status())
            self.daemon.stop()
            (self.daemon.root / "state/rules.last-good").unlink(missing_ok=True)

    def test_monitor_mode_asks_nobody(self):
        self.daemon.conf('mode = "monitor"\n' + RULE)
        self.daemon.start()
        self.assertEqual(self.daemon.verdict(), wire.NOT_REQUIRED)
        self.assertIn("monitor", self.status())

    def test_allow_until_lets_the_unenrolled_pass_until_that_day(self):
        for until, want in (("2999-12-31", wire.NOT_REQUIRED), ("2001-01-01", wire.DENIED)):
            self.daemon.conf(f'unenrolled = "allow-until {until}"\n' + RULE)
            self.daemon.start()
            self.assertEqual(self.daemon.verdict(), want, until)
            self.daemon.stop()

    def test_a_rule_that_is_not_enforced_only_reports(self):
        self.daemon.conf(RULE + "enforce = false\n")
        self.daemon.start()
        self.assertEqual(self.daemon.verdict(), wire.NOT_REQUIRED)

    def test_F23_a_storm_of_reloads_loses_no_request(self):
        self.daemon.start()
        for _ in range(300):
            self.daemon.process.send_signal(signal.SIGHUP)
            self.assertEqual(self.daemon.verdict(), wire.DENIED)


class StateTest(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()

    def tearDown(self):
        self.daemon.remove()

    def test_F43_a_damaged_database_is_refused_and_kept(self):
        database = self.daemon.root / "state/stepup.db"
        self.daemon.start()
        self.daemon.stop()
        damaged = bytearray(database.read_bytes())
        damaged[:16] = b"not a database.."
        database.write_bytes(damaged)
        self.daemon.start()
        self.assertEqual(self.daemon.verdict(), wire.UNAVAILABLE)
        self.assertIn("the database is damaged", ctl(self.daemon, "status").stdout)
        self.assertEqual(database.read_bytes(), bytes(damaged))

    def test_F55_a_state_directory_deleted_under_the_daemon_is_not_made_anew(self):
        self.daemon.start()
        self.assertEqual(self.daemon.verdict(), wire.DENIED)
        for path in (self.daemon.root / "state").iterdir():
            path.unlink()
        for _ in range(3):
            self.assertEqual(self.daemon.verdict(), wire.UNAVAILABLE)
        self.assertFalse((self.daemon.root / "state/stepup.db").exists())


if __name__ == "__main__":
    if os.environ.get("STEPUP_TEST_NAMESPACE") != "1":
        os.environ["STEPUP_TEST_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "-m", "/usr/bin/python3", os.path.abspath(__file__),
                              *sys.argv[1:]])
    unittest.main()
