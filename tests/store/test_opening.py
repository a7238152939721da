import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from registry.errors import InvalidInputError
from registry.services.ports import Added
from registry.store import SqlStore, open_store
from registry.store.engine import Database, open_engine
from registry.store.schema import metadata
from tests.databases import PostgresServer
from tests.store.builders import ISSUER, NOW, credentials, sealed_batch


def new_file(folder: Path) -> str:
    """A database of SQLite that is not there yet."""
    return f"sqlite:///{folder / 'registry.db'}"


def set_revision(store: SqlStore, revision: str) -> None:
    with store._database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


def form(connection: Connection) -> dict[str, Any]:
    """All that the database knows of our tables, checks included."""
    found = inspect(connection)
    return {
        table: {
            "columns": [{**c, "type": str(c["type"])} for c in found.get_columns(table)],
            "key": found.get_pk_constraint(table),
            "foreign keys": found.get_foreign_keys(table),
            "unique": sorted(map(str, found.get_unique_constraints(table))),
            "checks": sorted(map(str, found.get_check_constraints(table))),
            "indexes": sorted(
                str({**i, "dialect_options": sorted(map(str, i["dialect_options"].values()))})
                for i in found.get_indexes(table)
            ),
        }
        for table in metadata.tables
    }


def test_migrations_make_what_the_schema_says(empty_url: str) -> None:
    with closing(open_store(empty_url)) as store, store._database.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_migrations_state_every_rule_of_the_schema(empty_url: str) -> None:
    with closing(Database(open_engine(empty_url))) as database, database.write() as connection:
        metadata.create_all(connection)
        wanted = form(connection)
        metadata.drop_all(connection)
    with closing(open_store(empty_url)) as store, store._database.read() as connection:
        assert form(connection) == wanted


def test_an_empty_database_is_refused_where_none_may_be_created(empty_url: str) -> None:
    with pytest.raises(InvalidInputError, match="no tables of Rootseal"):
        open_store(empty_url, create=False)
    engine = open_engine(empty_url)
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == []
    engine.dispose()


def test_a_current_database_is_opened_either_way(store: SqlStore, database_url: str) -> None:
    batch = sealed_batch(store, range(3))
    for create in (True, False):
        with closing(open_store(database_url, create=create)) as again:
            assert again.batches() == [batch]


@pytest.mark.parametrize("create", [True, False])
def test_a_newer_database_is_refused(store: SqlStore, database_url: str, *, create: bool) -> None:
    set_revision(store, "9999")
    with pytest.raises(InvalidInputError, match=r"9999.*newer"):
        open_store(database_url, create=create)


def test_a_missing_file_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no database file"):
        open_store(new_file(tmp_path), create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no database file"):
        open_store(new_file(tmp_path / "missing"))


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "registry.db").mkdir()
    with pytest.raises(InvalidInputError, match="cannot be written: Is a directory"):
        open_store(new_file(tmp_path))


def test_a_database_file_is_its_owners_alone(tmp_path: Path) -> None:
    with closing(open_store(new_file(tmp_path))) as store:
        sealed_batch(store, range(3))
        modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o600}


@pytest.mark.parametrize(
    "url",
    ["", "registry.db", "mysql://root:secret@host/db", "postgresql://u:secret@host:port/db"],
)
def test_an_unusable_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


def test_sqlite_is_set_to_lose_nothing(sqlite_store: SqlStore) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    with sqlite_store._database.read() as connection:
        found = {name: connection.scalar(text(f"PRAGMA {name}")) for name in wanted}
    assert found == wanted


def test_a_database_in_memory_is_one_for_all_threads() -> None:
    with closing(open_store("sqlite://")) as store:
        assert store.add_credentials(ISSUER, credentials(range(1_500)), now=NOW) == Added(1_500, 0)
        assert store.open_count(ISSUER) == 1_500
        assert store.seal_open_batch(ISSUER, now=NOW) is not None


def test_a_closed_store_leaves_one_plain_file(tmp_path: Path) -> None:
    open_store(new_file(tmp_path)).close()
    assert [path.name for path in tmp_path.iterdir()] == ["registry.db"]


def test_a_plain_postgres_url_needs_no_driver_name(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        short = url.replace("postgresql:", "postgres:", 1)
        with closing(open_store(short)) as store:
            store.ping()
