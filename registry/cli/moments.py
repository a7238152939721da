"""Days, times and spans as they are typed."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from registry.core.wire import parse_time
from registry.errors import InvalidInputError

_HOURS: Final = re.compile(r"([1-9][0-9]{0,5})h", re.ASCII)  # a century at most
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def parse_moment(text: str, *, place: str) -> datetime:
    """Read a day (its beginning, UTC) or a time. Raises `InvalidInputError`."""
    try:
        if _DAY.fullmatch(text):
            return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        return parse_time(text)
    except ValueError as exc:
        raise InvalidInputError(
            f"not a day or time such as 2027-01-31 or 2027-01-31T18:00:00Z: {text[:40]!r}",
            place=place,
        ) from exc


def parse_future(text: str, *, now: datetime, place: str) -> datetime:
    """Read a day or time that is still to come. Raises `InvalidInputError`."""
    moment = parse_moment(text, place=place)
    if moment <= now:
        raise InvalidInputError(f"{text} is over already", place=place)
    return moment


def parse_deadline(text: str, *, now: datetime, place: str) -> datetime:
    """Read a day or time to come, or hours from now as `72h`. Raises `InvalidInputError`."""
    hours = _HOURS.fullmatch(text)
    if hours is None:
        return parse_future(text, now=now, place=place)
    return now + timedelta(hours=int(hours[1]))


def is_relative(text: str) -> bool:
    """Whether a deadline is another one each time it is read."""
    return _HOURS.fullmatch(text) is not None
