"""PostgreSQL that is restarted, ends amid things, or is a standby: an outage, never a bug."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, Literal

import pytest
from sqlalchemy import make_url, text

from registry.core.new_credentials import NewCredentials
from registry.errors import InvalidInputError, UnavailableError
from registry.services.ports import Added
from registry.store import SqlStore, open_store
from registry.store.engine import Database, open_engine
from registry.store.postgresql import connect_options
from tests.postgres_process import (
    Mode,
    NoPostgresError,
    PostgresProcess,
    postgres_process,
    standby_of,
)
from tests.store.builders import ISSUER, LATER, NOW, contents, credentials


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresProcess]:
    try:
        with postgres_process() as found:
            yield found
    except NoPostgresError as exc:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(exc))


@pytest.fixture
def store(server: PostgresProcess) -> Iterator[SqlStore]:
    with closing(open_store(server.url)) as found:
        yield found
    server.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


MODES: list[Mode] = ["fast", "immediate"]
# A small intake has one commit; a staged one a second, of which all depends.
RESTARTS = (
    [(mode, size, commit) for mode in MODES for size, commit in [(5, 1), (1_500, 1), (1_500, 2)]]
    if os.environ.get("ROOTSEAL_LONG_TESTS") == "1"
    else [("immediate", 5, 1), ("fast", 1_500, 2)]
)


def at_commit(
    store: SqlStore, number: int, act: Callable[[], None], *, when: Literal["before", "after"]
) -> None:
    """Do something right before or after a commit; the first that follows is number 1."""
    dialect = store._database._engine.dialect
    commit, left = dialect.do_commit, number

    def counted(connection: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0 and when == "before":
            act()
        commit(connection)
        if left == 0 and when == "after":
            act()
            connection.execute("SELECT 1")  # as a commit whose answer is read too late

    setattr(dialect, "do_commit", counted)  # noqa: B010 - mypy knows it as no thing to assign to


@pytest.mark.parametrize(("mode", "size", "commit"), RESTARTS)
def test_a_restart_before_a_commit_of_an_intake_is_an_outage_and_changes_nothing(
    server: PostgresProcess, store: SqlStore, mode: Mode, size: int, commit: int
) -> None:
    store.add_credentials(ISSUER, credentials([1]), now=NOW)
    before = contents(store)
    at_commit(store, commit, lambda: server.restart(mode), when="before")
    with pytest.raises(UnavailableError):
        store.add_credentials(ISSUER, credentials(range(size)), now=NOW)
    assert contents(store) == before
    assert store.add_credentials(ISSUER, credentials(range(size)), now=NOW) == Added(size - 1, 1)


@pytest.mark.parametrize(("size", "commit"), [(5, 1), (1_500, 2)])
def test_an_intake_whose_commit_was_not_answered_is_safe_to_repeat(
    server: PostgresProcess, store: SqlStore, size: int, commit: int
) -> None:
    at_commit(store, commit, lambda: server.restart("fast"), when="after")
    with pytest.raises(UnavailableError):
        store.add_credentials(ISSUER, credentials(range(size)), now=NOW)
    assert store.add_credentials(ISSUER, credentials(range(size)), now=NOW) == Added(0, size)


def test_a_server_that_is_away_is_an_outage_until_it_is_back(
    server: PostgresProcess, store: SqlStore
) -> None:
    store.add_credentials(ISSUER, credentials([1]), now=NOW)
    server.stop()
    for _ in range(2):
        with pytest.raises(UnavailableError, match="refused"):
            store.seal_open_batch(ISSUER, now=LATER)
        with pytest.raises(UnavailableError, match="refused"):
            store.batches()
    server.start()
    assert store.seal_open_batch(ISSUER, now=LATER) is not None


def test_a_transaction_that_was_idle_too_long_is_an_outage(
    server: PostgresProcess, store: SqlStore
) -> None:
    server.sql("ALTER DATABASE registry SET idle_in_transaction_session_timeout = '100ms'")
    store._database.close()

    def slow() -> Iterator[NewCredentials]:
        yield from credentials(range(10_999))
        server.sql("SELECT pg_sleep(0.5)")
        yield from credentials(range(11_000, 22_000))

    try:
        with pytest.raises(UnavailableError):
            store.add_credentials(ISSUER, slow(), now=NOW)
        assert store.issuers() == []
    finally:
        server.sql("ALTER DATABASE registry RESET idle_in_transaction_session_timeout")


def test_a_lock_that_is_not_given_in_time_is_an_outage(
    server: PostgresProcess, store: SqlStore
) -> None:
    store.add_credentials(ISSUER, credentials([1]), now=NOW)
    before = contents(store)
    with closing(Database(open_engine(server.url))) as other, other.write() as connection:
        connection.execute(text("SELECT id FROM batches FOR UPDATE"))
        with store._database.read() as waiting:
            waiting.execute(text("SET lock_timeout = '50ms'"))
        with pytest.raises(UnavailableError, match="lock timeout"):
            store.add_credentials(ISSUER, credentials([2]), now=NOW)
    assert contents(store) == before


def test_sessions_lose_nothing_and_notice_a_host_that_vanished(store: SqlStore) -> None:
    wanted = {
        "synchronous_commit": "on",  # which this server's own configuration has off
        "lock_timeout": "1min",
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "30000",
    }
    with store._database.read() as connection:
        found = {name: str(connection.scalar(text(f"SHOW {name}"))) for name in wanted}
    assert found == wanted


def test_what_the_url_says_counts_before_our_own() -> None:
    url = make_url("postgresql://h/d?connect_timeout=3&target_session_attrs=any")
    assert "connect_timeout" not in connect_options(url)
    assert connect_options(url)["tcp_user_timeout"] == 30_000


def test_several_servers_in_the_wrong_form_are_told_the_right_one() -> None:
    with pytest.raises(InvalidInputError, match="host=a:5432&host=b:5432"):
        open_store("postgresql://a:5432,b:5432/registry")


# -- a primary and its standby


def test_after_a_failover_the_other_server_is_used(
    server: PostgresProcess, store: SqlStore
) -> None:
    store.add_credentials(ISSUER, credentials(range(3)), now=NOW)
    with standby_of(server) as standby:
        both = (
            f"postgresql://postgres@/registry"
            f"?host=127.0.0.1:{standby.port}&host=127.0.0.1:{server.port}"
        )
        with closing(open_store(both)) as found:
            assert found.add_credentials(ISSUER, credentials([3]), now=NOW) == Added(1, 0)
            server.sql("SELECT pg_current_wal_lsn()")
            server.stop("fast")  # sends all it has to the standby before it ends
            with pytest.raises(UnavailableError) as caught:
                found.add_credentials(ISSUER, credentials([4]), now=NOW)
            named = f"postgresql://127.0.0.1:{standby.port},127.0.0.1:{server.port}/registry"
            assert caught.value.source == named
            standby.promote()
            assert found.add_credentials(ISSUER, credentials(range(5)), now=NOW) == Added(1, 4)
            batch = found.seal_open_batch(ISSUER, now=LATER)
            assert batch is not None
            assert batch.head is not None
            assert batch.head.tree_size == 5
    server.start()


def backends(server: PostgresProcess) -> int:
    """Connections to the database but for the one that asks; to close one takes a moment."""
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'registry' AND pid <> "
    deadline = time.monotonic() + 10
    while (found := int(server.sql(f"{count} pg_backend_pid()"))) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def test_a_standby_takes_nothing_and_is_left_when_another_can(
    server: PostgresProcess, store: SqlStore
) -> None:
    """Reads go on there; the first write ends every connection to it."""
    store.add_credentials(ISSUER, credentials(range(3)), now=NOW)
    with standby_of(server) as standby, closing(open_store(standby.url)) as found:
        assert found.open_count(ISSUER) == 3
        for size in (1, 2_000):
            with pytest.raises(UnavailableError, match="read-only"):
                found.add_credentials(ISSUER, credentials(range(10, 10 + size)), now=NOW)
            assert backends(standby) == 0
        assert found.open_count(ISSUER) == 3
        standby.promote()
        assert found.add_credentials(ISSUER, credentials([4]), now=NOW) == Added(1, 0)
