"""Moves of sealed batches on their chains, inside a transaction of the caller's."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, select, update

from registry.core.batch import BatchState, least
from registry.errors import StaleStateError
from registry.services.ports import Anchor
from registry.store.engine import Database
from registry.store.schema import anchorings, batches

NOWHERE: Final[dict[str, None]] = dict.fromkeys(
    (
        "contract",
        "transaction_hash",
        "block_number",
        "block_hash",
        "log_index",
        "anchored_at",
        "final_at",
    )
)


def hold_batch(connection: Connection, batch_id: int, *, issuer: bytes) -> None:
    """Keep others from moving a batch until the transaction ends.

    Raises `StaleStateError` if it is open, another issuer's or not there.
    """
    # By its state too, so that nobody waits here for a long intake into an open batch.
    find = (
        select(batches.c.id)
        .where(
            batches.c.id == batch_id,
            batches.c.issuer == issuer,
            batches.c.state != BatchState.OPEN,
        )
        .with_for_update()
    )
    if connection.execute(find).one_or_none() is None:
        raise StaleStateError(f"the lease's issuer has no sealed batch {batch_id}")


def add_chains(
    database: Database, connection: Connection, batch_id: int, chain_ids: Iterable[int]
) -> None:
    """Set chains of a held batch; those that are set already stay as they are."""
    new = database.insert(anchorings).on_conflict_do_nothing(
        index_elements=["batch_id", "chain_id"]
    )
    rows = [
        {"batch_id": batch_id, "chain_id": chain_id, "state": BatchState.SEALED, "reorgs": 0}
        for chain_id in sorted(chain_ids)
    ]
    connection.execute(new, rows)


def move_on_chain(
    connection: Connection,
    batch_id: int,
    chain_id: int,
    *,
    sources: Iterable[BatchState],
    values: dict[str, Any],  # Any: of columns of `anchorings`
) -> None:
    """Change how a held batch stands on a chain, and with it the batch's own state.

    Raises `StaleStateError` if it is in none of `sources` there.
    """
    expected = list(sources)
    move = (
        update(anchorings)
        .where(
            anchorings.c.batch_id == batch_id,
            anchorings.c.chain_id == chain_id,
            anchorings.c.state.in_(expected),
        )
        .values(**values)
        .returning(anchorings.c.state)
    )
    if connection.execute(move).one_or_none() is None:
        raise StaleStateError(
            f"batch {batch_id} is not {' or '.join(expected)} on chain {chain_id}"
        )
    settle(connection, batch_id)


def settle(connection: Connection, batch_id: int) -> None:
    """Make a held batch's own state the least of those of its chains."""
    states = select(anchorings.c.state).where(anchorings.c.batch_id == batch_id)
    state = least(connection.execute(states).scalars())
    connection.execute(update(batches).where(batches.c.id == batch_id).values(state=state))


def location_of(anchor: Anchor) -> dict[str, Any]:  # Any: values of columns of `anchorings`
    """Where a seal was found, as columns."""
    return {
        "contract": anchor.contract,
        "transaction_hash": anchor.transaction,
        "block_number": anchor.block_number,
        "block_hash": anchor.block_hash,
        "log_index": anchor.log_index,
        "anchored_at": anchor.anchored_at,
    }
