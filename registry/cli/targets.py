"""Naming a credential on the command line: by its hash, or by its file."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from registry.cli.inputs import read_whole, shown
from registry.cli.lines import parse_hash_digits
from registry.core.canonical import Canonicalization, credential_hash, hashes_of
from registry.core.documents import parse_document
from registry.errors import InvalidInputError, NotFoundError
from registry.services.ports import Store


@dataclass(frozen=True, slots=True)
class Target:
    """A credential as it was named: by its hash, or by its file, which was read."""

    name: str
    path: Path | None
    digest: bytes | None = None
    data: bytes = b""

    @property
    def hashes(self) -> Iterator[bytes]:
        """What it may go by: as a JSON document, by its statements, as bytes."""
        if self.digest is not None:
            yield self.digest
            return
        if self.data.lstrip()[:1] == b"{":
            # If it only looks like JSON, or cannot be carried, it was added as bytes.
            with suppress(InvalidInputError):
                yield from hashes_of(parse_document(self.data))
        yield credential_hash(self.data, Canonicalization.RAW)


def parse_target(text: str) -> Target:
    """Read HASH or FILE. Raises `InvalidInputError`, `NotFoundError`."""
    digest = parse_hash_digits(text)
    path = Path(text)
    if digest is not None and not path.exists():
        return Target(digest.hex(), None, digest)
    if digest is None and not path.exists():
        raise NotFoundError(f"neither a hash (64 hex digits) nor a file: {shown(path)}")
    return Target(shown(path), path, data=read_whole(path))


def find_hash(store: Store, target: Target) -> bytes:
    """The hash under which the store has a credential. Raises `NotFoundError`."""
    for digest in target.hashes:
        if store.find_credentials(digest):
            return digest
    raise NotFoundError(f"the store has no credential {target.name}")


def parse_seal(text: str, *, place: str = "--seal") -> bytes:
    """Read a seal. Raises `InvalidInputError`."""
    seal = parse_hash_digits(text)
    if seal is None:
        raise InvalidInputError(f"not a seal (64 hex digits): {text[:80]!r}", place=place)
    return seal
