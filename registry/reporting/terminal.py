"""A report in lines for a terminal: the verdict, numbers, findings with advice, what is open.

Plain text of 100 columns without colours; nothing of strangers moves the cursor.
"""

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from registry.core.address import format_address, format_chain
from registry.core.wire import format_time
from registry.reporting.networks import network
from registry.reporting.words import counted, looked_in_words, shown, verdict_in_words
from registry.services.audit.report import AuditReport, ChainAudit, ReportedFinding

COLUMNS: Final = 100
_MOST_FINDINGS: Final = 50  # more of them nobody reads in a terminal; files hold all
_MOST_SENTENCES: Final = 10
_INDENT: Final = "  "


def summary_lines(report: AuditReport) -> list[str]:
    """The lines, without line ends; none is longer than `COLUMNS`."""
    return list(_lines(report))


def _lines(report: AuditReport) -> Iterator[str]:
    said = verdict_in_words(report)
    yield from _wrapped(said.headline)
    yield from _wrapped(said.meaning)
    yield ""
    if report.issuer is not None:
        yield from _wrapped(f"Issuer {format_address(report.issuer)}")
    for chain in report.chains:
        yield from _wrapped(_chain(chain))
    yield from _wrapped(f"Looked at {looked_in_words(report)}")
    yield from _findings(report)
    yield from _sentences("Not answered", report.unknowns)
    yield from _sentences("Limits", report.limits)


def _chain(chain: ChainAudit) -> str:
    name, known = format_chain(chain.chain), network(chain.chain).name
    called = name if known == name else f"{known} ({name})"
    return (
        f"{called} up to block {chain.block_number:,} of {format_time(chain.block_time)}: "
        f"{counted(len(chain.anchors), 'anchor', 'anchors')}, "
        f"{counted(len(chain.changes), 'status change', 'status changes')}"
    )


def _findings(report: AuditReport) -> Iterator[str]:
    for finding in report.findings[:_MOST_FINDINGS]:
        yield ""
        yield from _finding(finding)
    more = len(report.findings) - _MOST_FINDINGS
    if more > 0:
        yield ""
        yield f"… and {counted(more, 'finding', 'findings')} more, in the report's file"


def _finding(finding: ReportedFinding) -> Iterator[str]:
    yield f"{finding.severity.value.upper()} {finding.code.value}"
    yield from _wrapped(finding.detail, first=_INDENT)
    yield from _wrapped(finding.advice, first=_INDENT + "→ ", rest=_INDENT * 2)


def _sentences(head: str, sentences: tuple[str, ...]) -> Iterator[str]:
    if not sentences:
        return
    yield ""
    yield f"{head}:"
    for sentence in sentences[:_MOST_SENTENCES]:
        yield from _wrapped(sentence, first="- ", rest=_INDENT)
    if len(sentences) > _MOST_SENTENCES:
        yield f"- … and {len(sentences) - _MOST_SENTENCES:,} more, in the report's file"


def _wrapped(text: str, *, first: str = "", rest: str | None = None) -> list[str]:
    rest = first if rest is None else rest
    return wrap(
        shown(text),
        COLUMNS,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
    )
