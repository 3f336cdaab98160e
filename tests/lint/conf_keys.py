# SPDX-License-Identifier: ISC
"""Every key that the code knows stands in the example and the manual page of its file, and no other.
In stepupd.conf(5) each has the default of the code, its unit, and an example that stepupd takes."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

STEPUPCTL = f"{sys.argv[1] if len(sys.argv) > 1 else 'build'}/stepupctl"
PAGE = "man/stepupd.conf.5"


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


def paragraphs():
    """(table, key) and the text of each key of stepupd.conf(5); the top level is ""."""
    table, key, found = "", None, {}
    for line in pathlib.Path(PAGE).read_text(encoding="utf-8").splitlines():
        if header := re.match(r"\.Cm \[+(\w+)\]+$", line):
            table = header[1] if key is None else table
        elif item := re.match(r"\.It Cm (\w+)$", line):
            key = (table, item[1])
            found[key] = ""
        elif line == ".El":
            key = None
        elif key:
            found[key] += re.sub(r"^\.(?:Qq|Ql|Cm|Dl) ", "", line).replace(r"\(dq", '"') + "\n"
    return found


def schema_keys():
    """(table, key) and what the schema says of each key."""
    schema = json.loads(subprocess.run([STEPUPCTL, "config", "schema"], check=True, text=True,
                                       capture_output=True).stdout)
    for name, node in schema["properties"].items():
        inner = node.get("items", node).get("properties")
        if inner is None:
            yield ("", name), node
        else:
            yield from (((name, key), value) for key, value in inner.items())


def default_words(node):
    """How the page says the default that the code has."""
    if "default" not in node:
        return r"No default\.|Default: (?:none|all of them)\b"
    value = node["default"]
    if value in ("", []):
        return r"Default: (?:empty|an empty list)\b"
    return r'Default:\s"?' + re.escape(str(value).lower()) + r'"?(?: \.|\.)?\n'


def faults_of_page():
    """What stepupd.conf(5) does not say of a key, or says wrongly; and the examples that it has."""
    page, examples = paragraphs(), {}
    for (table, key), node in schema_keys():
        text = page.get((table, key))
        where = f"{PAGE}: {key}" + (f" of [{table}]" if table else "")
        if text is None:
            yield f"{where}: no paragraph below that header"
            continue
        if not re.search(default_words(node), text):
            yield f"{where}: does not say that its default is {node.get('default', 'none')}"
        if node.get("type") == "integer" and not re.search(r"A number, \d+ to \d+", text):
            yield f"{where}: does not say from where to where its number goes"
        if "(s|min|h|d)" in node.get("pattern", "") and not re.search(r"A duration\b", text):
            yield f"{where}: does not say that it is a duration"
        example = re.search(rf"Example:\n({key} = .*)\n", text)
        if example is None:
            yield f"{where}: no example"
        else:
            examples[table, key] = example[1]
    yield from faults_of(examples)


def faults_of(examples):
    """Why stepupd would not take the examples of the page."""
    conf = "".join(f"{line}\n" for (table, _), line in examples.items() if table == "")
    for name in dict.fromkeys(table for table, _ in examples if table not in ("", "rule")):
        conf += f"[{name}]\n" + "".join(f"{line}\n" for (table, _), line in examples.items()
                                        if table == name)
    for (table, key), line in examples.items():
        if table == "rule":
            conf += "[[rule]]\n" + "".join(
                f"{more}\n" for more in (f'name = "{key}"', 'level = "otp"')
                if not more.startswith(f"{key} ")) + f"{line}\n"
    with tempfile.TemporaryDirectory() as directory:
        pathlib.Path(directory, "stepupd.conf").write_text(conf, encoding="utf-8")
        done = subprocess.run([STEPUPCTL, "config", "check", directory], text=True,
                              capture_output=True, check=False)
    if done.returncode != 0:
        yield f"{PAGE}: stepupd does not take the examples:\n{done.stderr}"


def main():
    header = pathlib.Path("stepupd/rules/keys.h").read_text(encoding="utf-8")
    arrays = re.findall(r"std::string_view, \d+> k(\w+)Keys = \{(.*?)\}", header, flags=re.S)
    keys = {name: set(re.findall(r'"(\w+)"', text)) for name, text in arrays}

    problems = []
    if len(arrays) != 9:
        problems.append("stepupd/rules/keys.h: expected nine lists of keys")
    credential = keys.pop("Credential") | {"fido2"}
    problems += compare(set().union(*keys.values()), {"attempts", "host", "fido2", "ssh_sk", "login", "activity", "rule"},
                        PAGE, "conf/stepupd.conf")
    problems += compare(credential, {"fido2"}, "man/stepup-credentials.5",
                        "conf/credentials.d/alice.toml.example")
    problems += faults_of_page()
    print("\n".join(problems))
    return 1 if problems else 0


sys.exit(main())
