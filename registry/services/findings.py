"""What an audit may find: codes, how grave each is, what it means, and what to do.

The codes are stable. docs/audit-findings.md is made of this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.services.ports import Batch

Evidence = Mapping[str, str | int | None]


class Severity(StrEnum):
    """How grave a finding is, the gravest first."""

    CRITICAL = "critical"  # something that is claimed is not true, or cannot be shown
    WARNING = "warning"  # may have a reason, which somebody has to give
    NOTICE = "notice"  # happens; whoever relies on the issuer should know


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
    NOT_FINAL = "not-final"
    ANCHORED_TWICE = "anchored-twice"
    MINED_TWICE = "mined-twice"
    STATUS_DIFFERS = "status-differs"
    # What an issuer shows against a chain.
    CONTRACT_NOT_OURS = "contract-not-ours"
    CODE_METADATA_DIFFERS = "code-metadata-differs"
    ANCHOR_MISSING = "anchor-missing"
    ANCHOR_ELSEWHERE = "anchor-elsewhere"
    UNKNOWN_ANCHOR = "unknown-anchor"
    BATCH_UNANCHORED = "batch-unanchored"
    LATE_BATCH = "late-batch"
    LEAVES_UNAVAILABLE = "leaves-unavailable"
    LEAVES_INVALID = "leaves-invalid"
    SIZE_DIFFERS = "size-differs"
    ROOT_DIFFERS = "root-differs"
    SEAL_DIFFERS = "seal-differs"
    DUPLICATE_CREDENTIAL = "duplicate-credential"
    REVOKED_AND_REISSUED = "revoked-and-reissued"
    STATUS_LIST_DIFFERS = "status-list-differs"
    # Credentials and receipts that the auditor was given.
    RECEIPT_INVALID = "receipt-invalid"
    RECEIPT_REORGED = "receipt-reorged"
    BACK_DATED = "back-dated"
    # The chain alone.
    ANCHORED_WITHOUT_RIGHT = "anchored-without-right"
    CHANGED_WITHOUT_RIGHT = "changed-without-right"
    SIGNATURE_INVALID = "signature-invalid"
    OWNER_CHANGED = "owner-changed"
    STATE_UNEXPLAINED = "state-unexplained"
    STATUS_UNEXPLAINED = "status-unexplained"
    REVOCATION_UNDONE = "revocation-undone"
    GAS_ANOMALY = "gas-anomaly"
    CADENCE_ANOMALY = "cadence-anomaly"
    # The nodes.
    EVENT_WITHHELD = "event-withheld"
    EVENT_FORGED = "event-forged"
    NODE_LIES = "node-lies"
    # The bundle.
    FILE_CHANGED = "file-changed"
    FILE_MISSING = "file-missing"


@dataclass(frozen=True, slots=True)
class Meaning:
    """How grave a kind of finding is, what it means, and what to do."""

    severity: Severity
    meaning: str
    advice: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be: its code, a sentence, and what was seen."""

    code: FindingCode
    detail: str
    evidence: Evidence

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return MEANINGS[self.code].severity


def of_batch(batch: Batch, **more: str | int | None) -> dict[str, str | int | None]:
    """Evidence that names a batch."""
    seal = None if batch.head is None else batch.head.seal.hex()
    return {"batch": batch.id, "seal": seal, **more}


_CRITICAL, _WARNING, _NOTICE = Severity.CRITICAL, Severity.WARNING, Severity.NOTICE
_C = FindingCode

MEANINGS: Final[Mapping[FindingCode, Meaning]] = {
    _C.LEAVES_DIFFER: Meaning(
        _CRITICAL,
        "the leaves of a batch are not those of its credentials: a salt or hash was changed, or "
        "one is gone",
        "restore the credentials from a backup; receipts that holders have still hold",
    ),
    _C.HEAD_DIFFERS: Meaning(
        _CRITICAL,
        "size, root or seal of a batch are not those of its tiles",
        "restore the batch and its tiles from a backup",
    ),
    _C.PROOF_DIFFERS: Meaning(
        _CRITICAL,
        "a tile above the leaves is wrong: receipts made from it would not verify",
        "restore the tiles of the batch",
    ),
    _C.CREDENTIAL_ELSEWHERE: Meaning(
        _CRITICAL,
        "a credential is in another batch too, or is not found by its hash",
        "rebuild the database's indexes; then compare with a backup",
    ),
    _C.STATE_DIFFERS: Meaning(
        _WARNING,
        "a batch's state is not the least of those on its chains",
        "run `rootseal nightly`; if it stays, restore",
    ),
    _C.ANCHOR_MISPLACED: Meaning(
        _CRITICAL,
        "a batch is anchored without a place, or has a place and is not anchored",
        "restore the batch's rows; the chain has the truth",
    ),
    _C.ATTEMPT_GARBLED: Meaning(
        _CRITICAL,
        "a stored transaction's bytes do not say what its row says",
        "restore the attempts; send nothing before that",
    ),
    _C.ATTEMPT_OFF_TARGET: Meaning(
        _CRITICAL,
        "a stored transaction is signed and calls something else than its batch or change needs",
        "find out who signed it; consider the key lost",
    ),
    _C.NONCE_SHARED: Meaning(
        _WARNING,
        "two subjects have transactions of one nonce: one of them may never be mined",
        "run `rootseal nightly`, which sends the loser anew; then look for a second registry with "
        "this key",
    ),
    _C.REPLACEMENT_MISNUMBERED: Meaning(
        _WARNING,
        "the replacements of a nonce are not numbered 0, 1, 2, …",
        "restore the attempts",
    ),
    _C.REPLACEMENT_TOO_CHEAP: Meaning(
        _NOTICE,
        "a replacement offers less than 12.5 % more, so that nodes keep the earlier one",
        "a bug: report it",
    ),
    _C.NOT_FINAL: Meaning(
        _CRITICAL,
        "a batch is final and its block is not",
        "ask another node; check `finality`",
    ),
    _C.ANCHORED_TWICE: Meaning(
        _CRITICAL,
        "a seal is among the issuer's anchors twice, which the contract forbids",
        "check the node and the contract",
    ),
    _C.MINED_TWICE: Meaning(
        _WARNING,
        "two transactions of a batch succeeded",
        "check the node and the contract",
    ),
    _C.STATUS_DIFFERS: Meaning(
        _CRITICAL,
        "a status on the chain is not what the changes that are done make it",
        "somebody else has the STATUS right, or a final block was replaced: ask for the change "
        "again",
    ),
    _C.CONTRACT_NOT_OURS: Meaning(
        _CRITICAL,
        "the address does not run our contract, or not as deployed there; nothing else is asked",
        "check `contract`, `chain_id` and the node; rely on nothing that is anchored there",
    ),
    _C.CODE_METADATA_DIFFERS: Meaning(
        _NOTICE,
        "the contract is the same program, compiled from sources with another text",
        "compare the sources; comments or names were changed",
    ),
    _C.ANCHOR_MISSING: Meaning(
        _CRITICAL,
        "the contract does not hold the seal of a batch that is called anchored",
        "the issuer's: only `anchored`: a reorganisation, run `rootseal nightly`; `final`: as "
        "well, and ask another node. Anybody else's: take its credentials for unproved",
    ),
    _C.ANCHOR_ELSEWHERE: Meaning(
        _WARNING,
        "the seal is anchored, in another block or transaction than is said",
        "a reorganisation: receipts must be made again; run `rootseal nightly`",
    ),
    _C.UNKNOWN_ANCHOR: Meaning(
        _CRITICAL,
        "a seal was anchored for the issuer that it does not show",
        "the store is older than the chain (a backup), a batch is kept secret, or the key is in "
        "other hands: cut the operator off, and revoke the seal",
    ),
    _C.BATCH_UNANCHORED: Meaning(
        _WARNING,
        "a batch is sealed for longer than was promised, and anchored nowhere",
        "run `rootseal nightly` and read what it waits for",
    ),
    _C.LATE_BATCH: Meaning(
        _WARNING,
        "a batch was anchored later than was promised after its first credential came",
        "ask the issuer why; until then nothing showed that its credentials existed",
    ),
    _C.LEAVES_UNAVAILABLE: Meaning(
        _CRITICAL,
        "the leaves of an anchored batch are not shown: nobody can see what it holds",
        "ask the issuer for them; receipts that holders have still hold",
    ),
    _C.LEAVES_INVALID: Meaning(
        _CRITICAL,
        "what is shown as a batch's leaves makes no tree: not 32 bytes each, not ascending",
        "ask the issuer for the leaves again",
    ),
    _C.SIZE_DIFFERS: Meaning(
        _CRITICAL,
        "a batch has more or fewer leaves than its size says: some were dropped or added",
        "ask the issuer for the leaves again; compare with receipts of holders",
    ),
    _C.ROOT_DIFFERS: Meaning(
        _CRITICAL,
        "the leaves of a batch do not lead to its Merkle root: one was exchanged",
        "ask the issuer for the leaves again; compare with receipts of holders",
    ),
    _C.SEAL_DIFFERS: Meaning(
        _CRITICAL,
        "root and size of a batch do not make its seal",
        "what is anchored is another batch than what is shown: ask the issuer",
    ),
    _C.DUPLICATE_CREDENTIAL: Meaning(
        _WARNING,
        "one credential is in two batches, so that it has two statuses",
        "withdraw both if it has to be withdrawn",
    ),
    _C.REVOKED_AND_REISSUED: Meaning(
        _CRITICAL,
        "a credential that is suspended or revoked in one batch is active in another",
        "withdraw the other as well, or ask the issuer why it counts again",
    ),
    _C.STATUS_LIST_DIFFERS: Meaning(
        _CRITICAL,
        "a published status list and the chain disagree about a credential",
        "believe the chain; publish the list anew",
    ),
    _C.RECEIPT_INVALID: Meaning(
        _CRITICAL,
        "a credential and its receipt do not prove what they claim",
        "see its reason; docs/checks.md explains each",
    ),
    _C.RECEIPT_REORGED: Meaning(
        _WARNING,
        "a receipt names a block or transaction that is not on the chain any more; the seal is",
        "ask the issuer for the receipt again",
    ),
    _C.BACK_DATED: Meaning(
        _CRITICAL,
        "a credential says it was issued long before its batch was anchored",
        "the date is the issuer's word alone: nothing shows that it existed then",
    ),
    _C.ANCHORED_WITHOUT_RIGHT: Meaning(
        _CRITICAL,
        "a seal was anchored by somebody who had no right to at that time",
        "the contract forbids it: check the node, then the contract's code",
    ),
    _C.CHANGED_WITHOUT_RIGHT: Meaning(
        _CRITICAL,
        "a status, an operator or the owner was changed by somebody who had no right to",
        "the contract forbids it: check the node, then the contract's code",
    ),
    _C.SIGNATURE_INVALID: Meaning(
        _CRITICAL,
        "an anchor by signature was made after its deadline, or for another seal or issuer",
        "the contract forbids it: check the node, then the contract's code",
    ),
    _C.OWNER_CHANGED: Meaning(
        _NOTICE,
        "the issuer has another owner than the address that it is named after",
        "ask the issuer whether it moved to a new key or wallet",
    ),
    _C.STATE_UNEXPLAINED: Meaning(
        _CRITICAL,
        "owner, offer or an operator's roles are not what the events make them",
        "the node withholds events, or the contract is not what it seems",
    ),
    _C.STATUS_UNEXPLAINED: Meaning(
        _CRITICAL,
        "a status is not what the events make it",
        "the node withholds events, or the contract is not what it seems",
    ),
    _C.REVOCATION_UNDONE: Meaning(
        _CRITICAL,
        "what was revoked counts again, which the contract forbids",
        "check the node, then the contract's code; take the credential for revoked",
    ),
    _C.GAS_ANOMALY: Meaning(
        _NOTICE,
        "an anchor took far more gas than the issuer's others that were made in the same way",
        "look at the transaction: it carries, or does, something else as well",
    ),
    _C.CADENCE_ANOMALY: Meaning(
        _NOTICE,
        "the issuer anchored nothing for far longer than it usually does",
        "ask whether there was nothing to anchor",
    ),
    _C.EVENT_WITHHELD: Meaning(
        _CRITICAL,
        "the contract counts more anchors than the nodes show",
        "ask other nodes: these hide something",
    ),
    _C.EVENT_FORGED: Meaning(
        _CRITICAL,
        "a node shows an event that the contract's state denies",
        "ask other nodes: these make things up",
    ),
    _C.NODE_LIES: Meaning(
        _CRITICAL,
        "a node answers other than the block's state proves, or proves nothing",
        "ask other nodes",
    ),
    _C.FILE_CHANGED: Meaning(
        _CRITICAL,
        "a file of the bundle is not the one that its list of checksums names",
        "ask for the bundle again; it is not judged any further",
    ),
    _C.FILE_MISSING: Meaning(
        _CRITICAL,
        "a file of the bundle is missing, or one is in it that the list does not name",
        "ask for the bundle again; it is not judged any further",
    ),
}
