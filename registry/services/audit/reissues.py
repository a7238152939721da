"""Credentials in two batches: whether one that is withdrawn counts again under another seal."""

from collections.abc import Iterator, Mapping, Sequence

from registry.services.audit.evidence import where
from registry.services.audit.leaves import duplicate, folded
from registry.services.audit.statuses import WorstStatuses
from registry.services.findings import Finding, FindingCode
from registry.services.ports import CredentialStatus, History, Place


def check_reissued(
    histories: Sequence[History], places: Mapping[bytes, Sequence[Place]]
) -> Iterator[Finding]:
    """Findings about credentials that stand in several places, given by their hashes."""
    worst = WorstStatuses(histories)
    return folded(
        _in_two(histories, worst, digest, found) for digest, found in sorted(places.items())
    )


def _in_two(
    histories: Sequence[History], worst: WorstStatuses, digest: bytes, places: Sequence[Place]
) -> Finding:
    """The worse finding if it was withdrawn in one batch and counts in another."""
    active = [p for p in places if histories and worst.of(p) is CredentialStatus.ACTIVE]
    others = [p for p in places if p not in active]
    if not active or not others:
        return duplicate(places[0], places[1], f"credential {digest.hex()}")
    first, second = others[0], active[0]
    return Finding(
        FindingCode.REVOKED_AND_REISSUED,
        f"credential {digest.hex()} is withdrawn in seal {first.seal.hex()} and active in "
        f"seal {second.seal.hex()}",
        where(
            histories[0],
            credentialHash=digest.hex(),
            seal=first.seal.hex(),
            leafIndex=first.leaf_index,
            otherSeal=second.seal.hex(),
            otherLeafIndex=second.leaf_index,
        ),
    )
