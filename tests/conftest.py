import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from registry.store import SqlStore, open_store
from tests.databases import PostgresServer, postgres_server, sqlite_url
from tests.secret_spellings import Needle, files_under, files_with

# The key of Anvil's first account, with which most tests sign. Everybody knows it; but where it
# is written, a key that nobody knows would be.
DEVELOPMENT_KEY = Needle(
    bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
)
STARTED = time.time()

# No test is judged by the clock, which on a busy machine says nothing. In CI hypothesis has a
# profile of its own, which is the same in this.
settings.register_profile("without a clock", deadline=None)
if "CI" not in os.environ:
    settings.load_profile("without a clock")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the session if a test, or what it tests, wrote a private key anywhere."""
    if hasattr(session.config, "workerinput"):
        return  # a worker of xdist: its folder is in the controller's
    found = list(files_with(DEVELOPMENT_KEY, _written(session.config)))
    for path in found:
        print(f"\nPRIVATE KEY: the development key stands in {path}")  # noqa: T201 - for who runs it
    if found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _written(config: pytest.Config) -> Iterator[Path]:
    # Private in pytest, but the only way to the folder that it made.
    base: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    yield from files_under(base)
    yield from files_under(config.rootpath / ".hypothesis", since=STARTED)


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
