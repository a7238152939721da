"""Places in status lists. Each is one credential's for good: verifiers look there for decades."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from sqlalchemy import Connection, select

from registry.errors import ConflictError
from registry.services.ports import StatusEntry
from registry.store.engine import StorePart
from registry.store.schema import status_entries, status_lists

_CHUNK_ROWS: Final = 1_000


class StatusEntries(StorePart):
    """`StatusEntryStore` in SQL."""

    def reserve_positions(self, issuer: bytes, count: int) -> int:
        """Take `count` places that nobody had or will have; returns the first of them."""
        if count < 1:
            raise ValueError(f"{count} places")
        insert = self._database.insert(status_lists).values(issuer=issuer, next_position=count)
        take = insert.on_conflict_do_update(
            index_elements=["issuer"], set_={"next_position": status_lists.c.next_position + count}
        )
        with self._database.write() as connection:
            end = connection.execute(take.returning(status_lists.c.next_position)).scalar_one()
        return int(end) - count

    def put_status_entries(self, issuer: bytes, entries: Iterable[StatusEntry]) -> None:
        """Remember which credentials have which places, all or none of them.

        The same again changes nothing. Raises `ConflictError` for a place that another credential
        has, for a credential that has another place, and for a place that was not reserved.
        """
        coming = iter(entries)
        with self._database.write() as connection:
            end = self._reserved(connection, issuer)
            while chunk := list(islice(coming, _CHUNK_ROWS)):
                if max(entry.position for entry in chunk) >= end:
                    raise ConflictError("a place in a status list that was not reserved")
                self._put(connection, issuer, chunk)

    def status_entries(self, issuer: bytes, *, first: int, below: int) -> list[StatusEntry]:
        """The credentials in places from `first` on, in order."""
        found = _ENTRIES.where(
            status_entries.c.issuer == issuer,
            status_entries.c.position >= first,
            status_entries.c.position < below,
        )
        with self._database.read() as connection:
            rows = connection.execute(found.order_by(status_entries.c.position)).all()
        return [StatusEntry(*row) for row in rows]

    def _put(self, connection: Connection, issuer: bytes, chunk: Sequence[StatusEntry]) -> None:
        # Whatever stands in the way, a place or a credential, is looked at below.
        insert = self._database.insert(status_entries).on_conflict_do_nothing()
        connection.execute(insert, [{"issuer": issuer, **entry._asdict()} for entry in chunk])
        positions = [entry.position for entry in chunk]
        there = _ENTRIES.where(
            status_entries.c.issuer == issuer, status_entries.c.position.in_(positions)
        )
        stored = {StatusEntry(*row) for row in connection.execute(there)}
        for entry in chunk:
            if entry not in stored:
                raise ConflictError(
                    f"credential {entry.credential_hash.hex()} cannot have place {entry.position} "
                    "in the status lists: one of them is taken"
                )

    @staticmethod
    def _reserved(connection: Connection, issuer: bytes) -> int:
        end = select(status_lists.c.next_position).where(status_lists.c.issuer == issuer)
        return connection.execute(end).scalar_one_or_none() or 0


_ENTRIES: Final = select(status_entries.c.position, status_entries.c.credential_hash)
