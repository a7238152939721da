"""A large intake on its way: staged in temporary tables, of this connection alone.

Rows are staged by the block, which the database takes apart afterwards: a statement for each row
would take longer than everything else.
"""

from collections.abc import Iterable, Iterator
from itertools import count, groupby
from operator import attrgetter
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    func,
    insert,
    select,
)

from registry.core.new_credentials import ROW_BYTES, NewCredentials
from registry.core.tree import HASH_BYTES

_CHUNK_BYTES: Final = 2**20  # in memory at once, some ten thousand rows
_BLOCK_ROWS: Final = 40  # a block fits a page of SQLite's
_BLOCK_BYTES: Final = _BLOCK_ROWS * ROW_BYTES


_staged = Table(
    "staged_credentials",
    MetaData(),
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("canonicalization", String, nullable=False),
    Column("block", LargeBinary, nullable=False),
    prefixes=["TEMPORARY"],
)
# The numbers of the rows in a block.
_places = Table(
    "places_in_block",
    _staged.metadata,
    Column("place", Integer, primary_key=True),
    prefixes=["TEMPORARY"],
)
_COPY: Final = (
    "COPY staged_credentials (position, canonicalization, block) FROM STDIN (FORMAT BINARY)"
)
_INSERT: Final = (
    "INSERT INTO staged_credentials (position, canonicalization, block) VALUES (?, ?, ?)"
)

_Block: TypeAlias = tuple[int, str, bytes]  # a row of `_staged`


def stage(connection: Connection, credentials: Iterable[NewCredentials]) -> int:
    """Put credentials into new temporary tables, and return how many there were."""
    _staged.metadata.create_all(connection, checkfirst=False)
    connection.execute(insert(_places), [{"place": place} for place in range(_BLOCK_ROWS)])
    write = _insert if connection.dialect.name == "sqlite" else _copy
    positions, total = count(), 0
    for chunk in _chunks(credentials):
        write(connection, list(_blocks(chunk, positions)))
        total += len(chunk)
    return total


def staged_rows(**same: ColumnElement[Any]) -> Select[Any]:  # Any: columns of any type
    """Select what is staged in order of the hashes, the first of equal ones first.

    Columns are named as those of `credentials`; `same` are those that are the same for all.
    """
    columns = {
        "credential_hash": _part_of_block(0),
        "salt": _part_of_block(1),
        "leaf": _part_of_block(2),
        "canonicalization": _staged.c.canonicalization,
        **same,
    }
    # The last block may be short; and SQLite takes ON CONFLICT for part of a join without a WHERE.
    is_there = _places.c.place * ROW_BYTES < func.length(_staged.c.block)
    return (
        select(*(column.label(name) for name, column in columns.items()))
        .join_from(_staged, _places, is_there)
        .where(_staged.c.position >= 0)
        .order_by("credential_hash", _staged.c.position, _places.c.place)
    )


def drop_staged(connection: Connection) -> None:
    """Take the temporary tables away."""
    _staged.metadata.drop_all(connection, checkfirst=False)


def _chunks(credentials: Iterable[NewCredentials]) -> Iterator[NewCredentials]:
    """The same, put together, and nothing empty: they may come one by one, or none at all."""
    for kind, alike in groupby(credentials, attrgetter("canonicalization")):
        waiting = bytearray()
        for some in alike:
            waiting += some.rows
            if len(waiting) >= _CHUNK_BYTES:
                yield NewCredentials(kind, bytes(waiting))
                waiting.clear()
        if waiting:
            yield NewCredentials(kind, bytes(waiting))


def _blocks(some: NewCredentials, positions: Iterator[int]) -> Iterator[_Block]:
    for start in range(0, len(some.rows), _BLOCK_BYTES):
        block = some.rows[start : start + _BLOCK_BYTES]
        yield next(positions), some.canonicalization.value, block


def _part_of_block(number: int) -> ColumnElement[bytes]:
    """One of the hashes of the row at a place of a block."""
    start = _places.c.place * ROW_BYTES + (number * HASH_BYTES + 1)
    return func.substr(_staged.c.block, start, HASH_BYTES, type_=LargeBinary)


def _insert(connection: Connection, blocks: list[_Block]) -> None:
    connection.exec_driver_sql(_INSERT, blocks)


def _copy(connection: Connection, blocks: list[_Block]) -> None:
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("a connection in use has a driver connection")
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(["int8", "varchar", "bytea"])
        for block in blocks:
            copy.write_row(block)
