# SPDX-License-Identifier: ISC
"""Runs command lines of su or doas in the machine, those of su in several ways, and tells of each how
it ended and which calls of `probe` there were: for each the user, and the words.

    run_su_lines.py USER LINES.json RAN
"""

import json
import os
import pwd
import subprocess
import sys

# su's getopt(3) goes by POSIXLY_CORRECT, and su -p by SHELL; the caller chooses both.
PROBE = {"SHELL": "/usr/local/bin/probe"}
WAYS = (("user", PROBE), ("user", {"SHELL": "/bin/sh", "POSIXLY_CORRECT": "1"}), ("root", PROBE))


def calls(text):
    """Of the probe's records: the user, the number of words, and the words, each ended by a NUL."""
    fields = iter(text.split("\0")[:-1])
    return [{"user": user, "words": [next(fields) for _ in range(int(next(fields)))]}
            for user in fields]


def main():
    user, lines, ran = sys.argv[1:]
    with open(lines, encoding="utf-8") as file:
        lines = json.load(file)
    accounts = {"user": pwd.getpwnam(user), "root": pwd.getpwnam("root")}
    outcomes = []
    for line in lines:
        outcomes.append([])
        for who, environment in WAYS if line[0] == "su" else WAYS[:1]:
            os.truncate(ran, 0)
            account = accounts[who]
            done = subprocess.run(
                line, executable=f"/usr/bin/{line[0]}", cwd="/usr/local/bin", check=False, timeout=20,
                env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/", "LANG": "C.UTF-8",
                     **environment},
                user=account.pw_uid, group=account.pw_gid, extra_groups=[],
                input=b"exit\n", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # a shell's
            with open(ran, encoding="utf-8") as file:
                outcomes[-1].append({"status": done.returncode, "calls": calls(file.read())})
    json.dump(outcomes, sys.stdout)


main()
