"""`rootseal receipt` and `export receipts`: what holders keep."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import orjson
import typer

from registry.cli.inputs import RECEIPT_SUFFIX, STDIN, read_whole, receipt_path, shown, write_whole
from registry.cli.output import Value
from registry.cli.remote import Api, client, receipts_there
from registry.cli.session import Session
from registry.cli.static_files import Tiles, receipts_published
from registry.cli.targets import Target, find_hash, parse_seal, parse_target
from registry.core.batch import BatchState
from registry.core.canonical import Canonicalization
from registry.core.documents import parse_document
from registry.core.receipt import Receipt, embed_receipt, print_receipt
from registry.core.tree import generic_path
from registry.errors import ConflictError, InvalidInputError, NotFoundError
from registry.services.ports import Batch
from registry.services.receipts import receipt_of, receipts_of_batch


def receipt(
    session: Session,
    targets: Annotated[
        list[str], typer.Argument(metavar="HASH|FILE…", help="Credentials to give receipts of.")
    ],
    to: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write there; - is stdout."),
    ] = None,
    embed: Annotated[
        bool,
        typer.Option("--embed", help="Write the JSON credential with the receipt as a proof."),
    ] = False,
    path: Annotated[
        bool,
        typer.Option("--path", help="Print the path for generic Merkle verifiers instead."),
    ] = False,
    tiles: Tiles = None,
    api: Api = None,
) -> None:
    """Give receipts: of FILE as FILE.receipt.json beside it, of HASH on stdout.

    With --tiles, a receipt that lies beside FILE is completed with the anchors of its batch.

    With --embed, FILE.json becomes FILE.sealed.json, unless -o says otherwise.

    Examples: rootseal receipt diploma.pdf; rootseal receipt --embed badge.json
    """
    if len(targets) > 1 and (path or to is not None):
        raise InvalidInputError("--path and -o take one credential at a time")
    if embed and path:
        raise InvalidInputError("--embed and --path exclude each other")
    if tiles is not None and api is not None:
        raise InvalidInputError("--tiles does not go with --api")
    written: list[Value] = []
    named = [parse_target(text) for text in targets]
    for target, found in zip(named, _receipts(session, named, api, tiles), strict=True):
        if path:
            session.output.raw(orjson.dumps(_path(found), option=orjson.OPT_INDENT_2))
            return
        if found.is_pending:
            session.output.note(
                f"{target.name}: pending. The batch is not final, so this receipt proves nothing "
                "yet; run `rootseal nightly`, then ask again."
            )
        data = _embedded(target, found) if embed else print_receipt(found)
        destination = _destination(target, to, embed=embed)
        _write(session, data, destination)
        written.append(_value(found, destination))
    session.output.result({"receipts": written}, [])


def export(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write them.")],
    seal: Annotated[str, typer.Option("--seal", metavar="HEX", help="The batch's seal.")],
) -> None:
    """Write the receipts of all credentials of a final batch, as HASH.receipt.json.

    Example: rootseal export receipts receipts/ --seal 9f86d081884c7d65…
    """
    batch = _final_batch(session, parse_seal(seal))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise InvalidInputError(f"cannot make {shown(folder)}: {exc.strerror}") from exc
    found = receipts_of_batch(session.registry.store, batch)
    written = 0  # fewer than leaves, if credentials were erased
    for one in session.output.counted(found, "receipts written"):
        write_whole(folder / (one.credential_hash.hex() + RECEIPT_SUFFIX), print_receipt(one))
        written += 1
    session.output.result(
        {"written": written, "folder": shown(folder)},
        [f"Wrote {written:,} receipts to {shown(folder)}"],
    )


def _final_batch(session: Session, seal: bytes) -> Batch:
    wanted = session.settings.issuer
    batches = session.existing_store.batches_with_seal(seal)
    found = [batch for batch in batches if wanted in {None, batch.issuer}]
    if not found:
        raise NotFoundError(f"the store has no batch with seal {seal.hex()}")
    if len(found) > 1:
        raise InvalidInputError("several batches have this seal: name one's --issuer")
    if found[0].state is not BatchState.FINAL:
        raise ConflictError(
            f"the batch is {found[0].state.value}, not final: run `rootseal nightly`"
        )
    return found[0]


def _receipts(
    session: Session, targets: list[Target], api: str | None, tiles: str | None
) -> Iterable[Receipt]:
    issuer = session.settings.issuer
    if tiles is not None:
        return receipts_published(tiles, targets, issuer)
    if api is not None:
        with client(session, api) as there:
            return receipts_there(there, targets, issuer=issuer)
    store = session.existing_store
    return (receipt_of(store, find_hash(store, each), issuer=issuer) for each in targets)


def _path(found: Receipt) -> Value:
    return {
        "credentialHash": found.credential_hash.hex(),
        "seal": found.seal.hex(),
        "path": generic_path(salt=found.salt, proof=found.proof),
    }


def _embedded(target: Target, found: Receipt) -> bytes:
    if target.path is None:
        raise InvalidInputError("--embed needs the credential's file, not its hash")
    if found.canonicalization is Canonicalization.RAW:
        raise InvalidInputError(
            f"--embed is for JSON credentials; {target.path} was added as bytes"
        )
    document = parse_document(read_whole(target.path))
    return orjson.dumps(embed_receipt(document, found), option=orjson.OPT_INDENT_2) + b"\n"


def _destination(target: Target, to: Path | None, *, embed: bool) -> Path | None:
    """Where to write; None for stdout."""
    if to is not None:
        return None if to == STDIN else to
    if target.path is None:
        return None
    return target.path.with_suffix(".sealed.json") if embed else receipt_path(target.path)


def _write(session: Session, data: bytes, path: Path | None) -> None:
    if path is not None:
        write_whole(path, data)
        session.output.note(f"Wrote {shown(path)}")
    elif not session.output.is_json:
        session.output.raw(data.rstrip(b"\n"))


def _value(found: Receipt, path: Path | None) -> Value:
    return {
        "receipt": found.model_dump(mode="json"),
        "pending": found.is_pending,
        "writtenTo": None if path is None else shown(path),
    }
