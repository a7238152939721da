"""Anchoring: one function that looks at store and chain and makes the next legal move.

First run, second run, the run after a crash and the nightly job are all `advance`. Whatever the
store remembers, the chain decides: a seal that is there is anchored, whoever sent it.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from registry.core.address import format_address
from registry.core.batch import BatchState
from registry.errors import (
    ConflictError,
    NeedsAuthorizationError,
    StaleStateError,
    TransactionRefusedError,
    UnavailableError,
)
from registry.services.genuine import genuine_head
from registry.services.ports import (
    Anchor,
    Authorization,
    Batch,
    Block,
    Call,
    Chain,
    Lease,
    OnChain,
    Purpose,
    Store,
)
from registry.services.sending import Sending

_log = logging.getLogger(__name__)
_CLOCK_SKEW: Final = timedelta(hours=2)  # between us and a block's miner, generously
DEADLINE_MARGIN: Final = timedelta(minutes=10)  # what an authorization must still last
_REMEMBERED: Final = 20  # batches looked back at; a reorganisation spans hours, not weeks


@dataclass(frozen=True, slots=True)
class Anchoring:
    """Moves batches from sealed to final on one chain."""

    store: Store
    chain: Chain
    sending: Sending

    def advance(self, batch: Batch, *, lease: Lease) -> Batch:
        """Make the next move for a sealed batch and return it as it then stands.

        Raises `UnavailableError` if something could not be asked (nothing has moved then),
        `ConflictError` if the configured contract is not ours or the chain was reset, and as
        `Sending.ensure_sent`. Where a batch is final it stays as it is.
        """
        try:
            self._advance(batch, lease)
        except StaleStateError:
            _log.info("another run moved first", extra={"batch": batch.id})
        return self.store.batch(batch.id)

    def standing(self, batch: Batch) -> OnChain:
        """How the batch stands on this chain."""
        for found in self.store.on_chains(batch.id):
            if found.chain_id == self.chain.chain_id:
                return found
        return OnChain(self.chain.chain_id, BatchState.SEALED, None, 0)

    def recheck_final(self, issuer: bytes, *, lease: Lease) -> None:
        """Look whether the chain still holds what is final.

        The newest final batches that it lacks, below which it holds another, were taken by a
        reorganisation deeper than finality: they go back to `anchoring`, with the same seal. A
        chain that holds none of them was reset, or is another of the same id: `ConflictError`.
        """
        lost: list[Batch] = []
        for batch, anchor in self._newest_final(issuer):
            if self._is_held(batch, anchor):
                break
            lost.append(batch)
        else:
            if lost:
                raise ConflictError(
                    f"chain {self.chain.chain_id} does not hold batch {lost[0].id}, which is "
                    "final: it was reset, or is another chain of the same id"
                )
        for batch in lost:
            _log.error("a final anchor left the chain", extra={"batch": batch.id})
            self._move(batch, lease, BatchState.FINAL, BatchState.ANCHORING)

    def _newest_final(self, issuer: bytes) -> list[tuple[Batch, Anchor]]:
        """The last batches that are final on this chain, the highest block first.

        By block and not by age: an older batch may have been anchored later.
        """
        found = []
        for batch in self.store.batches(issuer=issuer, limit=_REMEMBERED):
            standing = self.standing(batch)
            if standing.state is BatchState.FINAL and standing.anchor is not None:
                found.append((batch, standing.anchor))
        return sorted(found, key=lambda pair: pair[1].block_number, reverse=True)

    def _advance(self, batch: Batch, lease: Lease) -> None:
        if batch.head is None:
            raise ConflictError(f"batch {batch.id} is not sealed yet")
        standing = self.standing(batch)
        if standing.state is BatchState.FINAL:
            return
        head = self.genuine_head()
        seal = batch.head.seal
        if self.chain.anchor_record(self.chain.contract, batch.issuer, seal, at=head) is not None:
            self._observe(batch, self._locate(batch, seal), standing, lease)
            return
        if standing.anchor is not None:
            self._require_reached(standing.anchor, head)
        self._send(batch, seal, standing, lease)

    def genuine_head(self) -> Block:
        """The newest block; `ConflictError` if the contract there is not ours."""
        return genuine_head(self.chain)

    def _require_reached(self, anchor: Anchor, head: Block) -> None:
        """A node that has not come to a block yet cannot tell that it was replaced."""
        if head.number < anchor.block_number:
            raise UnavailableError(
                f"the node is at block {head.number}, behind the anchor's {anchor.block_number}: "
                "it lags, or serves a chain that was reset",
                source=f"chain {self.chain.chain_id}",
            )

    def _is_held(self, batch: Batch, anchor: Anchor) -> bool:
        if batch.head is None:
            return False
        head = self.genuine_head()
        self._require_reached(anchor, head)
        seal = batch.head.seal
        return self.chain.anchor_record(anchor.contract, batch.issuer, seal, at=head) is not None

    # -- sending

    def _send(self, batch: Batch, seal: bytes, standing: OnChain, lease: Lease) -> None:
        if standing.state is BatchState.ANCHORED:
            _log.warning("an anchor left the chain", extra={"batch": batch.id})
            self._move(batch, lease, BatchState.ANCHORED, BatchState.ANCHORING)
        self.recheck_final(batch.issuer, lease=lease)
        refusal = self._send_first_taken(batch, seal, lease)
        if refusal is None:
            return
        # The contract takes a seal once. If it stands there now, somebody was faster.
        if self.chain.anchor_record(self.chain.contract, batch.issuer, seal) is None:
            self._require_right(batch, seal)
            raise refusal

    def _send_first_taken(
        self, batch: Batch, seal: bytes, lease: Lease
    ) -> TransactionRefusedError | None:
        """Send by the first right that the contract takes; what it says if it takes none.

        An authorization may be void by now: of an operator who was cut off meanwhile.
        """
        refusal = None
        for call in self._anchor_calls(batch.issuer, seal):
            try:
                self.sending.ensure_sent(Purpose.ANCHOR, batch.id, call, lease=lease)
            except TransactionRefusedError as exc:
                if exc.reason != "reverted":
                    raise
                refusal = exc
            else:
                return None
        return refusal

    def _require_right(self, batch: Batch, seal: bytes) -> None:
        """Say what a relayer waits for: a key that is neither owner nor, ever so late, operator."""
        signer, issuer = self.sending.signer, batch.issuer
        if signer is None or signer.address == self.chain.issuer_record(issuer).owner:
            return
        if self.chain.operator_record(issuer, signer.address).roles:
            return
        chain_id = self.chain.chain_id
        raise NeedsAuthorizationError(
            f"batch {batch.id} is sealed, but the key {format_address(signer.address)} may not "
            f"anchor for {format_address(issuer)} on chain {chain_id}: run `rootseal authorize "
            f"{seal.hex()} --chain-id {chain_id} --deadline 72h` with the institution's key, then "
            "`rootseal relay FILE` here; or, for all nights, `rootseal operator add "
            f"{format_address(signer.address)} --until DATE` with the owner's",
            seal=seal,
            chain_id=chain_id,
        )

    def anchor_call(self, issuer: bytes, seal: bytes) -> Call:
        """By the issuer's authorization if there is one, else in the sender's own right."""
        return next(self._anchor_calls(issuer, seal))

    def _anchor_calls(self, issuer: bytes, seal: bytes) -> Iterator[Call]:
        until = (self.sending.clock() + DEADLINE_MARGIN).timestamp()
        for authorization in self.store.authorizations(issuer, seal, self.chain.chain_id):
            if self._is_good(authorization) and authorization.deadline >= until:
                yield self.chain.relayed_anchor_call(authorization)
        signer = self.sending.signer
        if signer is not None and signer.address == issuer:
            # So that verifiers of Blockcerts and block explorers read the seal as it is. The
            # contract takes it for another function once in 2^28 seals, and refuses: then below.
            yield self.chain.raw_anchor_call(issuer, seal)
        yield self.chain.anchor_call(issuer, seal)

    def _is_good(self, authorization: Authorization) -> bool:
        return authorization.contract == self.chain.contract

    # -- observing

    def _locate(self, batch: Batch, seal: bytes) -> Anchor:
        for attempt in reversed(self.store.attempts(Purpose.ANCHOR, batch.id)):
            if attempt.chain_id != self.chain.chain_id:
                continue
            anchor = self.chain.anchor_in_transaction(
                self.chain.contract, attempt.transaction, batch.issuer, seal
            )
            if anchor is not None:
                return anchor
        # Not by us: a relayer, or this registry before its store was restored from a backup.
        # Then its sealing may be of today and the anchor of last week, but no salt, and so no seal,
        # is older than the batch.
        anchor = self.chain.find_anchor(batch.issuer, seal, since=batch.opened_at - _CLOCK_SKEW)
        if anchor is None:
            raise UnavailableError(
                "the contract holds the seal, but the node does not give its event", source="chain"
            )
        return anchor

    def _observe(self, batch: Batch, anchor: Anchor, standing: OnChain, lease: Lease) -> None:
        state = standing.state
        if state is BatchState.ANCHORED and anchor != standing.anchor:
            # In another block than remembered: through `anchoring`, so that no state is skipped.
            self._move(batch, lease, state, BatchState.ANCHORING)
            state = BatchState.ANCHORING
        if state is not BatchState.ANCHORED:
            self._move(batch, lease, state, BatchState.ANCHORED, anchor)
        if anchor.block_number <= self.chain.finalized() and self._still_stands(batch, anchor):
            now = self.sending.clock()
            self._move(batch, lease, BatchState.ANCHORED, BatchState.FINAL, final_at=now)

    def _still_stands(self, batch: Batch, anchor: Anchor) -> bool:
        """Ask once more: a reorganisation may have come between the look and the finality."""
        if batch.head is None:
            return False
        again = self.chain.anchor_in_transaction(
            anchor.contract, anchor.transaction, batch.issuer, batch.head.seal
        )
        return again == anchor

    def _move(
        self,
        batch: Batch,
        lease: Lease,
        source: BatchState,
        target: BatchState,
        anchor: Anchor | None = None,
        *,
        final_at: datetime | None = None,
    ) -> None:
        self.store.move_batch(
            batch.id,
            lease=lease,
            chain_id=self.chain.chain_id,
            source=source,
            target=target,
            anchor=anchor,
            final_at=final_at,
        )
        _log.info(
            "batch moved",
            extra={"batch": batch.id, "chain": self.chain.chain_id, "state": target.value},
        )
