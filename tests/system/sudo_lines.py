# SPDX-License-Identifier: ISC
"""Command lines for sudo: those of every day, and random ones of its whole grammar."""

import random

EVERYDAY = [line.split() for line in """
sudo true
sudo /usr/bin/true
sudo /bin/true --help
sudo echo a b c
sudo -u bob true
sudo -ubob true
sudo -u #1 true
sudo --user=bob true
sudo --user bob true
sudo -g users true
sudo -u bob -g users true
sudo -n true
sudo -nu bob true
sudo -E true
sudo -H true
sudo -EH true
sudo -k true
sudo -b true
sudo -S true
sudo -A true
sudo -- true -n
sudo -u bob -- true
sudo -p Password: true
sudo -i
sudo -i true
sudo -iu bob
sudo -i -u bob true
sudo -s
sudo -s true
sudo -su bob true
sudo FOO=bar true
sudo -E FOO=bar LANG=C true
sudo FOO=bar -u bob true
sudo env FOO=bar true
sudo sh -c true
sudo --preserve-env=LANG,TERM true
sudo --login true
sudo --non-interactive true
sudo sudoedit /tmp/edited
sudo -e /tmp/edited
""".strip().splitlines()]

FLAGS = {"A": "askpass", "B": "bell", "b": "background", "E": "preserve-env", "H": "set-home",
         "k": "reset-timestamp", "n": "non-interactive", "N": "no-update", "P": "preserve-groups",
         "S": "stdin"}
VALUES = {"C": ("close-from", ["3", "10"]), "D": ("chdir", ["/", "/tmp"]),
          "g": ("group", ["users", "#100", "root"]), "p": ("prompt", ["", "-x", "a b", "--"]),
          "R": ("chroot", ["/"]), "T": ("command-timeout", ["5m", "10"]),
          "u": ("user", ["root", "bob", "#0", "#1", "daemon"])}
COMMANDS = ["true", "/usr/bin/true", "/bin/true", "./true", "../bin/true", "/usr/bin/../bin/true",
            "echo", "/bin//echo", "sudoedit", "/usr/bin/[", "env", "/bin/a=b", "/usr/bin/sudoedit",
            "/usr/local/bin/sudoedit-all"]
WORDS = ["-u", "--", "-n", "root", "FOO=bar", "-", "--user=bob", "a b", "", "*", "-e", "/tmp/edited",
         "\\", "$HOME", "\t", "--help", "x" * 200]
ASSIGNMENTS = ["FOO=bar", "LANG=", "a_1=b=c", "X=/bin/sh"] * 12 + ["=x", "a.b=c"]


def abbreviated(chance, name):
    return name[:chance.randint(2, len(name))] if chance.random() < 0.3 else name


def options_of(chance, letters, flags=FLAGS, values=VALUES):
    """One option after the other, in all their spellings."""
    words = []
    for letter in letters:
        long_form = chance.random() < 0.4
        if letter in values:
            name, choices = values[letter]
            value = chance.choice(choices)
            long_form = name and (long_form or not letter.isalpha())
            if long_form:
                name = "--" + abbreviated(chance, name)
                words += [f"{name}={value}"] if chance.random() < 0.5 else [name, value]
            else:
                words += [f"-{letter}{value}"] if chance.random() < 0.5 else [f"-{letter}", value]
        elif long_form and flags.get(letter):
            words.append("--" + abbreviated(chance, flags[letter]))
        elif words and words[-1].startswith("-") and words[-1][1:].isalpha() and chance.random() < 0.4 \
                and not set(words[-1][1:]) & set(values):
            words[-1] += letter
        else:
            words.append(f"-{letter}")
    return words


def random_line(chance):
    name = chance.choice(["sudo"] * 12 + ["/usr/bin/sudo", "sudoedit"])
    letters = chance.choices([*FLAGS, *VALUES, "u"], k=chance.choice([0, 0, 1, 1, 2, 3, 4]))
    action = chance.choice([""] * 10 + ["i", "s", "e"]) if name != "sudoedit" else ""
    letters = [*letters, *action]
    chance.shuffle(letters)
    words = options_of(chance, letters)
    for _ in range(chance.choice([0] * 5 + [1, 2])):
        words.insert(chance.randint(0, len(words)), chance.choice(ASSIGNMENTS))
    if chance.random() < 0.2:
        words.append("--")
    if name == "sudoedit" or action == "e":
        words.append("/tmp/edited")
    elif not (action and chance.random() < 0.5):
        words.append(chance.choice(COMMANDS if chance.random() < 0.2 else COMMANDS[:8]))
        words += chance.choices(WORDS, k=chance.choice([0, 1, 1, 2, 3]))
    return [name, *words]


def lines(count, seed):
    chance = random.Random(seed)
    return [*EVERYDAY, *(random_line(chance) for _ in range(count))]
