"""`rootseal seal`, `anchor` and `nightly`: from open batches to final ones."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Final

import typer

from registry.cli.batches import batch_line, batch_value
from registry.cli.changes import change_lines, change_value
from registry.cli.command import DONE, OVERDUE, UNDECIDED, exit_code
from registry.cli.estimates import coins, show_estimates
from registry.cli.output import Value
from registry.cli.remote import Api, batch_there, client
from registry.cli.session import Session
from registry.core.address import format_address
from registry.core.batch import BatchState
from registry.core.wire import format_time
from registry.errors import ConflictError, RootsealError, UnavailableError
from registry.services.nightly import Night, Progress
from registry.services.ports import Anchor, Batch, MinedTransaction

_log = logging.getLogger(__name__)

DEFAULT_PATIENCE: Final = 1800  # seconds; Ethereum takes some 15 minutes to finality

Work = Callable[[Progress], Night]  # a run, given a way to show how it stands
Patience = Annotated[
    int, typer.Option("--patience", min=0, metavar="SECONDS", help="How long to wait for finality.")
]


def seal(session: Session, api: Api = None) -> None:
    """Seal tonight's batch: fix its credentials and build its tree. Nothing is sent.

    Example: rootseal seal
    """
    if api is None:
        registry = session.registry
        batch = None
        if registry.has_store:
            batch = registry.store.seal_open_batch(registry.issuer, now=registry.now())
    else:
        with client(session, api, with_key=True) as there:
            found = there.seal_batch()
        batch = None if found is None else batch_there(found)
    if batch is None:
        session.output.result({"batch": None}, ["Nothing to seal."])
        return
    session.output.result({"batch": batch_value(batch)}, [f"Sealed {batch_line(batch)}"])


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
    work = _anchoring(session, patience if wait else 0)
    _anchor_and_show(session, work, must_be_final=wait)


def nightly(
    session: Session,
    patience: Patience = DEFAULT_PATIENCE,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would cost; seal and send nothing.")
    ] = False,
) -> None:
    """Seal tonight's batch and anchor all that is sealed, until it is final. The cron job.

    Exit code 0: all is final, or there was nothing to do; 3: not final yet, run it again; 4: as
    3, and a credential waits longer than alarm_hours.

    Example: rootseal nightly
    """
    if dry_run:
        show_estimates(session)
    else:
        _anchor_and_show(session, _whole_night(session, patience), must_be_final=True)


def run_anchoring(session: Session, *, patience: int) -> Night:
    """Advance the issuer's batches and status changes, showing how they stand meanwhile."""
    with session.output.waiting() as show:
        return _anchoring(session, patience)(lambda night: show(_standing(night)))


def run_night(session: Session, patience: int) -> None:
    """Seal and anchor until all is final, showing how it stands; raises if it is not by then."""
    with session.output.waiting() as show:
        night = _whole_night(session, patience)(lambda so_far: show(_standing(so_far)))
    if not night.is_final:
        reasons = "; ".join(night.waiting) or "the chain has not finalised it yet"
        raise UnavailableError(reasons, source="chain")


def _whole_night(session: Session, patience: int) -> Work:
    registry = session.registry
    return lambda show: registry.nightly.run(
        registry.issuer, patience=timedelta(seconds=patience), on_progress=show
    )


def _anchoring(session: Session, patience: int) -> Work:
    registry = session.registry

    def work(show: Progress) -> Night:
        registry.nightly.require_ready(registry.issuer)
        return registry.nightly.anchor(
            registry.issuer, patience=timedelta(seconds=patience), on_progress=show
        )

    return work


def _anchor_and_show(session: Session, work: Work, *, must_be_final: bool) -> None:
    # A wrong path or folder under cron must not pass for a night in which nothing was to be done.
    _ = session.existing_store
    try:
        with session.output.waiting() as show:
            night = work(lambda so_far: show(_standing(so_far)))
    except RootsealError as exc:
        session.output.error(exc)
        code, alarm = exit_code(exc), _alarm(session)
        # What does not mend itself keeps its own code: a timer must not try it again and again.
        raise typer.Exit(alarm if alarm is not None and code == UNDECIDED else code) from exc
    session.output.result(*_outcome(session, night))
    if night.is_final or not must_be_final:
        raise typer.Exit(DONE)
    raise typer.Exit(_alarm(session) or UNDECIDED)


def _alarm(session: Session) -> int | None:
    """Tell if somebody waits too long; then the exit code that says so."""
    waited = session.registry.overdue()
    if waited is None:
        return None
    hours = waited.total_seconds() / 3600
    _log.error("alarm", extra={"oldest_waiting_hours": round(hours, 1)})
    session.output.note(
        f"ALARM: a credential or a status change has been waiting {hours:.1f} hours for the chain."
    )
    return OVERDUE


def _outcome(session: Session, night: Night) -> tuple[Value, list[str]]:
    found = [_anchored(session, batch) for batch in night.batches]
    lines = [line for _, shown in found for line in shown]
    lines += [line for change in night.changes for line in change_lines(change)]
    lines += [f"Waiting: {reason}" for reason in night.waiting]
    if not night.is_final:
        lines.append("Not final yet. Running this again goes on from here; nothing is lost.")
    elif not lines:
        lines.append("Nothing to do.")
    value: Value = {
        "final": night.is_final,
        "batches": [value for value, _ in found],
        "changes": [change_value(change) for change in night.changes],
        "waiting": list(night.waiting),
    }
    return value, lines


def _anchored(session: Session, batch: Batch) -> tuple[Value, list[str]]:
    """A batch with where it is anchored and what that took."""
    values: list[Value] = []
    lines = [batch_line(batch)]
    for found in session.registry.store.anchors(batch.id):
        mined = _mined(session, found)
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
        where = f"eip155:{found.chain_id}"
        lines.append(f"  {where}: transaction {transaction} in block {found.block_number}")
        if gas is not None and cost is not None:
            lines.append(f"  {where}: gas {gas:,}, cost {coins(cost)} coins")
    return {**batch_value(batch), "anchors": values}, lines


def _mined(session: Session, anchor: Anchor) -> MinedTransaction | None:
    """What the anchor's transaction took; None if that cannot be asked: it is not what counts."""
    chain = session.registry.chains.get(anchor.chain_id)
    try:
        return None if chain is None else chain.mined(anchor.transaction)
    except (UnavailableError, ConflictError) as exc:
        session.output.note(f"What it cost could not be asked: {exc}")
        return None


def _standing(night: Night) -> str:
    counts = {state: sum(b.state is state for b in night.batches) for state in BatchState}
    shown = [f"{count} {state.value}" for state, count in counts.items() if count]
    reasons = "".join(f" · {reason}" for reason in night.waiting)
    return "Batches: " + (", ".join(shown) or "none") + reasons
