"""`rootseal seal`, `anchor` and `nightly`: from open batches to final ones."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Final

import typer

from registry.cli.changes import change_lines, change_value
from registry.cli.command import DONE, UNDECIDED
from registry.cli.output import Value
from registry.cli.session import Session
from registry.core.address import format_address
from registry.core.batch import BatchState
from registry.core.wire import format_time
from registry.services.anchoring import Night
from registry.services.ports import Batch

DEFAULT_PATIENCE: Final = 1800  # seconds; Ethereum takes some 15 minutes to finality
WEI_PER_COIN: Final = 10**18

Patience = Annotated[
    int, typer.Option("--patience", min=0, metavar="SECONDS", help="How long to wait for finality.")
]


def seal(session: Session) -> None:
    """Seal tonight's batch: fix its credentials and build its tree. Nothing is sent.

    Example: rootseal seal
    """
    registry = session.registry
    batch = registry.nightly.seal(registry.issuer) if registry.has_store else None
    if batch is None:
        session.output.result({"batch": None}, ["Nothing to seal."])
        return
    session.output.result({"batch": batch_value(batch)}, [f"Sealed {_summary(batch)}"])


def anchor(
    session: Session,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until all is final.")] = True,
    patience: Patience = DEFAULT_PATIENCE,
) -> None:
    """Anchor sealed batches and carry out status changes, until the chain has finalised them.

    Safe to run at any time and as often as you like: it goes on from wherever things stand.

    Exit code 0: all is final (or, with --no-wait, sent); 3: not final yet, run it again.

    Example: rootseal anchor --patience 600
    """
    _anchor_and_show(session, patience=patience if wait else 0, must_be_final=wait)


def nightly(session: Session, patience: Patience = DEFAULT_PATIENCE) -> None:
    """Seal tonight's batch and anchor all that is sealed, until it is final. The cron job.

    Exit code 0: all is final, or there was nothing to do; 3: not final yet, run it again.

    Example: rootseal nightly
    """
    registry = session.registry
    if registry.has_store:
        registry.nightly.seal(registry.issuer)
    _anchor_and_show(session, patience=patience, must_be_final=True)


def run_anchoring(session: Session, *, patience: int) -> Night:
    """Advance the issuer's batches and status changes, showing how they stand meanwhile."""
    registry = session.registry
    with session.output.waiting() as show:
        return registry.nightly.anchor(
            registry.issuer,
            patience=timedelta(seconds=patience),
            on_progress=lambda batches: show(_standing(batches)) if batches else None,
        )


def batch_value(batch: Batch) -> dict[str, Value]:
    """A batch in JSON."""
    head = batch.head
    return {
        "id": batch.id,
        "issuer": format_address(batch.issuer),
        "state": batch.state.value,
        "treeSize": None if head is None else head.tree_size,
        "seal": None if head is None else head.seal.hex(),
        "openedAt": format_time(batch.opened_at),
        "sealedAt": None if batch.sealed_at is None else format_time(batch.sealed_at),
    }


def coins(wei: int) -> str:
    """An amount in the chain's coin."""
    return f"{Decimal(wei) / WEI_PER_COIN:f}"


def _anchor_and_show(session: Session, *, patience: int, must_be_final: bool) -> None:
    if not session.registry.has_store:
        session.output.result({"final": True, "batches": [], "changes": []}, ["Nothing to do."])
        return
    night = run_anchoring(session, patience=patience)
    found = [_anchored(session, batch) for batch in night.batches]
    lines = [line for _, shown in found for line in shown]
    lines += [line for change in night.changes for line in change_lines(change)]
    if not night.is_final:
        lines.append("Not final yet. Running this again goes on from here; nothing is lost.")
    elif not lines:
        lines.append("Nothing to do.")
    session.output.result(
        {
            "final": night.is_final,
            "batches": [value for value, _ in found],
            "changes": [change_value(change) for change in night.changes],
        },
        lines,
    )
    raise typer.Exit(DONE if night.is_final or not must_be_final else UNDECIDED)


def _anchored(session: Session, batch: Batch) -> tuple[Value, list[str]]:
    """A batch with where it is anchored and what that took."""
    values: list[Value] = []
    lines = [_summary(batch)]
    for found in session.registry.store.anchors(batch.id):
        mined = session.registry.chain.mined(found.transaction)
        gas = None if mined is None else mined.gas_used
        cost = None if mined is None else mined.gas_used * mined.gas_price
        transaction = "0x" + found.transaction.hex()
        values.append(
            {
                "chain": f"eip155:{found.chain_id}",
                "contract": format_address(found.contract),
                "transaction": transaction,
                "blockNumber": found.block_number,
                "anchoredAt": format_time(found.anchored_at),
                "gasUsed": gas,
                "costWei": None if cost is None else str(cost),
            }
        )
        lines.append(f"  transaction {transaction} in block {found.block_number}")
        if gas is not None and cost is not None:
            lines.append(f"  gas {gas:,}, cost {coins(cost)} coins")
    return {**batch_value(batch), "anchors": values}, lines


def _summary(batch: Batch) -> str:
    if batch.head is None:
        return f"batch {batch.id}: open"
    size = batch.head.tree_size
    return (
        f"batch {batch.id}: {size:,} credentials, seal {batch.head.seal.hex()}, {batch.state.value}"
    )


def _standing(batches: list[Batch]) -> str:
    counts = {state: sum(b.state is state for b in batches) for state in BatchState}
    shown = [f"{count} {state.value}" for state, count in counts.items() if count]
    return "Batches: " + ", ".join(shown)
