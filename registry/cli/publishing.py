"""`rootseal publish` and `unpublish`: which credentials have a page for everybody."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.inputs import read_whole, shown
from registry.cli.output import Value
from registry.cli.session import Session
from registry.cli.targets import parse_target
from registry.errors import InvalidInputError, NotFoundError
from registry.services.ports import MAX_PUBLISHED_BYTES, Store
from registry.services.publishing import publish as publish_document
from registry.services.publishing import published_by


def publish(
    session: Session,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="JSON credentials that were added.")
    ],
) -> None:
    """Publish the documents of credentials: whoever knows the hash can read them at /c/HASH.

    All that a document says is shown, its subject's name too. A faulty file ends the run; those
    before it are published, and publishing again changes nothing.

    Example: rootseal publish badges/*.json
    """
    registry, issuer = session.registry, session.registry.issuer
    store = session.existing_store
    done: list[Value] = []
    lines = []
    for path in files:
        document = read_whole(path, MAX_PUBLISHED_BYTES)
        try:
            found = publish_document(store, issuer, document, now=registry.now())
        except InvalidInputError as exc:
            raise InvalidInputError(f"{shown(path)}: {exc}") from exc
        address = _page(session, found.credential_hash)
        done.append(_value(path, found.credential_hash, address))
        lines.append(f"Published {shown(path)}: {address}")
    session.output.result({"published": done}, lines)


def unpublish(
    session: Session,
    targets: Annotated[
        list[str], typer.Argument(metavar="HASH|FILE…", help="Credentials, by hash or file.")
    ],
) -> None:
    """Withdraw published documents: they are deleted here; copies elsewhere are not.

    The credentials stay what they are, and can still be verified by whoever has them.

    Example: rootseal unpublish badges/anna.json
    """
    issuer, store = session.registry.issuer, session.existing_store
    found = [_published(store, issuer, text) for text in targets]
    for digest in dict.fromkeys(found):
        store.drop_publication(issuer, digest)
    hashes = [digest.hex() for digest in found]
    session.output.result({"unpublished": hashes}, [f"Withdrew {text}" for text in hashes])


def _published(store: Store, issuer: bytes, text: str) -> bytes:
    target = parse_target(text)
    for digest in target.hashes:
        if published_by(store, digest, issuer) is not None:
            return digest
    raise NotFoundError(f"the issuer publishes no credential {target.name}")


def _page(session: Session, digest: bytes) -> str:
    base = session.settings.public_url
    return f"{'' if base is None else base.rstrip('/')}/c/{digest.hex()}"


def _value(path: Path, digest: bytes, address: str) -> Value:
    return {"file": shown(path), "hash": digest.hex(), "page": address}
