"""Credentials as they go into a batch: the hash of each, its fresh salt, and the leaf of both.

A million come in a night. They travel as bytes: an object for each would take longer to make than
its hash.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from struct import Struct
from typing import Final

from registry.core.canonical import Canonicalization
from registry.core.tree import leaf_hashes

_ROW: Final = Struct("32s32s32s")
ROW_BYTES: Final = _ROW.size


@dataclass(frozen=True, slots=True)
class NewCredentials:
    """Some credentials of one canonicalization.

    `rows` has credential hash ‖ salt ‖ leaf of each, end to end. It iterates over these three.
    """

    canonicalization: Canonicalization
    rows: bytes

    def __post_init__(self) -> None:
        if len(self.rows) % ROW_BYTES:
            raise ValueError(f"a credential takes {ROW_BYTES} bytes")

    def __len__(self) -> int:
        """Number of credentials."""
        return len(self.rows) // ROW_BYTES

    def __iter__(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        """Credential hash, salt and leaf of each."""
        return _ROW.iter_unpack(self.rows)


def new_credentials(
    hashes: Sequence[bytes], canonicalization: Canonicalization, *, salts: Sequence[bytes]
) -> NewCredentials:
    """Credentials by their hashes, with a salt for each, which nobody may foresee.

    Raises `ValueError` if a hash or salt has not 32 bytes.
    """
    leaves = leaf_hashes(salts=salts, credential_hashes=hashes)
    parts = chain.from_iterable(zip(hashes, salts, leaves, strict=True))
    return NewCredentials(canonicalization, b"".join(parts))
