"""Wanted changes of status, as they are asked for and listed."""

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, select

from registry.errors import NotFoundError
from registry.services.ports import CredentialStatus, StatusChange
from registry.store.engine import StorePart
from registry.store.schema import IS_NOT_DONE, status_changes


class StatusChanges(StorePart):
    """The part of `AnchoringStore` that takes wanted status changes and lists them."""

    def request_status(
        self,
        *,
        issuer: bytes,
        seal: bytes,
        leaf_indexes: Sequence[int] | None,
        status: CredentialStatus,
        reason: int,
        now: datetime,
    ) -> StatusChange:
        """Store a wanted change. An identical one that is not done yet is returned instead."""
        indexes = None if leaf_indexes is None else json.dumps(list(leaf_indexes))
        request = f"{issuer.hex()} {seal.hex()} {indexes} {int(status)} {reason}"
        request_hash = sha256(request.encode()).digest()
        create = (
            self._database.insert(status_changes)
            .values(
                issuer=issuer,
                seal=seal,
                leaf_indexes=indexes,
                status=int(status),
                reason=reason,
                request_hash=request_hash,
                requested_at=now,
            )
            .on_conflict_do_nothing(index_elements=["request_hash"], index_where=IS_NOT_DONE)
        )
        find = select(status_changes).where(
            status_changes.c.request_hash == request_hash, status_changes.c.done_at.is_(None)
        )
        with self._database.write() as connection:
            # The one that stood in the way may be finished before we read it.
            while (row := connection.execute(find).one_or_none()) is None:
                connection.execute(create)
        return change_of(row)

    def open_status_changes(self, issuer: bytes | None = None) -> list[StatusChange]:
        """Changes not done yet, oldest first."""
        query = select(status_changes).where(status_changes.c.done_at.is_(None))
        if issuer is not None:
            query = query.where(status_changes.c.issuer == issuer)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(status_changes.c.id)).all()
        return [change_of(row) for row in rows]

    def status_change(self, change_id: int) -> StatusChange:
        """One change. Raises `NotFoundError`."""
        query = select(status_changes).where(status_changes.c.id == change_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no status change {change_id}")
        return change_of(row)


def change_of(row: Row[Any]) -> StatusChange:  # Any: rows of `status_changes`
    """A row of `status_changes` as the value that services know."""
    indexes = None if row.leaf_indexes is None else tuple(json.loads(row.leaf_indexes))
    return StatusChange(
        row.id,
        row.issuer,
        row.seal,
        indexes,
        CredentialStatus(row.status),
        row.reason,
        row.requested_at,
        row.done_at,
        row.refusal,
    )
