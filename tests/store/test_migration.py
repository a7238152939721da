from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import inspect, text

from registry.core.batch import BatchState
from registry.errors import InvalidInputError
from registry.services.ports import Anchor, OnChain, Purpose
from registry.store import SqlStore, open_store
from registry.store.engine import Database, open_engine
from tests.store.builders import (
    CHAIN,
    ISSUER,
    NOW,
    OTHER,
    SECOND_CHAIN,
    credentials,
    lease,
    sealed_batch,
)
from tests.store.form_0001 import (
    ANCHORED,
    BY_OTHERS,
    FINAL,
    ON_TWO,
    OPEN,
    SEALED,
    SENT,
    make_form_0001,
)

KEPT = ["attempts", "credentials", "status_changes", "tiles", "api_keys"]


@pytest.fixture
def old_url(empty_url: str) -> str:
    """A database of form 0001 with something in every table that changes."""
    with closing(Database(open_engine(empty_url))) as database:
        make_form_0001(database)
    return empty_url


@pytest.fixture
def migrated(old_url: str) -> Iterator[SqlStore]:
    with closing(open_store(old_url)) as store:
        yield store


def rows(url: str, names: list[str]) -> dict[str, list[tuple[Any, ...]]]:
    with closing(Database(open_engine(url))) as database, database.read() as connection:
        return {
            name: sorted(map(tuple, connection.execute(text(f"SELECT * FROM {name}"))))  # noqa: S608
            for name in names
        }


def anchor(batch_id: int, chain_id: int) -> Anchor:
    return Anchor(
        chain_id=chain_id,
        contract=b"\x44" * 20,
        transaction=bytes([batch_id]) * 32,
        block_number=batch_id,
        block_hash=b"\x66" * 32,
        log_index=3,
        anchored_at=datetime(1970, 1, 1, 0, 0, 4, tzinfo=UTC),
    )


def test_anchors_are_kept_with_the_state_of_their_batch(migrated: SqlStore) -> None:
    want = {
        ANCHORED: [OnChain(CHAIN, BatchState.ANCHORED, anchor(ANCHORED, CHAIN), 0)],
        FINAL: [OnChain(CHAIN, BatchState.FINAL, anchor(FINAL, CHAIN), 0)],
        ON_TWO: [
            OnChain(chain_id, BatchState.FINAL, anchor(ON_TWO, chain_id), 0)
            for chain_id in (CHAIN, SECOND_CHAIN)
        ],
    }
    assert {batch_id: migrated.on_chains(batch_id) for batch_id in want} == want


def test_a_batch_under_way_stands_on_the_chains_of_its_attempts(migrated: SqlStore) -> None:
    assert migrated.on_chains(SENT) == [
        OnChain(chain_id, BatchState.ANCHORING, None, 0) for chain_id in (CHAIN, SECOND_CHAIN)
    ]


@pytest.mark.parametrize("batch_id", [OPEN, SEALED, BY_OTHERS])
def test_other_batches_stand_nowhere_yet(migrated: SqlStore, batch_id: int) -> None:
    assert migrated.on_chains(batch_id) == []


def test_batches_keep_their_states_but_for_one_without_a_chain(migrated: SqlStore) -> None:
    assert {batch.id: batch.state for batch in migrated.batches()} == {
        OPEN: BatchState.OPEN,
        SEALED: BatchState.SEALED,
        SENT: BatchState.ANCHORING,
        ANCHORED: BatchState.ANCHORED,
        FINAL: BatchState.FINAL,
        ON_TWO: BatchState.FINAL,
        BY_OTHERS: BatchState.SEALED,
    }


def test_all_else_is_as_it_was(old_url: str) -> None:
    before = rows(old_url, KEPT)
    open_store(old_url).close()
    assert rows(old_url, KEPT) == before
    assert rows(old_url, ["leases", "authorizations", "status_marks"]) == {
        "leases": [],
        "authorizations": [],
        "status_marks": [],
    }


def test_the_old_table_is_gone(migrated: SqlStore) -> None:
    with migrated._database.read() as connection:
        assert not inspect(connection).has_table("anchors")


def test_work_goes_on_where_it_was(migrated: SqlStore) -> None:
    held = lease(migrated)
    for chain_id in (CHAIN, SECOND_CHAIN):
        migrated.move_batch(
            SENT,
            lease=held,
            chain_id=chain_id,
            source=BatchState.ANCHORING,
            target=BatchState.ANCHORED,
            anchor=anchor(SENT, chain_id),
        )
    assert migrated.batch(SENT).state == BatchState.ANCHORED
    (change,) = migrated.open_status_changes_on(ISSUER, CHAIN)
    migrated.finish_status_change(change.id, lease=held, chain_id=CHAIN, now=NOW)
    migrated.close_status_changes(ISSUER, [CHAIN], lease=held, now=NOW)
    assert migrated.open_status_changes() == []
    assert [each.replacement for each in migrated.attempts(Purpose.ANCHOR, SENT)] == [0, 1, 0]
    assert migrated.add_credentials(ISSUER, credentials([1]), now=NOW).new == 1


def test_an_old_database_is_left_alone_where_none_may_be_changed(old_url: str) -> None:
    names = ["batches", "anchors", *KEPT]
    before = rows(old_url, names)
    with pytest.raises(InvalidInputError, match=r"has 0001.*needs 0006"):
        open_store(old_url, create=False)
    assert rows(old_url, names) == before


def test_a_migration_that_fails_changes_nothing(old_url: str) -> None:
    with closing(Database(open_engine(old_url))) as database, database.write() as connection:
        # In the way of the migration's last table.
        connection.execute(text("CREATE TABLE status_marks (id INTEGER)"))
    names = ["batches", "anchors", *KEPT]
    before = rows(old_url, names)
    with pytest.raises(Exception, match="already exists"):
        open_store(old_url)
    assert rows(old_url, names) == before
    with closing(Database(open_engine(old_url))) as database, database.read() as connection:
        assert not inspect(connection).has_table("leases")
        assert rows(old_url, ["alembic_version"]) == {"alembic_version": [("0001",)]}


def test_credentials_of_sealed_batches_are_found_in_the_order_of_their_leaves(
    empty_url: str,
) -> None:
    with closing(open_store(empty_url)) as store:
        sealed = [sealed_batch(store, range(600)), sealed_batch(store, [1], issuer=OTHER)]
        store.add_credentials(ISSUER, credentials([601]), now=NOW)
        wanted = [list(store.batch_credentials(batch)) for batch in sealed]
        with store._database.write() as connection:
            connection.execute(text("DROP TABLE sealed_credentials"))
            connection.execute(
                text("CREATE UNIQUE INDEX uq_credentials_leaf ON credentials (batch_id, leaf)")
            )
            connection.execute(text("UPDATE alembic_version SET version_num = '0005'"))
    with closing(open_store(empty_url)) as store:
        assert [list(store.batch_credentials(batch)) for batch in sealed] == wanted
        with store._database.read() as connection:
            indexes = {each["name"] for each in inspect(connection).get_indexes("credentials")}
        assert "uq_credentials_leaf" not in indexes
