"""The audit: replays what chains know of an issuer, and compares it with what the issuer shows.

Trusts neither the issuer nor a node: state counts as far as a block's hash proves it, events as
far as that state confirms them. Asks nothing itself; what could not be asked is never a finding.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from registry.errors import VerificationError
from registry.services.audit.batches import Seen, check_anchored, check_in_time, check_known
from registry.services.audit.evidence import where
from registry.services.audit.leaves import (
    BuildTree,
    Rebuilt,
    build_tree,
    credentials_in_two,
    rebuild,
)
from registry.services.audit.lists import check_list
from registry.services.audit.nodes import AnchoredSeal, Believed, believed_events
from registry.services.audit.patterns import check_cadence, check_gas
from registry.services.audit.receipts import Chained, Given, check_given, sampled
from registry.services.audit.reissues import check_reissued
from registry.services.audit.report import (
    AuditReport,
    ChainAudit,
    Looked,
    print_report,
    reported,
    verdict_of,
)
from registry.services.audit.rights import check_rights
from registry.services.audit.statuses import check_statuses
from registry.services.audit.summary import chain_audit, limits_of, unknown_statuses
from registry.services.findings import Finding, FindingCode
from registry.services.ports import (
    CodeMatch,
    DisclosedBatch,
    Disclosure,
    History,
)

__all__ = ["AuditOptions", "AuditReport", "Given", "audit", "print_report", "refused"]


def _silent(_what: str, _done: int, _of: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """What was promised, what may be, and how to go about it.

    `promised` is from a batch's first credential to its anchor; `tolerance` how long before its
    anchor a credential may say it was issued. `sample` is how many of the given credentials are
    checked, None for all. `program` names who audits. `is_block_known` says that the auditor named
    the hash of each chain's block.
    """

    program: str
    promised: timedelta
    tolerance: timedelta
    sample: int | None = None
    is_block_known: bool = False
    build: BuildTree = build_tree
    trees_by: str = "rootseal"
    step: Callable[[str, int, int], None] = _silent


@dataclass(slots=True)
class _Audit:
    """One audit under way."""

    issuer: bytes
    batches: Sequence[DisclosedBatch]
    options: AuditOptions
    findings: list[Finding] = field(default_factory=list)
    unknowns: list[str] = field(default_factory=list)
    chains: list[ChainAudit] = field(default_factory=list)
    histories: dict[int, History] = field(default_factory=dict)
    believed: list[tuple[History, Believed]] = field(default_factory=list)
    anchors: dict[int, dict[bytes, AnchoredSeal]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)

    def tell(self, told: Iterable[Finding | str]) -> None:
        """Take in findings, and sentences on what could not be asked."""
        for each in told:
            if isinstance(each, str):
                self.unknowns.append(each)
            else:
                self.findings.append(each)


def audit(
    histories: Sequence[History],
    disclosure: Disclosure,
    *,
    batches: Sequence[DisclosedBatch],
    options: AuditOptions,
    given: Iterable[Given] = (),
    more: Iterable[Finding] = (),
) -> AuditReport:
    """Audit one issuer on one chain or several, which must not be none.

    `batches` are those that were shown when the histories were read: of a seal that came later
    they prove nothing. `more` is what others found already. Raises `UnavailableError` if what the
    issuer shows could not be asked for at all.
    """
    work = _Audit(histories[0].issuer, _each_once(batches), options)
    for history in histories:
        _audit_chain(work, history)
    if work.seen:
        work.tell(check_in_time(work.seen, work.batches, options.promised))
    trees = rebuild(disclosure, work.batches, build=options.build, step=options.step)
    work.findings += trees.findings
    work.unknowns += trees.unknowns
    openings = _audit_openings(work, disclosure, trees.sound)
    places = _audit_lists(work, disclosure)
    receipts = _audit_receipts(work, given)
    work.findings += more
    return _report(work, trees, openings=openings, places=places, receipts=receipts)


def _each_once(batches: Sequence[DisclosedBatch]) -> list[DisclosedBatch]:
    """A batch that is listed again is no further batch: the one that waited longest is asked."""
    found: dict[tuple[bytes, bytes, int], DisclosedBatch] = {}
    for batch in batches:
        key = (batch.seal, batch.merkle_root, batch.tree_size)
        if key not in found or batch.opened_at < found[key].opened_at:
            found[key] = batch
    return list(found.values())


def refused(program: str, findings: Sequence[Finding]) -> AuditReport:
    """The report on what cannot be audited at all: a bundle whose files were changed."""
    found = reported(list(findings))
    return AuditReport(
        type="rootseal/audit-report@1",
        program=program,
        issuer=None,
        verdict=verdict_of(found, ()),
        looked=Looked(
            batches=0, leaves=0, openings=0, status_places=0, receipts=0, trees_by="rootseal"
        ),
        chains=(),
        findings=found,
        unknowns=(),
        limits=(),
    )


def _audit_chain(work: _Audit, history: History) -> None:
    try:
        _check_chain(work, history)
    except VerificationError as exc:
        work.findings.append(
            Finding(FindingCode.NODE_LIES, f"a node's answer is no proof: {exc}", where(history))
        )


def _check_chain(work: _Audit, history: History) -> None:
    believed = _believed(work, history)
    if believed is None:
        work.chains.append(chain_audit(history, None, work.batches))
        return
    is_whole = not believed.findings
    seen = Seen.of(history, work.batches, believed.anchors)
    options = work.options
    work.findings += believed.findings
    work.findings += check_rights(history, believed.events, is_whole=is_whole)
    work.findings += check_statuses(
        history, believed.events, [*dict.fromkeys([*seen.batches, *seen.anchors])]
    )
    work.findings += check_known(seen)
    work.findings += check_anchored(seen)
    work.findings += check_gas(history, believed.anchors)
    work.findings += check_cadence(history, believed.anchors, options.promised)
    work.tell(unknown_statuses(history, work.batches))
    work.chains.append(chain_audit(history, believed, work.batches))
    work.histories[history.chain_id] = history
    work.believed.append((history, believed))
    work.anchors[history.chain_id] = dict(seen.anchors)
    work.seen.append(seen)


def _believed(work: _Audit, history: History) -> Believed | None:
    """The events that count; None where the contract is not ours, and nothing does."""
    match history.match_code():
        case CodeMatch.DIFFERENT:
            work.findings.append(
                Finding(
                    FindingCode.CONTRACT_NOT_OURS,
                    "the code at the contract's address is not the published build"
                    if history.code
                    else f"block {history.block.number:,} has no code at the contract's address",
                    where(history),
                )
            )
            return None
        case CodeMatch.METADATA_DIFFERS:
            work.findings.append(
                Finding(
                    FindingCode.CODE_METADATA_DIFFERS,
                    "the contract's code differs from the published build in its metadata",
                    where(history),
                )
            )
    return believed_events(history)


def _audit_openings(work: _Audit, disclosure: Disclosure, sound: Sequence[DisclosedBatch]) -> int:
    count, findings, places = credentials_in_two(disclosure, sound, work.options.step)
    work.findings += findings
    work.findings += check_reissued(list(work.histories.values()), places)
    return count


def _audit_lists(work: _Audit, disclosure: Disclosure) -> int:
    count = 0
    histories = list(work.histories.values())
    for published in disclosure.status_lists() if histories else ():
        count += len(published.credentials)
        work.tell(check_list(histories, published))
    return count


def _audit_receipts(work: _Audit, given: Iterable[Given]) -> int:
    blocks = sorted(history.block.hash for history in work.histories.values())
    chosen = sampled(given, work.options.sample, b"".join(blocks))
    chained = Chained(work.histories, work.anchors)
    for place, each in enumerate(chosen, 1):
        work.tell(check_given(each, chained, work.options.tolerance))
        work.options.step("receipts", place, len(chosen))
    return len(chosen)


def _report(
    work: _Audit, trees: Rebuilt, *, openings: int, places: int, receipts: int
) -> AuditReport:
    findings, unknowns = reported(work.findings), tuple(work.unknowns)
    return AuditReport(
        type="rootseal/audit-report@1",
        program=work.options.program,
        issuer=work.issuer,
        verdict=verdict_of(findings, unknowns),
        looked=Looked(
            batches=len(work.batches),
            leaves=trees.leaves,
            openings=openings,
            status_places=places,
            receipts=receipts,
            trees_by=work.options.trees_by,
        ),
        chains=tuple(work.chains),
        findings=findings,
        unknowns=unknowns,
        limits=tuple(
            limits_of(
                work.believed,
                work.batches,
                openings=openings,
                places=places,
                is_block_known=work.options.is_block_known,
            )
        ),
    )
