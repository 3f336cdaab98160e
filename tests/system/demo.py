#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Shows stepup's main job on a real systemd host, set up for the occasion.  Needs root.

On a terminal you get a real ssh session as alice; otherwise a transcript is printed.
"""

import os
import subprocess
import sys
import threading

import machine
from people import SSH, Person

# Where the "phone" command of the session finds the present code.
PHONE = "/var/local/phone"

HINT = """
You are alice, logged in to {host} by ssh with a key.  She may run
anything without a password; stepup asks for a one-time code all the same.

  phone              shows what alice's authenticator shows now
  sudo id            asks for that code
  sudo id            again: not asked, the proof of this session is fresh
  stepupctl status   what this session has proved, and for how long
  exit               ends the demonstration, and removes everything

A code counts once.  Type one twice, or a wrong one, and see.  The phone is
lost?  A recovery code does as well: {recovery_code}
"""


def show_codes(container, alice, stop):
    while True:
        container.write(PHONE, alice.authenticator.now() + "\n")
        if stop.wait(0.5):
            return


def session(container, alice):
    container.write("/usr/local/bin/phone", f"#!/bin/sh\nexec cat {PHONE}\n", mode=0o755)
    container.write(f"/home/{alice.name}/.hushlogin", "")
    stop = threading.Event()
    codes = threading.Thread(target=show_codes, args=(container, alice, stop), daemon=True)
    codes.start()
    print(HINT.format(host=machine.HOST, recovery_code=alice.recovery_codes[1]))
    try:
        subprocess.run(container.entering(*SSH, "-t", f"{alice.name}@127.0.0.1"),
                       env={**machine.ENVIRONMENT, "TERM": os.environ.get("TERM", "linux")},
                       check=False)
    finally:
        stop.set()
        codes.join()
    return 0


def transcript(alice):
    """Prints what alice types and sees; returns how many steps went otherwise than told."""
    faults = 0
    first, second = alice.session(), alice.session()
    typo, code = alice.authenticator.wrong(), alice.code()
    for told, who, command, answers, asked, runs in (
            ("The first sudo of a session asks.  A typo does no harm.",
             first, "sudo id", (typo, code), 2, True),
            ("The second is silent: the proof is fresh.", first, "sudo id", (), 0, True),
            ("So is su -, once root's password is right.", first, "su - -c id", (), 0, True),
            ("stepupctl tells what this session has proved.",
             first, "stepupctl status", (), 0, True),
            ("Another ssh session has proved nothing, and the code counts once.",
             second, "sudo id", (code,), 2, False),
            ("With the next code it runs there too.", second, "sudo id", (alice.code(),), 1, True),
    ):
        outcome = who.run(command, *answers)
        print(f"\n# {told}\n{alice.name}@{machine.HOST}:~$ {command}")
        print(typed(outcome, answers))
        if (len(outcome.prompts), outcome.status == 0) != (asked, runs):
            print(f"^ NOT AS TOLD: asked {len(outcome.prompts)} times, status {outcome.status}")
            faults += 1
    return faults


def typed(outcome, answers):
    """The screen, with the answers, which are not echoed, put after their prompts."""
    text = outcome.text.rsplit("[rc=", 1)[0].replace("\r", "").rstrip("\n")
    start = 0
    for prompt, answer in zip(outcome.prompts, (*answers, "^C")):
        start = text.index(prompt, start) + len(prompt)
        text = f"{text[:start]}{answer}{text[start:]}"
    return text


def main():
    if os.geteuid() != 0:
        sys.exit("demo: needs root, because it boots a container")
    machine.stop_on_signals()
    print("Setting up a Debian 12 with stepup ...", flush=True)
    with machine.Machine() as container:
        container.install()
        container.boot()
        alice = Person(container, "alice", number=False)
        alice.su_password = machine.ROOT_PASSWORD
        alice.enrol()
        if sys.stdin.isatty() and sys.stdout.isatty():
            return session(container, alice)
        faults = transcript(alice)
        alice.leave()
    print("\nThat was the main job of stepup." if not faults else f"\n{faults} steps went wrong.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
