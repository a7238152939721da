"""A report's verdict and numbers in words, the same in a terminal and on a page.

Knows neither HTML nor a terminal's width.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from registry.core.documents import printable
from registry.core.wire import format_time
from registry.services.audit.report import AuditReport
from registry.services.findings import Severity
from registry.services.status import REASONS

_NAMES: Final = {
    Severity.CRITICAL: ("critical finding", "critical findings"),
    Severity.WARNING: ("warning", "warnings"),
    Severity.NOTICE: ("notice", "notices"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict: a headline, and what it means for who reads it."""

    headline: str
    meaning: str


def verdict_in_words(report: AuditReport) -> Said:
    """What the audit came to. Never sounds better than the report is."""
    found = counted_findings(report)
    if report.verdict == "findings":
        return Said(found, _FINDINGS + (_ALSO_OPEN if report.unknowns else ""))
    if report.verdict == "incomplete":
        open_questions = counted(len(report.unknowns), "question was", "questions were")
        notices = f" There {_is_or_are(report)} {found}." if found else ""
        return Said(f"Incomplete: {open_questions} not answered", _INCOMPLETE + notices)
    if found:
        return Said(f"Nothing wrong found, {found}", f"{_CLEAN} {_NOTICES}")
    return Said("Nothing found", _CLEAN)


def counted_findings(report: AuditReport) -> str:
    """“1 critical finding, 2 notices”; nothing where there is none."""
    counts = Counter(each.severity for each in report.findings)
    return ", ".join(counted(counts[each], *_NAMES[each]) for each in Severity if counts[each])


def counted(count: int, one: str, many: str) -> str:
    """A number with its noun."""
    return f"{count:,} {one if count == 1 else many}"


def looked_in_words(report: AuditReport) -> str:
    """How much was looked at, in one sentence."""
    looked = report.looked
    anchors = sum(len(chain.anchors) for chain in report.chains)
    changes = sum(len(chain.changes) for chain in report.chains)
    parts = [
        counted(anchors, "anchor", "anchors"),
        counted(changes, "status change", "status changes"),
        counted(looked.batches, "batch", "batches"),
        counted(looked.leaves, "leaf built into trees again", "leaves built into trees again"),
        counted(looked.openings, "credential behind a leaf", "credentials behind leaves"),
        counted(looked.status_places, "place in status lists", "places in status lists"),
        counted(looked.receipts, "receipt", "receipts"),
    ]
    return ", ".join(parts[:-1]) + f" and {parts[-1]}"


def shown(value: str | int | None) -> str:
    """Text of strangers for a person: what cannot be seen is spelt out."""
    return "–" if value is None else printable(str(value))


def duration(seconds: int | None) -> str:
    """A length of time, to two units; a minus in front of one that runs backwards."""
    if seconds is None:
        return "–"
    length, sign = abs(seconds), "−" if seconds < 0 else ""
    for unit, size, lesser, lesser_size in _UNITS:
        if length >= size:
            rest = length % size // lesser_size
            return f"{sign}{length // size} {unit}" + (f" {rest} {lesser}" if rest else "")
    return f"{sign}{length} s"


def reason_name(code: int) -> str:
    """The reason of a status change, by its name of RFC 5280 if it is one of ours."""
    return _REASON_NAMES.get(code, f"reason {code}")


def until(valid_until: str) -> str:
    """The end of an operator's rights, which the contract keeps in seconds since 1970."""
    seconds = int(valid_until) if valid_until.isascii() and valid_until.isdecimal() else None
    if seconds is None:
        return shown(valid_until)
    if seconds > _LAST_SECOND:
        return "without end"
    return format_time(datetime.fromtimestamp(seconds, UTC))


def _is_or_are(report: AuditReport) -> str:
    return "is" if len(report.findings) == 1 else "are"


_UNITS: Final = (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1))
_LAST_SECOND: Final = 253_402_300_799  # of the year 9999
_REASON_NAMES: Final = {code: name.replace("-", " ") for name, code in REASONS.items()}
_CLEAN: Final = (
    "What the issuer shows is what the chains hold, as far as this audit looks. What it cannot "
    "show is named under Limits."
)
_NOTICES: Final = "Whoever relies on the issuer should know what is noticed below."
_FINDINGS: Final = (
    "Something has to be explained. Each finding says what it means and what to do about it."
)
_ALSO_OPEN: Final = " Some questions were not answered either."
_INCOMPLETE: Final = (
    "Nothing wrong was found in what could be asked. Until the rest is asked as well, this is "
    "no clean audit."
)
