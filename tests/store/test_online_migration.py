"""A database is migrated while processes of the version before it are at work on it."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from registry.errors import UnavailableError
from registry.store import SqlStore, migrating, open_store
from registry.store.engine import Database, open_engine
from registry.store.migrating import _MIGRATIONS
from tests.databases import PostgresServer
from tests.store.builders import ISSUER, LATER, NOW, credentials
from tests.store.form_0001 import make_form_0001

# The oldest form that this version's intake can work on.
EARLIER = "0004"


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.empty_database() as found:
        yield found


@pytest.fixture
def earlier(url: str) -> Iterator[SqlStore]:
    """A process that opened the database before it was migrated."""
    database = Database(open_engine(url))
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, EARLIER)
    with closing(SqlStore(database)) as store:
        yield store


def test_earlier_processes_work_on_while_the_form_changes(earlier: SqlStore, url: str) -> None:
    added, failed = [0], list[BaseException]()
    begun, stop = threading.Event(), threading.Event()

    def work() -> None:
        try:
            while not stop.is_set():
                new = [next(iter(credentials([added[0]])))]
                earlier.add_credentials(ISSUER, new, now=NOW)
                added[0] += 1
                begun.set()
        except BaseException as exc:  # noqa: BLE001 - told by the test
            failed.append(exc)
        finally:
            begun.set()

    worker = threading.Thread(target=work)
    worker.start()
    begun.wait(30)
    try:
        # Read by connections that stay in the pool, with what they remember of the tables.
        assert earlier.batches()
        open_store(url).close()
        before = added[0]
        while added[0] < before + 5 and not failed:
            stop.wait(0.01)
    finally:
        stop.set()
        worker.join(30)
    assert failed == []
    with closing(open_store(url, create=False)) as later:
        batch = later.seal_open_batch(ISSUER, now=LATER)
        assert batch is not None
        assert batch.head is not None
        assert batch.head.tree_size == added[0]
        assert earlier.batch(batch.id) == batch


def test_several_that_migrate_at_once_do_it_once(earlier: SqlStore, url: str) -> None:
    earlier.add_credentials(ISSUER, credentials([1]), now=NOW)
    failed = list[BaseException]()

    def migrate() -> None:
        try:
            open_store(url).close()
        except BaseException as exc:  # noqa: BLE001 - told by the test
            failed.append(exc)

    several = [threading.Thread(target=migrate) for _ in range(4)]
    for each in several:
        each.start()
    for each in several:
        each.join(60)
    assert failed == []
    assert earlier.open_count(ISSUER) == 1


def test_a_long_transaction_holds_up_the_migration_and_not_everybody(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "_LOCK_WAIT", "100ms")
    with closing(Database(open_engine(url))) as database:
        make_form_0001(database)
        version = text("SELECT version_num FROM alembic_version")
        with database.read() as connection:
            connection.execute(text("SELECT count(*) FROM attempts, batches, status_changes"))
            with pytest.raises(UnavailableError, match="lock timeout"):
                open_store(url)
        with database.read() as connection:
            assert connection.scalar(version) == "0001"
        open_store(url).close()
        with database.read() as connection:
            assert connection.scalar(version) != "0001"
