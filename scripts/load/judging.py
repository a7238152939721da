"""What the answers and the samples of a run come to, and what in them must not be.

Pure: it is given what was seen.
"""

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from load.watching import Sample

# Half a gigabyte in an hour at twice what a run may differ by chance: a leak of a kilobyte in
# each request shows within minutes, a cache that fills does not.
MAX_SLOPE: Final = 4.0  # MB a minute, after the warm-up
WARM_UP: Final = 0.3  # of the run, in which caches fill and pools grow
MAX_MORE_HANDLES: Final = 16  # at rest after the load than at rest before it
MAX_MORE_THREADS: Final = 48  # a thread pool fills once and stays; per process
AS_EXPECTED: Final = "as expected"  # the status of an answer with which nothing is wrong
_WINDOWS: Final = 12  # of which the smallest sample counts: a large answer in flight is no leak


@dataclass
class Answers:
    """What one kind of request was answered with."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def add(self, status: str, seconds: float) -> None:
        """Count an answer."""
        self.statuses[status] += 1
        self.seconds.append(seconds)

    def milliseconds(self, part: float) -> float:
        """The time within which this part of the requests was answered."""
        ordered = sorted(self.seconds)
        return ordered[max(0, math.ceil(part * len(ordered)) - 1)] * 1000


@dataclass(frozen=True, slots=True)
class Rest:
    """A server with nothing to do, before the load and after it."""

    before: Sample
    after: Sample


def slope(samples: Sequence[Sample]) -> float:
    """MB a minute by which memory grew after the warm-up, by least squares.

    Of each stretch of time the smallest sample. Raises `ValueError` for too few samples.
    """
    settled = [each for each in samples if each.at >= samples[-1].at * WARM_UP]
    if len(settled) < 2 * _WINDOWS:
        raise ValueError(f"{len(settled)} samples after the warm-up are too few to see a slope")
    size = len(settled) // _WINDOWS
    lows = [
        min(settled[at : at + size], key=lambda each: each.megabytes)
        for at in range(0, size * _WINDOWS, size)
    ]
    minutes = [each.at / 60 for each in lows]
    return statistics.linear_regression(minutes, [each.megabytes for each in lows]).slope


def faults(
    answers: Mapping[str, Answers], samples: Sequence[Sample], rest: Rest, wrong: Sequence[str]
) -> list[str]:
    """A sentence for everything that must not be; `wrong` is what the load itself blamed."""
    found = list(wrong)
    for kind, each in answers.items():
        for status, count in each.statuses.items():
            if not _is_allowed(status):
                found.append(f"{kind}: {count} × {status}")
    growth = slope(samples)
    if growth > MAX_SLOPE:
        found.append(f"memory grows by {growth:.1f} MB a minute; at most {MAX_SLOPE} may be")
    more = rest.after.handles - rest.before.handles
    if more > MAX_MORE_HANDLES:
        found.append(f"{more} more handles are open at rest than before the load")
    threads = (rest.after.threads - rest.before.threads) / rest.after.processes
    if threads > MAX_MORE_THREADS:
        found.append(f"{threads:.0f} more threads a process than before the load")
    return found


def _is_allowed(status: str) -> bool:
    """Whether a server under load may answer so; callers have said what else was expected."""
    return status in {AS_EXPECTED, "503 with Retry-After"}
