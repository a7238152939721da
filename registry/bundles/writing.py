"""Writes a bundle: into a folder beside the wanted one, which it becomes when all is in it."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import orjson

from registry.bundles.layout import (
    CONTENTS,
    CONTRACT_FOLDER,
    README,
    SUMS,
    TRUST_LIST,
    BundledAnchor,
    BundledBatch,
    BundledChain,
    Contents,
    ListPlaces,
    chain_file,
    leaves_file,
    list_file,
    openings_file,
    places_file,
    state_file,
)
from registry.core.wire import WireModel
from registry.errors import InvalidInputError
from registry.services.ports import DisclosedBatch, Opening, Place

_TEXT: Final = """\
This folder holds what an audit of one issuer needs: see docs/auditing.md of Rootseal.

  sha256sum -c SHA256SUMS     checks that no file was changed since it was made
  rootseal audit .            audits it; no network is asked for anything

bundle.json                   what is here: chains with their blocks, batches, status lists
chains/*.record.json          all events of the issuer, and the contract's state with its proofs
chains/*.anvil-state          state of a local node, for `anvil --load-state`
leaves/*                      leaves of each batch, 32 bytes each
openings/*                    credential hash and salt behind each leaf, 64 bytes each
status-lists/*                status lists as published, and whose places are in them
contract/*                    the contract's sources with the compiler's settings, and its build

The block hashes in bundle.json are the word of whoever made this. Compare them with a source of
your own: everything else about the chains' state follows from them.
"""


class BundleWriter:
    """See the module. Files are summed as they are written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sums: dict[str, str] = {}

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a file."""
        digest = sha256()
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
        self._sums[name] = digest.hexdigest()

    def add_chain(self, chain_id: int, record: bytes, state: bytes | None) -> None:
        """Write the record of a chain, and the state of the local node that it was made with."""
        self.add(chain_file(chain_id), [record])
        if state is not None:
            self.add(state_file(chain_id), [state])

    def add_leaves(self, seal: bytes, chunks: Iterable[bytes]) -> None:
        """Write the leaves of a batch."""
        self.add(leaves_file(seal), chunks)

    def add_openings(self, seal: bytes, openings: Iterable[Opening]) -> None:
        """Write what the leaves of a batch are made of."""
        self.add(openings_file(seal), (each.credential_hash + each.salt for each in openings))

    def add_list(self, number: int, published: bytes, places: dict[int, Place]) -> None:
        """Write a status list as it is published, and whose places are in it."""
        self.add(list_file(number), [published])
        known = tuple((at, place.seal, place.leaf_index) for at, place in sorted(places.items()))
        self.add(places_file(number), [_printed(ListPlaces(places=known))])

    def add_contract(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Write the contract's sources and build."""
        for name, content in files:
            self.add(f"{CONTRACT_FOLDER}/{name}", [content])

    def add_trust_list(self, content: bytes) -> None:
        """Write whom the issuer's registry trusts."""
        self.add(TRUST_LIST, [content])

    def finish(
        self,
        *,
        program: str,
        issuer: bytes,
        chains: Iterable[BundledChain],
        batches: Iterable[DisclosedBatch],
        has_openings: bool,
        status_lists: Iterable[int],
    ) -> None:
        """Write the table of contents, and the sums of all."""
        contents = Contents(
            type="rootseal/bundle@1",
            program=program,
            issuer=issuer,
            chains=tuple(chains),
            batches=tuple(map(_bundled, batches)),
            has_openings=has_openings,
            status_lists=tuple(status_lists),
        )
        self.add(CONTENTS, [_printed(contents)])
        self.add(README, [_TEXT.encode()])
        lines = (f"{digest}  {name}\n" for name, digest in sorted(self._sums.items()))
        (self._folder / SUMS).write_text("".join(lines), encoding="utf-8")


@contextmanager
def written_bundle(folder: Path, *, is_private: bool = False) -> Iterator[BundleWriter]:
    """A bundle to be filled, which is at `folder` once all of it is written.

    A private one is for this user alone, also while it is written and if that is cut short.
    Raises `InvalidInputError` if something is there already, or cannot be written.
    """
    if folder.exists():
        raise InvalidInputError(f"{folder} is there already: name a folder that is not")
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir(mode=0o700 if is_private else 0o777)
        yield BundleWriter(partial)
        partial.replace(folder)
    except OSError as exc:
        raise InvalidInputError(f"cannot write {folder}: {exc.strerror}") from exc
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _bundled(batch: DisclosedBatch) -> BundledBatch:
    return BundledBatch(
        seal=batch.seal,
        merkle_root=batch.merkle_root,
        tree_size=batch.tree_size,
        opened_at=batch.opened_at,
        sealed_at=batch.sealed_at,
        anchors=tuple(
            BundledAnchor(
                chain=anchor.chain_id,
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


def _printed(document: WireModel) -> bytes:
    return orjson.dumps(document.model_dump(), option=orjson.OPT_SORT_KEYS)
