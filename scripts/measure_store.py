"""Bytes that a credential takes in the store, on SQLite and on PostgreSQL: open, and sealed."""

import argparse
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from synthetic import credentials

from registry.store import open_store
from registry.wiring import utc_now

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the server for tests

from tests.postgres_process import postgres_process  # noqa: E402

ISSUER = b"\x11" * 20


def measure(name: str, url: str, size: Callable[[], int], count: int) -> None:
    """Print what `count` credentials take, before they are sealed and after."""
    with closing(open_store(url)) as store:
        empty = size()
        store.add_credentials(ISSUER, credentials(count), now=utc_now())
        taken = size()
        store.seal_open_batch(ISSUER, now=utc_now())
        sealed = size()
    print(
        f"{name:11} {(taken - empty) / count:7.0f} bytes open, "
        f"{(sealed - empty) / count:7.0f} bytes sealed, for each of {count:,} credentials"
    )


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--credentials", type=int, default=100_000)
    count = parser.parse_args().credentials
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "registry.db"

        def files() -> int:
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # or it is in another file
            return path.stat().st_size

        measure("SQLite", f"sqlite:///{path}", files, count)
    with postgres_process() as server:

        def tables() -> int:
            server.sql("VACUUM ANALYZE")
            return int(server.sql("SELECT pg_database_size('registry')"))

        measure("PostgreSQL", server.url, tables, count)


if __name__ == "__main__":
    main()
