"""Leases: one run at a time acts for an issuer; what one that lost its turn writes is refused.

No clock of the database's is asked: hosts that share it must keep theirs together to well below
a lease's duration, or a lease is taken over early. Even then the fence holds.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, case, or_, select, update

from registry.errors import LeaseHeldError, StaleStateError
from registry.services.ports import Lease
from registry.store.columns import EPOCH
from registry.store.engine import StorePart
from registry.store.schema import leases

_TOO_FAR: Final = timedelta(hours=1)  # more than any lease lasts (setting lease_seconds)
_RELEASED: Final = EPOCH  # the end of a lease that was given back; before any `now`


class Leases(StorePart):
    """The part of `AnchoringStore` that is about leases."""

    def acquire_lease(
        self, issuer: bytes, holder: str, *, now: datetime, duration: timedelta
    ) -> Lease:
        """Take the issuer's lease, or renew it if `holder` has it.

        A holder that has let its lease run out, while nobody took it, still has it; one that
        released it has not, and gets a new token like anybody else. Raises `LeaseHeldError`,
        changing nothing, if another holder has it and `now` is before its end. An end that is an
        hour further off than this lease's would be was set by a clock that was wrong, and keeps
        nobody out.
        """
        new = self._database.insert(leases).values(
            issuer=issuer, holder=holder, token=1, expires_at=now + duration
        )
        is_renewal = and_(leases.c.holder == holder, leases.c.expires_at != _RELEASED)
        take = new.on_conflict_do_update(
            index_elements=["issuer"],
            set_={
                "holder": new.excluded.holder,
                "token": leases.c.token + case((is_renewal, 0), else_=1),
                "expires_at": new.excluded.expires_at,
            },
            where=or_(
                is_renewal,
                leases.c.expires_at <= now,
                leases.c.expires_at > now + duration + _TOO_FAR,
            ),
        ).returning(*leases.c)
        with self._database.write() as connection:
            row = connection.execute(take).one_or_none()
            if row is None:
                held = connection.execute(select(leases).where(leases.c.issuer == issuer)).one()
                raise LeaseHeldError(holder=held.holder, until=held.expires_at)
        return Lease(row.issuer, row.holder, row.token, row.expires_at)

    def release_lease(self, lease: Lease) -> None:
        """End a lease early. Does nothing if it is not the newest any more."""
        with self._database.write() as connection:
            connection.execute(update(leases).where(_is_newest(lease)).values(expires_at=_RELEASED))


def hold_lease(connection: Connection, lease: Lease) -> None:
    """Keep everybody from taking over until the transaction ends; the first lock it takes.

    Raises `StaleStateError` if somebody has. A lease that ran out and that nobody took still
    counts: what would be refused for it, nobody else is about to do.
    """
    find = select(leases.c.token).where(_is_newest(lease)).with_for_update()
    if connection.execute(find).one_or_none() is None:
        raise StaleStateError(
            f"lease {lease.token} of {lease.holder} for issuer 0x{lease.issuer.hex()} is not the "
            "newest: another run has taken over"
        )


def _is_newest(lease: Lease) -> ColumnElement[bool]:
    return and_(
        leases.c.issuer == lease.issuer,
        leases.c.token == lease.token,
        leases.c.holder == lease.holder,
    )
