"""The alarm: somebody waits longer for an anchor or a status change than was promised."""

from datetime import datetime, timedelta

from registry.core.batch import BatchState
from registry.services.ports import Store


def overdue_by(
    store: Store, *, now: datetime, limit: timedelta, issuer: bytes | None = None
) -> timedelta | None:
    """How long the oldest of those who wait has waited, if that is more than `limit`.

    Credentials wait for their anchor, and anchored batches, from their sealing on, for finality;
    whoever asked for a status change, a revocation say, waits for it to be final.
    """
    waiting = [change.requested_at for change in store.open_status_changes(issuer)]
    anchored = store.batches(issuer=issuer, states={BatchState.ANCHORED}, limit=1000)
    waiting += [batch.sealed_at for batch in anchored if batch.sealed_at is not None]
    oldest = store.oldest_unanchored(issuer)
    if oldest is not None:
        waiting.append(oldest)
    if not waiting or now - min(waiting) <= limit:
        return None
    return now - min(waiting)
