from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.store import SqlStore, open_store
from tests.databases import PostgresServer, postgres_server, sqlite_url


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database of either kind."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path)
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.database() as url:
            yield url


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    """An empty store on either database."""
    opened = open_store(database_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store on SQLite, where the kind of database is beside the point."""
    opened = open_store(sqlite_url(tmp_path))
    yield opened
    opened.close()
