"""Credentials as they go into a batch: rows of hash, salt and leaf."""

import pytest

from registry.core.canonical import Canonicalization
from registry.core.new_credentials import ROW_BYTES, NewCredentials, new_credentials
from registry.core.tree import leaf_hash

HASHES = [bytes([number]) * 32 for number in range(3)]
SALTS = [bytes([100 + number]) * 32 for number in range(3)]


def test_each_credential_comes_with_its_own_salt_and_leaf() -> None:
    made = new_credentials(HASHES, Canonicalization.RAW, salts=SALTS)
    leaves = [
        leaf_hash(salt=salt, credential_hash=digest)
        for digest, salt in zip(HASHES, SALTS, strict=True)
    ]
    assert list(made) == list(zip(HASHES, SALTS, leaves, strict=True))
    assert len(made) == len(HASHES)


def test_none_are_none() -> None:
    made = new_credentials([], Canonicalization.JCS, salts=[])
    assert (len(made), list(made), made.rows) == (0, [], b"")


@pytest.mark.parametrize("bytes_too_many", [1, ROW_BYTES - 1])
def test_half_a_row_is_refused(bytes_too_many: int) -> None:
    with pytest.raises(ValueError, match="a credential takes 96 bytes"):
        NewCredentials(Canonicalization.RAW, bytes(ROW_BYTES + bytes_too_many))


@pytest.mark.parametrize(
    ("hashes", "salts"),
    [(HASHES, SALTS[:2]), (HASHES[:2], SALTS), ([b"short"], SALTS[:1]), (HASHES[:1], [b"short"])],
    ids=["a salt too few", "a hash too few", "a short hash", "a short salt"],
)
def test_hashes_and_salts_that_do_not_fit_are_refused(
    hashes: list[bytes], salts: list[bytes]
) -> None:
    with pytest.raises(ValueError):
        new_credentials(hashes, Canonicalization.RAW, salts=salts)
