"""`rootseal snapshot`: what a chain says of some credentials, to verify them without a node."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.inputs import read_whole, receipt_path, shown, write_whole
from registry.cli.session import Session
from registry.core.address import format_chain
from registry.core.attachments import attached
from registry.core.baked import unbake
from registry.core.documents import parse_document
from registry.core.receipt import (
    MAX_RECEIPT_BYTES,
    RECEIPT_TYPE,
    Receipt,
    extract_receipt,
    parse_receipt,
)
from registry.core.snapshot import print_snapshot
from registry.core.wire import format_time
from registry.errors import InvalidInputError, NotFoundError


def snapshot(
    session: Session,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="Receipts, or credentials with theirs."),
    ],
    to: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Write there.")],
) -> None:
    """Save what the chain says of credentials in its newest final block, with the proofs of it.

    `rootseal verify --snapshot FILE --block-hash HASH` then needs no node, and trusts nothing but
    that block's hash. A later withdrawal does not show in it.

    Example: rootseal snapshot diplomas/*.receipt.json -o 2027-07-01.snapshot.json
    """
    receipts = [_anchored_at(path) for path in paths]
    found, block = session.registry.snapshot(receipts)
    write_whole(to, print_snapshot(found))
    block_hash, time = "0x" + block.hash.hex(), format_time(block.time)
    chain = format_chain(found.chain)
    session.output.result(
        {
            "writtenTo": shown(to),
            "chain": chain,
            "blockNumber": block.number,
            "blockHash": block_hash,
            "blockTime": time,
        },
        [
            f"Wrote {shown(to)}: {chain} as of block {block.number:,}, {time}.",
            f"Its hash, which a verifier must know from a source of its own: {block_hash}",
        ],
    )


def _anchored_at(path: Path) -> Receipt:
    receipt = _receipt_at(path)
    if receipt.is_pending:
        raise InvalidInputError(f"the receipt of {shown(path)} is pending: there is no anchor yet")
    return receipt


def _receipt_at(path: Path) -> Receipt:
    """The receipt in a file, in the credential in it, or beside it."""
    data = read_whole(path)
    beside = receipt_path(path)
    if beside.is_file():
        return parse_receipt(read_whole(beside, MAX_RECEIPT_BYTES + 1))
    try:
        pdf = attached(data)
        if pdf is not None and pdf.receipt is not None:
            return parse_receipt(pdf.receipt)
        inside = unbake(data)
        document = parse_document(data if inside is None else inside)
        is_receipt = document.get("type") == RECEIPT_TYPE
        found = parse_receipt(data) if is_receipt else extract_receipt(document)
    except InvalidInputError as exc:
        raise InvalidInputError(f"no receipt is in {shown(path)} or beside it: {exc}") from exc
    if found is None:
        raise NotFoundError(f"no receipt is in {shown(path)} or beside it")
    return found
