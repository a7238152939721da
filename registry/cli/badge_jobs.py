"""The folder of one issuing: what was made of a roster, so that a run goes on where one ended.

`job.json` is written last, in one move: without it nothing of the folder counts. From then on the
badges in it are the ones that are issued, whatever becomes of the files they were made of.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson

from registry.cli.inputs import shown, write_whole
from registry.core.documents import Json
from registry.core.wire import format_time, parse_time
from registry.errors import ConflictError, InvalidInputError
from registry.services.issuing import Badge, Proofs

_JOB: Final = "job.json"
_BADGES: Final = "badges.ndjson"
_FORM: Final = 1


@dataclass(frozen=True, slots=True)
class Made:
    """A badge that was made, and of which row of the roster."""

    line: int
    recipient: str
    identity: str  # as `email:ada@x.example`
    badge: Badge

    @property
    def name(self) -> str:
        """Of its files: the badge's own id, which says nothing about the person."""
        return str(self.badge.document["id"]).rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class BadgeJob:
    """One issuing."""

    folder: Path
    proofs: Proofs
    inputs: str
    issued_at: datetime
    count: int

    def badges(self) -> Iterator[Made]:
        """All of its badges, in the roster's order."""
        with (self.folder / _BADGES).open("rb") as file:
            for line in file:
                yield _made(orjson.loads(line))


def inputs_digest(*parts: bytes) -> str:
    """What an issuing is made of, in short."""
    return sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()


def find_job(folder: Path, inputs: str) -> BadgeJob | None:
    """The issuing in a folder; None if there is none yet.

    Raises `ConflictError` if it is of other inputs, or the folder is another's;
    `InvalidInputError` if it cannot be read.
    """
    if not (folder / _JOB).exists():
        if folder.exists() and any(each.name != _BADGES for each in _entries(folder)):
            raise ConflictError(f"{shown(folder)} is not empty: name a new folder with --out")
        return None
    job = read_job(folder)
    if job.inputs != inputs:
        raise ConflictError(
            f"{shown(folder)} holds the badges of another roster, achievement, issuer or --proof: "
            "name a new folder with --out"
        )
    return job


def read_job(folder: Path) -> BadgeJob:
    """The issuing in a folder. Raises `InvalidInputError` if there is none that can be read."""
    path = folder / _JOB
    try:
        found = orjson.loads(path.read_bytes())
        return BadgeJob(
            folder,
            Proofs(found["proofs"]),
            found["inputs"],
            parse_time(found["issuedAt"]),
            found["count"],
        )
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise InvalidInputError(f"{shown(path)} cannot be read: {exc}") from exc


def start_job(
    folder: Path, proofs: Proofs, inputs: str, issued_at: datetime, made: Iterable[Made]
) -> BadgeJob:
    """Write all badges, then the job. Raises `InvalidInputError` if it cannot be written."""
    count = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / _BADGES).open("wb") as file:
            for each in made:
                file.write(orjson.dumps(_line(each)) + b"\n")
                count += 1
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        raise InvalidInputError(f"cannot write to {shown(folder)}: {exc.strerror}") from exc
    job = BadgeJob(folder, proofs, inputs, issued_at, count)
    value = {
        "form": _FORM,
        "proofs": proofs.value,
        "inputs": inputs,
        "issuedAt": format_time(issued_at),
        "count": count,
    }
    write_whole(folder / _JOB, orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
    return job


def _line(made: Made) -> dict[str, Json]:
    return {
        "line": made.line,
        "recipient": made.recipient,
        "identity": made.identity,
        "position": made.badge.position,
        "hash": made.badge.credential_hash.hex(),
        "document": dict(made.badge.document),
        "token": None if made.badge.token is None else made.badge.token.decode(),
    }


def _made(line: Any) -> Made:  # noqa: ANN401 - JSON of our own
    digest = bytes.fromhex(line["hash"])
    token = None if line["token"] is None else line["token"].encode()
    badge = Badge(line["document"], digest, line["position"], token)
    return Made(line["line"], line["recipient"], line["identity"], badge)


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except OSError as exc:
        raise InvalidInputError(f"cannot read {shown(folder)}: {exc.strerror}") from exc
