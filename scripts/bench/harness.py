"""Measuring: ways of doing the same work take turns, and the best time of each counts.

Best and not mean: whatever else a machine does can only slow a way down, never speed it up.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

Way: TypeAlias = Callable[[int], float]  # does the work at a size; seconds of the work alone
OURS: Final = "Rootseal"
# Of the processor, all threads: what else runs on the machine takes time from the long turns of a
# slow way, and hardly ever from the short ones of a quick way. For work that waits for nothing.
clock: Final = time.process_time


class Bound(StrEnum):
    """Which side of its bar a figure should be on."""

    AT_LEAST = "at least"
    AT_MOST = "at most"


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure should reach."""

    bound: Bound
    value: float

    def is_met(self, value: float) -> bool:
        """Whether a value is on the right side."""
        return value >= self.value if self.bound is Bound.AT_LEAST else value <= self.value


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that a part came to.

    `is_ratio` says that it compares two times of the same run, more being better for us: only
    such figures mean anything on another machine, and are held against the recorded ones.
    """

    name: str
    value: float
    unit: str = ""
    bar: Bar | None = None
    is_ratio: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """The best seconds of one way, by size."""

    way: str
    seconds: Mapping[int, float]

    def exponent(self) -> float | None:
        """How it grows; None of a single size."""
        return growth_exponent(self.seconds) if len(self.seconds) > 1 else None


@dataclass(frozen=True, slots=True)
class Part:
    """What came of one part: its series, and the figures made of them."""

    name: str
    title: str
    of: str  # what sizes count: leaves, credentials, …
    series: Sequence[Series] = ()
    figures: Sequence[Figure] = ()
    notes: Sequence[str] = field(default=())


def growth_exponent(points: Mapping[int, float]) -> float:
    """Slope of log time over log size by least squares: 1 is linear, 2 quadratic.

    Raises `ValueError` for fewer than two sizes, and for what has no logarithm.
    """
    if len(points) < 2:
        raise ValueError("a growth needs two sizes")
    if any(size <= 0 or seconds <= 0 for size, seconds in points.items()):
        raise ValueError("sizes and times must be above zero")
    xs = [math.log(size) for size in points]
    ys = [math.log(seconds) for seconds in points.values()]
    x_mean, y_mean = math.fsum(xs) / len(xs), math.fsum(ys) / len(ys)
    spread = math.fsum((x - x_mean) ** 2 for x in xs)
    return math.fsum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / spread


def take_turns(
    ways: Mapping[str, Way], sizes: Mapping[str, Sequence[int]], *, rounds: Callable[[int], int]
) -> list[Series]:
    """Time every way at its sizes, `rounds(size)` times, one after the other in each round.

    In turns, so that a slow minute of the machine hits all of them and not one.
    """
    found: dict[str, dict[int, float]] = {name: {} for name in ways}
    for size in sorted({size for each in sizes.values() for size in each}):
        for _ in range(rounds(size)):
            for name, way in ways.items():
                if size in sizes[name]:
                    seconds = way(size)
                    found[name][size] = min(found[name].get(size, math.inf), seconds)
    return [Series(name, seconds) for name, seconds in found.items()]


def up_to(largest: int, sizes: Sequence[int]) -> tuple[int, ...]:
    """The sizes that are not beyond `largest`; at least the smallest."""
    return tuple(size for size in sizes if size <= max(largest, min(sizes)))


def ratio_to_ours(series: Sequence[Series], way: str, *, ours: str = OURS) -> tuple[int, float]:
    """How many times as long `way` takes as we do, at the largest size that both did."""
    by_name = {each.way: each.seconds for each in series}
    size = max(set(by_name[way]) & set(by_name[ours]))
    return size, by_name[way][size] / by_name[ours][size]


def ratio_figure(
    series: Sequence[Series], way: str, of: str, bars: Mapping[str, Bar] | None = None
) -> Figure:
    """`ratio_to_ours` in words."""
    size, ratio = ratio_to_ours(series, way)
    name = f"{way} takes so many times as long, at {size:,} {of}"
    return Figure(name, ratio, "×", (bars or {}).get(way), is_ratio=True)


def exponent_figures(series: Sequence[Series], bars: Mapping[str, Bar]) -> list[Figure]:
    """The growth exponent of each series of more than one size."""
    return [
        Figure(f"{each.way}: growth exponent", exponent, bar=bars.get(each.way))
        for each in series
        if (exponent := each.exponent()) is not None
    ]
