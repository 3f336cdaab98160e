# SPDX-License-Identifier: ISC
"""Key pairs of the three algorithms, in the forms of COSE and of the state file."""

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

ES256, EDDSA, RS256 = -7, -8, -257
ECDH_ES_HKDF_256 = -25


def generate(algorithm):
    if algorithm == ES256:
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == EDDSA:
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 2048)


def sign(key, message):
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(hashes.SHA256()))
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def cose(key, algorithm):
    """The public half as a COSE_Key."""
    public = key.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        point = public.public_numbers()
        return {1: 2, 3: algorithm, -1: 1, -2: point.x.to_bytes(32, "big"),
                -3: point.y.to_bytes(32, "big")}
    if isinstance(public, ed25519.Ed25519PublicKey):
        return {1: 1, 3: algorithm, -1: 6, -2: public.public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)}
    numbers = public.public_numbers()
    return {1: 3, 3: algorithm, -1: numbers.n.to_bytes(256, "big"),
            -2: numbers.e.to_bytes(3, "big")}


def shared_x(key, peer):
    """The x coordinate that `key` and the COSE_Key `peer` agree on; ValueError for a bad point."""
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(peer[-2], "big"), int.from_bytes(peer[-3], "big"), ec.SECP256R1())
    return key.exchange(ec.ECDH(), numbers.public_key())


def to_hex(key):
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption()).hex()


def from_hex(text):
    return serialization.load_der_private_key(bytes.fromhex(text), None)
