# SPDX-License-Identifier: ISC
"""stepupctl gate as ForceCommand: commands over an SSH connection that is open."""

import machine
from bench import Bench
from machine import TREE, wait_until
from people import SSH, Talk

EXAMPLE = TREE / "conf/sshd_config.d/50-stepup-gate.conf.example"
PROMPT = r"One-time code for {}@{} \(ssh-command{}\): "
NO_TERMINAL = "ssh-command on testhost needs a second factor, and there is no terminal to ask on."


class Connection:
    """An SSH connection that stays open, and what goes over it (ControlMaster).

    With `desk`, the agent there is forwarded; see desk.py.
    """

    def __init__(self, person, desk=None):
        self.machine, self.person = person.machine, person
        self.path = f"/root/{person.name}.{id(self)}.mux"
        self.host = f"{person.name}@127.0.0.1"
        ssh, self._forwards = (desk.ssh(), ("-A",)) if desk else (SSH, ())
        self._master = self.machine.spawn(*ssh, "-M", "-S", self.path, "-N", self.host)
        wait_until(lambda: self.machine.run(*SSH, "-S", self.path, "-O", "check", self.host,
                                            check=False).returncode == 0, "a connection", 20)

    @property
    def options(self):
        return (*SSH[1:], *self._forwards, "-o", f"ControlPath={self.path}",
                "-o", "ControlMaster=no")

    def run(self, *words, stdin=""):
        """A command without a terminal."""
        return self.machine.run("ssh", *self.options, "-T", self.host, *words, check=False,
                                stdin=stdin, timeout=20)

    def on_terminal(self, *words):
        return Talk(self.machine.spawn("ssh", *self.options, "-tt", self.host, *words))

    def step_up(self, command="true"):
        talk = self.on_terminal(command)
        talk.expect(PROMPT.format(self.person.name, machine.HOST, f": {command}"))
        talk.answer(self.person.code())
        talk.expect(Talk.ENDED)
        return talk

    def close(self):
        self._master.close(force=True)


class GateBench(Bench):
    level = "otp"
    sshd_config = EXAMPLE.read_text()

    def setUp(self):
        super().setUp()
        path = "/etc/ssh/sshd_config.d/50-stepup-gate.conf"
        self.machine.write(path, self.sshd_config)
        self.addCleanup(self.machine.systemctl, "reload", "ssh")
        self.addCleanup((self.machine.root / path.lstrip("/")).unlink)
        self.machine.systemctl("reload", "ssh")
        self.demand("session")

    def demand(self, scope):
        self.drop_in(f"gate-{scope}.conf", f'[[rule]]\nname = "ssh commands, {scope}"\n'
                     f'service = ["ssh-command"]\nlevel = "{self.level}"\nscope = "{scope}"\n')

    def gated(self, **how):
        person = self.person(groups=("nopasswd", "sudo"), **how)
        self.addCleanup(self.machine.run, "gpasswd", "-d", person.name, "sudo")
        return person

    def connection(self, person, desk=None):
        connection = Connection(person, desk)
        self.addCleanup(connection.close)
        return connection

    def copying(self, person, options):
        """Commands that bring twenty files to `person` over ssh with `options`, and what to type."""
        run = self.machine.run
        host, home = f"{person.name}@127.0.0.1", f"/home/{person.name}"
        run("bash", "-c", "mkdir -p /root/files && cd /root/files && for i in {1..20}; do "
                          "head -c 50000 /dev/urandom >$i; done")
        run("runuser", "-u", person.name, "--", "git", "init", "-q", "--bare", f"{home}/repository")
        run("bash", "-c", "cd /root/files && git init -q . && git add . && "
                          "git -c user.name=r -c user.email=r@h commit -q -m files || true")
        ssh = " ".join(("ssh", *options))
        files = [f"/root/files/{i}" for i in range(1, 21)]
        ways = {
            "scp": ["scp", "-q", *options, *files, f"{host}:{home}/scp/"],
            "scp-O": ["scp", "-q", "-O", *options, *files, f"{host}:{home}/scp-O/"],
            "sftp": ["sftp", "-q", "-b", "-", *options, host],
            "rsync": ["rsync", "-e", ssh, *files, f"{host}:{home}/rsync/"],
            "git": ["env", f"GIT_SSH_COMMAND={ssh}", "git", "-C", "/root/files", "push", "-q",
                    f"{host}:repository", "HEAD:main"],
        }
        for way in ways:
            run("runuser", "-u", person.name, "--", "mkdir", f"{home}/{way}")
        return ways, "".join(f"put {file} {home}/sftp/\n" for file in files)

    def assertArrived(self, person, way):
        home = f"/home/{person.name}"
        if way == "git":
            self.machine.run("runuser", "-u", person.name, "--", "git", "clone", "-q", "-b", "main",
                             f"{home}/repository", f"{home}/{way}")
        self.machine.run("bash", "-c", f"cd /root/files && for i in {{1..20}}; do "
                                       f"cmp $i {home}/{way}/$i || exit 1; done")

    def assertNothingRan(self, done, words=NO_TERMINAL):
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "")
        self.assertIn(words, done.stderr)


class Gate(GateBench):
    def test_a_command_is_refused_in_words_until_a_terminal_of_the_connection_stepped_up(self):
        connection = self.connection(self.gated())
        self.assertNothingRan(connection.run("id", "-un"))
        connection.step_up()
        done = connection.run("id", "-un")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, connection.person.name + "\n", ""))

    def test_a_second_connection_inherits_nothing(self):
        alice = self.gated()
        self.connection(alice).step_up()
        self.assertNothingRan(self.connection(alice).run("id"))

    def test_a_login_shell_opens_after_the_code_and_not_without_it(self):
        alice = self.gated()
        connection = self.connection(alice)
        for answer, shows in (("000000", "That code is wrong"), (alice.code(), r"[$] $")):
            talk = connection.on_terminal()
            talk.expect(PROMPT.format(alice.name, machine.HOST, ""))
            talk.answer(answer)
            talk.expect(shows)
        talk.answer("shopt -q login_shell && echo it-is-$((40 + 2))")
        talk.expect("it-is-42")

    def test_T09_where_the_scope_is_the_process_each_command_asks(self):
        self.demand("process")
        connection = self.connection(self.gated())
        for _ in range(2):
            self.assertIn("uid=", connection.step_up("id").text)
        self.assertNothingRan(connection.run("id"))

    def test_status_signals_and_bytes_are_those_of_an_account_without_a_gate(self):
        gated, free = self.connection(self.gated()), self.connection(self.person())
        gated.step_up()
        data = "".join(map(chr, range(128))) * 1000
        for command in ("exit 7", "kill -TERM $$", "kill -KILL $$", "cat", "echo a; echo b >&2",
                        "echo $0-$-", "cat >/dev/null; false", "nothing-of-that-name",
                        "printf '%s\\n' \"a  b\" '$HOME' \\\\", "tty", "pwd | sed s/alice.*//",
                        "env | cut -d = -f 1 | grep -v XDG_SESSION_ID | sort"):
            with self.subTest(command):
                ours, theirs = (c.run(command, stdin=data) for c in (gated, free))
                self.assertEqual((ours.returncode, ours.stdout, ours.stderr),
                                 (theirs.returncode, theirs.stdout, theirs.stderr))

    def test_scp_sftp_rsync_and_git_run_over_a_connection_that_stepped_up_and_over_no_other(self):
        alice = self.gated()
        connection = self.connection(alice)
        ways, script = self.copying(alice, connection.options)
        for way, command in ways.items():
            with self.subTest(way, step_up="none"):
                refused = self.machine.run(*command, stdin=script, check=False)
                self.assertNotEqual(refused.returncode, 0)
                self.assertIn("Connection closed" if way in ("scp", "sftp") else NO_TERMINAL,
                              refused.stderr)  # sshd drops the words of a subsystem
                arrived = self.machine.root / f"home/{alice.name}/{way}"
                self.assertEqual(list(arrived.iterdir()), [])
        connection.step_up()
        for way, command in ways.items():
            with self.subTest(way):
                self.machine.run(*command, stdin=script)
                self.assertArrived(alice, way)

    def test_stepupctl_verify_needs_no_second_code(self):
        alice = self.gated()
        connection = self.connection(alice)
        talk = connection.on_terminal("stepupctl verify")
        talk.expect("One-time code for")
        talk.answer(alice.code())
        talk.expect("Verified.")
        self.assertEqual(talk.expect([Talk.ENDED, "One-time code"]), 0)

    def test_no_file_of_the_home_runs_before_the_gate_that_sshd_would_run(self):
        alice = self.gated()
        home = f"/home/{alice.name}"
        self.machine.run("runuser", "-u", alice.name, "--", "bash", "-c",
                         f"mkdir -m 700 ~{alice.name}/.ssh; echo 'touch {home}/ran' >{home}/.ssh/rc")
        self.assertNothingRan(self.connection(alice).run("id"))
        self.assertFalse((self.machine.root / home.lstrip("/") / "ran").exists())

    def test_without_stepupd_nothing_runs(self):
        connection = self.connection(self.gated())
        connection.step_up()
        self.addCleanup(self.machine.restart_daemon)
        self.machine.systemctl("stop", *machine.STEPUP_UNITS)
        done = connection.run("id")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("/run/stepup/control.sock", done.stderr)
