# SPDX-License-Identifier: ISC
"""Every key that the code knows stands in the example and the manual page of its file, and no other."""

import pathlib
import re
import sys


def compare(known, tables, page, example):
    """What the manual page or the example of a kind of file lacks, or has too much."""
    text = pathlib.Path(page).read_text(encoding="utf-8")
    documented = set(re.findall(r"^\.It Cm (\w+)$", text, flags=re.M))
    documented |= {table for table in tables if re.search(rf"^\.Cm \[+{table}\]+$", text, flags=re.M)}

    conf = pathlib.Path(example).read_text(encoding="utf-8")
    shown = set(re.findall(r"^#? *(\w+) *= ", conf, flags=re.M))
    shown |= set(re.findall(r"^\[+(\w+)\]+$", conf, flags=re.M))

    for name, keys in ((page, documented), (example, shown)):
        yield from (f"{name}: {key} is missing" for key in sorted(known - keys))
        yield from (f"{name}: {key} is not a key" for key in sorted(keys - known))


def main():
    header = pathlib.Path("stepupd/rules/keys.h").read_text(encoding="utf-8")
    arrays = re.findall(r"std::string_view, \d+> k(\w+)Keys = \{(.*?)\}", header, flags=re.S)
    keys = {name: set(re.findall(r'"(\w+)"', text)) for name, text in arrays}

    problems = []
    if len(arrays) != 9:
        problems.append("stepupd/rules/keys.h: expected nine lists of keys")
    credential = keys.pop("Credential") | {"fido2"}
    problems += compare(set().union(*keys.values()), {"attempts", "host", "fido2", "ssh_sk", "login", "activity", "rule"},
                        "man/stepupd.conf.5", "conf/stepupd.conf")
    problems += compare(credential, {"fido2"}, "man/stepup-credentials.5",
                        "conf/credentials.d/alice.toml.example")
    print("\n".join(problems))
    return 1 if problems else 0


sys.exit(main())
