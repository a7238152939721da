"""Ed25519 keys with which issuers sign credentials: made, kept as encrypted PEM, and named."""

from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from openvc.keys import Ed25519SigningKey

from registry.errors import InvalidInputError
from registry.vc import base58

SEED_BYTES: Final = 32
_ED25519: Final = b"\xed\x01"  # multicodec of a public key, as did:key and Multikey write it
MAX_PEM_BYTES: Final = 10_000


def key_from_seed(seed: bytes) -> Ed25519SigningKey:
    """The key that 32 secret bytes are. Raises `InvalidInputError` for another length."""
    if len(seed) != SEED_BYTES:
        raise InvalidInputError(f"an Ed25519 key is made of {SEED_BYTES} bytes, not {len(seed)}")
    return Ed25519SigningKey(Ed25519PrivateKey.from_private_bytes(seed), "")


def pem_of_seed(seed: bytes, password: str) -> bytes:
    """PKCS#8 PEM, encrypted (RFC 8410, RFC 5958). Raises `InvalidInputError`."""
    if not password:
        raise InvalidInputError("a signing key is not written without a password")
    key_from_seed(seed)
    return Ed25519PrivateKey.from_private_bytes(seed).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password.encode()),
    )


def key_from_pem(pem: bytes, password: str | None) -> Ed25519SigningKey:
    """Read a PEM, encrypted or not.

    Raises `InvalidInputError` for a wrong or missing password, and for any other kind of key;
    the message has nothing of the key in it.
    """
    if len(pem) > MAX_PEM_BYTES:
        raise InvalidInputError("not a PEM file of one key")
    secret = password.encode() if password else None
    try:
        key = serialization.load_pem_private_key(pem, secret)
    except TypeError as exc:  # a password where none is wanted, or none where one is
        reason = "is encrypted: give its password" if secret is None else "has no password"
        raise InvalidInputError(f"the signing key {reason}") from exc
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise InvalidInputError("not a PEM file of a key, or another password") from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidInputError("the signing key is not an Ed25519 key")
    return Ed25519SigningKey(key, "")


def multikey(public: bytes) -> str:
    """An Ed25519 public key as Multikey and did:key write it, from `z6Mk` on."""
    return "z" + base58.encode(_ED25519 + public)


def public_key_of(name: str) -> bytes:
    """What `multikey` wrote. Raises `InvalidInputError` for anything else."""
    data = base58.decode(name[1:]) if name.startswith("z") else b""
    if len(data) != len(_ED25519) + 32 or not data.startswith(_ED25519):
        raise InvalidInputError("not an Ed25519 key as Multikey writes it")
    return data.removeprefix(_ED25519)


def did_key(public: bytes) -> str:
    """The did:key of an Ed25519 public key."""
    return f"did:key:{multikey(public)}"
