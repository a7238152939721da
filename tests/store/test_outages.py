import sqlite3
import traceback
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import IntegrityError, StatementError

from registry.core.new_credentials import NewCredentials
from registry.errors import UnavailableError
from registry.services.ports import Added
from registry.store import SqlStore, open_store
from tests.databases import PostgresServer
from tests.store.builders import ISSUER, LATER, NOW, contents, credentials, sealed_batch

PASSWORD = "correct horse"
NOBODY_THERE = f"postgresql://clerk:{PASSWORD.replace(' ', '%20')}@127.0.0.1:1/registry"


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url


def end_connections(url: str) -> None:
    """What a restart of the server looks like to a client."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()


def impatient(store: SqlStore) -> None:
    """Let the store give up waiting for another writer at once."""

    @event.listens_for(store._database._engine, "connect")
    def _no_wait(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout = 0")

    store._database.close()


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(UnavailableError) as caught:
        open_store(NOBODY_THERE)
    assert caught.value.source == "postgresql://127.0.0.1:1/registry"


def test_a_password_is_in_no_message_and_no_traceback() -> None:
    with pytest.raises(UnavailableError) as caught:
        open_store(NOBODY_THERE)
    assert PASSWORD not in str(caught.value)
    assert "clerk" not in str(caught.value)
    # Without source lines, which show this file.
    chain = traceback.TracebackException.from_exception(caught.value, lookup_lines=False)
    while chain is not None:
        assert PASSWORD not in "".join(chain.format_exception_only())
        assert "correct%20horse" not in "".join(chain.format_exception_only())
        following = chain.__cause__ or chain.__context__
        if following is None:
            break
        chain = following


def test_an_ended_connection_is_replaced_unnoticed(postgres_url: str) -> None:
    with closing(open_store(postgres_url)) as store:
        batch = sealed_batch(store, range(3))
        end_connections(postgres_url)
        assert store.batch(batch.id) == batch


@pytest.mark.parametrize("size", [1_000, 11_500, 25_000])
def test_a_connection_lost_during_an_upload_changes_nothing(postgres_url: str, size: int) -> None:
    def upload() -> Iterator[NewCredentials]:
        yield from credentials(range(size))
        end_connections(postgres_url)
        yield from credentials(range(size, size + 5))

    with closing(open_store(postgres_url)) as store:
        sealed_batch(store, range(3))
        before = contents(store)
        with pytest.raises(UnavailableError):
            store.add_credentials(ISSUER, upload(), now=NOW)
        assert contents(store) == before
        # And the store goes on as if nothing had been.
        assert store.add_credentials(ISSUER, credentials(range(size)), now=NOW).known == 3


def test_a_connection_lost_in_the_last_transaction_changes_nothing(postgres_url: str) -> None:
    with closing(open_store(postgres_url)) as store:

        def interrupt(*_: object) -> None:
            event.remove(store._database._engine, "begin", interrupt)
            end_connections(postgres_url)

        def upload() -> Iterator[NewCredentials]:
            yield from credentials(range(2_000))
            event.listen(store._database._engine, "begin", interrupt)

        before = contents(store)
        with pytest.raises(UnavailableError):
            store.add_credentials(ISSUER, upload(), now=NOW)
        assert contents(store) == before
        assert store.add_credentials(ISSUER, credentials(range(5)), now=NOW) == Added(5, 0)


@pytest.mark.parametrize("size", [3, 1_500])
def test_a_writer_that_does_not_end_makes_sqlite_unavailable(
    sqlite_store: SqlStore, size: int
) -> None:
    sqlite_store.add_credentials(ISSUER, credentials([1]), now=NOW)
    impatient(sqlite_store)
    before = contents(sqlite_store)
    path = sqlite_store._database._engine.url.database
    assert path is not None
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnavailableError, match="locked") as caught:
            sqlite_store.add_credentials(ISSUER, credentials(range(size)), now=NOW)
        with pytest.raises(UnavailableError, match="locked"):
            sqlite_store.seal_open_batch(ISSUER, now=LATER)
        assert path in caught.value.source
        assert contents(sqlite_store) == before
    assert sqlite_store.add_credentials(ISSUER, credentials(range(size)), now=NOW).known == 1


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_bytes(b"not a database at all, but long enough to look at" * 100)
    with pytest.raises(UnavailableError, match="not a database"):
        open_store(f"sqlite:///{path}")


def test_a_mistake_in_sql_is_no_outage(store: SqlStore) -> None:
    with pytest.raises(StatementError), store._database.read() as connection:
        connection.execute(text("SELECT * FROM no_such_table"))


def test_a_broken_constraint_is_a_bug_and_changes_nothing(store: SqlStore) -> None:
    with pytest.raises(IntegrityError):
        store.add_credentials(b"\x11" * 19, credentials([1]), now=NOW)
    assert store.issuers() == []


def test_ping_asks_the_database(store: SqlStore) -> None:
    store.ping()


def test_ping_of_a_database_that_is_gone_is_unavailable(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        store = open_store(url)
    with closing(store), pytest.raises(UnavailableError):
        store.ping()
