"""Credentials for measurements, by their hashes: as good as any, how they came about aside."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from registry.core.canonical import Canonicalization
from registry.core.new_credentials import NewCredentials
from registry.services.hashing import salted

_AT_ONCE: Final = 1_000


def hash_of(number: int) -> bytes:
    """Credential hash of one of them."""
    return sha256(number.to_bytes(8, "big")).digest()


def credentials(count: int, *, first: int = 0) -> Iterator[NewCredentials]:
    """As many as that, from number `first` on; none of them compresses."""
    for start in range(first, first + count, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, first + count))
        yield salted([hash_of(number) for number in numbers], Canonicalization.JCS)
