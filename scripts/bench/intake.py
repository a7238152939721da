"""A night from a file on disk to a sealed tree in the store, by the commands that do it."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeAlias

from bench.badges import badge_lines, write_badges, write_hashes
from bench.harness import Bar, Bound, Figure, Part, Series, clock, exponent_figures, up_to
from bench.nights import Workspace, sqlite_url
from bench.processes import ROOTSEAL, Taken, run_measured

BADGES: Final = "Rootseal, Open Badges (NDJSON)"
HASHES: Final = "Rootseal, hashes (CSV)"
# What others say or were measured to do, credentials a second; they are not run here.
OTHERS: Final = (
    "Not run here: cert-issuer 150/s; OpenAttestation's CLI 1,467/s (1,000,000 in 682 s);",
    "Accredible takes 30 in a call, Credly 1.",
)
BARE: Final = "Standard library: JSON, sorted keys, SHA-256"
_BADGE_SIZES: Final = (10_000, 100_000, 1_000_000)
_HASH_SIZES: Final = (10_000, 100_000, 1_000_000, 10_000_000)
_BARE_SIZES: Final = (10_000, 100_000)
_QUICK_SIZES: Final = (30_000,)
_Write: TypeAlias = Callable[[Path, int], None]
_LEAST: Final = 1e-3  # seconds that are left at least, when start-up was as long as the work
_RATE: Final = Bar(Bound.AT_LEAST, 40_000)
_MEMORY: Final = Bar(Bound.AT_MOST, 400)
_EXPONENT: Final = Bar(Bound.AT_MOST, 1.05)


@dataclass(frozen=True, slots=True)
class Night:
    """What the two commands took."""

    add: Taken
    seal: Taken

    @property
    def seconds(self) -> float:
        """Of both, as the operator waits for them."""
        return self.add.seconds + self.seal.seconds

    @property
    def processor(self) -> float:
        """Seconds of processors, all processes together."""
        return self.add.processor + self.seal.processor

    @property
    def megabytes(self) -> float:
        """Of the largest process."""
        return max(self.add.megabytes, self.seal.megabytes)


def measure(workspace: Workspace, *, quick: bool, largest: int, say: Callable[[str], None]) -> Part:
    """Add and seal nights of each kind and size; the stores of hashes are kept for other parts."""
    kinds: dict[str, tuple[_Write, str, Sequence[int]]] = {
        BADGES: (write_badges, "ndjson", _QUICK_SIZES if quick else up_to(largest, _BADGE_SIZES))
    }
    if not quick:
        kinds[HASHES] = (write_hashes, "csv", up_to(largest, _HASH_SIZES))
    night(workspace, write_badges, "ndjson", 1)  # after which everything is compiled and cached
    starts = 1 if quick else 3
    empty = [night(workspace, write_badges, "ndjson", 1) for _ in range(starts)]
    start_up = min(each.seconds for each in empty)
    nights: dict[str, dict[int, Night]] = {kind: {} for kind in kinds}
    bare: dict[int, float] = {}
    for kind, (write, suffix, sizes) in kinds.items():
        for size in sizes:
            say(f"{kind}: {size:,}")
            for _ in range(_rounds(size)):
                _keep_best(nights[kind], size, night(workspace, write, suffix, size))
                if kind == BADGES and size in (_QUICK_SIZES if quick else _BARE_SIZES):
                    bare[size] = min(bare.get(size, math.inf), bare_loop(size))
    series = [
        Series(kind, {size: each.seconds for size, each in sizes.items()})
        for kind, sizes in nights.items()
    ]
    series.append(Series(BARE, bare))
    size = max(bare)
    # Of processors, because a start-up is a second, and the work of a small night is no more.
    ours = nights[BADGES][size].processor - min(each.processor for each in empty)
    ratio = bare[size] / max(ours, _LEAST)
    name = f"{BARE}, over all that we do with {size:,} badges, in time of processors"
    return Part(
        "intake",
        "From a file to a sealed tree in the store",
        "credentials",
        series,
        [
            Figure(name, ratio, "×", is_ratio=True),
            *_figures(nights, start_up),
            *_exponents(nights, start_up),
        ],
        OTHERS,
    )


def bare_loop(size: int) -> float:
    """Only the hashes of badges, one after the other, as anybody would write it."""
    lines = list(badge_lines(size))
    start = clock()
    for line in lines:
        document = json.loads(line)
        document.pop("proof", None)
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        sha256(text.encode()).digest()
    return clock() - start


def _rounds(size: int) -> int:
    return 3 if size <= 10_000 else 2 if size <= 100_000 else 1


def _keep_best(nights: dict[int, Night], size: int, this: Night) -> None:
    best = nights.get(size)
    if best is None or this.seconds < best.seconds:
        nights[size] = this


def night(workspace: Workspace, write: _Write, suffix: str, size: int) -> Night:
    """Write a file, `rootseal add` it to a new store, and `rootseal seal`."""
    roster = workspace.folder / f"roster-{size}.{suffix}"
    if not roster.exists():
        write(roster, size)
    database = workspace.folder / f"night-{suffix}-{size}.db"
    for stale in workspace.folder.glob(f"{database.name}*"):
        stale.unlink()
    environment = {
        "ROOTSEAL_DATABASE": sqlite_url(database),
        "ROOTSEAL_DEVELOPMENT_ACCOUNT": "0",
    }
    add, seal = (
        run_measured(
            [str(ROOTSEAL), *arguments, "--json"],
            folder=workspace.folder,
            environment=environment,
        )
        for arguments in (["add", roster.name], ["seal"])
    )
    workspace.keep(size, database)
    if size >= 1_000_000:
        roster.unlink()  # a gigabyte
    return Night(add, seal)


def _exponents(nights: Mapping[str, Mapping[int, Night]], start_up: float) -> Sequence[Figure]:
    """Growth without the start-up of the commands, which would flatter it."""
    series = [
        Series(kind, {size: max(each.seconds - start_up, _LEAST) for size, each in sizes.items()})
        for kind, sizes in nights.items()
    ]
    return exponent_figures(series, {HASHES: _EXPONENT})


def _figures(nights: Mapping[str, Mapping[int, Night]], start_up: float) -> list[Figure]:
    figures = [Figure("start-up: both commands over one credential", start_up, "s")]
    for kind, sizes in nights.items():
        for size, each in sizes.items():
            whole, net = size / each.seconds, size / max(each.seconds - start_up, _LEAST)
            bar = _RATE if kind == BADGES and size == 1_000_000 else None
            figures += [
                Figure(f"{kind}: {size:,}", whole, "/s", bar),
                Figure(f"{kind}: {size:,}, without start-up", net, "/s"),
                Figure(f"{kind}: {size:,}, of processors", each.processor, "s"),
                Figure(
                    f"{kind}: {size:,}, largest process",
                    each.megabytes,
                    "MB",
                    _MEMORY if size >= 1_000_000 else None,
                ),
            ]
    largest = nights.get(HASHES, {})
    if 10_000_000 in largest:
        growth = largest[10_000_000].megabytes / largest[1_000_000].megabytes
        figures.append(Figure("memory at 10,000,000 hashes over 1,000,000", growth, "×"))
    return figures
