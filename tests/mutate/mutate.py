#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Flips the deny branches of the code that decides, one at a time: some test must fail.

That is a unit test, or, for the module, one under libpam; those run as root only.

Works on a copy of the tree (build/mutate/tree), so an interrupted run leaves nothing broken behind.
Prints each survivor as FILE:LINE: ORIGINAL -> MUTANT, and killed/total at the end.

A run can be interrupted: build/mutate/results.tsv keeps each outcome.  A killed mutant counts until
its source changes, a survivor until its source or any unit test does.

    MUTATE_ONLY=stepupd/policy make mutate     only the sources whose path begins so
    MUTATE_EVERY=5 make mutate                 only each fifth mutant
    MUTATE_LDFLAGS=-fuse-ld=lld make mutate    another linker; most of the time goes there
"""
import fcntl
import glob
import hashlib
import os
import re
import resource
import shutil
import subprocess
import sys

SOURCES = (
    sorted(glob.glob("stepupd/policy/*.cc") + glob.glob("stepupd/session/*.cc") +
           glob.glob("stepupd/factor/*.cc") + glob.glob("stepupd/import/*.cc")) +
    ["stepupd/daemon/%s.cc" % name for name in (
        "check_dialogue", "code_step", "connection", "control_dialogue", "enrollment",
        "grant_ledger", "import_dialogue", "imported_credentials", "kept_proofs",
        "otp_verification", "request_facts", "server", "standing", "step_up", "throttle")] +
    ["pam_stepup/%s.cc" % name for name in (
        "conversation", "dialogue", "options", "outcome", "request_builder", "signal_watch",
        "socket_trust")])

WORK = "build/mutate"
TREE = WORK + "/tree"
RESULTS = WORK + "/results.tsv"
UNIT_TESTS = "unit_tests"
# What else looks at the sources of a folder, if no unit test notices.
FURTHER_TESTS = {"pam_stepup": ["pam_fault_test", "pam_module_test"]}
CPU_SECONDS = 6           # of the unit tests, which need two
FURTHER_CPU_SECONDS = 30  # the others need five
WALL_SECONDS = 90         # generous, since the machine may be busy with something else

# What an operator becomes.  clang-format puts spaces around binary operators and none around the
# brackets of templates, so a plain search finds the operators and nothing else.
OPERATORS = [
    (" < ", " <= "), (" <= ", " < "), (" > ", " >= "), (" >= ", " > "),
    (" == ", " != "), (" != ", " == "), (" && ", " || "), (" || ", " && "),
    ("return false", "return true"), ("std::max(", "std::min("), ("std::min(", "std::max("),
]
# What an answer becomes that refuses: the one that lets pass, or reaches further.
ANSWERS = [
    (r"Holds::No\b", "Holds::Yes"), (r"Holds::Unknown\b", "Holds::No"),
    (r"Decision::StepUp\b", "Decision::Allow"),
    (r"Scope::(Process|Tty)\b", "Scope::Session"),
    (r"VerdictCode::(Denied|LockedOut|Unavailable)\b", "VerdictCode::Granted"),
    (r"OtpVerdict::(Replayed|NextWanted|Wrong|ClockImplausible)\b", "OtpVerdict::Accepted"),
    (r"(?<=return )refusal_in\(phase\)", "PAM_SUCCESS"),
    (r"\bPAM_(AUTH_ERR|PERM_DENIED|MAXTRIES|AUTHINFO_UNAVAIL|SYSTEM_ERR|CONV_ERR|IGNORE)\b",
     "PAM_SUCCESS"),
]


def code_of(text):
    """`text` with what is no code (comments, literals, #include) blanked, at the same offsets."""
    blank = lambda found: re.sub(r"[^\n]", " ", found.group())
    return re.sub(r'//[^\n]*|/\*.*?\*/|R"\(.*?\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\''
                  r'|^#[^\n]*', blank, text, flags=re.S | re.M)


def closing(code, start):
    """The offset of the bracket that closes the one at `start`."""
    depth = 0
    for at in range(start, len(code)):
        depth += (code[at] in "([{") - (code[at] in ")]}")
        if depth == 0:
            return at
    raise ValueError("unbalanced")


def statement_end(code, start):
    """The offset after the simple statement at `start`."""
    depth = 0
    for at in range(start, len(code)):
        depth += (code[at] in "([{") - (code[at] in ")]}")
        if depth == 0 and code[at] == ";":
            return at + 1
    raise ValueError("no statement")


def condition_mutants(text, code):
    """Each `if`: its condition negated, and, where it only leaves early, never true."""
    for found in re.finditer(r"\bif (?:constexpr )?\(", code):
        start = found.end() - 1
        end = closing(code, start)
        inner_start = start + 1
        depth = 0
        for at in range(start + 1, end):  # after the last `;` of `if (init; condition)`
            depth += (code[at] in "([{") - (code[at] in ")]}")
            if depth == 0 and code[at] == ";":
                inner_start = at + 1
        condition = text[inner_start:end]
        declared = re.match(r"\s*(?:const )?auto\*?&? ?(\w+) = ", condition)
        if declared:
            negated = "%s; !%s" % (condition, declared.group(1))
            never = "%s; false" % condition
        else:
            negated = "!(%s)" % condition.strip()
            never = "(%s) && false" % condition.strip()
        if inner_start != start + 1:
            negated, never = " " + negated, " " + never
        yield inner_start, end, negated
        body = re.match(r"\s*", code[end + 1:]).end() + end + 1
        block = code[body + 1:closing(code, body)] if code[body] == "{" else code[body:]
        leaves = r"(?:co_)?return\b|continue;|break;"
        last = re.split(r"[;{}]\s*", block.rstrip().rstrip(";"))[-1] if code[body] == "{" else block
        if re.match(leaves, last + ";"):
            yield inner_start, end, never


def loop_headers(code):
    """Where `for (...)` stands: one round more reads past the end, which is for `make asan`."""
    return [(found.start(), closing(code, found.end() - 1))
            for found in re.finditer(r"\bfor \(", code)]


def mutants_of(text):
    """(start, end, replacement) of every mutant, in the order of the text."""
    code = code_of(text)
    found = list(condition_mutants(text, code))
    loops = loop_headers(code)
    for original, mutant in OPERATORS:
        # A line that clang-format broke ends in its operator.
        for place in re.finditer(re.escape(original.rstrip()) + r"(?=\s)" if original[-1] == " "
                                 else re.escape(original), code):
            if any(start <= place.start() < end for start, end in loops):
                continue
            if original[0] != " " and re.match(r"\w", code[place.start() - 1]):
                continue
            found.append((place.start(), place.end(), mutant.rstrip()))
    for pattern, mutant in ANSWERS:
        for place in re.finditer(pattern, code):
            label = code[:place.start()].endswith("case ") or \
                re.match(r"case [\w:]*$", code[code.rfind("case ", 0, place.start()):place.start()])
            if not label:
                start = place.start()
                qualifier = re.search(r"(?:\w+::)*$", code[:start]).group()
                found.append((start - len(qualifier), place.end(), qualifier + mutant))
    return sorted(set(found))


def limit_cpu(seconds):
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def build(*programs):
    """Makes these of the copy; only what differs from last time is compiled."""
    return subprocess.run(
        ["make", "-C", TREE, "--no-print-directory", "B=..", "CXXFLAGS=-O0", "FORTIFY=", "WERROR=",
         "LDFLAGS=" + os.environ.get("MUTATE_LDFLAGS", "")] + ["../" + name for name in programs],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")


def passes(program, groups):
    cpu = CPU_SECONDS if program == UNIT_TESTS else FURTHER_CPU_SECONDS
    arguments = [word for group in groups for word in ("-sg", group)]
    try:
        return subprocess.run([os.path.abspath(os.path.join(WORK, program))] + arguments, cwd=TREE,
                              preexec_fn=lambda: limit_cpu(cpu), timeout=WALL_SECONDS,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def fails(program, groups=()):
    """Twice, since on a busy machine a test that waits may fail by itself."""
    return not passes(program, groups) and not passes(program, groups)


def groups_near(source):
    """The test groups of the source's folder: most mutants fall there, in milliseconds."""
    folder = {"pam_stepup": "pam"}.get(os.path.dirname(source), os.path.basename(
        os.path.dirname(source)))
    text = "".join(open(path, encoding="utf-8").read()
                   for path in sorted(glob.glob("%s/tests/unit/%s_*_test.cc" % (TREE, folder))))
    return re.findall(r"TEST_GROUP(?:_BASE)?\((\w+)", text)


def further_tests(source):
    """Built anew, with the module that they load; none if we are not root."""
    programs = FURTHER_TESTS.get(source.split("/")[0], []) if os.geteuid() == 0 else []
    if programs and build("pam_stepup.so", *programs).returncode != 0:
        sys.exit("mutate: make " + " ".join(programs) + " failed")
    return programs


def digest_of(paths):
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()[:16]


def copy_tree():
    """Brings the copy up to date; a file that has not changed keeps its time, for make."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
                            check=True, stdout=subprocess.PIPE, text=True).stdout.split("\0")
    wanted = {path for path in listed if path and os.path.isfile(path)}
    for path in sorted(wanted):
        target = os.path.join(TREE, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.exists(target) or digest_of([path]) != digest_of([target]):
            shutil.copyfile(path, target)
    for folder, _, names in os.walk(TREE):
        for name in names:
            if os.path.relpath(os.path.join(folder, name), TREE) not in wanted:
                os.remove(os.path.join(folder, name))


def try_mutant(source, text, mutant):
    start, end, replacement = mutant
    path = os.path.join(TREE, source)
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text[:start] + replacement + text[end:])
        if build(UNIT_TESTS).returncode != 0:
            return "invalid"
        noticed = (fails(UNIT_TESTS, groups_near(source)) or fails(UNIT_TESTS) or
                   any(fails(program) for program in further_tests(source)))
        return "killed" if noticed else "survived"
    finally:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def describe(text, mutant):
    """LINE: ORIGINAL -> MUTANT, with the whole lines, on one line."""
    start, end, replacement = mutant
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    squeeze = lambda words: " ".join(words.split())
    changed = text[first:start] + replacement + text[end:last]
    return "%d: %s -> %s" % (text.count("\n", 0, start) + 1 + text[first:start].count("\n"),
                             squeeze(text[first:last]), squeeze(changed))


def main():
    only = os.environ.get("MUTATE_ONLY", "")
    every = int(os.environ.get("MUTATE_EVERY", "1"))
    os.makedirs(WORK, exist_ok=True)
    lock = open(WORK + "/lock", "w", encoding="utf-8")  # held until the end
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("mutate: another run is using " + WORK)
    copy_tree()
    built = build(UNIT_TESTS)
    if built.returncode != 0:
        sys.exit(built.stdout + "mutate: make unit_tests failed")
    for program in [UNIT_TESTS] + sorted({name for source in SOURCES if source.startswith(only)
                                          for name in further_tests(source)}):
        if fails(program):
            sys.exit("mutate: %s must pass before anything is flipped" % program)
    tests = digest_of(sorted(glob.glob(TREE + "/tests/unit/*") +
                             glob.glob(TREE + "/tests/integration/*.cc")))
    known = {}
    if os.path.exists(RESULTS):
        with open(RESULTS, encoding="utf-8") as file:
            known = dict(line.rstrip("\n").split("\t", 1)[::-1] for line in file)
    counts = {"killed": 0, "survived": 0, "invalid": 0}
    with open(RESULTS, "a", encoding="utf-8") as results:
        for source in SOURCES:
            if not source.startswith(only) or not os.path.exists(source):
                continue
            with open(os.path.join(TREE, source), encoding="utf-8") as file:
                text = file.read()
            for mutant in mutants_of(text)[::every]:
                what = "%s:%s" % (source, describe(text, mutant))
                key = "%s %d %s" % (digest_of([source]), mutant[0], what)
                outcome = known.get(key) or known.get(key + " " + tests)
                if outcome is None:
                    outcome = try_mutant(source, text, mutant)
                    results.write("%s\t%s%s\n" % (outcome, key,
                                                  " " + tests if outcome == "survived" else ""))
                    results.flush()
                counts[outcome] += 1
                if outcome == "survived":
                    print(what, flush=True)
    total = counts["killed"] + counts["survived"]
    print("%d/%d killed, %d did not compile" % (counts["killed"], total, counts["invalid"]))
    return 0 if counts["survived"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
