"""Reads a bundle. Believes no name and no size in it; nothing outside its folder is opened."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest
from io import BufferedReader
from pathlib import Path
from typing import Final

from registry.bundles.layout import (
    CONTENTS,
    MAX_CONTENTS_BYTES,
    MAX_LIST_BYTES,
    MAX_SUMS_BYTES,
    SUMS,
    BundledBatch,
    Contents,
    chain_file,
    leaves_file,
    list_file,
    openings_file,
    parse_contents,
    parse_places,
    places_file,
    state_file,
)
from registry.core.tree import HASH_BYTES, SALT_BYTES
from registry.errors import InvalidInputError, NotFoundError, TooLargeError
from registry.services.findings import Finding, FindingCode
from registry.services.ports import Anchor, DisclosedBatch, DisclosedList, Opening, Place
from registry.vc.status_list import set_places

_CHUNK: Final = 4096 * HASH_BYTES
_OPENING: Final = HASH_BYTES + SALT_BYTES
# Names that format 1 has, and no others: a bundle is no place for anything else to lie in wait.
_NAME: Final = (
    r"bundle\.json|README\.txt|trust-list\.toml|contract/CredentialRegistry(?:\.input)?\.json|"
    r"chains/[1-9][0-9]{0,18}\.(?:record\.json|anvil-state)|(?:leaves|openings)/[0-9a-f]{64}|"
    r"status-lists/[0-9]{1,9}(?:\.places)?\.json"
)
_LINE: Final = re.compile(rf"([0-9a-f]{{64}})  ({_NAME})", re.ASCII)
MAX_RECORD_BYTES: Final = 512 << 20


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle's folder. Implements `registry.services.ports.Disclosure`."""

    folder: Path
    contents: Contents

    def record(self, chain_id: int) -> bytes:
        """The record of a chain."""
        return self._whole(chain_file(chain_id), MAX_RECORD_BYTES)

    def state(self, chain_id: int) -> Path | None:
        """Where the state of a local node is, if there is one."""
        path = self.folder / state_file(chain_id)
        return path if path.is_file() else None

    def file(self, name: str) -> bytes:
        """A file of some kilobytes. Raises `NotFoundError`, `TooLargeError`."""
        return self._whole(name, MAX_LIST_BYTES)

    # -- what is disclosed

    def batches(self) -> list[DisclosedBatch]:
        """Every sealed batch of the issuer, the oldest first."""
        return [_disclosed(batch) for batch in self.contents.batches]

    def leaves(self, seal: bytes) -> Iterator[bytes]:
        """Leaves of a batch in their order, some at a time. Raises `NotFoundError`."""
        with self._opened(leaves_file(seal)) as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def openings(self, seal: bytes) -> Iterator[Opening] | None:
        """What the leaves of a batch are made of, in their order; None if that is not shown."""
        return self._openings(seal) if self.contents.has_openings else None

    def status_lists(self) -> Iterator[DisclosedList]:
        """The published status lists, and whose places are in them."""
        for number in self.contents.status_lists:
            withdrawn = set_places(self._whole(list_file(number), MAX_LIST_BYTES))
            name = places_file(number)
            known = parse_places(self._whole(name, MAX_LIST_BYTES), name)
            places = {at: Place(seal, index) for at, seal, index in known.places}
            yield DisclosedList(number, withdrawn, places)

    def _openings(self, seal: bytes) -> Iterator[Opening]:
        with self._opened(openings_file(seal)) as file:
            while chunk := file.read(_CHUNK):
                for at in range(0, len(chunk), _OPENING):
                    pair = chunk[at : at + _OPENING]
                    yield Opening(pair[:HASH_BYTES], pair[HASH_BYTES:])

    def _whole(self, name: str, limit: int) -> bytes:
        with self._opened(name) as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise TooLargeError(f"{name} has more than {limit:,} bytes")
        return data

    def _opened(self, name: str) -> BufferedReader:
        return _opened(self.folder, name)


def open_bundle(folder: Path) -> tuple[Bundle | None, list[Finding]]:
    """A bundle, unless its files are not those that its sums name: then what was found.

    Raises `InvalidInputError` for a folder that is no bundle.
    """
    try:
        with _opened(folder, SUMS) as file:
            listed = file.read(MAX_SUMS_BYTES)
    except NotFoundError as exc:
        raise InvalidInputError(f"{folder} is no bundle: it has no {SUMS}") from exc
    findings = list(_check_sums(folder, _sums(listed)))
    if findings:
        return None, findings
    with _opened(folder, CONTENTS) as file:
        contents = parse_contents(file.read(MAX_CONTENTS_BYTES))
    return Bundle(folder, contents), []


def _check_sums(folder: Path, sums: dict[str, str]) -> Iterator[Finding]:
    """That every file is as it is listed, and that there are no others."""
    there = {
        # A name may be no text, which no report could carry.
        os.fsencode(path.relative_to(folder)).decode("utf-8", "backslashreplace")
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    } - {SUMS}
    for name in sorted(there ^ sums.keys()):
        what = "is not there" if name in sums else "is in no list"
        yield Finding(FindingCode.FILE_MISSING, f"{name} {what}", {"file": name})
    for name in sorted(there & sums.keys()):
        with _opened(folder, name) as file:
            digest = file_digest(file, "sha256").hexdigest()
        if digest != sums[name]:
            evidence = {"file": name, "sha256": digest, "listed": sums[name]}
            yield Finding(FindingCode.FILE_CHANGED, f"{name} was changed", evidence)


def _sums(listed: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(listed.decode("utf-8", "replace").splitlines(), 1):
        match = _LINE.fullmatch(line)
        if match is None or match[2] in found:
            raise InvalidInputError(
                "not a checksum and a name of a bundle's file", place=f"{SUMS}:{number}"
            )
        found[match[2]] = match[1]
    if CONTENTS not in found:
        raise InvalidInputError(f"{SUMS} does not list {CONTENTS}")
    return found


def _opened(folder: Path, name: str) -> BufferedReader:
    path = folder / name
    try:
        if path.is_symlink() or not path.is_file():  # which could lead anywhere
            raise NotFoundError(f"the bundle has no file {name}")
        return path.open("rb")
    except OSError as exc:
        raise InvalidInputError(f"cannot read {name}: {exc.strerror}") from exc


def _disclosed(batch: BundledBatch) -> DisclosedBatch:
    return DisclosedBatch(
        seal=batch.seal,
        merkle_root=batch.merkle_root,
        tree_size=batch.tree_size,
        opened_at=batch.opened_at,
        sealed_at=batch.sealed_at,
        anchors=tuple(
            Anchor(
                chain_id=anchor.chain,
                contract=anchor.contract,
                transaction=anchor.transaction,
                block_number=anchor.block_number,
                block_hash=anchor.block_hash,
                log_index=anchor.log_index,
                anchored_at=anchor.anchored_at,
            )
            for anchor in batch.anchors
        ),
    )
