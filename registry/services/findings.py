"""What an audit may find. The codes are stable; docs/audit-findings.md says what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from registry.services.ports import Batch

Evidence = Mapping[str, str | int | None]


class FindingCode(StrEnum):
    """One fault each, by these names."""

    # The store alone.
    LEAVES_DIFFER = "leaves-differ"
    HEAD_DIFFERS = "head-differs"
    PROOF_DIFFERS = "proof-differs"
    CREDENTIAL_ELSEWHERE = "credential-elsewhere"
    STATE_DIFFERS = "state-differs"
    ANCHOR_MISPLACED = "anchor-misplaced"
    ATTEMPT_GARBLED = "attempt-garbled"
    ATTEMPT_OFF_TARGET = "attempt-off-target"
    NONCE_SHARED = "nonce-shared"
    REPLACEMENT_MISNUMBERED = "replacement-misnumbered"
    REPLACEMENT_TOO_CHEAP = "replacement-too-cheap"
    # The store against a chain.
    CONTRACT_NOT_OURS = "contract-not-ours"
    ANCHOR_MISSING = "anchor-missing"
    ANCHOR_ELSEWHERE = "anchor-elsewhere"
    NOT_FINAL = "not-final"
    ANCHORED_TWICE = "anchored-twice"
    UNKNOWN_ANCHOR = "unknown-anchor"
    MINED_TWICE = "mined-twice"
    STATUS_DIFFERS = "status-differs"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be: its code, a sentence, and what was seen."""

    code: FindingCode
    detail: str
    evidence: Evidence


def of_batch(batch: Batch, **more: str | int | None) -> dict[str, str | int | None]:
    """Evidence that names a batch."""
    seal = None if batch.head is None else batch.head.seal.hex()
    return {"batch": batch.id, "seal": seal, **more}
