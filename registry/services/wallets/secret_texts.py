"""Codes and tokens: how they are made and spelled, and the hashes that alone are kept of them."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Final

RandomBytes = Callable[[int], bytes]

TOKEN_PREFIX: Final = "wallet_"  # tells an access token from an API key  # noqa: S105 - no secret
_SECRET_BYTES: Final = 32
_ID_BYTES: Final = 16
# Crockford's base 32: no I, L, O and U. Sixteen of them are 80 bits, so that a plain hash is
# enough to keep: nobody guesses one, not even with the store in hand.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE: Final = str.maketrans("OIL", "011")
_CODE_BYTES: Final = 10
_GROUP: Final = 4
_LONGEST: Final = 80  # characters that somebody may enter, with whatever stands between


def new_secret(random_bytes: RandomBytes) -> str:
    """A secret for a program, 256 bits."""
    return urlsafe_b64encode(random_bytes(_SECRET_BYTES)).decode().rstrip("=")


def new_access_token(random_bytes: RandomBytes) -> str:
    """An access token."""
    return TOKEN_PREFIX + new_secret(random_bytes)


def new_id(random_bytes: RandomBytes) -> str:
    """An id, which is no secret."""
    return random_bytes(_ID_BYTES).hex()


def new_offer_code(random_bytes: RandomBytes) -> str:
    """A code for a person to enter: four groups of four."""
    number = int.from_bytes(random_bytes(_CODE_BYTES))
    signs = [_ALPHABET[number >> shift & 31] for shift in range(_CODE_BYTES * 8 - 5, -1, -5)]
    groups = ("".join(signs[at : at + _GROUP]) for at in range(0, len(signs), _GROUP))
    return "-".join(groups)


def offer_code_hash(entered: str) -> bytes:
    """The hash of an offer's code, however it was written: case, spaces, O for 0, I and L for 1."""
    signs = entered[:_LONGEST].upper().translate(_ALIKE)
    return secret_hash("".join(sign for sign in signs if sign in _ALPHABET))


def secret_hash(secret: str) -> bytes:
    """What is kept of a secret."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
