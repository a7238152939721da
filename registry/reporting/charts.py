"""The charts of one chain: what was anchored when, how late, for how much; and what was withdrawn.

Each has its numbers as a table too, for who cannot see it. What is not known is said, not drawn.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from registry.core.wire import format_time
from registry.reporting.drawing import (
    Frame,
    draw_bars,
    draw_dots,
    draw_level,
    draw_steps,
    drawing,
    markup,
    sample_of,
)
from registry.reporting.networks import network
from registry.reporting.scales import compact, days_of, digits, round_ticks
from registry.reporting.series import (
    Counts,
    Days,
    Dots,
    Sums,
    anchors_counted,
    cost,
    days_shown,
    dots_of,
    statuses_summed,
)
from registry.reporting.words import counted
from registry.services.audit.report import ChainAudit

_HOUR: Final = 3600
_GWEI: Final = 10**9
_COIN: Final = 10**18
_BROKEN: Final = ("suspended", "reinstated")


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, what it says in a sentence, and its numbers; no picture if there are none.

    Pictures, in the legend too, are escaped already.
    """

    title: str
    said: str
    picture: str | None = None
    legend: tuple[tuple[str, str], ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class _Measure:
    """A value of each anchor: what it is called, and how it is printed."""

    name: str
    title: str
    unit: str
    size: float  # of the unit
    nothing: str


def charts_of(chain: ChainAudit, *, prefix: str) -> tuple[Chart, ...]:
    """The charts; `prefix` keeps the names in their pictures apart from other chains'."""
    days = days_shown(chain)
    charts = [
        _anchors(chain, days, prefix),
        _delays(chain, days, prefix),
        _gas(chain, days, prefix),
        _costs(chain, days, prefix),
        _statuses(chain, days, prefix, is_of_seals=False),
    ]
    if any(change.credentials is None for change in chain.changes):
        charts.append(_statuses(chain, days, prefix, is_of_seals=True))
    return tuple(charts)


def _anchors(chain: ChainAudit, days: Days, prefix: str) -> Chart:
    found = anchors_counted(chain, days)
    if found is None:
        return Chart("Anchors", "Nothing was anchored.")
    title = f"Anchors by {found.period.name}"
    total = counted(sum(found.counts), "anchor", "anchors")
    said = f"{total}, at most {max(found.counts):,} in a {found.period.name} (UTC)."
    bars = list(_bars(found))
    frame = Frame(bars[0][0], bars[-1][1] - 1, round_ticks(0, max(found.counts), is_whole=True))
    svg = drawing(frame, name=f"{prefix}-anchors", title=title, description=said)
    draw_bars(svg, frame, bars, kind="bar-1")
    rows = tuple((str(_date(start)), f"{value:,}") for start, _, value, _ in bars)
    heads = (f"{found.period.name} from".capitalize(), "Anchors")
    return Chart(title, said, markup(svg), heads=heads, rows=rows)


def _bars(found: Counts) -> list[tuple[int, int, int, str]]:
    bars = []
    for index, count in enumerate(found.counts, found.first):
        start, end = found.period.start(index), found.period.start(index + 1)
        said = f"{_date(start)}: {counted(count, 'anchor', 'anchors')}"
        bars.append((start, end, count, said))
    return bars


def _delays(chain: ChainAudit, days: Days, prefix: str) -> Chart:
    measure = _Measure(
        "delay",
        "From the first credential to the anchor",
        "hours",
        _HOUR,
        "Nothing tells when the first credential of a batch came.",
    )
    return _dots(dots_of(chain, days, lambda each: each.delay_seconds), days, prefix, measure)


def _gas(chain: ChainAudit, days: Days, prefix: str) -> Chart:
    nothing = "No anchor's gas is known."
    measure = _Measure("gas", "Gas used by each anchor", "gas", 1, nothing)
    return _dots(dots_of(chain, days, lambda each: each.gas_used), days, prefix, measure)


def _costs(chain: ChainAudit, days: Days, prefix: str) -> Chart:
    found = dots_of(chain, days, cost)
    most = 0 if found is None else max(value for _, value in found.points)
    coin = network(chain.chain).coin
    unit, size = "wei", 1
    if most >= _COIN // 1000:
        unit, size = coin, _COIN
    elif most >= _GWEI:
        unit, size = "Gwei", _GWEI
    measure = _Measure("cost", "Cost of each anchor", unit, size, "No anchor's cost is known.")
    return _dots(found, days, prefix, measure)


def _dots(found: Dots | None, days: Days, prefix: str, measure: _Measure) -> Chart:
    if found is None:
        return Chart(measure.title, measure.nothing)
    values = [value / measure.size for _, value in found.points]
    middle = found.median / measure.size
    said = _said(found, measure, max(values), middle)
    frame = Frame(days.first, days.last, round_ticks(min(values), max(values), is_whole=False))
    title = measure.title if measure.unit == "gas" else f"{measure.title}, in {measure.unit}"
    svg = drawing(frame, name=f"{prefix}-{measure.name}", title=title, description=said)
    points = [(time, value) for (time, _), value in zip(found.points, values, strict=True)]
    marks = [
        (days_of(time), value, f"{format_time(time)}: {digits(value, 4)} {measure.unit}")
        for time, value in points
    ]
    draw_dots(svg, frame, marks, kind=f"dot-{measure.name}")
    draw_level(svg, frame, middle, f"median {compact(middle)}")
    rows = tuple((format_time(time), digits(value, 4)) for time, value in points)
    heads = ("Anchored", measure.unit.capitalize() if measure.size == _HOUR else measure.unit)
    return Chart(title, said, markup(svg), heads=heads, rows=rows)


def _said(found: Dots, measure: _Measure, most: float, middle: float) -> str:
    said = f"Median {digits(middle, 4)} {measure.unit}, most {digits(most, 4)} {measure.unit}."
    if found.largest_of is not None:
        said += f" Each dot is the largest of its {found.largest_of.name}."
    if found.unknown:
        said += f" Not known of {counted(found.unknown, 'anchor', 'anchors')}."
    return said


def _statuses(chain: ChainAudit, days: Days, prefix: str, *, is_of_seals: bool) -> Chart:
    what = "Whole batches" if is_of_seals else "Credentials"
    title = f"{what} withdrawn over time"
    found = statuses_summed(chain, days, is_of_seals=is_of_seals)
    if found is None:
        return Chart(title, "No credential's status was changed on its own.")
    totals = found.points[-1][1]
    ever = (f"{total:,} {kind}" for kind, total in zip(found.kinds, totals, strict=True))
    said = f"{what} ever: {', '.join(ever)}."
    frame = Frame(days.first, days.last, round_ticks(0, max(totals), is_whole=True))
    name = f"{prefix}-{'seals' if is_of_seals else 'credentials'}"
    svg = drawing(frame, name=name, title=title, description=said)
    # The broken lines above the whole one: where two are the same, both are seen.
    for kind in sorted(_drawn(found), key=_BROKEN.__contains__):
        place = found.kinds.index(kind)
        line = [(days_of(time), sums[place]) for time, sums in found.points]
        draw_steps(svg, frame, line, kind=f"line-{kind}")
    return _with_sums(Chart(title, said, markup(svg)), found)


def _with_sums(chart: Chart, found: Sums) -> Chart:
    return Chart(
        chart.title,
        chart.said,
        chart.picture,
        legend=tuple((sample_of(f"line-{kind}"), kind) for kind in _drawn(found)),
        heads=("Until", *(kind.capitalize() for kind in found.kinds)),
        rows=tuple((format_time(time), *(f"{n:,}" for n in sums)) for time, sums in found.points),
    )


def _drawn(found: Sums) -> list[str]:
    """The kinds that have happened: a line on the ground shows nothing."""
    totals = found.points[-1][1]
    return [kind for kind, total in zip(found.kinds, totals, strict=True) if total]


def _date(day: int) -> date:
    return date.fromordinal(day)
