# SPDX-License-Identifier: ISC
"""What kind of authenticator this is and how its owner acts, as NAME=VALUE words.

Each default below also gives the type: yes or no, a number, a comma-separated list, or a word.
Times are in milliseconds.
"""


class Settings:
    # The person at the authenticator.
    touch = "auto"  # auto: after touch_after; wait: on the command touch; refuse: denies
    touch_after = 20
    touch_timeout = 30000
    finger = True  # no: each scan fails
    finger_fails = 0  # so many scans fail, then the above

    # The model, as getInfo tells it.
    ctap2 = True  # no: a U2F-only key
    u2f = True
    versions = ["U2F_V2", "FIDO_2_0", "FIDO_2_1"]
    extensions = ["credProtect"]
    aaguid = "73746570757020746573747320312e30"  # set later, it is not the certificate's
    algorithms = [-7, -8, -257]  # ES256, EdDSA, RS256
    pin_protocols = [2, 1]
    client_pin = True  # no: the model knows no PIN
    permissions = True  # the option pinUvAuthToken: CTAP 2.1
    uv = "none"  # none: no fingerprint reader; unset: no finger enrolled; set
    rk = True
    make_cred_uv_not_rqd = True
    always_uv = False
    attestation = "packed"  # packed: by a certificate of its own; self; none
    min_pin_length = 4
    max_msg_size = 1200
    max_credentials = 25  # discoverable ones
    init_ends_wait = False  # yes: a new client ends the wait of one that went without a word

    # How it does it.
    counter_step = 1  # 0: constant; negative: goes backwards
    keepalive = 100  # between two of them; 0: a flood
    delay = 0  # before the work on a request begins
    slow = 0  # between two reports of a reply
    reset_window = 10000  # how long after it was plugged in a reset is allowed

    def set(self, word):
        """Takes one NAME=VALUE; ValueError tells what is wrong with it."""
        name, sign, value = word.partition("=")
        default = getattr(Settings, name, None)
        if not sign or default is None or callable(default):
            raise ValueError(f"no setting {word!r}")
        setattr(self, name, _parse(default, value))


def _parse(default, value):
    if isinstance(default, bool):
        return {"yes": True, "no": False}[value]
    if isinstance(default, int):
        return int(value)
    if isinstance(default, list):
        return [type(default[0])(item) for item in value.split(",") if item]
    return value
