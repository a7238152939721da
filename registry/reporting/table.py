"""All anchors of a report as CSV (RFC 4180), for spreadsheets and other people's programs.

Holds no findings: a table of facts, to be summed up or joined with what somebody else has.
"""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Final

from registry.core.address import format_address, format_chain
from registry.core.wire import format_time
from registry.services.audit.report import AuditReport, ReportedAnchor

HEADS: Final = (
    "chain",
    "sequence",
    "seal",
    "anchoredAt",
    "blockNumber",
    "transaction",
    "actor",
    "way",
    "gasUsed",
    "gasPrice",
    "treeSize",
    "openedAt",
    "sealedAt",
    "delaySeconds",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def anchors_csv(report: AuditReport) -> bytes:
    """A line of heads and one for each anchor; what is not known is empty. UTF-8, CRLF."""
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADS)
    for chain in report.chains:
        for anchor in chain.anchors:
            writer.writerow([cell(each) for each in _values(chain.chain, anchor)])
    return out.getvalue().encode()


def cell(value: str | int | None) -> str:
    """A value as a spreadsheet cannot take for a formula.

    Numbers stay numbers, below zero too: a batch may claim to have begun after its anchor.
    """
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return str(value)


def _values(chain_id: int, anchor: ReportedAnchor) -> Iterator[str | int | None]:
    yield format_chain(chain_id)
    yield anchor.sequence
    yield anchor.seal.hex()
    yield format_time(anchor.anchored_at)
    yield anchor.block_number
    yield "0x" + anchor.transaction.hex()
    yield None if anchor.actor is None else format_address(anchor.actor)
    yield anchor.way
    yield anchor.gas_used
    yield anchor.gas_price
    yield anchor.tree_size
    yield None if anchor.opened_at is None else format_time(anchor.opened_at)
    yield None if anchor.sealed_at is None else format_time(anchor.sealed_at)
    yield anchor.delay_seconds
