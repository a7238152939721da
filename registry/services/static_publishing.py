"""Publishing batches as static files, so that receipts are had without us.

What points to a file is written after it: tiles and receipts, then the batch's head, then the
index. A run that was killed anywhere leaves files that nobody is pointed to, which the next run
writes anew. One run at a time for one place: of two at once, the one that
ends last may leave the other's batch out of the index until the next run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from registry.core.batch import BatchState
from registry.core.static_files import (
    HEAD_TYPE,
    INDEX_PATH,
    INDEX_TYPE,
    MAX_BATCHES,
    MAX_INDEX_BYTES,
    IndexEntry,
    PublishedHead,
    PublishedIndex,
    head_path,
    parse_index,
    print_document,
    shard_folder,
    shard_path,
    tile_folder,
    tile_path,
)
from registry.core.tiles import Tile, TreeHead, build_tiles
from registry.errors import ConflictError, InvalidInputError, NotFoundError
from registry.services.ports import (
    Batch,
    FileKind,
    Put,
    StaticFile,
    StaticShelf,
    Store,
)
from registry.services.receipts import anchor_reference
from registry.services.static_shards import Scratch, Step, shards_of_batch

_STEP_LEAVES: Final = 16_384


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an export is to do. `receipts` is None for: as each batch was published before."""

    receipts: bool | None = None
    rewrite: bool = False  # whatever seems to be there already


@dataclass(slots=True)
class Published:
    """What an export has done."""

    batches: int = 0  # of which anything had to be written
    unchanged: int = 0
    files: int = 0
    removed: int = 0
    credentials: int = 0  # in the batches that were written
    skipped: list[Batch] = field(default_factory=list)  # not final on any chain yet


@dataclass(frozen=True, slots=True)
class StaticPublishing:
    """Publishes batches of one issuer to one shelf."""

    store: Store
    shelf: StaticShelf
    issuer: bytes
    scratch: Scratch

    def publish(self, wishes: Wishes, step: Step, *, seal: bytes | None = None) -> Published:
        """Publish all final batches of the issuer, or the one with `seal`, as far as not done.

        Raises `NotFoundError` if there is no such batch; `ConflictError` if it is not final, if
        the place is another issuer's, or if the store's tree is not what was sealed.
        """
        done = Published()
        index = self._index()
        heads = {batch.head: batch for batch in self._batches() if batch.head is not None}
        oldest_first = [head.seal for head in heads]
        if seal is not None and seal not in oldest_first:
            raise NotFoundError(f"the issuer has no batch with seal {seal.hex()}")
        for head, batch in heads.items():
            if seal not in {None, head.seal}:
                continue
            entry = self._publish(batch, head, index, wishes, done, step)
            if entry is None:
                done.skipped.append(batch)
                continue
            # After each batch: a run that is killed later need not look at this one again.
            changed = _with_entry(index, entry, oldest_first)
            if changed != index or wishes.rewrite:
                index = changed
                self._put(StaticFile(INDEX_PATH, print_document(index), FileKind.DOCUMENT), done)
        if seal is not None and done.skipped:
            raise ConflictError(
                f"the batch is {done.skipped[0].state.value} and final on no chain yet: "
                "run `rootseal nightly`"
            )
        return done

    def _index(self) -> PublishedIndex:
        try:
            data = self.shelf.read(INDEX_PATH, MAX_INDEX_BYTES)
        except NotFoundError:
            return PublishedIndex(type=INDEX_TYPE, issuer=self.issuer, batches=())
        try:
            index = parse_index(data)
        except InvalidInputError as exc:
            raise ConflictError(
                f"{INDEX_PATH} at {self.shelf.source} is none of ours ({exc}): another place?"
            ) from exc
        if index.issuer != self.issuer:
            raise ConflictError(f"{self.shelf.source} has the batches of another issuer")
        return index

    def _batches(self) -> Iterator[Batch]:
        """The oldest first, as the index grows."""
        batches: list[Batch] = []
        while page := self.store.batches(
            issuer=self.issuer, before_id=batches[-1].id if batches else None
        ):
            batches += page
        yield from reversed(batches)

    def _publish(
        self,
        batch: Batch,
        sealed: TreeHead,
        index: PublishedIndex,
        wishes: Wishes,
        done: Published,
        step: Step,
    ) -> IndexEntry | None:
        """Bring what is published of a batch up to date; None if it has no final anchor."""
        before = {entry.seal: entry for entry in index.batches}.get(sealed.seal)
        receipts = wishes.receipts
        if receipts is None:
            receipts = before is not None and before.has_receipts
        head = self._head(batch, sealed, receipts=receipts)
        if head is None:
            return None
        data = print_document(head)
        entry = IndexEntry(
            seal=head.seal,
            tree_size=head.tree_size,
            has_receipts=receipts,
            head_hash=sha256(data).digest(),
        )
        if entry == before and not wishes.rewrite:
            done.unchanged += 1
            return entry
        # What no index points to may be a killed run's, or of a store that was damaged then.
        is_new = before is None or wishes.rewrite
        self._write_tiles(batch, sealed, done, step, afresh=is_new)
        if receipts:
            is_new |= before is not None and not before.has_receipts
            self._write_shards(batch, sealed, done, step, afresh=is_new)
        self._put(StaticFile(head_path(head.seal), data, FileKind.DOCUMENT), done)
        if not receipts:
            # After the head, which says so, and before the index, which ends the work: a run that
            # is killed in between removes the rest when it is run again.
            stale = list(self.shelf.sizes(shard_folder(head.seal)))
            self.shelf.remove(stale)
            done.removed += len(stale)
        done.batches += 1
        done.credentials += head.tree_size
        return entry

    def _head(self, batch: Batch, head: TreeHead, *, receipts: bool) -> PublishedHead | None:
        # As in receipts: only what no reorganisation undoes, on whichever chain.
        final = (a for a in self.store.on_chains(batch.id) if a.state is BatchState.FINAL)
        anchors = tuple(
            anchor_reference(found.anchor, batch.issuer)
            for found in final
            if found.anchor is not None
        )
        if not anchors or batch.sealed_at is None:
            return None
        return PublishedHead(
            type=HEAD_TYPE,
            issuer=batch.issuer,
            seal=head.seal,
            merkle_root=head.merkle_root,
            tree_size=head.tree_size,
            opened_at=batch.opened_at,
            sealed_at=batch.sealed_at,
            has_receipts=receipts,
            receipt_entries=self.store.credential_count(batch.id) if receipts else 0,
            anchors=anchors,
        )

    def _write_tiles(
        self, batch: Batch, head: TreeHead, done: Published, step: Step, *, afresh: bool
    ) -> None:
        there = self._there(tile_folder(head.seal), afresh=afresh)
        with self.shelf.writing() as put:

            def emit(tile: Tile) -> None:
                path = tile_path(head.seal, tile.id, head.tree_size)
                file = StaticFile(path, tile.hashes, FileKind.TILE)
                _put_unless_there(file, there, put, done)

            # Built again and not copied: what does not lead to the seal is not pointed to.
            leaves = _counted(self.store.leaves(batch), head.tree_size, step)
            built = build_tiles(leaves, emit)
        if built != head:
            raise ConflictError(
                f"the leaves in the store do not have the seal {head.seal.hex()}: "
                "nothing points to what was written; run `rootseal audit`"
            )

    def _write_shards(
        self, batch: Batch, head: TreeHead, done: Published, step: Step, *, afresh: bool
    ) -> None:
        # Rows only ever go, and entries never change: a shard of the same size is the same.
        there = self._there(shard_folder(head.seal), afresh=afresh)
        shards = shards_of_batch(self.store, batch, head, self.scratch, step)
        with self.shelf.writing() as put:
            for number, data in shards:
                path = shard_path(head.seal, number)
                _put_unless_there(StaticFile(path, data, FileKind.RECEIPTS), there, put, done)

    def _there(self, folder: str, *, afresh: bool) -> Mapping[str, int]:
        """Files that need not be written, by their sizes."""
        found = self.shelf.sizes(folder)  # which also takes away what a killed run left half-done
        return {} if afresh else found

    def _put(self, file: StaticFile, done: Published) -> None:
        with self.shelf.writing() as put:
            put(file)
        done.files += 1


def _put_unless_there(
    file: StaticFile, there: Mapping[str, int], put: Put, done: Published
) -> None:
    if there.get(file.path) != len(file.data):
        put(file)
        done.files += 1


def _with_entry(
    index: PublishedIndex, entry: IndexEntry, oldest_first: Sequence[bytes]
) -> PublishedIndex:
    """The index with an entry in its place, the newest first. Raises `ConflictError` if full.

    Seals that the store does not have, perhaps of a store before it, are older than those it has.
    """
    entries = {each.seal: each for each in index.batches} | {entry.seal: entry}
    if len(entries) > MAX_BATCHES:
        raise ConflictError(f"one place holds {MAX_BATCHES} batches: begin another")
    ages = {seal: age for age, seal in enumerate(oldest_first, 1)}
    batches = sorted(entries.values(), key=lambda each: ages.get(each.seal, 0), reverse=True)
    return PublishedIndex(type=INDEX_TYPE, issuer=index.issuer, batches=tuple(batches))


def _counted(leaves: Iterator[bytes], size: int, step: Step) -> Iterator[bytes]:
    for number, leaf in enumerate(leaves):
        if number % _STEP_LEAVES == 0:
            step("leaves in tiles", number, size)
        yield leaf
