"""When a nightly job was last due, by the clock on the wall of its time zone."""

from datetime import UTC, datetime, time, timedelta, tzinfo

# A day either side of today's: a clock put back past midnight shows yesterday's date again after
# today's night has begun, and where a zone crosses the date line a date may be missing.
_DAYS = (1, 0, -1, -2)


def last_due(now: datetime, at: time, zone: tzinfo) -> datetime:
    """The latest moment, not after `now`, at which `at` came round in `zone`; in UTC.

    Exactly one for each date. Where the clock shows `at` twice it is the first time; where the
    clock skips it, the moment at which an unchanged clock would have shown it.
    """
    today = now.astimezone(zone).date()
    dates = (today + timedelta(days=days) for days in _DAYS)
    # fold is 0: the first of two, and in a gap the offset that held before it.
    moments = (datetime.combine(date, at.replace(fold=0), tzinfo=zone) for date in dates)
    # Compared in UTC: within one zone Python compares what the clock shows.
    return max(due for due in (m.astimezone(UTC) for m in moments) if due <= now)
