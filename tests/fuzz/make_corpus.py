#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Writes the seed corpora of the fuzz targets, tests/fuzz/corpus/TARGET: one valid input of each
kind, and the hostile ones that a mutator would need long for.  Run it again when the protocol or
the format of the last good rules changes, and commit what it wrote."""
import base64
import hashlib
import os
import shutil
import struct

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")


def text(value):
    value = value.encode()
    return struct.pack(">I", len(value)) + value


def packet(message_type, body=b"", version=1):
    return struct.pack(">HH", version, message_type) + b"0123456789abcdef" + body


def words(message_id, *arguments, language=1):
    return (bytes([message_id]) + struct.pack(">I", len(arguments)) + b"".join(map(text, arguments)) +
            bytes([language]))


def check_request(groups, argv, requester=b"\0", auth_info=b"\0"):
    return packet(2, b"\x02\x02" + text("sudo") + text("alice") + struct.pack(">I", 1000) +
                  text("alice") + text("192.0.2.7") + text("/dev/pts/0") +
                  (b"\0" if groups is None else
                   struct.pack(">BI%dI" % len(groups), 1, len(groups), *groups)) +
                  struct.pack(">I", len(argv)) + b"".join(map(text, argv)) + b"\0\x02" + requester + b"\0" +
                  auth_info + b"\0")


def ceremony(*devices):
    return (text("stepup:host") + text("0123456789abcdef" * 2) + b"\x01" +
            struct.pack(">I", len(devices)) + b"".join(map(text, devices)) + b"\0\x3c")


ANSWER, CANCEL = packet(64, text("123456")), packet(66, b"\x02")

STAT = ("1 (%s) S 1 1 1 34816 1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 12345 67 18446744073709551615"
        " 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n")
STATUS = ("Name:\tsudo\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t7\nPid:\t7\nUid:\t1000\t0\t0\t0\n"
          "Gid:\t1000\t0\t0\t0\nGroups:\t10 1000 \nNStgid:\t7\nNSpid:\t7\n")

CONF = '''mode = "monitor"
unenrolled = "allow-until 2026-12-31"
verify_session = true
source_reuse = "60s"

[login]
sk_requires_touch = true

[attempts]
max_failures = 3
max_backoff = "5min"

[[rule]]
name = "admins"
service = ["sudo", "su"]
pam_service = ["sudo-i"]
user = ["@wheel", "alice"]
except_user = ["bob"]
target_user = ["root"]
level = "otp"
max_age = "15min"
scope = "session"
login_counts = true
enforce = false
'''
DROP_IN = '[[rule]]\nname = "b"\nlevel = "touch+uv"\nmax_age = "0"\nscope = "process"\n'


def bundle(*files):
    body = struct.pack(">I", len(files)) + b"".join(text(part) for file in files for part in file)
    return b"stepup-rules" + struct.pack(">II", 1, len(body)) + body


# Of a key that was made for this file and thrown away: COSE_Key, and a signature over NEW_AUTH_DATA
# and the challenge 010203000...
COSE = base64.b64decode("pQECAyYgASFYIPvtQ9Lv5PT5uwUvFo8c6eWrMJRP7pDOdX+EcLht/CDgIlggU3LO0HWmHBuEIB"
                        "HxJxw83JmbH2Pfr9LCwvRMtkDjYQs=")
SELF = base64.b64decode("MEUCIQCP2UROJMHpCKT5xeVnjInljYcHj6U1q+xqoY5ar7vb/QIgAcKTC2V9PH1pmsqPIdWb1w"
                        "tSzX580HrWRU7De0AwPQ0=")
RP_HASH = hashlib.sha256(b"stepup:0123456789abcdef").digest()


def auth_data(flags, attested=b""):
    return RP_HASH + bytes([flags]) + struct.pack(">I", 7) + attested


ATTESTED = bytes(range(16)) + struct.pack(">H", 16) + b"credential id 16" + COSE
NEW_AUTH_DATA = auth_data(0x45, ATTESTED)
PACKED = b"\xa2\x63alg\x26\x63sig\x58" + bytes([len(SELF)]) + SELF


def parts(first, *rest):
    return bytes([first]) + b"".join(struct.pack(">H", len(part)) + part for part in rest)


def part(value):
    return struct.pack(">I", len(value)) + value


DECLARED = '''[[fido2]]
label = "blue key"
rp_id = "example.org"
credential_id = "AQID"
public_key = "%s"
uv_required = true
''' % base64.b64encode(COSE).decode()

# As pamu2fcfg printed them, for keys of the virtual authenticator.
KEY = ("bN92DJPBv84tq0La+dBELftg1aT0qz3hft/l9FdJYSs=,yApptfR3JhBXk5R9lIF0uKziqAvvQ0K4lzBsY/Jgyu4hmtAf"
       "b3yEolenDVQJZb/i7R8qJJWCbkQ3tM1xnZ6gKw==,es256,")
OLD_KEY = ("bN92DJPBv84tq0La-dBELftg1aT0qz3hft_l9FdJYSs,04c80a69b5f47726105793947d948174b8ace2a80bef4342b8"
           "97306c63f260caee219ad01f6f7c84a257a70d540965bfe2ed1f2a2495826e4437b4cd719d9ea02b")
EDDSA_KEY = "AQID,11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=,eddsa,+presence+verification+pin"
GOOGLE = ("WCLYMOJZEJMJDRPIRGI5HDIPYA\n\" RATE_LIMIT 3 30\n\" WINDOW_SIZE 3\n\" DISALLOW_REUSE 5 7\n"
          "\" TOTP_AUTH\n37065753\n84469168\n")
OATH = "HOTP/T30/8\talice\t-\t3132333435363738393031323334353637383930"

# Of keys that were made for this file and thrown away: the public halves, and signatures over the
# message 010203000..., in a browser too; then untouched, with extensions, with a counter that went
# back, for the namespace "file" and for another message.
SSH = {name: base64.b64decode(value) for name, value in {
    "ed25519 blob":
        "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIHymUHOfyWRP4RD2LIeMl3PWabGNNzYEGpfoRMPZYZDxAA"
        "AABHNzaDo=",
    "ed25519 good":
        "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAQGo/Caj0Co5Gu02Qkq03bHYe29JwzlY6VlDYVrJYFuDBZg"
        "2KsMaZZxDnsk0mN9MMYGuq6dbyV8e4q12yTg6r/QcBAAAACA==",
    "ed25519 untouched":
        "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAQKx3WcHEKkzBwRuU5y1D8bHxfo1RTHtAwmkEeyMxIVSaHj"
        "xTozrtujuI+GqtVyl+v+/Auc1mzvlZf79KR6PYdQIAAAAACA==",
    "ed25519 ed":
        "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAQEEoPNPnfV3KVLudjwJLEcrIkMuauWJe+d9F7vFkYtXr71"
        "QnlAlvUf3t4rzf5O88Ia8mqhfr9QX1DBty1QoiXg2BAAAACA==",
    "ed25519 back":
        "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAQG2yj8AQ4aYzhV/bygz2ghGh/YkhCVU94iSyHV+I1QYWHH"
        "JFU+LiieARQr/ctdzYQliLUB0w33lZxJn4Lv7gYA0BAAAAAw==",
    "ed25519 file":
        "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAQPSE81DIRGRb3LsFY+3V48IYw7Waf6wE2v2guAc4jtUzY6"
        "N994Tdq8DF1zubXrSWSb/UYO3zLagGNkbFPJIVtAgBAAAACA==",
    "ed25519 other":
        "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAQOnGeo1Gt75jgDD2M7kUYZ5W1a8HJx52Tu1GfymSmaTdoE"
        "Jy1rfZRZJ7QD7yUuivZwEuBxRyypy4CvFmsYGxgAgBAAAACA==",
    "ecdsa blob":
        "AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBHdrLz5LTbEQqdGnf+"
        "khgLDXldbFrvkFzRELQpCj7Cveuj5Mc5gdpcVBYnivrDkmRrvBPcBBgAtCTP3TxKCvgXAAAAAEc3NoOg==",
    "ecdsa good":
        "AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAABJAAAAIET6cJ2xAUv6ppswGpjbwUsvCsNSMi"
        "netYFjdcZTcq4XAAAAIQCRvnFrDjNjX5g0eXT/aJ6sBrCQqYd1GpGjyr8qHb44rAEAAAAI",
    "webauthn good":
        "AAAAK3dlYmF1dGhuLXNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAABJAAAAIQC299E/YpKywyRlPg"
        "Zs9ArzAIu40oULFzQ6vTKJd82IzQAAACB/EMAdowPF+QjnqtqjcCyNLBl9B8Bn0M95UCNYoY4G+AEAAAAIAAAAE2h0"
        "dHBzOi8vZXhhbXBsZS5vcmcAAACxeyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiVTFOSVUwbEhBQU"
        "FBQm5OMFpYQjFjQUFBQUFBQUFBQUdjMmhoTWpVMkFBQUFJQUVDQXdBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"
        "QUFBQUFBQUFBQSIsIm9yaWdpbiI6Imh0dHBzOi8vZXhhbXBsZS5vcmciLCJjcm9zc09yaWdpbiI6ZmFsc2V9AAAAAA"
        "==",
    "ecdsa other":
        "AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAABKAAAAIQDiMhNSMSjKWBpf7o7fsZ7cR8DVkz"
        "HFJ7BF4tG57Sir1AAAACEA/y1pynAUd8nweVb9+8uTSSLsUeZtHDAI2RvyA2UrkI0BAAAACA==",
    "webauthn other":
        "AAAAK3dlYmF1dGhuLXNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAABIAAAAICjvEwD5lVashQzVZp"
        "+r+A2/bj8VhvnD4TdlTz85RITBAAAAIHHzkbIhIq3ZyF4tnuyc8DoihnQQaO87boum4uczWu1UAQAAAAgAAAATaHR0"
        "cHM6Ly9leGFtcGxlLm9yZwAAALF7InR5cGUiOiJ3ZWJhdXRobi5nZXQiLCJjaGFsbGVuZ2UiOiJVMU5JVTBsSEFBQU"
        "FCbk4wWlhCMWNBQUFBQUFBQUFBR2MyaGhNalUyQUFBQUlBRUNCQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"
        "QUFBQUFBQUFBIiwib3JpZ2luIjoiaHR0cHM6Ly9leGFtcGxlLm9yZyIsImNyb3NzT3JpZ2luIjpmYWxzZX0AAAAA",
}.items()}


def agent(first, pieces, answer):
    return bytes([first, pieces]) + part(answer)


def signed(first, name, pieces=0):
    return agent(first, pieces, b"\x0e" + part(SSH[name]))


def holds(*blobs):
    return (b"\x0c" + struct.pack(">I", len(blobs)) +
            b"".join(part(blob) + part(b"alice@desk") for blob in blobs))


def key_line(kind, blob, rest=""):
    return "%s %s%s" % (kind, base64.b64encode(blob).decode(), rest)


ED25519, ECDSA = "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"

SEEDS = {
    "agent_answer": [
        agent(0, 0, holds()), agent(0, 1, holds(SSH["ed25519 blob"], SSH["ecdsa blob"])),
        agent(0, 3, holds(SSH["ecdsa blob"], b"", SSH["ecdsa blob"])), agent(0, 0, b"\x05"),
        agent(0, 0, b"\x0c\xff\xff\xff\xff"), agent(0, 0, b"\x0e\xff\xff\xff\xff"),
        b"\0\0\xff\xff\xff\xff", b"\0\0\0\4\0\0", b"\0\0\0\0\0\0", agent(0, 0, b"\x06") + b"\0",
        signed(0, "ed25519 good"), signed(2, "ed25519 good"), signed(1, "ed25519 good"),
        signed(0, "ed25519 untouched"), signed(0, "ed25519 ed"), signed(0, "ed25519 back"),
        signed(0, "ed25519 file"), signed(0, "ed25519 other", 7), signed(1, "ecdsa good", 64),
        signed(1, "webauthn good"), signed(1, "ecdsa other"), signed(1, "webauthn other")],
    "ssh_sk_line": [
        key_line(ED25519, SSH["ed25519 blob"]), key_line(ECDSA, SSH["ecdsa blob"], " alice@desk\n"),
        key_line(ECDSA, SSH["ed25519 blob"]), key_line(ED25519, SSH["ed25519 blob"] + b"\0", "\r\n"),
        key_line("restrict " + ED25519, SSH["ed25519 blob"]), "ssh-ed25519 AAAA", "",
        key_line(ED25519, part(ED25519.encode()) + part(bytes(32)) + part(b"ssh:\0")),
        "-----BEGIN OPENSSH PRIVATE KEY-----\n", key_line(ED25519, SSH["ed25519 blob"])[:60]],
    "sudo_line": [line.replace(" ", "\0") for line in (
        "sudo -u bob id -u", "sudo A=b -E --user=x -- id", "sudoedit /etc/motd", "su - bob -c id",
        "doas -u bob id", "sudo --prese x -iu #1 y", "sudo -p -- A=b id", "sudo -nu# -kb - id")],
    "import_u2f_keys": [
        "alice:" + KEY + "+presence", "alice:%s:%s\nbob:%s\n" % (KEY, EDDSA_KEY, OLD_KEY),
        "# keys\r\nalice:" + OLD_KEY + ":\r\n", "alice:*,AAAA,es256,+presence\n", ":" + KEY,
        "alice:%s\nalice:%s\n" % (KEY, KEY), "alice:", "a:,,,:,,", "a:AQID,AQID,rs256,+pin\0"],
    "import_google_authenticator": [
        GOOGLE, GOOGLE.replace("TOTP_AUTH", "HOTP_COUNTER 1"), GOOGLE + "\" TIME_SKEW 3\n",
        "wcly mojz-EJMJDRPIRGI5HDIPYA\r\n\" TOTP_AUTH\r\n\" STEP_SIZE 60\r\n", "",
        GOOGLE + "\" LAST0 192.0.2.7 1790000000\n\" RESETTING_TIME_SKEW 1+0 2+0\n", "A\n\" \n"],
    "import_users_oath": [
        OATH, OATH + "\t0\t12345678\t2026-11-24T10:00:00L\n", "# x\n\n" + OATH + "\n" + OATH,
        OATH.replace("/T30/8", "") + " 7\n", OATH.replace("/T30/8", "/E/7") + " 7 123456\n",
        OATH.replace("\t-\t", " + "), "HOTP\n", "HOTP/T60 a 4711 00\n", OATH + " -1 1 x\n",
        "\r \n"],
    "import_authorized_yubikeys": ["alice:ccccccbcgujh\n", "# x\nalice:ccccccbcgujh:cccccccccccb\n",
                                   "alice:\n", "alice:ccccccbcgujx\nbob", ":::"],
    "helper_reply": [
        packet(65), packet(129, b"\x05" + text("")), packet(129, b"\x03" + text("gpg-agent")),
        packet(131, b"\x08\x00"), packet(131, b"\x03\x01"),
        packet(133, part(b"id") + part(auth_data(1)) + part(SELF)),
        packet(135, b"\x01" + part(NEW_AUTH_DATA) + text("packed") + part(PACKED) + text("Key 5")),
        packet(135, b"\x02" + part(b"") + text("none") + part(b"\xa0") + text("")),
        packet(137, b"\x01" + text("")), packet(137, b"\x0b" + text("FIDO_ERR_TX")),
        packet(71, b"GRNT" + words(0)), packet(128), packet(0xffff, b"\0\1\0\1", version=9)],
    "fido2_evidence": [
        parts(0x80, auth_data(1), SELF), parts(0x81, auth_data(5), bytes(64)),
        parts(0x82, auth_data(1), bytes(256)), parts(0xc0, auth_data(1), SELF),
        parts(0x80, auth_data(0x81) + b"\xa0", SELF), parts(0x80, auth_data(1), b""),
        parts(0x80, auth_data(1), b"\x30\x06\x02\x01\0\x02\x01\0"),
        parts(0x00, NEW_AUTH_DATA, b"\xa0", b"none"), parts(0x00, NEW_AUTH_DATA, b"", b"none"),
        parts(0x40, NEW_AUTH_DATA, PACKED, b"packed"), parts(0x00, NEW_AUTH_DATA, PACKED, b"none"),
        parts(0x00, NEW_AUTH_DATA, PACKED, b"fido-u2f"), parts(0x01, NEW_AUTH_DATA, b"\xa0", b"none"),
        parts(0x00, NEW_AUTH_DATA + b"\xa0", b"\xa0", b"none"),
        parts(0x00, NEW_AUTH_DATA, PACKED[:1].replace(b"\xa2", b"\xa3") + PACKED[1:] +
              b"\x63x5c\x81\x43\x30\x01\0", b"packed"),
        parts(0x00, NEW_AUTH_DATA, b"\xbb" + b"\xff" * 8, b"packed"),
        parts(0x00, NEW_AUTH_DATA, b"\x81" * 64, b"packed"),
        parts(0x00, auth_data(0x45, ATTESTED[:34] + b"\xbf\xff"), b"\xa0", b"none")],
    "credential_file": [
        DECLARED, DECLARED + DECLARED.replace("blue", "red"), DECLARED + DECLARED, "", "[[fido2]]\n",
        "fido2 = [{label = 'a', credential_id = '_-', public_key = 'oA'}]\n",
        "[[fido2]]\nlabel = 'a'\ncredential_id = 'AQID'\npublic_key = \"\"\"\n-----BEGIN PUBLIC KEY-----"
        "\nMCowBQYDK2VwAyEAs0ZRH2XHDxGRrWPjs6dJZT1MWrYzf2Sfn6SKok502Oc=\n-----END PUBLIC KEY-----\n"
        "\"\"\"\nuv_capable = true\n", DECLARED + 'lable = "x"\n', "[fido2]\nlabel = 3\n"],
    "check_request": [check_request([10, 1000], ["sudo", "id"]), check_request(None, []),
                      check_request([], [""], struct.pack(">BI", 1, 4711)),
                      check_request([], ["sshd"], auth_info=b"\1" + text("password\n")), ANSWER, CANCEL, packet(70, b"\x01"), packet(2, version=2)],
    "control_request": [
        packet(16), packet(18, text("alice")), packet(22, text("alice")), packet(24, text("alice")),
        packet(20, b"\x01" + text("alice") + text("phone") + text("") + b"\x01\x06\x00\x00" + text("")),
        packet(20, b"\x07" + text("") + text("") + text("") + b"\x01\x06\x00\x01" +
               text("sk-ssh-ed25519@openssh.com AAAA")),
        packet(20, b"\x02" + text("") + text("") + text("old") + b"\x03\x08\x00\x00" +
               text("")),
        packet(26, text("alice") + text("phone")), packet(28, b"\x01"), packet(30, text("alice")),
        packet(34, text("alice") + text("pam://host") + struct.pack(">I", 135) + b"\x01"),
        packet(34, text("") + text("") + struct.pack(">I", 1 << 20) + b"\x00"), packet(68, text("HOTP")),
        packet(32, text("") + b"\x01\x00"), packet(32, text("alice") + b"\x00\x01\x01" + b"\0" * 8),
        ANSWER, CANCEL],
    "helper_request": [
        packet(128, ceremony("/dev/hidraw9") + struct.pack(">I", 2) + text("id") + text("other")),
        packet(128, ceremony() + struct.pack(">I", 0)),
        packet(130, ceremony() + text("user") + text("alice") + b"\x01" + struct.pack(">I", 0)),
        packet(130, ceremony("/dev/hidraw0", "/dev/u2f") + text("") + text("") + b"\x00" +
               struct.pack(">I", 1) + text("id")),
        packet(132, text("1234")), packet(132, text("")), CANCEL, packet(128, version=2)],
    "reply": [
        packet(65), packet(67, words(1, "alice", "host", "sudo: id") + b"\0\1"),
        packet(67, words(1, "alice", "h\u00f4te", "sudo: id", language=3) + b"\0\0"),
        packet(69, words(9, "totp", "phone", "root", "2026-11-24", language=2)),
        packet(71, b"GRNT" + words(0)), packet(71, b"NREQ" + words(0)), packet(73),
        packet(71, b"DENY" + words(16, "sudo", "host")), packet(71, b"LOCK" + words(25, "5 min")),
        packet(71, b"UNAV" + words(27, "host")), packet(71, b"GRNT" + words(1, "x")),
        packet(81, text("0.1.0") + text("login session 3") + struct.pack(">I", 1) +
               b"\x01\x01\x00" + struct.pack(">Q", 9) + struct.pack(">I", 1) + text("r") +
               text("otp within 15min") + text("stepupd.conf:12") + b"\x01" +
               struct.pack(">I", 1) + text("stale") + text("00ff") + b"\1" + struct.pack(">I", 1000) +
               text("sshd") + text("192.0.2.7") + text("ssh") + struct.pack(">I", 1) +
               text("publickey") + struct.pack(">I", 1) + text("pop") + b"\2" +
               struct.pack(">QQQQ", 9, 3, 1, 4)),
        packet(83, text("alice") + struct.pack(">I", 1) + b"\x01" + text("phone") +
               text("SHA1, 6 digits") + struct.pack(">qq", 1, 0)),
        packet(85, text("otpauth://totp/h:a?secret=AAAA")), packet(87, text("ab-cdef-ghjk-mnpq\n")),
        packet(89, text("alice") + text("0123") + struct.pack(">q", 9)),
        packet(91, struct.pack(">IIBQ", 1, 1000, 1, 3) + text("pts/0") + struct.pack(">I", 42) +
               b"\x01\x01\x00" + struct.pack(">QQ", 9, 1)),
        packet(95), packet(97, struct.pack(">II", 1, 3) + text("alice") + b"\x03" + text("hotp") +
                           text("SHA1") + b"\x00" + struct.pack(">I", 1) + text("its PIN") +
                           struct.pack(">III", 1, 2, 10) + text("the secret")),
        packet(0xffff, b"\0\1\0\1", version=9),
        packet(99, struct.pack(">IQq", 1, 7, 1_700_000_000) + text("alice") +
               struct.pack(">IBQ", 1000, 1, 3) + b"".join(map(text, (
                   "pts/0", "sudo", "account", "root", "id", "00ff", "id -u", "granted", "proved",
                   "ask", "totp"))) + b"\x01")],
    "rules": [CONF, DROP_IN, CONF + "\x01" + DROP_IN, "", "\x01", 'max_agee = "1h"\n',
              'rule = [{name = "a"}, {name = "a"}]\n', "a = " + "[" * 40, 'a.b.c = 1e400\n',
              'unenrolled = "deny"\n[[rule]]\nuser = "\\u0000"\n', 'd = 2026-13-41T25:61:61Z\n',
              "[[rule]]\nname = '''x'''\nservice = 3\n", "\ufeffmode = 1\n"],
    "ctl_arguments": ["status", "list\n--user\nalice", "enroll\ntotp\n--label\nphone",
                      "ticket\nalice", "reset\nalice\n--yes", "verify\n--session", "--help",
                      "config\ncheck\n/etc/stepup", "remove\n\x1b[2J", "ticket\n" + "a" * 257,
                      "enroll\ntotp\n--digits\n8\n--algorithm\nsha256"],
    "sealed_key": ["", "\0" * 49, "\0" * 48 + "\x01", "\x01"],
    "request_facts": [check_request([10], words)[20:] for words in (
        ["sudo", "id"], ["sudo", "-u", "bob", "id"], ["sudo", "-u", "bob", "-u", "root", "id"],
        ["sudo", "-u", "#0", "id"], ["sudo", "-u", "bob", "A=b", "-u", "root"], ["sudo", "-n", "-l"],
        ["sudo", "-v"], ["sudo"], [])],
    "pam_file": ["", "@include common-account\n", "account required pam_unix.so",
                 "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n"
                 "account sufficient pam_localuser.so\nsession optional pam_umask.so\n",
                 "#%PAM-1.0\naccount required \\\n pam_unix.so # x\n",
                 "account include common-account\r\n", "-account required pam_x.so\\"],
    "last_good": [bundle(), bundle(("/etc/stepup/stepupd.conf", "", CONF)),
                  bundle(("a", "", "x"), ("b", "c", "")), bundle(("a", "", "x")) + b"x",
                  b"stepup-rules\0\0\0\2"],
    "module_options": ["", "socket=/run/stepup/stepupd.sock", "timeout=3", "socket=/a\ntimeout=60",
                       "timeout=0", "timeout=61", "timeout=+3", "timeout=03", "socket=a", "debug",
                       "socket=/a\nsocket=/b", "socket=/" + "a" * 107],
    "typed_answer": ["123456", "123 456", "12345678", "123456789", "ab-cdef-ghjk-mnpq",
                     "AB CDEF GHJK MNPQ", "oi-lcde-ghjk-mnpq", "00000000000000", "\u0661" * 6,
                     " " * 64, "123456\n"],
    "ticket": ["\x0c" + "ab-cdef-ghjk-mnpq", "\x18" + "0123-4567-89ab-cdef-ghjk-mnpq-rs",
               "\x00" + "il", "\x02" + "uuuu"],
    "proc_stat": [STAT % name for name in ("sudo", "a) R 1 1 1 0 0", "\n", "((", "")] +
                 ["1 (sh", "1 (sh)", "1 (sh) S -1 -1 -1 -1", STAT.replace("34816", "-1") % "x"],
    "ssh_auth_info": ["password\n", "keyboard-interactive/pam\npublickey ssh-ed25519 AAAA\n",
                      "publickey sk-ssh-ed25519@openssh.com AAAA signature count = 7\n"],
    "proc_status": [STATUS, STATUS.replace("NSpid:\t7", "NSpid:\t7\t1"),
                    STATUS.replace("10 1000 ", ""), STATUS.replace("1000\t0", "4294967296\t0"),
                    "4294967295\n", "0\n", "7", "-1\n", "0x7"],
    "cgroup": ["0::/user.slice/user-1000.slice/session-3.scope\n",
               "0::/user.slice/user-1000.slice/user@1000.service/app.slice/session-9.scope\n",
               "0::/system.slice/cron.service\n", "0::/session-c2.scope\n", "0::/session-.scope\n",
               "1:name=systemd:/session-4.scope\n0::/\n", "0::/user@x.service\n",
               "0::/session-99999999999.scope\n", "0::/../session-1.scope", "0::/a\n0::/user@1.service"],
    "command_line": ["sudo\0id\0", "sudo\0-l\0", "sudo", "\0\0\0", "", "/usr/bin/sudo",
                     "/usr/lib/cargo/bin/sudo-rs", "/bin/su", "/usr/bin/doas (deleted)",
                     "a\0" * 5000, "sh\0-c\0\x1b]0;x\x07\0"],
}


def main():
    shutil.rmtree(CORPUS, ignore_errors=True)
    for target, inputs in SEEDS.items():
        folder = os.path.join(CORPUS, target)
        os.makedirs(folder)
        for number, seed in enumerate(inputs):
            with open(os.path.join(folder, "%02d" % number), "wb") as file:
                file.write(seed if isinstance(seed, bytes) else seed.encode())


if __name__ == "__main__":
    main()
