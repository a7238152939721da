"""What the store has, as the API shows it."""

from collections.abc import Iterable
from typing import Final

from registry.client.models import AnchorOut, BatchOut, Status, StatusChangeOut
from registry.services.ports import Anchor, Batch, CredentialStatus, StatusChange
from registry.services.status import REASONS

_STATUS_NAMES: Final[dict[CredentialStatus, Status]] = {
    CredentialStatus.ACTIVE: "active",
    CredentialStatus.SUSPENDED: "suspended",
    CredentialStatus.REVOKED: "revoked",
}
_REASON_NAMES: Final[dict[int, str]] = {number: name for name, number in REASONS.items()}


def batch_out(batch: Batch, anchors: Iterable[Anchor]) -> BatchOut:
    """A stored batch with its anchors."""
    head = batch.head
    return BatchOut(
        issuer=batch.issuer,
        state=batch.state.value,
        opened_at=batch.opened_at,
        sealed_at=batch.sealed_at,
        seal=None if head is None else head.seal,
        merkle_root=None if head is None else head.merkle_root,
        tree_size=None if head is None else head.tree_size,
        anchors=tuple(_anchor_out(anchor) for anchor in anchors),
    )


def change_out(change: StatusChange) -> StatusChangeOut:
    """A stored change."""
    return StatusChangeOut(
        id=change.id,
        issuer=change.issuer,
        seal=change.seal,
        leaf_indexes=change.leaf_indexes,
        status=_STATUS_NAMES[change.status],
        reason=_REASON_NAMES.get(change.reason, str(change.reason)),
        requested_at=change.requested_at,
        done_at=change.done_at,
        refusal=change.refusal,
    )


def _anchor_out(anchor: Anchor) -> AnchorOut:
    return AnchorOut(
        chain=anchor.chain_id,
        contract=anchor.contract,
        transaction=anchor.transaction,
        block_number=anchor.block_number,
        block_hash=anchor.block_hash,
        log_index=anchor.log_index,
        anchored_at=anchor.anchored_at,
    )
