# SPDX-License-Identifier: ISC
"""bash, zsh and fish offer, after each verb, the words that stepupctl takes there, and no others."""

import os
import pathlib
import re
import subprocess
import sys

BUILD = os.path.abspath(sys.argv[1])
HERE = pathlib.Path("packaging/completions").resolve()
ENVIRONMENT = {**os.environ, "PATH": f"{BUILD}:{os.environ['PATH']}", "HOME": "/nonexistent"}
SERVICES = {"sudo", "su", "doas", "sshd", "polkit"}
GRAMMAR = "".join(source.read_text(encoding="utf-8")
                  for source in sorted(pathlib.Path("stepupd/ctl").glob("*_verbs.cc")))


def run(*argv, **more):
    return subprocess.run(argv, env=ENVIRONMENT, text=True, capture_output=True, check=True,
                          **more).stdout.split()


def bash(verbs):
    words = " ".join(["stepupctl", *verbs])
    return run("bash", "--norc", "-c", f"""
        source {HERE}/stepupctl.bash
        COMP_WORDS=({words} '') COMP_CWORD={len(verbs) + 1}
        _stepupctl 2>/dev/null; printf '%s\\n' "${{COMPREPLY[@]}}" """)


def zsh(verbs):
    # compadd stands for itself: what it is given is what would be offered.
    return run("zsh", "-f", "-c", f"""
        compadd() {{ local name=$2; if [[ $1 == -a ]]; then print -l -- ${{(P)name}}
                     else print -l -- "$@"; fi }}
        source {HERE}/_stepupctl
        words=(stepupctl {' '.join(verbs)} '') CURRENT={len(verbs) + 2}
        _stepupctl""")


def fish(verbs):
    line = " ".join(["stepupctl", *verbs, ""])
    offered = [f"complete -C '{line}{prefix}' | cut -f1;" for prefix in ("", "--")]
    return run("fish", "--no-config", "-c", f"source {HERE}/stepupctl.fish; {' '.join(offered)}")


def known(verbs):
    """Verbs and options by stepupctl's own help."""
    text = subprocess.run([f"{BUILD}/stepupctl", *verbs, "--help"], text=True, check=True,
                          capture_output=True).stdout
    section = re.search(r"^subcommands:\n((?: .*\n)+)", text, re.M | re.I)
    subcommands = re.findall(r"^  ([a-z]\S*)", section.group(1), re.M) if section else []
    return subcommands, re.findall(r"^ +(?:-\w, *)?(--[a-z-]+)", text, re.M)


places, wrong = [()], []
for place in places:  # which grows
    subcommands, options = known(place)
    places += [(*place, verb) for verb in subcommands]
    wanted = {*subcommands, *options}
    if place and place[0] in ("enable", "disable"):
        wanted |= SERVICES
    if place and place[-1] in ("ticket", "reset", "import", "check"):
        continue  # names and files
    for shell in (bash, zsh, fish):
        offered = set(shell(place))
        if offered != wanted:
            wrong.append(f"{shell.__name__}, after {' '.join(place) or 'nothing'}: "
                         f"missing {sorted(wanted - offered)}, beyond {sorted(offered - wanted)}")
# That the help was read as a whole: each verb and option of the grammar was met.
met = {word for place in places for word in place} | {
    option for place in places for option in known(place)[1]}
for word in re.findall(r'add_subcommand\(\s*"([a-z0-9-]+)"', GRAMMAR):
    wrong += [] if word in met else [f"{word}: no help names this verb"]
for option in re.findall(r'\badd\w*(?:<[\w:]+>)?\([^()"]*"(--[a-z-]+)"', GRAMMAR):
    wrong += [] if option in met else [f"{option}: no help names this option"]
sys.exit("\n".join(wrong) or 0)
