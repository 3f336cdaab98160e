# SPDX-License-Identifier: ISC
"""The maker's certificates: a root, and under it one for this model that names its AAGUID."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

import keys

AAGUID_EXTENSION = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
LIFETIME = datetime.timedelta(days=3650)


class Attestation:
    def __init__(self, aaguid):
        root_key, self.key = keys.generate(keys.ES256), keys.generate(keys.ES256)
        root_name = _name("Virtual Authenticator Root")
        root = _builder(root_name, root_name, root_key, ca=True)
        leaf = _builder(_name("Virtual Authenticator"), root_name, self.key, ca=False)
        leaf = leaf.add_extension(
            x509.UnrecognizedExtension(AAGUID_EXTENSION, b"\x04\x10" + aaguid), critical=False)
        self.root = root.sign(root_key, hashes.SHA256())
        self.certificate = leaf.sign(root_key, hashes.SHA256()).public_bytes(
            serialization.Encoding.DER)

    def root_pem(self):
        return self.root.public_bytes(serialization.Encoding.PEM).decode()


def _name(common):
    return x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "SE"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "stepup tests"),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Authenticator Attestation"),
        x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject, issuer, key, ca):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - LIFETIME).not_valid_after(now + LIFETIME)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True))
