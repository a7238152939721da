"""Intake: all or nothing, with the place of every fault."""

from collections.abc import Iterator
from hashlib import sha256

import pytest

from registry.core.canonical import Canonicalization, document_hash
from registry.core.documents import parse_document
from registry.services.hashing import Hashes, Lines, Rejection, Submission, Submitted
from registry.services.intake import (
    MAX_REPORTED,
    IntakeRefusedError,
    IntakeResult,
    add_credentials,
)
from registry.store import SqlStore
from tests.services.evidence import badge
from tests.services.office import ISSUER, stranger, utc_now

JCS, RAW = Canonicalization.JCS, Canonicalization.RAW
FAULTY = Lines("line:", 2, b'{"a":1,"a":2}')


def add(
    store: SqlStore, *submissions: Submitted, skipped: list[Rejection] | None = None
) -> IntakeResult:
    return add_credentials(
        store,
        ISSUER,
        submissions,
        now=utc_now(),
        on_skip=None if skipped is None else skipped.append,
    )


def test_documents_files_and_hashes_are_taken(store: SqlStore) -> None:
    digest = sha256(b"seen elsewhere").digest()
    result = add(
        store,
        Submission("line 1", badge(), JCS),
        Submission("diploma.pdf", b"%PDF", RAW),
        Hashes((digest,), RAW),
    )
    assert result == IntakeResult(new=3, known=0, rejected=0)
    wanted = [document_hash(parse_document(badge())), sha256(b"%PDF").digest(), digest]
    found = [store.find_credentials(credential_hash) for credential_hash in wanted]
    assert [credential.canonicalization for (credential,) in found] == [JCS, RAW, RAW]
    assert len({credential.salt for (credential,) in found}) == 3


def test_one_fault_and_nothing_is_added(store: SqlStore) -> None:
    with pytest.raises(IntakeRefusedError, match="1 faulty, nothing was added; first: line:2"):
        add(store, Submission("line 1", badge(), JCS), FAULTY, Submission("line 3", b"x", RAW))
    assert (store.batches(), store.open_count(ISSUER)) == ([], 0)


def test_a_refused_intake_leaves_an_earlier_one_as_it_was(store: SqlStore) -> None:
    add(store, Submission("line 1", badge(), JCS))
    before = store.batches()
    with pytest.raises(IntakeRefusedError):
        add(store, Submission("line 1", b"another", RAW), FAULTY)
    assert (store.batches(), store.open_count(ISSUER)) == (before, 1)


@pytest.mark.parametrize("faults", [1, MAX_REPORTED + 5])
def test_every_fault_is_counted_and_the_first_are_reported(store: SqlStore, faults: int) -> None:
    lines = [Submission(f"line {number}", b"[", JCS) for number in range(faults)]
    with pytest.raises(IntakeRefusedError) as refusal:
        add(store, *lines)
    assert refusal.value.count == faults
    assert len(refusal.value.rejections) == min(faults, MAX_REPORTED)
    assert refusal.value.rejections[0].place == "line 0"
    assert refusal.value.rejections[0].data == b""


def test_a_fault_after_thousands_adds_nothing(store: SqlStore) -> None:
    many = [Submission(f"line {number}", f"{number}".encode(), RAW) for number in range(3000)]
    with pytest.raises(IntakeRefusedError):
        add(store, *many, FAULTY)
    assert store.batches() == []


def test_with_skipping_the_others_are_added(store: SqlStore) -> None:
    unreadable = Rejection("folder/locked.json", "Permission denied")
    skipped: list[Rejection] = []
    result = add(store, unreadable, Submission("line 1", badge(), JCS), FAULTY, skipped=skipped)
    assert (result, store.open_count(ISSUER)) == (IntakeResult(new=1, known=0, rejected=2), 1)
    assert skipped[0] == unreadable
    assert (skipped[1].place, skipped[1].data, skipped[1].is_line) == (
        "line:2",
        FAULTY.data,
        True,
    )
    assert "duplicate key" in skipped[1].reason
    assert "/a" in skipped[1].reason


def test_the_same_credential_twice_is_one(store: SqlStore) -> None:
    spaced = badge().replace(b'","', b'" , "')
    first = add(store, Submission("1", badge(), JCS), Submission("2", spaced, JCS))
    assert first == IntakeResult(new=1, known=1, rejected=0)
    (before,) = store.find_credentials(document_hash(parse_document(badge())))
    assert add(store, Submission("3", badge(), JCS)) == IntakeResult(new=0, known=1, rejected=0)
    assert store.find_credentials(before.credential_hash) == [before]


def test_two_issuers_may_have_the_same_credential(store: SqlStore) -> None:
    for issuer in (ISSUER, stranger().address):
        result = add_credentials(store, issuer, [Submission("1", b"x", RAW)], now=utc_now())
        assert result.new == 1
    assert len(store.find_credentials(sha256(b"x").digest())) == 2


def test_an_interrupted_reader_adds_nothing(store: SqlStore) -> None:
    def lines() -> Iterator[Submission]:
        for number in range(1500):
            yield Submission(f"line {number}", f"{number}".encode(), RAW)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        add_credentials(store, ISSUER, lines(), now=utc_now())
    assert store.batches() == []


def test_nothing_submitted_is_nothing_added(store: SqlStore) -> None:
    assert add(store) == IntakeResult(new=0, known=0, rejected=0)
    assert store.batches() == []
