# SPDX-License-Identifier: ISC
"""Command lines for su and doas: those of every day, and random ones of their whole grammars.  What
they run is `probe`, which tells how it was called, or a shell."""

import random

from sudo_lines import options_of

# Words of a line, of which `_` is a space.
EVERYDAY_SU = [[word.replace("_", " ") for word in line.split()] for line in """
su
su -
su -l
su --login
su root
su - root
su bob
su - bob
su -l bob
su --login bob
su -c probe
su -c probe_a_b
su -c probe_--now_a/b.c bob
su bob -c probe_a
su - -c probe_a
su - bob -c probe_a
su -l bob -c probe_a
su -lc probe bob
su -l -c /usr/local/bin/probe root
su --command=probe_a
su --command probe_a bob
su --session-command=probe_a bob
su --login --command=probe bob
su -P -c probe bob
su -c probe_a;_probe_b
su -c 'probe'_a bob
""".strip().splitlines()]

EVERYDAY_DOAS = [line.split() for line in """
doas probe
doas probe a b
doas /usr/local/bin/probe
doas /usr/local/bin/probe -u --help
doas -n probe
doas -u bob probe a
doas -ubob probe a
doas -u root probe a
doas -u 1 probe
doas -n -u bob probe
doas -nu bob probe
doas -- probe -n
doas -u bob -- probe
doas -s
doas -u bob -s
doas -su bob
""".strip().splitlines()]

SU_FLAGS = {"f": "fast", "l": "login", "m": "preserve-environment", "p": "preserve-environment",
            "P": "pty"}
PLAIN = ["probe", "probe a", " probe  -c  a ", "/usr/local/bin/probe", "./probe %x", "true", "echo a",
         "cd /tmp", "test -e /tmp/x"]
MORE_THAN_PLAIN = ["", "probe; probe b", "probe && probe b", "A=b probe", "probe 'a b'", "$SHELL a",
                   "-l", "--", "-", "id\nprobe", "probe #", "(probe)", "probe >&2", "probe *"]
# What makes a shell run the words behind it: those of bash and of dash.
RUNNERS = [f"{words} probe a" for words in (
    "eval", "exec", "command", "command -p", "builtin eval", "time", "time -p", "coproc", "! ",
    "compgen -C", "jobs -x", "source", ".", "if", "then", "while", "{", "exec -a x", "enable -f",
    "readarray -C", "mapfile -c 1 -C", "hash", "type", "set --", "wait", "umask", "alias")]
RUNNERS += ["trap probe EXIT", "trap -- probe 0", "compgen -C probe"]
COMMANDS = PLAIN * 3 + MORE_THAN_PLAIN + RUNNERS
SU_VALUES = {"c": ("command", COMMANDS), "=": ("session-command", COMMANDS),
             "g": ("group", ["users", "bob", "probe"]), "G": ("supp-group", ["users", "root"]),
             "s": ("shell", ["/bin/sh", "/bin/bash", "/usr/local/bin/probe"]),
             "w": ("whitelist-environment", ["PATH", "SHELL,TERM"])}
SU_MOST = [*"lllllcfggGGmpPPsw="]
USERS = [["root"], ["bob"], ["-"], ["-", "bob"], ["-", "root"]]
ARGUMENTS = ["probe", "-", "--", "-c", "a", "--command", "bob", "-x"]
UNKNOWN = ["-x", "--unknown", "--s", "--login=no", "-u", "--pre", "--help", "-V"]

DOAS_FLAGS = {"n": None, "s": None}
DOAS_VALUES = {"u": (None, ["root", "bob", "0", "1", "nobody"])}
DOAS_UNKNOWN = ["-L", "-C/etc/doas.conf", "-a", "-x", "--user=bob", "-u", "-"]
DOAS_COMMANDS = [["probe"], ["/usr/local/bin/probe"], ["./probe"], ["/usr/local/bin/../bin/probe"],
                 ["true"]]
WORDS = ["-u", "--", "-n", "root", "A=b", "-", "a b", "", "*", "\\", "$HOME", "\t", "--help", "x" * 200]


def su_line(chance):
    letters = chance.choices(SU_MOST, k=chance.choice([0, 0, 1, 1, 2, 3]))
    letters += chance.choices(["c", "=", ""], [7, 1, 2])[0]
    chance.shuffle(letters)
    words = options_of(chance, letters, SU_FLAGS, SU_VALUES)
    if chance.random() < 0.7:
        user = chance.choice(USERS)
        where = chance.randint(0, len(words))  # perhaps where an option's value would be
        words[where:where] = user
    if chance.random() < 0.1:
        words.insert(chance.randint(0, len(words)), chance.choice(UNKNOWN))
    if chance.random() < 0.1:
        words.append("--")
    if chance.random() < 0.15:
        words += chance.choices(ARGUMENTS, k=chance.choice([1, 2, 3]))
    return ["su", *words]


def doas_line(chance):
    letters = chance.choices("nnuuus", k=chance.choice([0, 1, 1, 2, 3]))
    words = options_of(chance, letters, DOAS_FLAGS, DOAS_VALUES)
    if chance.random() < 0.1:
        words.insert(chance.randint(0, len(words)), chance.choice(DOAS_UNKNOWN))
    if chance.random() < 0.2:
        words.append("--")
    if "s" not in letters or chance.random() < 0.1:
        words += chance.choice(DOAS_COMMANDS)
        words += chance.choices(WORDS, k=chance.choice([0, 1, 1, 2, 3]))
    return ["doas", *words]


def lines(count, seed, everyday, line):
    chance = random.Random(seed)
    return [*everyday, *(line(chance) for _ in range(count))]
