"""An audit's report as one HTML file that asks nobody for anything: no script, font or picture.

All that it shows may come from strangers: the template escapes, and links are made of hashes only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from registry.core.address import format_address, format_chain
from registry.core.wire import format_time
from registry.reporting.charts import Chart, charts_of
from registry.reporting.networks import Network, network, transaction_link
from registry.reporting.places import Places
from registry.reporting.series import cost, days_shown
from registry.reporting.words import (
    counted,
    counted_findings,
    duration,
    looked_in_words,
    reason_name,
    shown,
    until,
    verdict_in_words,
)
from registry.services.audit.report import (
    AuditReport,
    ChainAudit,
    ReportedAnchor,
    ReportedChange,
    ReportedFinding,
)
from registry.services.findings import Severity

_GWEI: Final = 10**9


@dataclass(frozen=True, slots=True)
class _ShownFinding:
    """A finding, the row of this page that it is about, and where else to look it up."""

    finding: ReportedFinding
    row: str | None
    elsewhere: str | None


@dataclass(frozen=True, slots=True)
class _ShownRow:
    """A row of a table; `name` is what links point to, which the first of several has."""

    name: str | None
    row: ReportedAnchor | ReportedChange
    link: str | None


@dataclass(frozen=True, slots=True)
class _ShownChain:
    """A chain with its charts and tables."""

    chain: ChainAudit
    network: Network
    span: tuple[date, date]  # that the charts show
    charts: tuple[Chart, ...]
    anchors: tuple[_ShownRow, ...]
    changes: tuple[_ShownRow, ...]


def html_report(report: AuditReport) -> bytes:
    """One self-contained page. The same report gives the same bytes."""
    places = Places.of(report)
    page = _environment().get_template("report.html")
    text = page.render(
        report=report,
        said=verdict_in_words(report),
        found=counted_findings(report),
        looked=looked_in_words(report),
        severities=list(_by_severity(report, places)),
        chains=[_shown_chain(chain, places) for chain in report.chains],
        style=_style(),
    )
    return text.encode()


def _by_severity(
    report: AuditReport, places: Places
) -> Iterator[tuple[Severity, list[_ShownFinding]]]:
    for severity in Severity:
        found = [
            _ShownFinding(each, places.row_of(each), places.explorer_of(each))
            for each in report.findings
            if each.severity is severity
        ]
        if found:
            yield severity, found


def _shown_chain(chain: ChainAudit, places: Places) -> _ShownChain:
    named: set[str] = set()

    def shown_row(row: ReportedAnchor | ReportedChange) -> _ShownRow:
        transaction = "0x" + row.transaction.hex()
        name = places.name_of(chain.chain, transaction)
        is_first = name not in named
        named.add(name)
        link = transaction_link(chain.chain, transaction)
        return _ShownRow(name if is_first else None, row, link)

    days = days_shown(chain)
    return _ShownChain(
        chain,
        network(chain.chain),
        (date.fromordinal(days.first), date.fromordinal(days.last)),
        charts_of(chain, prefix=f"chart-{chain.chain}"),
        tuple(shown_row(each) for each in chain.anchors),
        tuple(shown_row(each) for each in chain.changes),
    )


@cache
def _style() -> str:
    return (files("registry.reporting") / "report.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("registry.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "address": format_address,
        "chain": format_chain,
        "counted": counted,
        "time": _time,
        "stamp": format_time,
        "eth_hash": lambda value: "0x" + value.hex(),
        "number": _number,
        "gwei": lambda wei: None if wei is None else wei / _GWEI,
        "cost": cost,
        "duration": duration,
        "reason": reason_name,
        "until": until,
        "shown": shown,
    }
    return environment


def _time(time: datetime) -> str:
    """A time for a person: the same everywhere, in UTC."""
    return format_time(time)[:16].replace("T", " ")


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return (
        f"{value:,}"
        if isinstance(value, int)
        else f"{value:,.4g}"
        if value < 1e4
        else f"{value:,.0f}"
    )
