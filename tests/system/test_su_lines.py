# SPDX-License-Identifier: ISC
"""What stepupd reads of a command line of su and of doas is what they run."""

import json
import os

import su_lines
from bench import Bench
from test_sudo_lines import HERE, readings

COUNT = 450 if "STEPUP_LONG_TESTS" in os.environ else 100
SEED = 20261127
RAN = "/var/log/probe-ran"
PROBE = f"""#!/bin/sh
printf '%s\\0' "$(id -un)" "$(($# + 1))" "$0" "$@" >>{RAN}
"""
LETS_ALL = "".join(f"{phase} sufficient pam_permit.so\n"
                   for phase in ("auth", "account", "password", "session"))


def differs(reading, outcome):
    """Why the reading is not what ran; nothing when it is, or counts as every command."""
    if reading["kind"] in ("uncertain", "shell"):
        return None
    program, *arguments = reading["words"]
    if "probe" not in program:
        return "a command that was not read" if outcome["calls"] else None
    if outcome["status"] != 0 and not outcome["calls"]:
        return None  # it was refused
    if len(outcome["calls"]) != 1:
        return "another number of commands"
    [call] = outcome["calls"]
    if reading["user"] not in ("", call["user"]):
        return "another user"
    if call["words"][0] not in (program, f"/usr/local/bin/{program}"):
        return "another program"
    return None if call["words"][1:] == arguments else "other arguments"


class CommandLines(Bench):
    def setUp(self):
        super().setUp()
        for user in ("carol", "bob"):
            self.machine.run("useradd", "-M", "-s", "/bin/sh", user)
            self.addCleanup(self.machine.run, "userdel", "--force", user)  # some still run
        self.machine.write("/usr/local/bin/probe", PROBE, 0o755)
        self.machine.write(RAN, "", 0o666)
        self.addCleanup(self.machine.run, "rm", "/usr/local/bin/probe", RAN)
        # What is asked for is of no matter here.
        for name in ("su", "su-l", "doas"):
            path = f"/etc/pam.d/{name}"
            self.addCleanup(self.machine.write, path, self.machine.run("cat", path).stdout)
            self.machine.write(path, LETS_ALL)

    def compare(self, everyday, line):
        lines = su_lines.lines(COUNT, SEED, everyday, line)
        self.machine.write("/root/lines.json", json.dumps(lines))
        self.machine.write("/root/run.py", (HERE / "run_su_lines.py").read_text())
        done = self.machine.run("python3", "/root/run.py", "carol", "/root/lines.json", RAN,
                                timeout=300)
        valid = uncertain = 0
        wrong = []
        program = everyday[0][0]
        for words, reading, ways in zip(lines, readings(program, lines), json.loads(done.stdout)):
            ran = any(way["status"] == 0 or way["calls"] for way in ways)
            if words in everyday:
                self.assertTrue(ran, f"{program} ran: {words}")
                self.assertNotEqual(reading["kind"], "uncertain", words)
            valid += ran
            uncertain += ran and reading["kind"] == "uncertain"
            wrong += [f"{words}: {why}: {reading}, {way}"
                      for way in ways if (why := differs(reading, way))]
        print(f"{len(lines)} lines, of which {program} ran {valid}; {uncertain} uncertain", end=" ")
        self.assertEqual(wrong, [], "\n".join(wrong))
        self.assertGreater(valid, len(lines) // 2)
        return uncertain / valid


class SuLines(CommandLines):
    def test_what_is_read_is_what_su_ran_and_everyday_forms_are_read(self):
        self.compare(su_lines.EVERYDAY_SU, su_lines.su_line)


class DoasLines(CommandLines):
    def test_what_is_read_is_what_doas_ran_and_everyday_forms_are_read(self):
        before = self.machine.run("cat", "/etc/doas.conf", check=False).stdout
        self.addCleanup(self.machine.write, "/etc/doas.conf", before, 0o600)
        self.machine.write("/etc/doas.conf", "permit nopass carol\npermit nopass root\n", 0o600)
        self.assertLessEqual(self.compare(su_lines.EVERYDAY_DOAS, su_lines.doas_line), 0.02)
