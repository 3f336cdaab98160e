# SPDX-License-Identifier: ISC
"""What stepupd reads of a command line of sudo is what sudo says that it ran."""

import json
import os
import pathlib
import subprocess

import sudo_lines
from bench import Bench

HERE = pathlib.Path(__file__).resolve().parent
READER = HERE.parents[1] / "build" / "read_command_lines"
LOG = "/var/log/sudo-lines.json"
SUDOERS = f"""Defaults log_format=json, logfile={LOG}, !syslog, editor=/bin/true, setenv
Defaults runcwd=*, runchroot=*, closefrom_override, user_command_timeouts, !lecture
carol ALL=(ALL:ALL) NOPASSWD: ALL
"""
SECURE_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


def readings(program, lines):
    """What stepupd makes of each line of this program."""
    text = b"".join(b"%d\0" % len(words) + b"".join(word.encode() + b"\0" for word in words)
                    for words in lines)
    told = subprocess.run([READER, program], input=text, stdout=subprocess.PIPE, check=True).stdout
    fields = iter(told.decode().split("\0"))
    for _ in lines:
        reading = {key: next(fields) for key in ("kind", "user", "uid")}
        reading["words"] = [next(fields) for _ in range(int(next(fields)))]
        yield reading


def logged(text):
    """The command that sudo accepted; nothing where it accepted none."""
    records = json.loads(text) if text else {}
    return records.get("accept")


def same_program(word, program):
    if "/" in word:
        return word == program
    return program in (f"{directory}/{word}" for directory in SECURE_PATH)


def edited(ran):
    """The files that sudoedit had edited: it logs the editor, and where there are any a "--" and them."""
    editor, *rest = ran["runargv"]
    return rest[1:] if editor == "/bin/true" else None


def differs(reading, ran):
    """Why the reading is not what ran; nothing when it is, or is uncertain."""
    if reading["kind"] == "uncertain":
        return None
    if reading["user"] not in ("", ran["runuser"]):
        return "another user"
    if reading["uid"] not in ("", str(ran["runuid"])):
        return "another uid"
    if reading["kind"] == "shell":
        shell = ran["command"].rsplit("/", 1)[-1]
        return None if shell in ("sh", "bash", "dash", "nologin") else "no shell"
    if reading["words"][0] == "sudoedit":
        return None if reading["words"][1:] == edited(ran) else "other files"
    if not same_program(reading["words"][0], ran["command"]):
        return "another program"
    if reading["words"][1:] != ran["runargv"][1:]:
        return "other arguments"
    return None


class SudoLines(Bench):
    def test_what_is_read_is_what_sudo_ran_and_everyday_forms_are_read(self):
        long_form = "STEPUP_LONG_TESTS" in os.environ
        lines = sudo_lines.lines(2500 if long_form else 200, seed=20261127)
        for user in ("carol", "bob"):
            self.machine.run("useradd", "-M", user)
            self.addCleanup(self.machine.run, "userdel", "--force", user)  # some still run
        self.setting('mode = "monitor"')  # what is asked for is of no matter here
        self.machine.write("/etc/sudoers.d/lines", SUDOERS, 0o440)
        self.addCleanup(self.machine.run, "rm", "/etc/sudoers.d/lines", LOG,
                        "/usr/local/bin/sudoedit-all")
        self.machine.write("/tmp/edited", "")
        self.machine.write("/usr/local/bin/sudoedit-all", "#!/bin/sh\n", 0o755)
        self.machine.write("/root/lines.json", json.dumps(lines))
        self.machine.write("/root/run.py", (HERE / "run_sudo_lines.py").read_text())
        done = self.machine.run("python3", "/root/run.py", "carol", "/root/lines.json", LOG,
                                timeout=1200)
        self.judge(lines, json.loads(done.stdout))

    def judge(self, lines, outcomes):
        valid = uncertain = 0
        wrong = []
        for line, reading, outcome in zip(lines, readings("sudo", lines), outcomes):
            ran = logged(outcome)
            if line in sudo_lines.EVERYDAY:
                self.assertIsNotNone(ran, f"sudo ran: {line}")
                self.assertNotEqual(reading["kind"], "uncertain", line)
            if ran is None:
                continue
            valid += 1
            uncertain += reading["kind"] == "uncertain"
            if why := differs(reading, ran):
                wrong.append(f"{line}: {why}: {reading}, {ran}")
        print(f"{len(lines)} lines, of which sudo ran {valid}; {uncertain} uncertain", end=" ")
        self.assertEqual(wrong, [])
        self.assertGreater(valid, len(lines) // 2)
        self.assertLessEqual(uncertain, valid * 0.02)
