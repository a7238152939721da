"""Status: revoke, suspend and reinstate credentials or whole batches, on chain."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.core.address import format_address
from registry.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    TransactionRefusedError,
    UnavailableError,
)
from registry.services.ports import (
    Batch,
    Chain,
    CredentialStatus,
    Lease,
    Purpose,
    Role,
    StatusChange,
    Store,
)
from registry.services.receipts import find_one, proofs_of
from registry.services.sending import Sending

_log = logging.getLogger(__name__)

# CRLReason, RFC 5280 §5.3.1: the reasons that make sense for a credential.
REASONS: Final = {
    "unspecified": 0,
    "key-compromise": 1,
    "affiliation-changed": 3,
    "superseded": 4,
    "cessation-of-operation": 5,
    "certificate-hold": 6,
    "privilege-withdrawn": 9,
}
MAX_INDEXES: Final = 1000  # of one change, so that it fits a block: up to 15,000 gas each


@dataclass(frozen=True, slots=True)
class StatusService:
    """Asks for status changes; `advance_status_changes` carries them out."""

    store: Store

    def request(
        self,
        issuer: bytes,
        credential_hashes: list[bytes],
        status: CredentialStatus,
        *,
        reason: int,
        now: datetime,
    ) -> list[StatusChange]:
        """Store the wanted status of credentials, one change for each batch they are in.

        All or nothing is looked up first. Raises `NotFoundError` for an unknown credential,
        `DamageError` for one whose place cannot be proved,
        `ConflictError` for one that is not anchored yet or has the same change under way with
        another after it, `InvalidInputError` past the limits.
        """
        if not 1 <= len(credential_hashes) <= MAX_INDEXES:
            raise InvalidInputError(f"a status change takes 1 to {MAX_INDEXES} credentials")
        indexes: dict[int, set[int]] = {}
        batches: dict[int, Batch] = {}
        for credential_hash in credential_hashes:
            credential = find_one(self.store, credential_hash, issuer=issuer)
            batch = self._anchored(credential.batch_id)
            # Of another's leaf a revocation could not be taken back.
            [proof] = proofs_of(self.store, batch, [credential])
            batches[batch.id] = batch
            indexes.setdefault(batch.id, set()).add(proof.leaf_index)
        for batch_id, found in indexes.items():
            self._require_last(issuer, _seal(batches[batch_id]), found, status)
        return [
            self.store.request_status(
                issuer=issuer,
                seal=_seal(batches[batch_id]),
                leaf_indexes=sorted(found),
                status=status,
                reason=reason,
                now=now,
            )
            for batch_id, found in indexes.items()
        ]

    def request_for_seal(
        self, issuer: bytes, seal: bytes, status: CredentialStatus, *, reason: int, now: datetime
    ) -> StatusChange:
        """Store the wanted status of a whole batch. Raises `NotFoundError`, `ConflictError`."""
        found = [b for b in self.store.batches_with_seal(seal) if b.issuer == issuer]
        if not found:
            raise NotFoundError(f"this issuer has no batch with seal {seal.hex()}")
        self._anchored(found[0].id)
        self._require_last(issuer, seal, None, status)
        return self.store.request_status(
            issuer=issuer, seal=seal, leaf_indexes=None, status=status, reason=reason, now=now
        )

    def _require_last(
        self, issuer: bytes, seal: bytes, indexes: set[int] | None, status: CredentialStatus
    ) -> None:
        """Refuse a change that the store takes for one asked before, if another came since.

        Else suspend, reinstate, suspend would end with a reinstated credential.
        """
        wanted = None if indexes is None else tuple(sorted(indexes))
        is_asked = False
        for change in self.store.open_status_changes(issuer):
            if change.seal != seal:
                continue
            if change.status is status:
                is_asked = is_asked or change.leaf_indexes == wanted
            elif is_asked and _overlap(change.leaf_indexes, wanted):
                raise ConflictError(
                    f"the same change is under way, and then one to {change.status.name.lower()}: "
                    "ask again when both are done"
                )

    def _anchored(self, batch_id: int) -> Batch:
        """The batch, if it is anchored anywhere: where it is not yet, the change comes later."""
        batch = self.store.batch(batch_id)
        if not self.store.anchors(batch.id):
            raise ConflictError(
                f"batch {batch.id} is {batch.state.value}: a status needs an anchored seal"
            )
        return batch


def require_status_right(sending: Sending, issuer: bytes) -> None:
    """Refuse to ask for what the configured key may not carry out; an outage lets it pass.

    Raises `NotAllowedError`. A change once asked for is never given up, so one that can only be
    refused would redden every night to come, and be made when nobody expects it any more.
    """
    signer, chain = sending.signer, sending.chain
    if signer is None:
        raise NotAllowedError(
            "no key is configured to change statuses with: set keystore, kms_key or signer_url"
        )
    try:
        owner = chain.issuer_record(issuer).owner
        found = chain.operator_record(issuer, signer.address)
    except UnavailableError as exc:
        _log.warning("could not ask", extra={"detail": str(exc)})
        return
    is_appointed = Role.STATUS in found.roles and found.valid_until >= sending.clock().timestamp()
    if signer.address != owner and not is_appointed:
        key = format_address(signer.address)
        raise NotAllowedError(
            f"the key {key} may not change statuses for {format_address(issuer)} on chain "
            f"{chain.chain_id}: its owner can let it, with `rootseal operator add {key} "
            "--role anchor --role status --until DATE`, or do it with the owner's key"
        )


def advance_status_changes(sending: Sending, store: Store, issuer: bytes, *, lease: Lease) -> None:
    """Make the next move for the issuer's oldest status change that is open on a chain.

    One at a time, because their order matters. A change of what is revoked, which the contract
    will refuse for ever, is closed with the refusal; one whose seal has just left the chain waits
    for it. Else raises as `Sending.ensure_sent`: a revocation is never given up.
    """
    chain_id = sending.chain.chain_id
    for change in store.open_status_changes_on(issuer, chain_id):
        # Asked first: what is found in these blocks afterwards stays in them.
        finalized = sending.chain.finalized()
        attempts = store.attempts(Purpose.STATUS, change.id)
        mined = sending.mined(attempts)
        if mined is not None and mined.block_number > finalized:
            return
        refusal = None
        # One that was mined may have another attempt under a higher nonce, which would be made
        # again after the changes to come, and undo them: it must be mined or void first.
        if mined is None or not sending.is_settled(attempts):
            refusal = _send(sending, change, lease)
            if refusal is None:
                return
        store.finish_status_change(
            change.id, lease=lease, chain_id=chain_id, now=sending.clock(), refusal=refusal
        )


def _send(sending: Sending, change: StatusChange, lease: Lease) -> str | None:
    """Have the change on its way; why the contract refuses it for ever, if it does."""
    _require_contract(sending, change)
    call = sending.chain.status_call(change)
    try:
        sending.ensure_sent(Purpose.STATUS, change.id, call, lease=lease)
    except TransactionRefusedError as exc:
        if exc.reason != "reverted":
            raise
        if not _is_anchored(sending.chain, change):
            return None  # it comes back
        if not _is_revoked(sending.chain, change):
            raise
        return str(exc)
    return None


def _require_contract(sending: Sending, change: StatusChange) -> None:
    """Refuse to change in one contract what stands in another: nobody would look there."""
    chain = sending.chain
    for batch in sending.store.batches_with_seal(change.seal):
        for found in sending.store.on_chains(batch.id):
            anchor = found.anchor
            if batch.issuer != change.issuer or anchor is None or anchor.chain_id != chain.chain_id:
                continue
            if anchor.contract != chain.contract:
                raise ConflictError(
                    f"batch {batch.id} is anchored in contract {format_address(anchor.contract)}, "
                    f"not in the configured {format_address(chain.contract)}: set contract for its "
                    "status changes"
                )


def _overlap(some: tuple[int, ...] | None, others: tuple[int, ...] | None) -> bool:
    return some is None or others is None or not set(some).isdisjoint(others)


def _is_anchored(chain: Chain, change: StatusChange) -> bool:
    return chain.anchor_record(chain.contract, change.issuer, change.seal) is not None


def _is_revoked(chain: Chain, change: StatusChange) -> bool:
    """Whether the change would take back a revocation, of the whole seal or of any credential."""
    if change.status is CredentialStatus.REVOKED:
        return False
    if change.leaf_indexes is None:
        record = chain.anchor_record(chain.contract, change.issuer, change.seal)
        return record is not None and record.status is CredentialStatus.REVOKED
    return any(
        chain.credential_status(chain.contract, change.issuer, change.seal, index)
        is CredentialStatus.REVOKED
        for index in change.leaf_indexes
    )


def _seal(batch: Batch) -> bytes:
    if batch.head is None:
        raise ConflictError(f"batch {batch.id} is not sealed")
    return batch.head.seal
