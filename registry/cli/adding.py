"""`rootseal add`: take credentials in."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated

import orjson
import typer

from registry.cli.inputs import Kind, shown, submissions
from registry.cli.remote import Api, RemoteIntake, client
from registry.cli.session import Session
from registry.core.address import format_address
from registry.cores import HashingProcesses
from registry.errors import InvalidInputError
from registry.services.hashing import Hashed, Rejection, Submitted, count_of
from registry.services.intake import IntakeResult, add_credentials
from registry.services.ports import IntakeStore


def add(
    session: Session,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH…", help="Files and folders; - is stdin.")
    ],
    kind: Annotated[
        Kind | None,
        typer.Option("--as", help="What the files hold, if their names do not say."),
    ] = None,
    skip_invalid: Annotated[
        Path | None,
        typer.Option(
            "--skip-invalid",
            metavar="REJECTED.ndjson",
            help="Write faulty credentials to this new file and add the others.",
        ),
    ] = None,
    api: Api = None,
) -> None:
    """Add credentials to tonight's batch: all of them, or none if one is faulty.

    JSON credentials (.json), one a line (.ndjson, .jsonl, stdin), hashes (.csv with a column
    `hash`, perhaps `canonicalization`), folders of them, and any other file as its bytes.
    The same credential twice is one credential. With --api hashes are sent, and nothing else.

    Example: rootseal add roster.ndjson diplomas/
    """
    if api is not None:
        with client(session, api, with_key=True) as there:
            result = _add(session, RemoteIntake(there), b"", paths, kind, skip_invalid)
        _show(session, result, skip_invalid)
        return
    registry = session.registry
    issuer = registry.issuer
    result = _add(session, registry.store, issuer, paths, kind, skip_invalid)
    _show(session, result, skip_invalid, issuer, registry.store.open_count(issuer))


def _add(
    session: Session,
    store: IntakeStore,
    issuer: bytes,
    paths: list[Path],
    kind: Kind | None,
    skip_invalid: Path | None,
) -> IntakeResult:
    output = session.output
    found = submissions(
        paths,
        kind=kind,
        on_receipt=lambda name: output.note(f"Passed over the receipt {name}"),
        but=skip_invalid,
    )
    with _rejects(skip_invalid) as rejects, HashingProcesses() as hashing:

        def hash_all(submitted: Iterable[Submitted]) -> Iterator[Hashed]:
            yield from hashing.all(submitted)
            if rejects is not None:
                rejects.save()  # before the others are added

        result = add_credentials(
            store,
            issuer,
            output.counted(found, "credentials read", size=count_of),
            now=datetime.now(UTC),
            on_skip=None if rejects is None else rejects.write,
            hash_all=hash_all,
        )
        if rejects is not None:
            rejects.are_added = True
        return result


def _show(
    session: Session,
    result: IntakeResult,
    skip_invalid: Path | None,
    issuer: bytes | None = None,
    waiting: int | None = None,
) -> None:
    """Print what was added; issuer and what waits are not known of a registry elsewhere."""
    rejected_to = skip_invalid if result.rejected else None
    name = None if issuer is None else format_address(issuer)
    session.output.result(
        {
            "issuer": name,
            "new": result.new,
            "known": result.known,
            "rejected": result.rejected,
            "rejectedTo": None if rejected_to is None else shown(rejected_to),
            "waiting": waiting,
        },
        [
            f"Added {result.new:,}, known already {result.known:,}, rejected {result.rejected:,}.",
            *([] if rejected_to is None else [f"The rejected are in {shown(rejected_to)}."]),
            *([] if waiting is None else [f"{waiting:,} credentials of {name} wait to be sealed."]),
        ],
    )


class _Rejects:
    """The file of rejected credentials: lines as they were, of anything else place and reason.

    These as a list, which is no credential: added by mistake, it is rejected.
    """

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path = path
        self._file = file
        self.count = 0
        self.are_added = False  # those beside them

    def save(self) -> None:
        """Have them on the disk."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as exc:
            raise _unwritable(self._path, exc) from exc

    def write(self, rejection: Rejection) -> None:
        line = rejection.data
        if not rejection.is_line:
            line = orjson.dumps([rejection.place, rejection.reason])
        try:
            self._file.write(line + b"\n")
        except OSError as exc:
            raise _unwritable(self._path, exc) from exc
        self.count += 1


@contextmanager
def _rejects(path: Path | None) -> Iterator[_Rejects | None]:
    if path is None:
        yield None
        return
    try:
        # Never over a file that is there: it may be the roster itself.
        file = path.open("xb")
    except OSError as exc:
        raise _unwritable(path, exc) from exc
    rejects = _Rejects(path, file)
    try:
        yield rejects
    finally:
        with suppress(OSError):  # what counts is saved
            file.close()
        # If nothing was added, the same command is to be run again.
        if rejects.count == 0 or not rejects.are_added:
            path.unlink()


def _unwritable(path: Path, exc: OSError) -> InvalidInputError:
    return InvalidInputError(f"cannot write {shown(path)}: {exc.strerror}")
