"""Connections to the database, transactions, and the database's failures in our words.

It knows no table.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    QueuePool,
    Table,
    create_engine,
    event,
    exc,
    make_url,
)
from sqlalchemy.dialects import postgresql, sqlite

from registry.errors import InvalidInputError, UnavailableError
from registry.store.postgresql import (
    IDLE_TOO_LONG,
    READ_ONLY,
    connect_options,
    hosts,
    prepare_engine,
    sqlstate_of,
)
from registry.store.questions import Peek

DATABASE_URL: Final = "database URL"  # the place of faults in it
CONNECTIONS: Final = 15  # at most, unless it is told
_KEPT_CONNECTIONS: Final = 5  # that stay open when nobody needs them
_WAIT_SECONDS: Final = 30  # for another writer; sealing a million leaves takes a few seconds
_CACHE_KIB: Final = 65_536  # SQLite pages in memory per connection; random index inserts need it
_SQLITE_ERROR: Final = 1  # bad SQL, a missing table: a bug and no outage

# A transaction option: how SQLite is to begin it.
_BEGIN: Final = "rootseal_begin"


class Database:
    """An engine with the two kinds of transaction that the store knows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        self._name = _public_name(engine.url)
        # The driver's own, which is imported only if the database is of its kind.
        self._held = threading.local()
        self._driver: Any = engine.dialect.loaded_dbapi  # Any: a module by the DB-API

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite; PostgreSQL otherwise."""
        return self._engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction for reading; on SQLite all its reads see one state."""
        with self._own_errors(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def peek(self) -> Iterator[Peek]:
        """For questions of which each stands for itself, without a transaction around them.

        Those within `together` go over one connection.
        """
        held: Peek | None = getattr(self._held, "peek", None)
        if held is None:
            with self._new_peek() as peek:
                yield peek
            return
        with self._own_errors(), self._driver_errors():
            yield held

    @contextmanager
    def together(self) -> Iterator[None]:
        """Have what this thread peeks at in the block share a connection."""
        with self.peek() as peek:
            before, self._held.peek = getattr(self._held, "peek", None), peek
            try:
                yield
            finally:
                self._held.peek = before

    @contextmanager
    def _new_peek(self) -> Iterator[Peek]:
        with self._own_errors():
            with self._driver_errors():
                connection = self._engine.raw_connection()
            try:
                with self._driver_commits(connection.driver_connection), self._driver_errors():
                    yield Peek(connection, self._engine.dialect)
            except (exc.DBAPIError, UnavailableError):
                if not self.is_sqlite:  # which has no link that could break, or is in memory
                    connection.invalidate()
                raise
            finally:
                connection.close()

    @contextmanager
    def _driver_errors(self) -> Iterator[None]:
        """What the driver raises, as SQLAlchemy would have raised it."""
        try:
            yield
        except self._driver.Error as error:
            raise exc.DBAPIError.instance(
                None, None, error, self._driver.Error, hide_parameters=True
            ) from error

    @contextmanager
    def _driver_commits(self, connection: Any) -> Iterator[None]:  # noqa: ANN401 - the driver's
        """PostgreSQL's driver would begin a transaction, and end it: two round trips more."""
        if self.is_sqlite:
            yield
            return
        connection.autocommit = True
        try:
            yield
        finally:
            if not connection.closed:
                connection.autocommit = False

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction for writing, committed at the end or, after an exception, undone.

        On SQLite it is the only one from its very beginning.
        """
        with self._own_errors(), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def staging(self) -> Iterator[Connection]:
        """A connection for transactions of the caller's own, the first on temporary tables."""
        with self._own_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def begin_write(self, connection: Connection) -> Iterator[None]:
        """As `write`, on a connection from `staging`."""
        connection.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        try:
            with connection.begin():
                yield
        finally:
            connection.execution_options(**{_BEGIN: "BEGIN"})

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An insert that can be told what to do on a conflict."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    @contextmanager
    def _own_errors(self) -> Iterator[None]:
        try:
            yield
        except (exc.SQLAlchemyError, self._driver.Error) as error:
            if not (_is_outage(error) or isinstance(error, self._driver.OperationalError)):
                raise
            raise UnavailableError(self._words(error), source=self._name) from error

    def _words(self, error: BaseException) -> str:
        """What the driver said, without statement, values or password."""
        cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig else error
        words = " ".join(str(cause).split()) or type(cause).__name__
        password = self._engine.url.password
        return words.replace(str(password), "***") if password else words


class StorePart:
    """A part of the store, on its database."""

    def __init__(self, database: Database) -> None:
        self._database = database


def open_engine(url: str, *, connections: int = CONNECTIONS) -> Engine:
    """Engine for a `sqlite:///path` or `postgresql://…` URL; connects when first used.

    `connections` are opened at most.
    Raises `InvalidInputError` for any other URL, without repeating it.
    """
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):
        raise InvalidInputError(
            "the database URL cannot be parsed; several servers are named "
            "postgresql://user@/database?host=a:5432&host=b:5432",
            place=DATABASE_URL,
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _sqlite_engine(parsed.set(drivername="sqlite"), connections)
    if backend in {"postgresql", "postgres"}:
        return _postgresql_engine(parsed.set(drivername="postgresql+psycopg"), connections)
    raise InvalidInputError(
        f"the store runs on sqlite or postgresql, not {backend}", place=DATABASE_URL
    )


def is_in_memory(url: URL) -> bool:
    """Whether a SQLite URL names no file."""
    return url.database in {None, "", ":memory:"}


def _sqlite_engine(url: URL, connections: int) -> Engine:
    options = _pool(connections)
    if is_in_memory(url):
        # A database in memory is its one connection: threads take turns with it.
        options = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0}
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={"timeout": _WAIT_SECONDS, "check_same_thread": False},
        **options,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # or the driver begins and commits as it thinks fit
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _postgresql_engine(url: URL, connections: int) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        **_pool(connections),
        connect_args=connect_options(url),
    )
    prepare_engine(engine)
    return engine


def _pool(connections: int) -> dict[str, Any]:  # Any: create_engine's own options
    kept = min(connections, _KEPT_CONNECTIONS)
    return {"pool_size": kept, "max_overflow": connections - kept}


def _public_name(url: URL) -> str:
    """The database's name for messages: never user, password or options."""
    several = hosts(url)
    if several != url.host:
        return f"{url.get_backend_name()}://{several}/{url.database or ''}"
    shown = URL.create(url.get_backend_name(), host=url.host, port=url.port, database=url.database)
    return shown.render_as_string()


def _is_outage(error: Exception) -> bool:
    if sqlstate_of(getattr(error, "orig", error)) in {READ_ONLY, IDLE_TOO_LONG}:
        return True
    if isinstance(error, exc.DBAPIError):
        code = getattr(error.orig, "sqlite_errorcode", None)
        if code is not None and code & 0xFF == _SQLITE_ERROR:
            return False
        # SQLite calls a damaged file a DatabaseError and nothing more precise.
        return (
            error.connection_invalidated
            or isinstance(error, exc.OperationalError | exc.InterfaceError)
            or type(error) is exc.DatabaseError
        )
    return isinstance(error, exc.TimeoutError | exc.DisconnectionError)
