#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Each test that tests/CVES.md names exists: `file: Name`, and further names of the same file."""
import pathlib
import re
import sys

tests = {}
for path in [*pathlib.Path("tests").rglob("*_test.cc"), *pathlib.Path("tests").rglob("*.py")]:
    text = path.read_text(encoding="utf-8")
    tests[path.stem] = set(re.findall(r"TEST\(\w+, (\w+)\)|def (test_\w+)", text))

missing = []
for number, line in enumerate(pathlib.Path("tests/CVES.md").read_text(encoding="utf-8").split("\n"),
                              1):
    file = None
    for words in re.findall(r"`([^`]+)`", line):
        if re.fullmatch(r"\w+: \w+", words):
            file, name = words.split(": ")
        elif file and re.fullmatch(r"test_\w+|[A-Z]\w+", words):
            name = words
        else:
            continue
        if not any(name in pair for pair in tests.get(file, ())):
            missing.append("tests/CVES.md:%d: %s: %s does not exist" % (number, file, name))
sys.exit("\n".join(missing) or 0)
