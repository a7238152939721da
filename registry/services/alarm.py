"""The alarm: somebody's credential waits longer for its anchor than was promised."""

from datetime import datetime, timedelta

from registry.services.ports import Store


def overdue_by(
    store: Store, *, now: datetime, limit: timedelta, issuer: bytes | None = None
) -> timedelta | None:
    """How long the oldest unanchored credential has waited, if that is more than `limit`."""
    oldest = store.oldest_unanchored(issuer)
    if oldest is None or now - oldest <= limit:
        return None
    return now - oldest
