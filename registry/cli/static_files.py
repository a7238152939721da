"""`rootseal export tiles`, and `--tiles`: receipts from static files, without store or API."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from registry.cli.inputs import read_whole, receipt_path
from registry.cli.session import Session
from registry.cli.stopping import interruptible
from registry.cli.targets import Target, parse_seal
from registry.core.receipt import MAX_RECEIPT_BYTES, Receipt, parse_receipt, print_receipt
from registry.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from registry.services.static_publishing import Published
    from registry.services.static_receipts import StaticReceipts

Tiles = Annotated[
    str | None,
    typer.Option(
        "--tiles",
        metavar="URL|DIR",
        help="Take the receipt from what `export tiles` published there, and not from the store.",
    ),
]
_SHOWN: Final = 10  # batches that are not published, by name


def export(
    session: Session,
    place: Annotated[
        str, typer.Argument(metavar="DIR|URL", help="A folder, or s3://BUCKET/PREFIX.")
    ],
    seal: Annotated[
        str | None, typer.Option("--seal", metavar="HEX", help="Only the batch with this seal.")
    ] = None,
    receipts: Annotated[
        bool | None,
        typer.Option(
            "--receipts/--no-receipts",
            help="Receipts, too, encrypted so that only who has a credential can read its own; or "
            "take them away. Unless said, as each batch was published before, and new ones "
            "without. Not for credentials that somebody could guess.",
        ),
    ] = None,
    rewrite: Annotated[
        bool, typer.Option("--rewrite", help="Write what seems to be there already, too.")
    ] = False,
) -> None:
    """Publish the issuer's final batches as static files, for a CDN or object storage.

    What is there already is not written again; anchors on further chains are added, and receipts
    of credentials that were erased from the store are taken away. One run at a time for a place,
    which belongs to one issuer. `receipt` and `verify` read them with --tiles.

    Examples: rootseal export tiles public/; rootseal export tiles s3://bucket/academy --receipts
    """
    from registry.services.static_publishing import Wishes  # noqa: PLC0415 - most need none of it
    from registry.wiring.static_files import open_publishing  # noqa: PLC0415

    wanted = None if seal is None else parse_seal(seal)
    publishing = open_publishing(session.existing_store, place, issuer=session.registry.issuer)
    with interruptible(), session.output.steps() as step:
        done = publishing.publish(Wishes(receipts, rewrite=rewrite), step, seal=wanted)
    session.output.result(
        {
            "place": place,
            "batches": done.batches,
            "unchanged": done.unchanged,
            "credentials": done.credentials,
            "filesWritten": done.files,
            "filesRemoved": done.removed,
            "notFinal": [batch.head.seal.hex() for batch in done.skipped if batch.head],
        },
        _lines(done, place),
    )


def _lines(done: "Published", place: str) -> list[str]:
    written = f"{done.batches:,} batches ({done.credentials:,} credentials, {done.files:,} files)"
    lines = [f"Published {written} at {place}; {done.unchanged:,} were there already"]
    if done.removed:
        lines.append(f"Removed {done.removed:,} files")
    names = [batch.head.seal.hex() for batch in done.skipped if batch.head]
    lines += [f"Not final yet, and not published: {name}" for name in names[:_SHOWN]]
    if len(names) > _SHOWN:
        lines.append(f"… and {len(names) - _SHOWN:,} more")
    return lines


@contextmanager
def published(place: str, *, issuer: bytes | None = None) -> Iterator["StaticReceipts"]:
    """The receipts published there. Raises `InvalidInputError`."""
    from registry.wiring.static_files import open_receipts  # noqa: PLC0415 - as above

    found = open_receipts(place, issuer=issuer)
    try:
        yield found
    finally:
        found.close()


def receipts_published(
    place: str, targets: Sequence[Target], issuer: bytes | None
) -> list[Receipt]:
    """A receipt for each target: the one beside its file, completed, or else by its hash."""
    with published(place, issuer=issuer) as there:
        return [_of_target(there, target) for target in targets]


def completed(there: "StaticReceipts", receipt: bytes) -> bytes:
    """A pending receipt with the anchors published since; any other as it is, faulty ones too."""
    try:
        found = parse_receipt(receipt)
        return print_receipt(there.completed(found)) if found.is_pending else receipt
    except InvalidInputError:
        # Whoever verifies it says what is wrong; and not published yet is pending still.
        return receipt


def _of_target(there: "StaticReceipts", target: Target) -> Receipt:
    hashes = list(target.hashes)
    if target.path is not None and receipt_path(target.path).is_file():
        beside = parse_receipt(read_whole(receipt_path(target.path), MAX_RECEIPT_BYTES + 1))
        if beside.credential_hash in hashes:
            return there.completed(beside)
    for digest in hashes[:-1]:
        try:
            return there.receipt(digest)
        except NotFoundError:
            continue
    return there.receipt(hashes[-1])
