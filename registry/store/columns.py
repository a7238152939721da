"""Kinds of columns.

Times are whole microseconds since 1970 in UTC, amounts of wei decimal text: both exact on every
database, however large.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, Column, Dialect, Enum, Integer, String, TypeDecorator

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class UtcTime(TypeDecorator[datetime]):
    """An aware time, stored as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuses naive times with `ValueError`: nobody knows when they are."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"time without a time zone: {value}")
        return (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Aware UTC."""
        del dialect
        return None if value is None else EPOCH + value * _MICROSECOND


class Wei(TypeDecorator[int]):
    """An amount of wei (up to 2^256), stored as decimal text."""

    impl = String(78)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        """Decimal digits."""
        del dialect
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:
        """The exact integer."""
        del dialect
        return None if value is None else int(value)


def named(kind: type[StrEnum], length: int) -> Enum:
    """A value of an enumeration, stored by its own name."""
    return Enum(
        kind,
        native_enum=False,
        length=length,
        values_callable=lambda members: [member.value for member in members],
    )


# SQLite numbers rows by itself only in a column of the exact type INTEGER.
_Id = BigInteger().with_variant(Integer, "sqlite")


def numbered_id() -> Column[int]:
    """A primary key that the database counts up."""
    return Column("id", _Id, primary_key=True)
