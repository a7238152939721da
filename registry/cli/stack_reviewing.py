"""`rootseal stack review`: whether what awarded badges rest on still holds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from registry.badges.clr import parts_of
from registry.cli.anchoring import DEFAULT_PATIENCE, Patience, run_anchoring
from registry.cli.badge_jobs import read_job
from registry.cli.command import DONE, REFUSED, UNDECIDED
from registry.cli.inputs import read_whole, shown
from registry.cli.output import Value
from registry.cli.session import Session
from registry.core.documents import parse_document
from registry.errors import NotFoundError
from registry.services.ports import CredentialStatus
from registry.services.stacking import ACTIVE, UNKNOWN, Judge, status_in
from registry.services.status import REASONS

_REASON: Final = "privilege-withdrawn"


def review(
    session: Session,
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Folders of `stack award`.")
    ],
    apply: Annotated[
        bool, typer.Option("--apply", help="Suspend what rests on withdrawn parts.")
    ] = False,
    patience: Patience = DEFAULT_PATIENCE,
) -> None:
    """Look whether the parts of awarded badges still hold; mark those whose parts do not.

    With --apply a badge and its record are suspended if an issuer revoked or suspended one of
    their parts, until somebody decides: reinstate, or revoke. For cron, after the nightly job.

    Exit code 0: all hold, or are marked; 1: one is to be marked; 3: could not be decided.

    Example: rootseal stack review awarded/* --apply
    """
    judge = Judge(session.registry.verification(with_store=session.registry.has_store))
    values: list[Value] = []
    lines: list[str] = []
    to_mark: list[bytes] = []
    said: set[str] = set()
    for folder in session.output.counted(folders, "awards looked at"):
        statuses = _parts(folder, judge)
        said |= set(statuses)
        holds = set(statuses) <= {ACTIVE, UNKNOWN}
        to_mark += () if holds else _still_active(folder, judge)
        values.append(_value(folder, statuses, holds=holds))
        told = "holds" if holds else "does not hold"
        lines.append(f"{shown(folder)}: {told} ({', '.join(statuses)})")
    is_done = not to_mark or (apply and _suspend(session, to_mark, patience))
    lines += [f"{len(to_mark):,} credentials {'suspended' if is_done else 'to suspend'}"]
    session.output.result({"awards": values, "toSuspend": len(to_mark), "done": is_done}, lines)
    if not is_done:
        raise typer.Exit(UNDECIDED if apply else REFUSED)
    raise typer.Exit(UNDECIDED if UNKNOWN in said else DONE)


def _value(folder: Path, statuses: list[str], *, holds: bool) -> Value:
    return {"folder": shown(folder), "parts": statuses, "holds": holds}


def _suspend(session: Session, hashes: list[bytes], patience: int) -> bool:
    """Suspend credentials on chain; whether it is final."""
    registry = session.registry
    requested = registry.statuses.request(
        registry.issuer,
        hashes,
        CredentialStatus.SUSPENDED,
        reason=REASONS[_REASON],
        now=registry.now(),
    )
    run_anchoring(session, patience=patience)
    changes = [registry.store.status_change(change.id) for change in requested]
    return all(change.done_at is not None and change.refusal is None for change in changes)


def _parts(folder: Path, judge: Judge) -> list[str]:
    """What became of each part in the record of an award."""
    [record] = _documents(folder / "record")
    return [status_in(judge.report(part, None)) for part in parts_of(parse_document(record))]


def _still_active(folder: Path, judge: Judge) -> Iterator[bytes]:
    """Hashes of badge and record, as far as they are not marked yet."""
    for part in ("badge", "record"):
        job = read_job(folder / part)
        for made, data in zip(job.badges(), _documents(folder / part), strict=True):
            if status_in(judge.report(parse_document(data), None)) == ACTIVE:
                yield made.badge.credential_hash


def _documents(folder: Path) -> list[bytes]:
    """The finished files of a job, in its order. Raises `NotFoundError` before it is finished."""
    files = [folder / f"{made.name}.json" for made in read_job(folder).badges()]
    for file in files:
        if not file.exists():
            raise NotFoundError(f"{shown(folder)} is not finished: run its `stack award` again")
    return [read_whole(file) for file in files]
