"""Receipts from static files alone. Nothing that is read there is believed.

A receipt that comes out leads to its seal; whether the seal is anchored, and where the anchors are
as said, is for the verification and the chain.
"""

from collections.abc import Iterator
from typing import Final

from registry.core.receipt import MAX_ANCHORS, RECEIPT_TYPE, AnchorReference, Receipt
from registry.core.static_entries import (
    MAX_SHARD_BYTES,
    Entry,
    EntryCipher,
    find_entry,
    shard_count,
    shard_of,
)
from registry.core.static_files import (
    INDEX_PATH,
    MAX_HEAD_BYTES,
    MAX_INDEX_BYTES,
    TILE_BYTES,
    IndexEntry,
    PublishedHead,
    PublishedIndex,
    head_path,
    parse_head,
    parse_index,
    shard_path,
    tile_path,
    tile_width,
)
from registry.core.tiles import TILE_WIDTH, TileId, proof_from_tiles
from registry.core.tree import HASH_BYTES, InclusionProof, seal_from_proof
from registry.errors import InvalidInputError, NotFoundError, UnavailableError, VerificationError
from registry.services.ports import Anchor, DisclosedBatch, DisclosedList, Opening, StaticSource

_TILES_AT_ONCE: Final = 16  # of leaves that are passed on together


class StaticReceipts:
    """The published batches of one issuer, in a folder, on object storage, or on a web server.

    Raises, from any method: `NotFoundError` for what is not there; `InvalidInputError` if the
    place is not that of `issuer`; `UnavailableError` for all that says nothing: no answer, files
    that are missing, damaged or not what they are said to be. Implements
    `registry.services.ports.Disclosure`. The index is read once.
    """

    def __init__(self, source: StaticSource, *, issuer: bytes | None = None) -> None:
        self._files = source
        self._issuer = issuer
        self._index: PublishedIndex | None = None

    def receipt(self, credential_hash: bytes, *, seal: bytes | None = None) -> Receipt:
        """The receipt of a credential, whose batches are asked from the newest to the oldest.

        One file for each batch, unless `seal` names one; then four or five for the receipt.
        """
        index = self.index()
        without = 0
        for batch in index.batches:
            if seal is not None and batch.seal != seal:
                continue
            if not batch.has_receipts:
                without += 1
                continue
            entry = self._entry(credential_hash, batch, index.issuer)
            if entry is not None:
                return self._made(credential_hash, entry, batch)
        more = f"; {without} batches are published there without receipts" if without else ""
        raise NotFoundError(
            f"{self._files.source} has no receipt of credential {credential_hash.hex()}{more}"
        )

    def completed(self, receipt: Receipt) -> Receipt:
        """A receipt with all anchors that its seal has by now, such as one given out pending."""
        head = self.head(receipt.seal)
        self._require(head.tree_size == receipt.tree_size, "a batch of another size")
        known = {(anchor.chain, anchor.contract) for anchor in head.anchors}
        others = (a for a in receipt.anchors if (a.chain, a.contract) not in known)
        anchors = (*head.anchors, *others)[:MAX_ANCHORS]
        return receipt.model_copy(update={"anchors": anchors})

    def index(self) -> PublishedIndex:
        """Which batches are there."""
        if self._index is None:
            data = self._files.read(INDEX_PATH, MAX_INDEX_BYTES)
            try:
                index = parse_index(data)
            except InvalidInputError as exc:
                raise self._unreadable(f"no index of ours ({exc})") from exc
            if self._issuer not in {None, index.issuer}:
                raise InvalidInputError(f"{self._files.source} has batches of another issuer")
            self._index = index
        return self._index

    def head(self, seal: bytes) -> PublishedHead:
        """What is published of a batch."""
        index = self.index()
        if all(batch.seal != seal for batch in index.batches):
            raise NotFoundError(f"{self._files.source} has no batch with seal {seal.hex()}")
        data = self._required(head_path(seal), MAX_HEAD_BYTES)
        try:
            head = parse_head(data)
        except InvalidInputError as exc:
            raise self._unreadable(f"no head of ours ({exc})") from exc
        self._require(head.seal == seal and head.issuer == index.issuer, "another batch's head")
        return head

    def close(self) -> None:
        """Let go of the place."""
        self._files.close()

    # -- for an audit

    def batches(self) -> list[DisclosedBatch]:
        """Every published batch, the oldest first."""
        heads = (self.head(batch.seal) for batch in reversed(self.index().batches))
        return [_disclosed(head) for head in heads]

    def leaves(self, seal: bytes) -> Iterator[bytes]:
        """Leaves of a batch in their order, some at a time, as they stand in the tiles."""
        size = self.head(seal).tree_size
        tiles = range(-(-size // TILE_WIDTH))
        for start in tiles[::_TILES_AT_ONCE]:
            some = tiles[start : start + _TILES_AT_ONCE]
            yield b"".join(self._tile(seal, TileId(0, index), size) for index in some)

    def openings(self, seal: bytes) -> Iterator[Opening] | None:  # noqa: ARG002 - as the port
        """None: what leaves are made of is nobody's but the holders'."""
        return None

    def status_lists(self) -> Iterator[DisclosedList]:
        """None are among these files."""
        return iter(())

    # -- reading

    def _entry(self, credential_hash: bytes, batch: IndexEntry, issuer: bytes) -> Entry | None:
        cipher = EntryCipher(issuer=issuer, seal=batch.seal)
        name = cipher.name(credential_hash)
        number = shard_of(name, shard_count(batch.tree_size))
        shard = self._required(shard_path(batch.seal, number), MAX_SHARD_BYTES)
        try:
            found = find_entry(shard, name)
            return None if found is None else cipher.decrypted(credential_hash, found)
        except InvalidInputError as exc:
            raise self._unreadable(f"receipts that are damaged ({exc})") from exc

    def _made(self, credential_hash: bytes, entry: Entry, batch: IndexEntry) -> Receipt:
        head = self.head(batch.seal)
        self._require(head.tree_size == batch.tree_size, "a batch of another size")
        self._require(entry.leaf_index < head.tree_size, "a leaf that there is not")
        proof = proof_from_tiles(
            entry.leaf_index,
            head.tree_size,
            lambda tile: self._tile(head.seal, tile, head.tree_size),
        )
        leads = _leads_to(head.seal, credential_hash, entry, proof)
        self._require(leads, "tiles that do not lead to the seal")
        return Receipt(
            type=RECEIPT_TYPE,
            canonicalization=entry.canonicalization,
            credential_hash=credential_hash,
            salt=entry.salt,
            leaf_index=entry.leaf_index,
            tree_size=head.tree_size,
            siblings=proof.siblings,
            seal=head.seal,
            anchors=head.anchors,
        )

    def _tile(self, seal: bytes, tile: TileId, tree_size: int) -> bytes:
        data = self._required(tile_path(seal, tile, tree_size), TILE_BYTES)
        self._require(
            len(data) == tile_width(tile, tree_size) * HASH_BYTES, "a tile of another size"
        )
        return data

    def _required(self, path: str, limit: int) -> bytes:
        """A file that must be there, as the index says."""
        try:
            return self._files.read(path, limit)
        except NotFoundError as exc:
            raise self._unreadable(f"no {path}, which its index promises") from exc

    def _require(self, is_so: bool, what: str) -> None:  # noqa: FBT001 - a condition
        if not is_so:
            raise self._unreadable(what)

    def _unreadable(self, what: str) -> UnavailableError:
        return UnavailableError(f"gave {what}", source=self._files.source)


def _leads_to(seal: bytes, credential_hash: bytes, entry: Entry, proof: InclusionProof) -> bool:
    try:
        found = seal_from_proof(salt=entry.salt, credential_hash=credential_hash, proof=proof)
    except VerificationError:
        return False
    return found == seal


def _disclosed(head: PublishedHead) -> DisclosedBatch:
    return DisclosedBatch(
        seal=head.seal,
        merkle_root=head.merkle_root,
        tree_size=head.tree_size,
        opened_at=head.opened_at,
        sealed_at=head.sealed_at,
        anchors=tuple(_anchor(anchor) for anchor in head.anchors),
    )


def _anchor(anchor: AnchorReference) -> Anchor:
    return Anchor(
        chain_id=anchor.chain,
        contract=anchor.contract,
        transaction=anchor.transaction,
        block_number=anchor.block_number,
        block_hash=anchor.block_hash,
        log_index=anchor.log_index,
        anchored_at=anchor.anchored_at,
    )
