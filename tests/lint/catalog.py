# SPDX-License-Identifier: ISC
"""Each MESSAGE_ID of stepupd has an entry in the journal's catalog and in stepupd(8), and no other
has one; systemd can read the catalog; and it names only fields that stepupd(8) names."""

import pathlib
import re
import subprocess
import sys
import tempfile

CATALOG = pathlib.Path("packaging/catalog/stepup.catalog")
ID = r"[0-9a-f]{32}"
text = CATALOG.read_text(encoding="ascii")
manual = pathlib.Path("man/stepupd.8").read_text(encoding="ascii")
ids = {
    "stepupd/daemon/audit.cc": re.findall(
        rf'"({ID})"', pathlib.Path("stepupd/daemon/audit.cc").read_text(encoding="ascii")),
    str(CATALOG): re.findall(rf"^-- ({ID})$", text, re.M),
    "man/stepupd.8": re.findall(rf"^\.It ({ID})$", manual, re.M),
}
wrong = []
known = set(ids["stepupd/daemon/audit.cc"])
for file, found in ids.items():
    if len(found) != len(set(found)):
        wrong.append(f"{file}: a MESSAGE_ID twice")
    wrong += [f"{file}: no entry for MESSAGE_ID {number}" for number in sorted(known - set(found))]
    wrong += [f"{file}: MESSAGE_ID {number} is never sent" for number in sorted(set(found) - known)]
wrong += [f"{CATALOG}: stepupd(8) knows no field {field}"
          for field in sorted(set(re.findall(r"@(\w+)@", text))) if field not in manual]
with tempfile.TemporaryDirectory() as root:
    place = pathlib.Path(root, "usr/lib/systemd/catalog")
    place.mkdir(parents=True)
    pathlib.Path(root, "var/lib/systemd/catalog").mkdir(parents=True)
    (place / CATALOG.name).write_text(text, encoding="ascii")
    subprocess.run(["journalctl", f"--root={root}", "--update-catalog"], check=True)
    read = subprocess.run(["journalctl", f"--root={root}", "--list-catalog"], check=True, text=True,
                          capture_output=True).stdout
    wrong += [f"{CATALOG}: journalctl does not list {number}"
              for number in sorted(known) if number not in read]
sys.exit("\n".join(wrong) or 0)
