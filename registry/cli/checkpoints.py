"""`rootseal checkpoint`: what the chain says of all anchors of an issuer, in three lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from registry.cli.command import DONE, REFUSED, UNDECIDED
from registry.cli.inputs import read_whole, shown, write_whole
from registry.cli.output import Value
from registry.cli.session import Session
from registry.core.checkpoint import Checkpoint, read_checkpoint
from registry.core.signed_note import (
    MAX_NOTE_BYTES,
    Note,
    VerifierKey,
    parse_verifier_key,
    print_note,
)
from registry.errors import InvalidInputError, UnavailableError, VerificationError
from registry.services.checkpoints import SealLog, consistency_with, read_log

_CONSISTENT = "consistent"
_UNDETERMINED = "undetermined"


def checkpoint(
    session: Session,
    to: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it there.")
    ] = None,
    check: Annotated[
        list[Path] | None,
        typer.Option("--check", metavar="FILE", help="Compare this one; give it again for more."),
    ] = None,
    verifier_key: Annotated[
        list[str] | None,
        typer.Option(
            "--verifier-key",
            metavar="KEY",
            help="With --check: name+id+key of who must have signed; of several given, one.",
        ),
    ] = None,
    show_key: Annotated[
        bool, typer.Option("--show-key", help="Print the key that checks our signatures.")
    ] = False,
) -> None:
    """Print the checkpoint of the issuer's anchors, or compare those of others with the chain.

    Everybody who reads the first configured chain comes to the same three lines: keep them, and
    whoever hides or changes an anchor later contradicts them. Signed with signing_key, if it is
    set. A file to compare needs no signature, unless --verifier-key says whose.

    Exit code of --check: 0 all fit the chain, 1 one contradicts it or is not signed as said, 3 the
    chain could not be asked, or not yet.

    Example: rootseal checkpoint --check monday.txt --check auditor.txt
    """
    keys = [parse_verifier_key(text) for text in verifier_key or []]
    if sum([to is not None, bool(check), show_key]) > 1:
        raise InvalidInputError("--output, --check and --show-key exclude each other")
    if keys and not check:
        raise InvalidInputError("--verifier-key is for --check")
    if show_key:
        _show_key(session)
    elif check:
        _compare(session, check, keys)
    else:
        _print(session, to)


def _show_key(session: Session) -> None:
    signer = session.registry.note_signer
    if signer is None:
        raise InvalidInputError(
            "signing_key (ROOTSEAL_SIGNING_KEY) is not set: make one with "
            "`rootseal keys new-signing-key`"
        )
    key = str(signer.verifier_key)
    session.output.result({"verifierKey": key}, [key])


def _print(session: Session, to: Path | None) -> None:
    registry = session.registry
    signer = registry.note_signer
    log = read_log(registry.chain, registry.issuer)
    text = log.checkpoint.text
    data = text.encode() if signer is None else print_note(signer.sign(text))
    if signer is None:
        session.output.note("Not signed: signing_key is not set.")
    if to is not None:
        write_whole(to, data)
    if session.output.is_json or to is not None:
        key = None if signer is None else str(signer.verifier_key)
        value = {**_value(log.checkpoint), "blockNumber": log.block.number, "verifierKey": key}
        wrote = f"{log.checkpoint.size:,} anchors, final in block {log.block.number:,}"
        value |= {"note": data.decode()} if to is None else {"writtenTo": shown(to)}
        session.output.result(value, [] if to is None else [f"Wrote {shown(to)}: {wrote}"])
    else:
        session.output.raw(data.removesuffix(b"\n"))  # which is put there again


@dataclass(frozen=True, slots=True)
class _Judged:
    """What came of one file: `outcome` is a word above, or the reason of a refusal."""

    path: Path
    checkpoint: Checkpoint
    outcome: str
    detail: str
    signers: tuple[VerifierKey, ...] = ()
    proof: tuple[bytes, ...] = ()

    @property
    def exit_code(self) -> int:
        return {_CONSISTENT: DONE, _UNDETERMINED: UNDECIDED}.get(self.outcome, REFUSED)

    def value(self) -> Value:
        return {
            "file": shown(self.path),
            **_value(self.checkpoint),
            "outcome": self.outcome,
            "detail": self.detail,
            "signedBy": [key.name for key in self.signers],
            "proof": [node.hex() for node in self.proof],
        }


def _compare(session: Session, paths: Sequence[Path], keys: Sequence[VerifierKey]) -> None:
    files = [(path, *_read(path)) for path in paths]
    registry = session.registry
    log = read_log(registry.chain, registry.issuer)
    judged = [_judge(log, path, found, note, keys) for path, found, note in files]
    value: Value = {
        "chain": {**_value(log.checkpoint), "blockNumber": log.block.number},
        "checked": [each.value() for each in judged],
    }
    lines = [f"{shown(each.path)}: {each.outcome}: {each.detail}" for each in judged]
    session.output.result(value, lines)
    codes = {each.exit_code for each in judged}
    raise typer.Exit(REFUSED if REFUSED in codes else max(codes))


def _read(path: Path) -> tuple[Checkpoint, Note]:
    data = read_whole(path, MAX_NOTE_BYTES)
    try:
        return read_checkpoint(data)
    except InvalidInputError as exc:
        raise InvalidInputError(f"{shown(path)}: {exc}") from exc


def _judge(
    log: SealLog, path: Path, found: Checkpoint, note: Note, keys: Sequence[VerifierKey]
) -> _Judged:
    # Here: cryptography takes a while to import, and most commands need none of it.
    from registry.vc.notes import verify_note  # noqa: PLC0415

    try:
        signers = verify_note(note, keys) if keys else ()
        shown_by = consistency_with(log, found)
    except VerificationError as exc:
        return _Judged(path, found, exc.reason, str(exc))
    except UnavailableError as exc:
        return _Judged(path, found, _UNDETERMINED, exc.message)
    except InvalidInputError as exc:
        raise InvalidInputError(f"{shown(path)}: {exc}") from exc
    detail = f"its {found.size:,} anchors are the first of {shown_by.newer.size:,} on the chain"
    by = f"; signed by {', '.join(key.name for key in signers)}" if signers else ""
    return _Judged(path, found, _CONSISTENT, detail + by, signers, shown_by.proof)


def _value(found: Checkpoint) -> dict[str, Value]:
    return {"origin": found.origin, "size": found.size, "root": found.root.hex()}
