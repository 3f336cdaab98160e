# SPDX-License-Identifier: ISC
"""What nobody may read in the journal: codes, secrets, tickets, passwords, arguments of commands."""

import json
import re

KEPT = set()


def keep(text):
    """Remembers a word that must not be logged, and returns it."""
    KEPT.add(text)
    return text


def records(machine):
    """MESSAGE and STEPUP_* of each record of stepup's programs, its module in others among them."""
    for line in machine.journal("-o", "json").splitlines():
        record = json.loads(line)
        message = record.get("MESSAGE")
        if isinstance(message, list):  # bytes that are no text
            message = bytes(message).decode("utf-8", "replace")
        if record.get("SYSLOG_IDENTIFIER", "").startswith("step") or "stepup" in (message or ""):
            yield [message or "", *(value for key, value in record.items()
                                    if key.startswith("STEPUP_") and "DIGEST" not in key)]


def found(machine):
    """Each record that holds one of the words."""
    words = re.compile("|".join(rf"(?<![0-9A-Za-z]){re.escape(word)}(?![0-9A-Za-z])"
                                for word in sorted(KEPT)) or "(?!)", re.I)
    # sudo itself logs command lines, also those that name stepup.
    return [text for record in records(machine) for text in record
            if words.search(text) and "; COMMAND=" not in text]
