import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.core.canonical import Canonicalization
from registry.core.static_entries import (
    ENTRY_BYTES,
    NAME_BYTES,
    Entry,
    EntryCipher,
    find_entry,
    print_shard,
    shard_bytes,
    shard_of,
)
from registry.core.tree import MAX_TREE_SIZE
from registry.errors import InvalidInputError
from tests.core.strategies import addresses, hashes
from tests.core.test_static_files import ISSUER, SEAL, VECTORS

CIPHER = EntryCipher(issuer=ISSUER, seal=SEAL)
ENTRIES = [pytest.param(each, id=f"leaf {each['leafIndex']}") for each in VECTORS["entries"]]
entries = st.builds(
    Entry, st.sampled_from(Canonicalization), st.integers(0, MAX_TREE_SIZE - 1), hashes
)


@pytest.mark.parametrize("case", ENTRIES)
def test_entries_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    digest = bytes.fromhex(case["credentialHash"])
    entry = Entry(
        Canonicalization(case["canonicalization"]), case["leafIndex"], bytes.fromhex(case["salt"])
    )
    assert CIPHER.name(digest).hex() == case["name"]
    assert CIPHER.encrypted(digest, entry).hex() == case["entry"]
    assert CIPHER.decrypted(digest, bytes.fromhex(case["entry"])) == entry


def test_the_shard_is_that_of_the_vectors() -> None:
    found = [bytes.fromhex(case["entry"]) for case in VECTORS["entries"]]
    assert print_shard(found[::-1]).hex() == VECTORS["shard"]


@settings(deadline=None, max_examples=50)
@given(issuer=addresses, seal=hashes, digest=hashes, entry=entries)
def test_only_the_credential_opens_its_entry(
    issuer: bytes, seal: bytes, digest: bytes, entry: Entry
) -> None:
    cipher = EntryCipher(issuer=issuer, seal=seal)
    written = cipher.encrypted(digest, entry)
    assert len(written) == ENTRY_BYTES
    assert written[:NAME_BYTES] == cipher.name(digest)
    assert cipher.decrypted(digest, written) == entry
    assert digest not in written
    assert entry.salt not in written
    other = bytes([digest[0] ^ 1]) + digest[1:]
    for wrong in (
        EntryCipher(issuer=issuer, seal=seal),
        EntryCipher(issuer=issuer, seal=other),
    ):
        with pytest.raises(InvalidInputError, match="not the credential's"):
            wrong.decrypted(other, written)


@settings(deadline=None, max_examples=50)
@given(digest=hashes, entry=entries, seal=hashes, issuer=addresses)
def test_one_credential_has_other_names_in_other_batches_and_of_other_issuers(
    digest: bytes, entry: Entry, seal: bytes, issuer: bytes
) -> None:
    written = {
        EntryCipher(issuer=of, seal=under).encrypted(digest, entry)
        for of in {issuer, ISSUER}
        for under in {seal, SEAL}
    }
    assert len({each[:NAME_BYTES] for each in written}) == len({issuer, ISSUER}) * len({seal, SEAL})


@settings(deadline=None, max_examples=50)
@given(digest=hashes, entry=entries, at=st.integers(0, ENTRY_BYTES * 8 - 1))
def test_every_changed_bit_is_seen(digest: bytes, entry: Entry, at: int) -> None:
    written = bytearray(CIPHER.encrypted(digest, entry))
    written[at // 8] ^= 1 << at % 8
    if at < NAME_BYTES * 8:  # it cannot be found any more
        assert find_entry(print_shard([bytes(written)]), CIPHER.name(digest)) is None
    else:
        with pytest.raises(InvalidInputError):
            CIPHER.decrypted(digest, bytes(written))


@pytest.mark.parametrize("plain", [b"\x00" + bytes(40), b"\x04" + bytes(40), b"\x01" + bytes(39)])
def test_an_entry_of_no_known_form_is_refused(plain: bytes) -> None:
    digest = bytes(32)
    info = b"rootseal/tiles-entry@1" + ISSUER
    extracted = hmac.digest(SEAL, digest, "sha256")
    first = hmac.digest(extracted, info + b"\x01", "sha256")
    secrets = first + hmac.digest(extracted, first + info + b"\x02", "sha256")
    name, key = secrets[:16], secrets[16:48]
    written = name + AESGCM(key).encrypt(bytes(12), plain, name)
    assert name == CIPHER.name(digest)
    with pytest.raises(InvalidInputError, match="no known form"):
        CIPHER.decrypted(digest, written)


@settings(deadline=None, max_examples=50)
@given(
    digests=st.lists(hashes, max_size=40, unique=True),
    shards=st.sampled_from([1, 2, 8]),
    data=st.data(),
)
def test_every_entry_is_found_in_its_shard_and_in_no_other(
    digests: list[bytes], shards: int, data: st.DataObject
) -> None:
    dealt: list[list[bytes]] = [[] for _ in range(shards)]
    for digest in digests:
        written = CIPHER.encrypted(digest, data.draw(entries))
        dealt[shard_of(written, shards)].append(written)
    files = [print_shard(each) for each in dealt]
    assert [len(file) for file in files] == [shard_bytes(len(each)) for each in dealt]
    for digest in digests:
        name = CIPHER.name(digest)
        found = [find_entry(file, name) for file in files]
        assert [each for each in found if each is not None] == [found[shard_of(name, shards)]]
    assert find_entry(files[0], bytes(16)) is None


@pytest.mark.parametrize(
    "shard",
    [b"", b"\x00\x00\x00", bytes(4) + b"x", b"\x00\x00\x00\x01", b"\x00\x00\x00\x02" + bytes(73)],
)
def test_a_shard_that_was_cut_off_is_no_answer(shard: bytes) -> None:
    with pytest.raises(InvalidInputError, match="a shard of"):
        find_entry(shard, bytes(16))
