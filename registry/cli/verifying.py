"""`rootseal verify`: a credential and its receipt against the chain."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from registry.cli.command import DONE, REFUSED, UNDECIDED
from registry.cli.inputs import read_whole, receipt_path, shown
from registry.cli.lines import parse_hash_digits
from registry.cli.remote import Api, client, only_without_api
from registry.cli.session import Session
from registry.cli.static_files import Tiles, completed, published
from registry.core.address import parse_address
from registry.core.receipt import MAX_RECEIPT_BYTES
from registry.core.report import Outcome, Report, Verdict
from registry.core.snapshot import MAX_SNAPSHOT_BYTES
from registry.core.wire import parse_eth_hash
from registry.errors import InvalidInputError
from registry.services.verification import Evidence, Verification

_EXITS: Final = {
    Verdict.VALID: DONE,
    Verdict.INVALID: REFUSED,
    Verdict.UNDETERMINED: UNDECIDED,
}
_MARKS: Final = {
    Outcome.PASS: "✓",
    Outcome.FAIL: "✗",
    Outcome.UNKNOWN: "?",
    Outcome.SKIPPED: "–",
}


def verify(
    session: Session,
    credential: Annotated[
        Path | None, typer.Argument(metavar="[CREDENTIAL]", help="The credential's file.")
    ] = None,
    receipt: Annotated[
        Path | None,
        typer.Option("--receipt", metavar="FILE", help="Its receipt, if not beside or inside it."),
    ] = None,
    digest: Annotated[
        str | None, typer.Option("--hash", metavar="HEX", help="Its hash, instead of the file.")
    ] = None,
    issuer: Annotated[
        str | None,
        typer.Option("--issuer", metavar="ADDRESS", help="Who must have issued it."),
    ] = None,
    trust: Annotated[
        Path | None,
        typer.Option("--trust", metavar="FILE", help="Trust list: whom to trust as its issuer."),
    ] = None,
    resolve_issuer: Annotated[
        bool,
        typer.Option(
            "--resolve-issuer",
            help="Ask the issuer's own domain (did:web, DNS) whose the address is, if neither "
            "--issuer nor a trust list says. The domain learns that somebody asks.",
        ),
    ] = False,
    snapshot: Annotated[
        Path | None,
        typer.Option(
            "--snapshot", metavar="FILE", help="Ask this snapshot of a chain instead of its nodes."
        ),
    ] = None,
    block_hash: Annotated[
        str | None,
        typer.Option(
            "--block-hash", metavar="HASH", help="The snapshot's block, from a source you trust."
        ),
    ] = None,
    no_store: Annotated[
        bool, typer.Option("--no-store", help="Do not look for a receipt in the store.")
    ] = False,
    tiles: Tiles = None,
    api: Api = None,
) -> None:
    """Verify a credential with its receipt against the chain.

    The receipt is CREDENTIAL.receipt.json if that lies beside it, or in its proof, or else
    the store's, if there is one here. A badge's image (PNG, SVG) stands for the credential
    baked into it, a certificate (PDF) for the one attached, unless the receipt is of the file's
    own bytes.

    With --snapshot no node is asked: it shows what held in its block, and counts if that block
    has the hash that --block-hash says. What was withdrawn later it cannot know.

    With --tiles a receipt that is missing, or pending, comes from there, and the store is not
    asked. Whether its seal is anchored says the chain.

    With --api the credential is sent to that registry, whose word the report is.

    Exit code 0: valid; 1: invalid; 2: wrong use; 3: could not be decided.

    Example: rootseal verify diploma.pdf --issuer 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266
    """
    if credential is not None and digest is not None:
        raise InvalidInputError("give the credential or its hash, not both")
    if receipt is None and credential is not None and receipt_path(credential).is_file():
        receipt = receipt_path(credential)
    evidence = Evidence(
        credential=None if credential is None else read_whole(credential),
        credential_hash=None if digest is None else _hash(digest),
        receipt=None if receipt is None else read_whole(receipt, MAX_RECEIPT_BYTES + 1),
    )
    expected = None if issuer is None else parse_address(issuer, place="--issuer")
    if api is not None:
        only_without_api(
            trust=trust,
            resolve_issuer=resolve_issuer,
            snapshot=snapshot,
            block_hash=block_hash,
            no_store=no_store,
            tiles=tiles,
        )
        with client(session, api) as there:
            report = there.verify(
                evidence.credential,
                evidence.receipt,
                credential_hash=evidence.credential_hash,
                issuer=expected,
            )
    else:
        session.overrides |= {} if trust is None else {"trust_list": str(trust)}
        session.overrides |= {"resolve_issuers": "true"} if resolve_issuer else {}
        with_store = not no_store and tiles is None
        verification = _verification(session, snapshot, block_hash, with_store=with_store)
        if tiles is None:
            report = verification.verify(evidence, expected_issuer=expected)
        else:
            report = _with_tiles(verification, evidence, expected, tiles)
            if report.verdict is Verdict.INVALID:
                session.output.note(
                    f"If the receipt came from {tiles}, and that is not the issuer's, this says "
                    "nothing of the credential."
                )
    name = None if credential is None else shown(credential)
    session.output.result(report.model_dump(mode="json"), _lines(report, name))
    raise typer.Exit(_EXITS[report.verdict])


def _verification(
    session: Session, snapshot: Path | None, block_hash: str | None, *, with_store: bool
) -> Verification:
    registry = session.registry
    with_store = with_store and registry.has_store
    if snapshot is None:
        if block_hash is not None:
            raise InvalidInputError("--block-hash is for --snapshot")
        return registry.verification(with_store=with_store)
    trusted = None if block_hash is None else parse_eth_hash(block_hash, place="--block-hash")
    data = read_whole(snapshot, MAX_SNAPSHOT_BYTES + 1)
    return registry.offline_verification(data, trusted, with_store=with_store)


def _with_tiles(
    verification: Verification, evidence: Evidence, expected: bytes | None, place: str
) -> Report:
    with published(place) as there:
        if evidence.receipt is not None:
            evidence = replace(evidence, receipt=completed(there, evidence.receipt))
        verification = replace(verification, find_receipt=there.receipt)
        return verification.verify(evidence, expected_issuer=expected)


def _hash(text: str) -> bytes:
    digest = parse_hash_digits(text)
    if digest is None:
        raise InvalidInputError(f"not a hash (64 hex digits): {text[:80]!r}", place="--hash")
    return digest


def _lines(report: Report, name: str | None) -> list[str]:
    """The verdict first, then every check."""
    subject = "" if name is None else f"  {name}"
    checks = [f"  {_MARKS[c.outcome]} {c.name:<10} {c.detail}" for c in report.checks]
    return [f"{report.verdict.value.upper()}{subject}", report.summary, *checks]
