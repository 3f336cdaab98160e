# SPDX-License-Identifier: ISC
"""Runs command lines of sudo as a user, in the machine, and tells what sudo logged of each.

    run_sudo_lines.py USER LINES.json LOG
"""

import json
import pwd
import subprocess
import sys


def main():
    user, lines, log = sys.argv[1:]
    account = pwd.getpwnam(user)
    with open(lines, encoding="utf-8") as file:
        lines = json.load(file)
    environment = {"SHELL": "/bin/sh", "PATH": "/usr/bin:/bin", "SUDO_ASKPASS": "/bin/true",
                   "HOME": "/", "LANG": "C.UTF-8"}
    outcomes = []
    for line in lines:
        with open(log, "w", encoding="utf-8"):
            pass  # sudo writes one JSON document, which each command makes longer
        subprocess.run(line, executable="/usr/bin/sudo", cwd="/usr/bin", env=environment, check=False,
                       user=account.pw_uid, group=account.pw_gid, extra_groups=[], timeout=60,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        with open(log, encoding="utf-8") as file:
            outcomes.append(file.read())
    json.dump(outcomes, sys.stdout)


main()
