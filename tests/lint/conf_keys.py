# SPDX-License-Identifier: ISC
"""Every key that the code knows stands in conf/stepupd.conf and in stepupd.conf(5), and no other."""

import pathlib
import re
import sys


def main():
    header = pathlib.Path("stepupd/rules/keys.h").read_text(encoding="utf-8")
    arrays = re.findall(r"std::string_view, (\d+)> k(?!Credential)\w+Keys = \{(.*?)\}", header, flags=re.S)
    known = {key for _, keys in arrays for key in re.findall(r'"(\w+)"', keys)}
    tables = {"attempts", "host", "fido2", "rule"}

    page = pathlib.Path("man/stepupd.conf.5").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\.It Cm (\w+)$", page, flags=re.M))
    documented |= {table for table in tables if re.search(rf"^\.Cm \[+{table}\]+$", page, flags=re.M)}

    conf = pathlib.Path("conf/stepupd.conf").read_text(encoding="utf-8")
    shown = set(re.findall(r"^#? *(\w+) *= ", conf, flags=re.M))
    shown |= set(re.findall(r"^\[+(\w+)\]+$", conf, flags=re.M))

    problems = []
    if len(arrays) != 5:
        problems.append("stepupd/rules/keys.h: expected five lists of keys")
    for name, keys in (("man/stepupd.conf.5", documented), ("conf/stepupd.conf", shown)):
        problems += [f"{name}: {key} is missing" for key in sorted(known - keys)]
        problems += [f"{name}: {key} is not a key" for key in sorted(keys - known)]
    print("\n".join(problems))
    return 1 if problems else 0


sys.exit(main())
