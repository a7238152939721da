"""The numbers that charts of a report show: counted by period, one by one, or added up.

Nothing is left out that would look worse: where there are too many, the largest stays.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from registry.reporting.scales import Period, counting_period, day_of
from registry.services.audit.report import ChainAudit, ReportedAnchor

MAX_DOTS: Final = 500

ValueOf = Callable[[ReportedAnchor], int | None]


@dataclass(frozen=True, slots=True)
class Days:
    """The days that every chart of a chain has on its axis, up to the block of the audit."""

    first: int
    last: int

    @property
    def period(self) -> Period:
        """What is counted by."""
        return counting_period(self.first, self.last)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many happened in each period; `first` is the index of the first one."""

    period: Period
    first: int
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Dots:
    """Values, each at its time; `largest_of` is the period of which only the largest is kept."""

    points: tuple[tuple[datetime, int], ...]
    median: float  # of all
    known: int
    unknown: int
    largest_of: Period | None


@dataclass(frozen=True, slots=True)
class Sums:
    """Running totals of several kinds, after each change or after each period."""

    kinds: tuple[str, ...]
    points: tuple[tuple[datetime, tuple[int, ...]], ...]


_KINDS: Final = {"suspended": "suspended", "revoked": "revoked", "active": "reinstated"}


def days_shown(chain: ChainAudit) -> Days:
    """From the first thing that happened to the block up to which was audited."""
    times = [each.anchored_at for each in chain.anchors] + [each.time for each in chain.changes]
    times.append(chain.block_time)
    return Days(day_of(min(times)), day_of(max(times)))


def anchors_counted(chain: ChainAudit, days: Days) -> Counts | None:
    """Anchors by period; None if there are none."""
    if not chain.anchors:
        return None
    period = days.period
    found = Counter(period.index(day_of(each.anchored_at)) for each in chain.anchors)
    indexes = range(period.index(days.first), period.index(days.last) + 1)
    return Counts(period, indexes.start, tuple(found[index] for index in indexes))


def dots_of(chain: ChainAudit, days: Days, value_of: ValueOf) -> Dots | None:
    """A value of each anchor that has one; None if none has."""
    values = [(each.anchored_at, value_of(each)) for each in chain.anchors]
    known = [(time, value) for time, value in values if value is not None]
    if not known:
        return None
    known.sort(key=lambda point: point[0])
    middle = median(value for _, value in known)
    unknown = len(values) - len(known)
    if len(known) <= MAX_DOTS:
        return Dots(tuple(known), middle, len(known), unknown, None)
    largest: dict[int, tuple[datetime, int]] = {}
    for time, value in known:
        place = days.period.index(day_of(time))
        largest[place] = max(largest.get(place, (time, value)), (time, value), key=_value)
    return Dots(tuple(largest.values()), middle, len(known), unknown, days.period)


def cost(anchor: ReportedAnchor) -> int | None:
    """What an anchor cost, in wei."""
    if anchor.gas_used is None or anchor.gas_price is None:
        return None
    return anchor.gas_used * anchor.gas_price


def statuses_summed(chain: ChainAudit, days: Days, *, is_of_seals: bool) -> Sums | None:
    """Credentials, or whole seals, that were ever suspended, revoked or reinstated."""
    changes = [each for each in chain.changes if (each.credentials is None) is is_of_seals]
    if not changes:
        return None
    totals = dict.fromkeys(_KINDS, 0)
    points: list[tuple[datetime, tuple[int, ...]]] = []
    for change in sorted(changes, key=lambda each: each.time):
        totals[change.status] += 1 if change.credentials is None else change.credentials
        points.append((change.time, tuple(totals.values())))
    return Sums(tuple(_KINDS.values()), tuple(_last_of_each(points, days)))


def _last_of_each(
    points: list[tuple[datetime, tuple[int, ...]]], days: Days
) -> list[tuple[datetime, tuple[int, ...]]]:
    if len(points) <= MAX_DOTS:
        return points
    return list({days.period.index(day_of(point[0])): point for point in points}.values())


def _value(point: tuple[datetime, int]) -> int:
    return point[1]
