"""What an audit reports, format 1: the same for a terminal, a program and a page.

Holds nothing of the moment at which the audit ran, so that the same question about the same block
gets the same bytes. `report.schema.json` beside this file is its JSON schema.
"""

from typing import Annotated, Final, Literal

import orjson
from pydantic import Field

from registry.core.address import format_chain
from registry.core.wire import Address, Chain, Count, EthHash, Hash, Time, WireModel
from registry.services.findings import MEANINGS, Finding, FindingCode, Severity

REPORT_TYPE: Final = "rootseal/audit-report@1"
Verdict = Literal["clean", "findings", "incomplete"]
_SEVERITIES: Final = list(Severity)


class ReportedFinding(WireModel):
    """One thing that is not as it should be, how grave it is, and what to do."""

    code: Annotated[FindingCode, Field(strict=False)]
    severity: Annotated[Severity, Field(strict=False)]
    detail: str
    meaning: str
    advice: str
    evidence: dict[str, str | int | None]


class ReportedAnchor(WireModel):
    """One anchor of the issuer, and what the issuer shows of its batch."""

    sequence: Count
    seal: Hash
    anchored_at: Time
    block_number: Count
    transaction: EthHash
    actor: Address | None  # None where a contract called: a wallet, say
    way: Literal["call", "signature", "contract"] | None
    gas_used: Count | None
    gas_price: Count | None  # wei
    tree_size: Count | None  # None where the issuer shows no such batch
    opened_at: Time | None
    sealed_at: Time | None

    @property
    def delay_seconds(self) -> int | None:
        """From the batch's first credential to its anchor."""
        if self.opened_at is None:
            return None
        return int((self.anchored_at - self.opened_at).total_seconds())


class ReportedChange(WireModel):
    """One change of status: of so many credentials, or of the whole seal if `credentials` is null.

    `reason` is the code of the event.
    """

    time: Time
    block_number: Count
    transaction: EthHash
    seal: Hash
    credentials: Count | None
    status: Literal["active", "suspended", "revoked"]
    reason: Count


class ReportedOperator(WireModel):
    """Somebody who was ever appointed; `validUntil` is in seconds since 1970, as text."""

    operator: Address
    roles: tuple[Literal["anchor", "status"], ...]
    valid_until: str


class ChainAudit(WireModel):
    """What an audit saw of an issuer on one chain, up to one block."""

    chain: Chain
    contract: Address
    block_number: Count
    block_hash: EthHash
    block_time: Time
    owner: Address | None  # None where the contract is not ours, and nothing more was asked
    pending_owner: Address | None
    operators: tuple[ReportedOperator, ...]
    events: Count
    status_words: Count  # that were proved
    anchors: tuple[ReportedAnchor, ...]
    changes: tuple[ReportedChange, ...]


class Looked(WireModel):
    """How much was looked at."""

    batches: Count
    leaves: Count  # of which trees were built again
    openings: Count  # credentials behind leaves
    status_places: Count  # of credentials in published status lists
    receipts: Count
    trees_by: str  # which code built the trees


class AuditReport(WireModel):
    """All that an audit says. `unknowns` could not be asked; `limits` is what it cannot show."""

    type: Literal["rootseal/audit-report@1"]
    program: str
    issuer: Address | None  # None of a bundle whose files were changed, which is not read
    verdict: Verdict
    looked: Looked
    chains: tuple[ChainAudit, ...]
    findings: tuple[ReportedFinding, ...]
    unknowns: tuple[str, ...]
    limits: tuple[str, ...]


def reported(findings: list[Finding]) -> tuple[ReportedFinding, ...]:
    """Findings as they are reported: each once, the gravest first, else as they were found."""
    seen: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        # The store's books and the audit may come upon the same: the first tells it.
        seen.setdefault((finding.code, *_subject(finding)), finding)
    ordered = sorted(seen.values(), key=lambda each: _SEVERITIES.index(each.severity))
    return tuple(
        ReportedFinding(
            code=each.code,
            severity=each.severity,
            detail=each.detail,
            meaning=MEANINGS[each.code].meaning,
            advice=MEANINGS[each.code].advice,
            evidence=dict(each.evidence),
        )
        for each in ordered
    )


def verdict_of(findings: tuple[ReportedFinding, ...], unknowns: tuple[str, ...]) -> Verdict:
    """What it comes to: a notice alone is no reason to refuse."""
    if any(each.severity is not Severity.NOTICE for each in findings):
        return "findings"
    return "incomplete" if unknowns else "clean"


def print_report(report: AuditReport) -> bytes:
    """The one printed form of a report, for people too."""
    return orjson.dumps(report.model_dump(mode="json"), option=orjson.OPT_INDENT_2) + b"\n"


def _subject(finding: Finding) -> tuple[object, ...]:
    """What a finding is about; of two with the same code and subject one is enough."""
    if finding.code in _ABOUT_SEALS and finding.evidence.get("seal") is not None:
        chain = finding.evidence.get("chain")
        return format_chain(chain) if isinstance(chain, int) else chain, finding.evidence["seal"]
    return finding.detail, *sorted(finding.evidence.items(), key=lambda item: item[0])


_ABOUT_SEALS: Final = frozenset(
    {FindingCode.UNKNOWN_ANCHOR, FindingCode.ANCHOR_MISSING, FindingCode.ANCHOR_ELSEWHERE}
)
