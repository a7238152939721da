"""What is published is what the store says; a killed export goes on; nobody sees half of it."""

from pathlib import Path

import pytest
from sqlalchemy import select, update

from registry.core.batch import BatchState
from registry.core.static_files import INDEX_PATH, parse_head, parse_index
from registry.core.tiles import leaves_of_seal, split_hashes
from registry.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)
from registry.objects import Folder
from registry.services.static_publishing import Wishes
from registry.services.static_receipts import StaticReceipts
from registry.store import SqlStore
from registry.store.schema import credentials as credential_rows
from registry.store.schema import tiles
from tests.services.publishing import (
    WITH_RECEIPTS,
    Faulty,
    Killed,
    contents_of,
    erase,
    every_byte,
    final_batch,
    publish,
    read_receipt,
    spelled,
    stored_receipt,
)
from tests.store.builders import (
    ISSUER,
    LATER,
    OTHER,
    SECOND_CHAIN,
    credential,
    leaf,
    move,
    seal_of,
    sealed_batch,
    sorted_leaves,
)

COUNT = 600  # of three leaf tiles and four shards


@pytest.fixture
def public(tmp_path: Path) -> Path:
    return tmp_path / "public"


def test_every_receipt_is_the_one_of_the_store(store: SqlStore, public: Path) -> None:
    final_batch(store, range(COUNT))
    done = publish(store, Folder(public))
    assert (done.batches, done.credentials, done.skipped) == (1, COUNT, [])
    assert done.files == len(contents_of(public)) == 3 + 1 + 4 + 1 + 1
    for number in (0, 1, 77, COUNT - 1):
        assert read_receipt(public, number) == stored_receipt(store, number)
    with pytest.raises(NotFoundError, match="has no receipt"):
        read_receipt(public, COUNT)


@pytest.mark.parametrize("count", [1, 2, 256, 257])
def test_batches_of_any_size(sqlite_store: SqlStore, public: Path, count: int) -> None:
    batch = final_batch(sqlite_store, range(count))
    publish(sqlite_store, Folder(public))
    for number in {0, count // 2, count - 1}:
        assert read_receipt(public, number) == stored_receipt(sqlite_store, number)
    parts = StaticReceipts(Folder(public)).leaves(seal_of(batch))
    leaves = [each for part in parts for each in split_hashes(part)]
    assert list(leaves_of_seal(leaves, seal_of(batch))) == sorted_leaves(range(count))


def test_whoever_holds_all_files_and_no_credential_learns_nothing(
    sqlite_store: SqlStore, public: Path
) -> None:
    final_batch(sqlite_store, range(COUNT))
    publish(sqlite_store, Folder(public))
    everything = every_byte(public)
    assert leaf(5) in everything  # so that the search would find something
    for number in range(COUNT):
        new = credential(number)
        for secret in (new.credential_hash, new.salt):
            assert not any(form in everything for form in spelled(secret))
            assert secret[:16] not in everything
            assert secret[16:] not in everything


def test_what_is_there_is_not_written_again(sqlite_store: SqlStore, public: Path) -> None:
    final_batch(sqlite_store, range(COUNT))
    publish(sqlite_store, Folder(public))
    before = contents_of(public)
    shelf = Faulty(public, lives=0)  # dies of any write
    assert publish(sqlite_store, shelf).unchanged == 1
    assert publish(sqlite_store, shelf, Wishes()).unchanged == 1
    assert contents_of(public) == before

    second = final_batch(sqlite_store, range(COUNT, COUNT + 3))
    done = publish(sqlite_store, Folder(public))
    assert (done.unchanged, done.batches, done.files) == (1, 1, 1 + 1 + 1 + 1)
    index = parse_index((public / INDEX_PATH).read_bytes())
    assert index.batches[0].seal == seal_of(second)
    assert read_receipt(public, 1) == stored_receipt(sqlite_store, 1)
    assert read_receipt(public, COUNT) == stored_receipt(sqlite_store, COUNT)


def test_the_index_has_the_newest_first_whichever_became_final_before(
    sqlite_store: SqlStore, public: Path
) -> None:
    batches = [sealed_batch(sqlite_store, [number]) for number in range(3)]
    for number in (1, 0, 2):
        final = batches[number]
        move(sqlite_store, final, BatchState.SEALED, BatchState.ANCHORED)
        move(sqlite_store, final, BatchState.ANCHORED, BatchState.FINAL, final_at=LATER)
        publish(sqlite_store, Folder(public), seal=seal_of(final))
    index = parse_index((public / INDEX_PATH).read_bytes())
    assert [each.seal for each in index.batches] == [seal_of(batch) for batch in batches[::-1]]
    assert publish(sqlite_store, Faulty(public, lives=0)).unchanged == 3


def test_only_final_batches_are_published(sqlite_store: SqlStore, public: Path) -> None:
    batch = sealed_batch(sqlite_store, range(3))
    with pytest.raises(ConflictError, match="final on no chain yet"):
        publish(sqlite_store, Folder(public), seal=seal_of(batch))
    assert [each.id for each in publish(sqlite_store, Folder(public)).skipped] == [batch.id]
    assert not public.exists()
    with pytest.raises(NotFoundError, match="no batch with seal"):
        publish(sqlite_store, Folder(public), seal=bytes(32))


def test_a_further_chains_anchor_is_added(sqlite_store: SqlStore, public: Path) -> None:
    batch = final_batch(sqlite_store, range(COUNT))
    publish(sqlite_store, Folder(public))
    early = read_receipt(public, 7)
    move(sqlite_store, batch, BatchState.SEALED, BatchState.ANCHORED, chain_id=SECOND_CHAIN)
    move(
        sqlite_store,
        batch,
        BatchState.ANCHORED,
        BatchState.FINAL,
        chain_id=SECOND_CHAIN,
        final_at=LATER,
    )
    done = publish(sqlite_store, Folder(public))
    assert done.files == 2  # head and index
    found = read_receipt(public, 7)
    assert [anchor.chain for anchor in found.anchors] == [31337, SECOND_CHAIN]
    assert StaticReceipts(Folder(public)).completed(early) == found


def test_a_pending_receipt_is_completed_without_any_receipt_there(
    sqlite_store: SqlStore, public: Path
) -> None:
    batch = sealed_batch(sqlite_store, range(COUNT))
    pending = stored_receipt(sqlite_store, 7)
    assert pending.is_pending
    move(sqlite_store, batch, BatchState.SEALED, BatchState.ANCHORED)
    move(sqlite_store, batch, BatchState.ANCHORED, BatchState.FINAL, final_at=LATER)
    publish(sqlite_store, Folder(public), Wishes())
    there = StaticReceipts(Folder(public))
    assert there.completed(pending) == stored_receipt(sqlite_store, 7)
    with pytest.raises(NotFoundError, match="1 batches are published there without receipts"):
        there.receipt(credential(7).credential_hash)


def test_who_is_forgotten_is_taken_away(sqlite_store: SqlStore, public: Path) -> None:
    final_batch(sqlite_store, range(COUNT))
    publish(sqlite_store, Folder(public))
    before = contents_of(public)
    erase(sqlite_store, 7)
    done = publish(sqlite_store, Folder(public), Wishes())
    assert done.files == 3  # the shard, head and index
    changed = [path for path, digest in contents_of(public).items() if digest != before[path]]
    assert sum("/receipts/" in path for path in changed) == 1
    assert not any("/tile/" in path for path in changed)
    with pytest.raises(NotFoundError):
        read_receipt(public, 7)
    for number in (6, 8):
        assert read_receipt(public, number) == stored_receipt(sqlite_store, number)


def test_receipts_are_added_and_taken_away_again(sqlite_store: SqlStore, public: Path) -> None:
    batch = final_batch(sqlite_store, range(COUNT))
    publish(sqlite_store, Folder(public), Wishes(receipts=False))
    bare = contents_of(public)
    publish(sqlite_store, Folder(public))
    assert read_receipt(public, 7) == stored_receipt(sqlite_store, 7)
    done = publish(sqlite_store, Folder(public), Wishes(receipts=False), seal=seal_of(batch))
    assert done.removed == 4
    assert contents_of(public) == bare


def test_rewriting_mends_what_was_damaged(sqlite_store: SqlStore, public: Path) -> None:
    batch = final_batch(sqlite_store, range(COUNT))
    publish(sqlite_store, Folder(public))
    before = contents_of(public)
    tile = public / seal_of(batch).hex() / "tile" / "0" / "000"
    tile.write_bytes(bytes(8192))
    publish(sqlite_store, Folder(public))
    assert contents_of(public) != before
    publish(sqlite_store, Folder(public), Wishes(rewrite=True))
    assert contents_of(public) == before


def test_a_place_belongs_to_one_issuer(sqlite_store: SqlStore, public: Path) -> None:
    final_batch(sqlite_store, range(3))
    final_batch(sqlite_store, range(3, 6), issuer=OTHER)
    publish(sqlite_store, Folder(public))
    before = contents_of(public)
    with pytest.raises(ConflictError, match="another issuer"):
        publish(sqlite_store, Folder(public), issuer=OTHER)
    with pytest.raises(InvalidInputError, match="another issuer"):
        StaticReceipts(Folder(public), issuer=OTHER).receipt(bytes(32))
    assert StaticReceipts(Folder(public), issuer=ISSUER).index().issuer == ISSUER
    (public / INDEX_PATH).write_bytes(b"<html>")
    with pytest.raises(ConflictError, match="none of ours"):
        publish(sqlite_store, Folder(public))
    (public / INDEX_PATH).unlink()
    publish(sqlite_store, Folder(public))
    assert contents_of(public) == before


def test_nothing_points_to_what_the_store_cannot_prove(
    sqlite_store: SqlStore, public: Path
) -> None:
    final_batch(sqlite_store, range(3))
    one = credential_rows.c.credential_hash == credential(1).credential_hash
    with sqlite_store._database.write() as connection:
        rows = credential_rows.update().where(one)
        connection.execute(rows.values(salt=b"\xff" * 32))
    with pytest.raises(ConflictError, match="not what was sealed"):
        publish(sqlite_store, Folder(public))
    assert not (public / INDEX_PATH).exists()


def test_tiles_of_a_store_that_was_damaged_are_not_pointed_to_later(
    sqlite_store: SqlStore, public: Path
) -> None:
    final_batch(sqlite_store, range(COUNT))
    tile = (tiles.c.level == 0) & (tiles.c.tile_index == 1)
    with sqlite_store._database.write() as connection:
        sound = connection.execute(select(tiles.c.hashes).where(tile)).scalar_one()
        wrong = bytes(sound[:-1]) + bytes([sound[-1] ^ 1])
        connection.execute(update(tiles).where(tile).values(hashes=wrong))
    with pytest.raises(ConflictError):
        publish(sqlite_store, Folder(public), Wishes())
    with sqlite_store._database.write() as connection:
        connection.execute(update(tiles).where(tile).values(hashes=sound))
    publish(sqlite_store, Folder(public))
    for number in range(0, COUNT, 7):
        assert read_receipt(public, number) == stored_receipt(sqlite_store, number)


def test_a_run_killed_at_any_write_goes_on(sqlite_store: SqlStore, tmp_path: Path) -> None:
    """And no reader is ever told anything but the truth, or that it cannot be told."""
    batch = final_batch(sqlite_store, range(COUNT))
    whole = tmp_path / "whole"
    publish(sqlite_store, Folder(whole))
    wanted, files = contents_of(whole), len(contents_of(whole))
    for lives in range(files):
        public = tmp_path / f"killed-{lives}"
        with pytest.raises(Killed):
            publish(sqlite_store, Faulty(public, lives=lives))
        assert len(contents_of(public)) == lives
        with pytest.raises(NotFoundError):
            read_receipt(public, 7)
        done = publish(sqlite_store, Folder(public))
        assert done.files == files  # all of it: what nothing points to is not trusted
        assert contents_of(public) == wanted
    head = parse_head((whole / seal_of(batch).hex() / "head.json").read_bytes())
    assert head.receipt_entries == COUNT


def test_a_killed_change_leaves_the_truth(sqlite_store: SqlStore, tmp_path: Path) -> None:
    """Erasing, adding an anchor, and taking receipts away, killed at every write."""
    final_batch(sqlite_store, range(COUNT))
    start = tmp_path / "start"
    publish(sqlite_store, Folder(start))
    erase(sqlite_store, 9)
    for wishes in (WITH_RECEIPTS, Wishes(receipts=False)):
        lives, killed = 0, True
        while killed:
            public = tmp_path / f"{wishes.receipts}-{lives}"
            for path in contents_of(start):
                (public / path).parent.mkdir(parents=True, exist_ok=True)
                (public / path).write_bytes((start / path).read_bytes())
            try:
                publish(sqlite_store, Faulty(public, lives=lives), wishes)
                killed = False
            except Killed:
                _is_true_or_unknown(sqlite_store, public)
            publish(sqlite_store, Folder(public), wishes)
            again = tmp_path / f"{wishes.receipts}-whole"
            publish(sqlite_store, Folder(again), wishes)
            assert contents_of(public) == contents_of(again)
            lives += 1
        assert lives > 3


def _is_true_or_unknown(store: SqlStore, public: Path) -> None:
    try:
        found = read_receipt(public, 7)
    except UnavailableError as exc:
        if "promises" not in exc.message:
            raise
    else:
        assert found == stored_receipt(store, 7)
