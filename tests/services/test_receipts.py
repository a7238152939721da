"""Receipts of a whole batch, from the store, walked by a verifier that is not ours."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, select, update

from registry.core.receipt import Receipt
from registry.core.tree import generic_path, seal_from_proof
from registry.errors import InvalidInputError, NotFoundError
from registry.services.ports import CredentialStatus
from registry.services.receipts import (
    Absence,
    DamageError,
    NotSealedError,
    receipt_of,
    receipts_of,
    receipts_of_batch,
)
from registry.store import SqlStore
from registry.store.schema import credentials as credential_rows
from registry.store.schema import tiles as tile_rows
from registry.store.tile_memory import TileMemory
from tests.anvil import Anvil
from tests.oracle import merkletools_accepts
from tests.services.office import Office, digest, stranger

COUNT = 300  # leaves that take more than one tile


def test_merkletools_accepts_the_path_of_every_receipt(office: Office) -> None:
    names = [f"diploma {number}" for number in range(COUNT)]
    batch = office.sealed(*names)
    assert batch.head is not None
    places = set()
    for name in names:
        receipt = office.receipt(name)
        path = generic_path(salt=receipt.salt, proof=receipt.proof)
        assert receipt.seal == batch.head.seal
        assert merkletools_accepts(path, receipt.credential_hash.hex(), receipt.seal.hex())
        assert not merkletools_accepts(path, digest("forged").hex(), receipt.seal.hex())
        places.add(receipt.leaf_index)
    assert places == set(range(COUNT))


def test_a_receipt_has_an_anchor_only_when_it_is_final(office: Office) -> None:
    batch = office.anchored("diploma")
    assert office.receipt("diploma").is_pending
    office.finish(batch)
    assert len(office.receipt("diploma").anchors) == 1


def test_without_a_tree_there_is_no_receipt(office: Office) -> None:
    office.add([b"diploma"])
    with pytest.raises(NotSealedError):
        office.receipt("diploma")
    with pytest.raises(NotFoundError):
        office.receipt("never added")


def test_many_receipts_are_those_of_each_in_their_order(office: Office) -> None:
    names = [f"diploma {number}" for number in range(600)]  # more than are read at once
    office.sealed(*names[:400])
    office.finish(office.anchored(*names[400:]))
    office.add([b"waiting"])
    asked = ["never added", *reversed(names), "waiting", names[0], names[0], "never added"]
    found = list(receipts_of(office.store, list(map(digest, asked)), issuer=None))
    assert len(found) == len(asked)
    for name, answer in zip(asked, found, strict=True):
        if name in names:
            assert answer == office.receipt(name)
        else:
            assert isinstance(answer, NotSealedError if name == "waiting" else NotFoundError)
    nobodys = receipts_of(office.store, [digest(names[0])], issuer=stranger().address)
    assert [type(answer) for answer in nobodys] == [NotFoundError]
    assert list(receipts_of(office.store, [], issuer=None)) == []


def test_one_that_is_in_no_tree_keeps_no_receipt_from_the_others(office: Office) -> None:
    office.sealed("diploma", "badge", "lost")
    assert isinstance(office.store, SqlStore)
    with office.store._database.write() as connection:
        rows = credential_rows.update().where(credential_rows.c.credential_hash == digest("lost"))
        connection.execute(rows.values(salt=bytes(32)))
    asked = [digest(name) for name in ("diploma", "lost", "badge")]
    found: list[Receipt | Absence] = list(receipts_of(office.store, asked, issuer=None))
    assert [type(answer) for answer in found] == [Receipt, DamageError, Receipt]


def test_a_tree_that_lacks_a_tile_keeps_no_receipt_from_other_batches(office: Office) -> None:
    sound = [f"sound {number}" for number in range(COUNT)]
    office.sealed(*sound)
    damaged = office.sealed(*(f"damaged {number}" for number in range(COUNT)))
    assert isinstance(office.store, SqlStore)
    with office.store._database.write() as connection:
        upper = tile_rows.c.level == 1
        connection.execute(delete(tile_rows).where(upper, tile_rows.c.batch_id == damaged.id))
    asked = [digest(name) for name in ("damaged 1", "sound 1", "damaged 2")]
    found = list(receipts_of(office.store, asked, issuer=None))
    assert [type(answer) for answer in found] == [DamageError, Receipt, DamageError]
    assert "damaged: batch 2 lacks tile 0 of level 1" in str(found[0])


@pytest.mark.parametrize(
    ("level", "change"),
    [
        pytest.param(0, lambda hashes: bytes([hashes[0] ^ 1]) + hashes[1:], id="a bit of a leaf"),
        pytest.param(0, lambda hashes: hashes[32:], id="a leaf less"),
        pytest.param(0, lambda hashes: hashes[:-7], id="a leaf cut"),
        pytest.param(1, lambda hashes: bytes([hashes[0] ^ 1]) + hashes[1:], id="a bit above"),
        pytest.param(1, lambda _: b"", id="nothing above"),
    ],
)
def test_a_damaged_tree_gives_no_receipt_that_does_not_verify_and_no_wrong_place(
    office: Office, level: int, change: Callable[[bytes], bytes]
) -> None:
    names = [f"diploma {number}" for number in range(COUNT)]
    batch = office.final(*names)
    assert batch.head is not None
    assert isinstance(office.store, SqlStore)
    true = {name: office.receipt(name).leaf_index for name in names}
    office.store._memory = TileMemory()
    in_tile = (tile_rows.c.level == level) & (tile_rows.c.tile_index == 0)
    with office.store._database.write() as connection:
        hashes = connection.execute(select(tile_rows.c.hashes).where(in_tile)).scalar_one()
        connection.execute(update(tile_rows).where(in_tile).values(hashes=change(bytes(hashes))))
    found = list(receipts_of(office.store, [digest(name) for name in names], issuer=None))
    assert {type(each) for each in found} <= {Receipt, DamageError}
    assert DamageError in {type(each) for each in found}
    for name, each in zip(names, found, strict=True):
        if isinstance(each, Receipt):
            assert each.leaf_index == true[name]
            seal = seal_from_proof(
                salt=each.salt, credential_hash=each.credential_hash, proof=each.proof
            )
            assert seal == batch.head.seal
    with pytest.raises(DamageError):
        list(receipts_of_batch(office.store, batch))
    lost = next(n for n, each in zip(names, found, strict=True) if isinstance(each, DamageError))
    with pytest.raises(DamageError, match="rootseal audit"):
        office.statuses.request(
            office.issuer, [digest(lost)], CredentialStatus.REVOKED, reason=4, now=batch.opened_at
        )
    assert office.store.open_status_changes() == []


def test_of_several_issuers_one_is_named(sqlite_store: SqlStore, anvil: Anvil) -> None:
    chain = anvil.chain()
    for signer in (stranger(), stranger(2)):
        Office(sqlite_store, anvil, chain, signer, signer.address).sealed("diploma")
    chain.close()
    with pytest.raises(InvalidInputError, match="several issuers"):
        receipt_of(sqlite_store, digest("diploma"))
    receipt = receipt_of(sqlite_store, digest("diploma"), issuer=stranger().address)
    assert receipt.credential_hash == digest("diploma")
