"""Questions that are asked for every receipt, compiled once.

SQLAlchemy takes ten times as long over a small statement as SQLite over its answer. Here it writes
the statement, and says how values are read; the driver is asked without it.
"""

from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BindParameter, Dialect, LargeBinary, Select, bindparam
from sqlalchemy.engine.interfaces import DBAPIConnection

_EACH: Final = "each_{}"


@dataclass(frozen=True, slots=True)
class Peek:
    """A driver's connection outside of any transaction: a question sees what is committed."""

    connection: DBAPIConnection
    dialect: Dialect


class Question:
    """A SELECT. `make` writes it for a number of hashes, `of_each(number)`, or takes no heed."""

    def __init__(self, make: Callable[[int], Select[Any]]) -> None:  # Any: columns of any type
        self._make = make
        self._written: dict[tuple[str, int], _Written] = {}

    def ask(
        self,
        peek: Peek,
        each: Sequence[bytes] = (),
        **values: bytes | int,
    ) -> list[Any]:  # Any: rows with the names of the columns
        """Rows of the answer."""
        # Of few lengths, so that few statements are written, and prepared by a server.
        length = 1 << (len(each) - 1).bit_length() if each else 0
        padded = [*each, *([each[0]] * (length - len(each)) if each else [])]
        key = (peek.dialect.name, length)
        written = self._written.get(key)
        if written is None:
            written = self._written[key] = _write(self._make(length), peek.dialect)
        named = {_EACH.format(number): value for number, value in enumerate(padded)} | values
        cursor = peek.connection.cursor()
        try:
            cursor.execute(written.text, written.arguments(named))
            return [written.row(found) for found in cursor.fetchall()]
        finally:
            cursor.close()


def of_each(count: int) -> list[BindParameter[bytes]]:
    """The hashes that a question is about."""
    return [bindparam(_EACH.format(number), type_=LargeBinary) for number in range(count)]


@dataclass(frozen=True, slots=True)
class _Written:
    """A statement in the database's own words."""

    text: str
    arguments: Callable[[dict[str, Any]], Any]  # Any: as the driver takes them
    row: Callable[[Sequence[Any]], Any]


def _write(statement: Select[Any], dialect: Dialect) -> _Written:
    compiled = statement.compile(dialect=dialect)
    constant = {name: value for name, value in compiled.params.items() if value is not None}
    order = compiled.positiontup

    def arguments(named: dict[str, Any]) -> Any:  # noqa: ANN401 - as the driver takes them
        all_of_them = constant | named
        return all_of_them if order is None else [all_of_them[name] for name in order]

    columns = list(statement.selected_columns)
    kind = namedtuple("Row", [column.key for column in columns])  # type: ignore[misc] # noqa: PYI024 - as the statement has them
    readers = [
        (at, read)
        for at, column in enumerate(columns)
        if (read := column.type.dialect_impl(dialect).result_processor(dialect, None)) is not None
    ]

    def row(found: Sequence[Any]) -> Any:  # noqa: ANN401 - of those columns
        values = list(found)
        for at, read in readers:
            values[at] = read(values[at])
        return kind._make(values)

    return _Written(str(compiled), arguments, row)
