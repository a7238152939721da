"""Batches on chains: on which they are to stand, how they do, and where their seals were found."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, func, select

from registry.core.batch import BatchState, may_move
from registry.services.ports import Anchor, Lease, OnChain
from registry.store.batch_moves import (
    NOWHERE,
    add_chains,
    hold_batch,
    location_of,
    move_on_chain,
    settle,
)
from registry.store.engine import StorePart
from registry.store.leases import hold_lease
from registry.store.questions import Question
from registry.store.schema import anchorings

_ON_CHAINS: Final = Question(
    lambda _: (
        select(anchorings)
        .where(anchorings.c.batch_id == bindparam("batch_id"))
        .order_by(anchorings.c.chain_id)
    )
)


class OnChains(StorePart):
    """The part of `AnchoringStore` that is about batches on chains."""

    def set_chains(self, batch_id: int, chain_ids: Iterable[int], *, lease: Lease) -> None:
        """Say on which chains a sealed batch is to stand.

        As `AnchoringStore` says; `StaleStateError` also for an open batch, `ValueError` for no
        chain at all.
        """
        wanted = set(chain_ids)
        if not wanted:
            raise ValueError("a batch stands on at least one chain")
        drop = delete(anchorings).where(
            anchorings.c.batch_id == batch_id,
            anchorings.c.chain_id.not_in(wanted),
            anchorings.c.state != BatchState.FINAL,
        )
        with self._database.write() as connection:
            hold_lease(connection, lease)
            hold_batch(connection, batch_id, issuer=lease.issuer)
            connection.execute(drop)
            add_chains(self._database, connection, batch_id, wanted)
            settle(connection, batch_id)

    def on_chains(self, batch_id: int) -> list[OnChain]:
        """How a batch stands on each of its chains, by chain id."""
        with self._database.peek() as peek:
            return [_on_chain_of(row) for row in _ON_CHAINS.ask(peek, batch_id=batch_id)]

    def anchors(self, batch_id: int) -> list[Anchor]:
        """Where the batch's seal was found, final or not, one per chain, by chain id."""
        return [each.anchor for each in self.on_chains(batch_id) if each.anchor is not None]

    def move_batch(
        self,
        batch_id: int,
        *,
        lease: Lease,
        chain_id: int,
        source: BatchState,
        target: BatchState,
        anchor: Anchor | None = None,
        final_at: datetime | None = None,
    ) -> None:
        """Move a batch on one chain; a chain that is not set counts as `sealed` and is set.

        As `AnchoringStore` says; `ValueError` also for the move out of `open`, which only sealing
        makes, and for an anchor that is missing, on another chain, or of no use to the move.
        """
        if source is BatchState.OPEN or not may_move(source, target):
            raise ValueError(f"no batch moves from {source} to {target} like this")
        if (anchor is not None) is not (target is BatchState.ANCHORED):
            raise ValueError("an anchor comes with the move to anchored, and with no other")
        if final_at is not None and target is not BatchState.FINAL:
            raise ValueError("final_at comes with the move to final, and with no other")
        if anchor is not None and anchor.chain_id != chain_id:
            raise ValueError(f"an anchor on chain {anchor.chain_id} is none on {chain_id}")
        with self._database.write() as connection:
            hold_lease(connection, lease)
            hold_batch(connection, batch_id, issuer=lease.issuer)
            add_chains(self._database, connection, batch_id, [chain_id])
            values = {"state": target, **_consequences(source, target, anchor, final_at)}
            move_on_chain(connection, batch_id, chain_id, sources=[source], values=values)

    def reorg_count(self) -> int:
        """How often a reorganisation took an anchor away, of all batches on chains still set."""
        query = select(func.coalesce(func.sum(anchorings.c.reorgs), 0))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())


def _consequences(
    source: BatchState, target: BatchState, anchor: Anchor | None, final_at: datetime | None
) -> dict[str, Any]:  # Any: values of columns of `anchorings`
    if anchor is not None:
        return location_of(anchor)
    if target is BatchState.FINAL:
        return {"final_at": final_at}
    if target is BatchState.ANCHORING and source is not BatchState.SEALED:
        return {**NOWHERE, "reorgs": anchorings.c.reorgs + 1}
    return {}


def _on_chain_of(row: Row[Any]) -> OnChain:  # Any: rows of `anchorings`
    anchor = None
    if row.contract is not None:
        anchor = Anchor(
            row.chain_id,
            row.contract,
            row.transaction_hash,
            row.block_number,
            row.block_hash,
            row.log_index,
            row.anchored_at,
        )
    return OnChain(row.chain_id, row.state, anchor, row.reorgs, row.final_at)
