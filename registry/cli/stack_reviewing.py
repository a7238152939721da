"""`rootseal stack review`: whether what awarded badges rest on still holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer

from registry.badges.clr import parts_of
from registry.cli.anchoring import DEFAULT_PATIENCE, Patience, run_anchoring
from registry.cli.badge_jobs import read_job
from registry.cli.command import DONE, REFUSED, UNDECIDED
from registry.cli.inputs import read_whole, shown, write_whole
from registry.cli.output import Value
from registry.cli.session import Session
from registry.core.documents import Json, parse_document
from registry.errors import InvalidInputError, NotFoundError
from registry.services.ports import CredentialStatus
from registry.services.stacking import ACTIVE, UNKNOWN, Judge, status_in
from registry.services.status import MAX_INDEXES, REASONS, require_status_right

_REASON: Final = "privilege-withdrawn"
_REVIEWED: Final = "reviewed.json"


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
    their parts, once for each part: if you reinstate them, they stay so. For cron, after the
    nightly job.

    Exit code 0: all hold, or are marked; 1: one is to be marked; 3: could not be decided.

    Example: rootseal stack review awarded/* --apply
    """
    for folder in folders:
        if not folder.is_dir():
            raise NotFoundError(f"there is no folder {shown(folder)}")
    judge = Judge(session.registry.verification(with_store=session.registry.has_store))
    found = [
        _looked_at(folder, judge) for folder in session.output.counted(folders, "awards looked at")
    ]
    to_mark = [digest for award in found for digest in award.to_mark]
    is_done = not to_mark or (apply and _suspend(session, to_mark, patience))
    if to_mark and is_done:
        for award in found:
            _remember(award)
    lines = [f"{shown(award.folder)}: {_told(award)}" for award in found]
    lines += [f"{len(to_mark):,} credentials {'suspended' if is_done else 'to suspend'}"]
    value: Value = {
        "awards": [_value(award) for award in found],
        "toSuspend": len(to_mark),
        "done": is_done,
    }
    session.output.result(value, lines)
    if not is_done:
        raise typer.Exit(UNDECIDED if apply else REFUSED)
    raise typer.Exit(UNDECIDED if any(award.is_open for award in found) else DONE)


@dataclass(frozen=True, slots=True)
class _Award:
    """What became of one award: of each part by its id, and what is to be marked of it."""

    folder: Path
    parts: Mapping[str, str]
    to_mark: tuple[bytes, ...]
    is_open: bool  # something of it could not be asked, or it is not finished

    @property
    def withdrawn(self) -> set[str]:
        return {part for part, status in self.parts.items() if status not in {ACTIVE, UNKNOWN}}

    @property
    def holds(self) -> bool | None:
        return False if self.withdrawn else None if self.is_open else True


def _looked_at(folder: Path, judge: Judge) -> _Award:
    try:
        [record] = _documents(folder / "record")
        stacked = [*_credentials(folder / "badge"), *_credentials(folder / "record")]
    except InvalidInputError:
        return _Award(folder, {}, (), is_open=True)
    parts = {
        str(part.get("id", place)): status_in(judge.report(part, None))
        for place, part in enumerate(parts_of(parse_document(record)), 1)
    }
    award = _Award(folder, parts, (), is_open=UNKNOWN in parts.values())
    if award.withdrawn <= _remembered(folder):  # somebody may have decided since
        return award
    ours = [(digest, status_in(judge.report(document, None))) for digest, document in stacked]
    to_mark = tuple(digest for digest, status in ours if status == ACTIVE)
    is_open = award.is_open or UNKNOWN in {status for _, status in ours}
    return _Award(folder, parts, to_mark, is_open=is_open)


def _told(award: _Award) -> str:
    words = {True: "holds", False: "does not hold", None: "could not be decided"}
    statuses = [f"{part}: {status}" for part, status in award.parts.items()]
    return f"{words[award.holds]} ({', '.join(statuses) or 'not finished'})"


def _value(award: _Award) -> Value:
    parts = [{"id": part, "status": status} for part, status in award.parts.items()]
    return {"folder": shown(award.folder), "parts": parts, "holds": award.holds}


def _suspend(session: Session, hashes: list[bytes], patience: int) -> bool:
    """Suspend credentials on chain; whether it is final."""
    registry = session.registry
    for anchoring in registry.anchorings:
        require_status_right(anchoring.sending, registry.issuer)
    requested = [
        change
        for start in range(0, len(hashes), MAX_INDEXES)
        for change in registry.statuses.request(
            registry.issuer,
            hashes[start : start + MAX_INDEXES],
            CredentialStatus.SUSPENDED,
            reason=REASONS[_REASON],
            now=registry.now(),
        )
    ]
    run_anchoring(session, patience=patience)
    changes = [registry.store.status_change(change.id) for change in requested]
    return all(change.done_at is not None and change.refusal is None for change in changes)


def _remembered(folder: Path) -> set[str]:
    """Withdrawn parts for which an award was marked before."""
    file = folder / _REVIEWED
    return set(orjson.loads(read_whole(file))["withdrawn"]) if file.exists() else set()


def _remember(award: _Award) -> None:
    """Keep that an award was marked, so that a person's decision after it stands."""
    if award.to_mark and not award.is_open:
        parts = sorted(_remembered(award.folder) | award.withdrawn)
        write_whole(award.folder / _REVIEWED, orjson.dumps({"withdrawn": parts}) + b"\n")


def _credentials(folder: Path) -> Iterator[tuple[bytes, dict[str, Json]]]:
    """Hash and document of each credential of a job."""
    for made, data in zip(read_job(folder).badges(), _documents(folder), strict=True):
        yield made.badge.credential_hash, parse_document(data)


def _documents(folder: Path) -> list[bytes]:
    """The finished files of a job, in its order. Raises `NotFoundError` before it is finished."""
    files = [folder / f"{made.name}.json" for made in read_job(folder).badges()]
    for file in files:
        if not file.exists():
            raise NotFoundError(f"{shown(folder)} is not finished: run its `stack award` again")
    return [read_whole(file) for file in files]
