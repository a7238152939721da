"""Questions that go past SQLAlchemy: the same answers, by seeks, outside of any transaction."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import column, event, select
from sqlalchemy import table as sql_table
from sqlalchemy.exc import DBAPIError

from registry.core.tiles import TILE_WIDTH
from registry.core.tree import leaf_hash, root_from_proof
from registry.errors import UnavailableError
from registry.store import SqlStore, open_store
from registry.store.questions import Question, of_each
from registry.store.schema import credentials as table
from tests.store.builders import ISSUER, NOW, OTHER, credential, credentials, sealed_batch

COUNT = 3_000


@contextmanager
def plans(monkeypatch: pytest.MonkeyPatch, store: SqlStore) -> Iterator[list[str]]:
    """How SQLite carries out each question, without statistics as in a store of ours."""
    found: list[str] = []
    path = store._database._engine.url.database
    assert path is not None
    with closing(sqlite3.connect(path)) as beside:

        def explain(text: str, arguments: Any) -> None:
            if not text.startswith("SELECT"):
                return
            rows = beside.execute(f"EXPLAIN QUERY PLAN {text}", arguments).fetchall()
            found.extend(row[-1] for row in rows)

        ask = Question.ask

        def explained(self: Question, peek: Any, each: Any = (), **values: Any) -> list[Any]:
            answer = ask(self, peek, each, **values)
            for (dialect, length), written in self._written.items():
                if dialect != "sqlite":
                    continue
                named = dict.fromkeys((f"each_{number}" for number in range(length)), b"") | values
                explain(written.text, written.arguments(named))
            return answer

        def before(_c: Any, _cursor: Any, text: str, arguments: Any, *_: Any) -> None:
            explain(text, arguments)

        monkeypatch.setattr(Question, "ask", explained)
        event.listen(store._database._engine, "before_cursor_execute", before)
        yield found
        event.remove(store._database._engine, "before_cursor_execute", before)


@pytest.mark.parametrize("asked", [1, 2, 33, 1_000])
def test_however_many_are_asked_for_no_batch_is_looked_through(
    sqlite_store: SqlStore, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = sealed_batch(sqlite_store, range(COUNT))
    hashes = [credential(number).credential_hash for number in range(asked)]
    with plans(monkeypatch, sqlite_store) as found:
        stored = sqlite_store.find_all_credentials(hashes)
        sqlite_store.proofs(sqlite_store.batch(batch.id), stored)
        sqlite_store.on_chains(batch.id)
        assert sum(map(len, sqlite_store.batch_credentials(batch))) == COUNT
    assert len(found) >= 6
    assert [plan for plan in found if "SCAN" in plan or "(batch_id=?)" in plan] == [
        plan for plan in found if "anchorings" in plan
    ]


def test_any_number_of_credentials_is_found_and_proved(store: SqlStore) -> None:
    batch = sealed_batch(store, range(COUNT))
    assert batch.head is not None
    for asked in (0, 1, 2, 3, 31, 64, 65, COUNT):
        hashes = [credential(number).credential_hash for number in range(asked)]
        stored = store.find_all_credentials([*hashes, b"\x00" * 32])
        assert [each.credential_hash for each in stored] == sorted(hashes)
        assert {each.added_at for each in stored} <= {NOW}
        for each, proof in zip(stored, store.proofs(batch, stored), strict=True):
            leaf = leaf_hash(salt=each.salt, credential_hash=each.credential_hash)
            assert root_from_proof(leaf, proof) == batch.head.merkle_root


def test_a_tile_that_credentials_share_is_read_once(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = sealed_batch(store, range(COUNT))
    stored = store.find_all_credentials([credential(n).credential_hash for n in range(COUNT)])
    read: list[int] = []
    ask = Question.ask

    def counted(self: Question, *asked: Any, **values: Any) -> list[Any]:
        rows = ask(self, *asked, **values)
        read.extend(row.tile_index for row in rows if "tile_index" in row._fields)
        return rows

    monkeypatch.setattr(Question, "ask", counted)
    assert len(store.proofs(batch, stored)) == COUNT
    assert sorted(read) == list(range(-(-COUNT // TILE_WIDTH)))


def test_the_same_hash_asked_for_twice_is_one_credential(store: SqlStore) -> None:
    for issuer in (OTHER, ISSUER):
        store.add_credentials(issuer, credentials([7]), now=NOW)
    digest = credential(7).credential_hash
    found = store.find_all_credentials([digest, digest, digest])
    assert [each.issuer for each in found] == [ISSUER, OTHER]


def test_a_question_leaves_no_transaction_behind(store: SqlStore) -> None:
    """Neither a lock that keeps others waiting, nor a state that grows old."""
    database = store._database
    count = Question(
        lambda length: select(table.c.leaf).where(table.c.credential_hash.in_(of_each(length)))
    )
    with database.peek() as peek:
        wanted = [credential(0).credential_hash]
        assert count.ask(peek, wanted) == []
        store.add_credentials(ISSUER, credentials([0]), now=NOW)
        assert len(count.ask(peek, wanted)) == 1
    with pytest.raises(ZeroDivisionError), database.peek() as peek:
        raise ZeroDivisionError
    with database.write() as connection:  # and its connection writes by transaction again
        connection.execute(table.update().values(salt=b"\x09" * 32))
        connection.rollback()
    assert store.find_credentials(wanted[0])[0].salt == credential(0).salt


def test_bad_sql_is_a_bug_and_no_outage(store: SqlStore) -> None:
    wrong = Question(lambda _: select(column("anything")).select_from(sql_table("nowhere")))
    with pytest.raises(DBAPIError, match="nowhere"), store._database.peek() as peek:
        wrong.ask(peek)
    with (
        pytest.raises(DBAPIError, match="nowhere"),
        store.together(),
        store._database.peek() as peek,
    ):
        wrong.ask(peek)


def test_a_damaged_file_is_an_outage(tmp_path: Path) -> None:
    path = tmp_path / "damaged.db"
    with closing(open_store(f"sqlite:///{path}")) as store:
        store.close()
        path.write_bytes(b"no database" * 1000)
        with pytest.raises(UnavailableError, match="not a database"):
            store.find_credentials(b"\x00" * 32)
        with pytest.raises(UnavailableError, match="not a database"), store.together():
            store.batch(1)


def test_questions_together_share_a_connection_and_give_it_back(store: SqlStore) -> None:
    batch = sealed_batch(store, range(3))
    with store.together():
        assert store.batch(batch.id) == batch
        with store._database.peek() as one, store._database.peek() as other:
            assert one.connection is other.connection
        [found] = store.find_credentials(credential(1).credential_hash)
        assert store.proofs(batch, [found])
    assert store._database._engine.pool.checkedout() == 0  # type: ignore[attr-defined] # a QueuePool


def test_after_a_failure_the_store_goes_on(sqlite_store: SqlStore) -> None:
    def fail() -> None:
        with sqlite_store._database.peek():
            raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(UnavailableError):
        fail()
    with pytest.raises(UnavailableError), sqlite_store.together(), sqlite_store.together():
        fail()
    assert sqlite_store.find_credentials(b"\x00" * 32) == []
