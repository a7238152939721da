"""Round numbers and round dates for the axes of charts, and periods to count by.

Dates are day numbers (`date.toordinal`), so that the last day of the calendar has an end too.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain
from math import ceil, floor, log10
from typing import Final

MAX_BARS: Final = 120  # more of them are too thin to see
_MAX_TICKS: Final = 4  # as many dates as stand beside each other on a phone
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


@dataclass(frozen=True, slots=True)
class Period:
    """So many days, or so many months if `days` is 0, counted through the whole calendar."""

    name: str
    days: int
    months: int

    def index(self, day: int) -> int:
        """Which of these periods a day is in."""
        if self.days:
            return (day - 1) // self.days  # day 1 was a Monday: weeks begin on Mondays
        found = date.fromordinal(day)
        return (found.year * 12 + found.month - 1) // self.months

    def start(self, index: int) -> int:
        """The first day of a period; of the one after the last the day after the calendar."""
        if self.days:
            return index * self.days + 1
        year, month = divmod(index * self.months, 12)
        if year > date.max.year:
            return date.max.toordinal() + 1
        return date(max(year, 1), month + 1, 1).toordinal()

    def label(self, index: int, *, is_first: bool) -> str:
        """How a period begins, in short; the first one's label tells the year of its month."""
        first = date.fromordinal(self.start(index))
        name = _MONTHS[first.month - 1]
        if self.days:
            return f"{first.day} {name}"
        if self.months % 12 == 0 or (first.month == 1 and not is_first):
            return str(first.year)
        return f"{name} {first.year}" if is_first else name


_DAY, _WEEK, _MONTH = Period("day", 1, 0), Period("week", 7, 0), Period("month", 0, 1)
_YEARS: Final = [
    Period("year" if years == 1 else f"{years} years", 0, 12 * years)
    for years in (1, 2, 5, 10, 20, 50, 100, 1_000, 5_000)
]
_COUNTED: Final = (_DAY, _WEEK, _MONTH, *_YEARS)
_TICKED: Final = (
    _DAY,
    Period("2 days", 2, 0),
    _WEEK,
    Period("2 weeks", 14, 0),
    _MONTH,
    *(Period(f"{months} months", 0, months) for months in (2, 3, 6)),
    *_YEARS,
)


def day_of(time: datetime) -> int:
    """The day of a time, in UTC."""
    return time.astimezone(UTC).toordinal()


def days_of(time: datetime) -> float:
    """A time in days, with its fraction of the day."""
    in_utc = time.astimezone(UTC)
    seconds = in_utc.hour * 3600 + in_utc.minute * 60 + in_utc.second
    return in_utc.toordinal() + seconds / 86400


def counting_period(first: int, last: int) -> Period:
    """The shortest usual period of which at most `MAX_BARS` cover these days."""
    fitting = (each for each in _COUNTED if each.index(last) - each.index(first) < MAX_BARS)
    return next(chain(fitting, _COUNTED[-1:]))


def date_ticks(first: int, last: int) -> list[tuple[int, str]]:
    """Some round dates from the first day to the last, with their labels."""
    fitting = (each for each in _TICKED if len(_starts(each, first, last)) <= _MAX_TICKS)
    period = next(chain(fitting, _TICKED[-1:]))
    starts = _starts(period, first, last)
    if not starts:
        return [(first, _DAY.label(_DAY.index(first), is_first=True))]
    return [
        (period.start(index), period.label(index, is_first=index == starts.start))
        for index in starts
    ]


def round_ticks(low: float, high: float, *, is_whole: bool) -> tuple[float, ...]:
    """Three to six round numbers, 0 among them, from below the lowest to above the highest."""
    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        high = 1.0
    span = high - low
    magnitude = 10.0 ** floor(log10(span))
    steps = (share * magnitude for share in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0))
    step = next(each for each in steps if span / each <= 4)
    if is_whole:
        step = max(step, 1.0)
    return tuple(place * step for place in range(floor(low / step), ceil(high / step) + 1))


def compact(value: float) -> str:
    """A number in as few signs as an axis has room for."""
    for least, size, sign in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(value) >= least:
            return digits(value / size, 3) + sign
    return digits(value, 3)


def digits(value: float, count: int) -> str:
    """A number rounded to so many digits, unless more stand before the point; no exponent."""
    places = 0 if value == 0 else max(count - 1 - floor(log10(abs(value))), 0)
    text = f"{value:,.{places}f}"
    return (text.rstrip("0").rstrip(".") if places else text).replace("-", "−")


def _starts(period: Period, first: int, last: int) -> range:
    """The indexes of the periods that begin in these days."""
    earliest = period.index(first)
    return range(earliest + (period.start(earliest) < first), period.index(last) + 1)
