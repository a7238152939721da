"""Builders of reports, as an audit would make them: small, large, empty, with every severity."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any, Final

from registry.services.audit.report import (
    AuditReport,
    ChainAudit,
    Looked,
    ReportedAnchor,
    ReportedChange,
    ReportedFinding,
    ReportedOperator,
    reported,
    verdict_of,
)
from registry.services.findings import Finding, FindingCode

ISSUER: Final = bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266")
CONTRACT: Final = bytes.fromhex("66aacb610e13aa5d24a81d5c0592a1e2f5e1816d")
OPERATOR: Final = bytes.fromhex("70997970c51812dc3a010c7d01b50e0d17dc79c8")
START: Final = datetime(2025, 1, 6, 2, 0, tzinfo=UTC)
LIMIT: Final = "On eip155:1 state is proved under block 40's hash, which the auditor must know."
HOSTILE: Final = (
    "</style><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\u202e{{ 7*7 }}"
)


def hash_of(name: str) -> bytes:
    return sha256(name.encode()).digest()


def anchor(number: int = 1, **more: Any) -> ReportedAnchor:
    """The anchor of one night; `more` is what is otherwise about it."""
    at = START + timedelta(days=number - 1)
    fields: dict[str, Any] = {
        "sequence": number,
        "seal": hash_of(f"seal {number}"),
        "anchored_at": at,
        "block_number": 100 + number * 7200,
        "transaction": hash_of(f"anchor {number}"),
        "actor": OPERATOR,
        "way": "call",
        "gas_used": 51_700,
        "gas_price": 12 * 10**9,
        "tree_size": 40,
        "opened_at": at - timedelta(hours=18),
        "sealed_at": at - timedelta(minutes=2),
    }
    return ReportedAnchor(**(fields | more))


def change(number: int = 1, **more: Any) -> ReportedChange:
    fields: dict[str, Any] = {
        "time": START + timedelta(days=number, hours=9),
        "block_number": 3000 + number * 7200,
        "transaction": hash_of(f"change {number}"),
        "seal": hash_of(f"seal {number}"),
        "credentials": 1,
        "status": "revoked",
        "reason": 4,
    }
    return ReportedChange(**(fields | more))


def chain(
    anchors: Sequence[ReportedAnchor] = (), changes: Sequence[ReportedChange] = (), **more: Any
) -> ChainAudit:
    times = [each.anchored_at for each in anchors] + [each.time for each in changes]
    fields: dict[str, Any] = {
        "chain": 1,
        "contract": CONTRACT,
        "block_number": 4_000_000,
        "block_hash": hash_of("block"),
        "block_time": max(times, default=START) + timedelta(hours=6),
        "owner": ISSUER,
        "pending_owner": None,
        "operators": (
            ReportedOperator(operator=OPERATOR, roles=("anchor",), valid_until=str(2**64 - 1)),
        ),
        "events": len(anchors) + len(changes) + 1,
        "status_words": len(anchors),
        "anchors": tuple(anchors),
        "changes": tuple(changes),
    }
    return ChainAudit(**(fields | more))


def finding(code: FindingCode, detail: str = "a thing", **evidence: str | int | None) -> Finding:
    return Finding(code, detail, evidence)


def report(
    *chains: ChainAudit,
    findings: Sequence[Finding] = (),
    unknowns: tuple[str, ...] = (),
    **more: Any,
) -> AuditReport:
    found: tuple[ReportedFinding, ...] = reported(list(findings))
    anchors = [each for one in chains for each in one.anchors]
    fields: dict[str, Any] = {
        "type": "rootseal/audit-report@1",
        "program": "rootseal 0.1.0",
        "issuer": ISSUER,
        "verdict": verdict_of(found, unknowns),
        "looked": Looked(
            batches=len(anchors),
            leaves=sum(each.tree_size or 0 for each in anchors),
            openings=0,
            status_places=1,
            receipts=3,
            trees_by="rootseal",
        ),
        "chains": chains,
        "findings": found,
        "unknowns": unknowns,
        "limits": (LIMIT,),
    }
    return AuditReport(**(fields | more))


def small() -> AuditReport:
    """Six nights, three changes, nothing found."""
    changes = [
        change(2, status="suspended"),
        change(3),
        change(4, status="active", seal=hash_of("seal 2")),
    ]
    return report(chain([anchor(number) for number in range(1, 7)], changes))


def large() -> AuditReport:
    """400 anchors over two years, as an issuer's life goes; with notices."""
    luck = Random(7)  # noqa: S311 - the same every time, and no secret
    anchors = [_night(luck, number) for number in range(1, 401)]
    changes = [_day(luck, number) for number in range(1, 61)]
    dear = anchors[250]
    return report(
        chain(anchors, changes),
        findings=[
            finding(
                FindingCode.GAS_ANOMALY,
                "anchor 251 took 51,700 gas at 900,000,000,000 wei",
                chain="eip155:1",
                transaction="0x" + dear.transaction.hex(),
                gasUsed=51_700,
            )
        ],
    )


def every_severity() -> AuditReport:
    """Findings of every severity, one of them of an anchor in the report, and an open question."""
    anchors = [anchor(number) for number in range(1, 30)]
    anchors[11] = anchor(12, tree_size=None, opened_at=None, sealed_at=None)
    anchors[20] = anchor(21, gas_price=900 * 10**9)
    unknown = anchors[11]
    at = {"chain": "eip155:1", "seal": unknown.seal.hex()}
    changes = [change(4), change(6, credentials=None, reason=1), change(9, status="suspended")]
    findings = [
        finding(
            FindingCode.UNKNOWN_ANCHOR,
            f"anchor 12, of seal {unknown.seal.hex()}, is of no batch that is shown",
            **at,
            transaction="0x" + unknown.transaction.hex(),
            blockNumber=unknown.block_number,
            logIndex=3,
            sequence=12,
        ),
        finding(
            FindingCode.RECEIPT_INVALID,
            "the receipt of ana.pdf does not prove what it claims",
            name="ana.pdf",
            reason="wrong-path-length",
        ),
        finding(
            FindingCode.LATE_BATCH,
            f"the batch of seal {anchors[4].seal.hex()} was anchored 61 hours after its first "
            "credential came; 26 hours are promised",
            chain="eip155:1",
            seal=anchors[4].seal.hex(),
            seconds=219_600,
        ),
        finding(
            FindingCode.OWNER_CHANGED,
            "the issuer has another owner than its address",
            chain="eip155:1",
            transaction="0x" + hash_of("elsewhere").hex(),
        ),
    ]
    unknowns = ("The status list 3 could not be fetched: https://issuer.example answered 503.",)
    return report(chain(anchors, changes), findings=findings, unknowns=unknowns)


def hostile() -> AuditReport:
    """Text of strangers wherever a report has text."""
    findings = [
        finding(
            FindingCode.RECEIPT_INVALID,
            f"the receipt of {HOSTILE} is not valid",
            **{HOSTILE: HOSTILE, "chain": "eip155:1", "transaction": f"javascript:{HOSTILE}"},
        ),
        finding(FindingCode.NODE_LIES, HOSTILE, chain=HOSTILE, seal=HOSTILE, nothing=None),
    ]
    return report(
        chain([anchor()]),
        findings=findings,
        unknowns=(HOSTILE,),
        limits=(HOSTILE,),
        program=HOSTILE,
    )


def not_ours() -> AuditReport:
    """A contract that is not ours: nothing else was asked."""
    unasked = chain(owner=None, operators=(), events=0)
    return report(unasked, findings=[finding(FindingCode.CONTRACT_NOT_OURS, "not ours")])


def _night(luck: Random, number: int) -> ReportedAnchor:
    at = START + timedelta(days=number * 1.83, minutes=luck.randint(0, 20))
    waited = timedelta(hours=6 + 18 * luck.random() + (30 if luck.random() < 0.02 else 0))
    price = int((4 + 30 * luck.random() ** 3) * 10**9)
    return anchor(
        number,
        anchored_at=at,
        block_number=20_000_000 + number * 13_000,
        gas_used=68_801 if number == 1 else 51_700 + luck.randint(0, 60),
        gas_price=900 * 10**9 if number == 251 else price,
        tree_size=luck.randint(1, 900),
        opened_at=at - waited,
        sealed_at=at - timedelta(minutes=1),
    )


def _day(luck: Random, number: int) -> ReportedChange:
    status = luck.choice(["revoked", "suspended", "suspended", "active"])
    return change(
        number,
        time=START + timedelta(days=number * 12 + luck.random()),
        block_number=20_000_000 + number * 86_000,
        status=status,
        credentials=None if luck.random() < 0.06 else luck.randint(1, 12),
        reason=luck.choice([0, 4, 6, 9]),
    )
