# SPDX-License-Identifier: ISC
"""The layers of ARCHITECTURE.md: who may include whom, use which library, and call what."""

import pathlib
import re
import sys

# What each folder may include besides itself.
ALLOWED = {
    "base": set(),
    "wire": {"base"},
    "policy": {"base"},
    "session": {"base"},
    "factor": {"base"},
    "risk": {"base"},
    "rules": {"base", "policy"},
    "store": {"base", "factor"},
    "import": {"base", "factor"},
    "pam_stepup": {"base", "wire"},
    "sudo_approval": {"base", "wire", "pam_stepup"},
    "fido2_helper": {"base", "wire"},
    "ctl": {"base", "wire", "policy", "rules", "session"},
    "daemon": {"base", "wire", "policy", "session", "factor", "risk", "rules", "store", "import"},
}

# The first that matches an include names the folders, or the one file, that may use the library.
LIBRARIES = [
    (r"sudo_plugin\.h", {"sudo_approval"}),
    (r"security/", {"pam_stepup", "sudo_approval", "ctl/rehearsal.cc"}),
    (r"fido(\.h|/)", {"fido2_helper", "factor"}),
    (r"(ykstatus|yubikey)\.h", {"factor"}),
    (r"openssl/", {"factor", "store"}),
    (r"sqlite3", {"store"}),
    (r"systemd/sd-login\.h", {"session", "daemon"}),
    (r"systemd/", {"daemon"}),
    (r"toml", {"rules/document.cc"}),
    (r"CLI/", {"ctl"}),
    (r"nlohmann/", {"ctl"}),
    (r"qrencode\.h", {"ctl"}),
]

IN_MODULE = {"pam_stepup", "sudo_approval", "base", "wire"}  # what is loaded into sudo
IN_DAEMON = set(ALLOWED) - {"ctl", "fido2_helper", "pam_stepup", "sudo_approval"}
PROCESSES = r"v?fork|_Fork|exec[lv]p?e?|execveat|fexecve|posix_spawnp?|system|popen|wordexp|clone3?"
FORBIDDEN_CALLS = [
    (r"(secure_)?getenv", IN_MODULE, "the environment belongs to the caller"),
    (PROCESSES, IN_MODULE | IN_DAEMON, "starts a process"),
    (r"pthread_create|std::j?thread|std::async", IN_MODULE, "starts a thread inside the caller"),
]


def folder_of(path):
    """The folder that a path from the root belongs to; none for a file of no layer."""
    parts = pathlib.PurePosixPath(path).parts
    if parts[0] in ("pam_stepup", "sudo_approval"):
        return parts[0]
    return parts[1] if parts[0] == "stepupd" and len(parts) > 2 else None


def code_of(text):
    """The text with comments and literals blanked, line by line where it was."""
    pattern = r'//[^\n]*|/\*.*?\*/|R"\((.*?)\)"|"(?:\\.|[^"\\\n])*"|' r"'(?:\\.|[^'\\\n])+'"
    return re.sub(pattern, lambda m: "\n" * m.group().count("\n"), text, flags=re.S)


def check_include(path, folder, form, name):
    """What is wrong with one include; nothing when it is lawful."""
    if form == '"':
        other = folder_of(name)
        if other is None or not pathlib.Path(name).exists():
            return f'"{name}" is not written from the root of the source tree'
        if other != folder and other not in ALLOWED[folder]:
            return f"{folder} may not include {other}"
        return None
    for pattern, users in LIBRARIES:
        if re.match(pattern, name):
            own = {folder, f"{folder}/{path.name}"}
            return None if own & users else f"<{name}> belongs to {', '.join(sorted(users))}"
    return None


def check(path):
    """All that is wrong in one file, as (line number, sentence)."""
    folder = folder_of(path.as_posix())
    if folder not in ALLOWED:
        yield 1, f"folder {folder} has no place in the layers"
        return
    text = path.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        include = re.match(r'\s*#\s*include\s*(["<])([^">]*)', line)
        wrong = include and check_include(path, folder, *include.groups())
        if wrong:
            yield number, wrong
    for number, line in enumerate(code_of(text).splitlines(), 1):
        for pattern, folders, why in FORBIDDEN_CALLS:
            call = re.search(rf"(?<![\w.>:])(::|std::)?({pattern})\s*[({{]", line)
            if call and folder in folders:
                yield number, f"{call.group(2)}: {why}"


def main():
    failed = False
    for top in ("pam_stepup", "sudo_approval", "stepupd"):
        for path in sorted(pathlib.Path(top).rglob("*")):
            if path.suffix in (".cc", ".h"):
                for number, sentence in check(path):
                    print(f"{path}:{number}: {sentence}")
                    failed = True
    return 1 if failed else 0


sys.exit(main())
