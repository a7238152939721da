"""Batches as static files: names of the files, and the two of them that are JSON.

Tiles are named as in C2SP tlog-tiles; how they differ from a log's is in docs/formats.md. What the
entries of receipts are is in `static_entries`. Nothing here reads or writes.
"""

from typing import Annotated, Final, Literal, Self, TypeVar

import orjson
from pydantic import Field, ValidationError, model_validator

from registry.core.documents import parse_document
from registry.core.receipt import MAX_ANCHORS, AnchorReference
from registry.core.tiles import TILE_WIDTH, TileId
from registry.core.tree import HASH_BYTES, MAX_TREE_SIZE, seal_hash
from registry.core.wire import FROM_JSON, Address, Count, Hash, Time, WireModel
from registry.errors import InvalidInputError

INDEX_PATH: Final = "index.json"
INDEX_TYPE: Final = "rootseal/tiles-index@1"
HEAD_TYPE: Final = "rootseal/tiles-head@1"
MAX_BATCHES: Final = 16_384  # of one folder: a batch a night for 44 years
MAX_INDEX_BYTES: Final = 4 * 2**20  # `MAX_BATCHES` entries of some 215 bytes
MAX_HEAD_BYTES: Final = 64 * 2**10  # 16 anchors take 8 kB
TILE_BYTES: Final = TILE_WIDTH * HASH_BYTES
_GROUP: Final = 1000  # of a file's number in one folder

_M = TypeVar("_M", bound=WireModel)


class IndexEntry(WireModel):
    """A batch that is published: enough to find a credential's entry without asking more."""

    seal: Hash
    tree_size: Annotated[int, Field(ge=1, le=MAX_TREE_SIZE)]
    has_receipts: bool
    head_hash: Hash  # SHA-256 of head.json: by it the next export sees what it need not write


class PublishedIndex(WireModel):
    """`index.json`: the batches of one issuer, the newest first."""

    type: Literal["rootseal/tiles-index@1"]
    issuer: Address
    batches: Annotated[tuple[IndexEntry, ...], Field(max_length=MAX_BATCHES, strict=False)]


class PublishedHead(WireModel):
    """`SEAL/head.json`: what a batch comes down to, and where its seal stands."""

    type: Literal["rootseal/tiles-head@1"]
    issuer: Address
    seal: Hash
    merkle_root: Hash
    tree_size: Annotated[int, Field(ge=1, le=MAX_TREE_SIZE)]
    opened_at: Time
    sealed_at: Time
    has_receipts: bool
    receipt_entries: Count  # 0 without receipts; fewer than leaves if some were withdrawn
    anchors: Annotated[
        tuple[AnchorReference, ...], Field(min_length=1, max_length=MAX_ANCHORS, strict=False)
    ]

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if seal_hash(merkle_root=self.merkle_root, tree_size=self.tree_size) != self.seal:
            raise ValueError("Merkle root and size do not lead to the seal")
        if self.receipt_entries > (self.tree_size if self.has_receipts else 0):
            raise ValueError("more receipts than there are leaves")
        if any(anchor.issuer != self.issuer for anchor in self.anchors):
            raise ValueError("an anchor of another issuer")
        return self


def head_path(seal: bytes) -> str:
    """Where the head of a batch is."""
    return f"{seal.hex()}/head.json"


def tile_folder(seal: bytes) -> str:
    """Where the tiles of a batch are."""
    return f"{seal.hex()}/tile"


def shard_folder(seal: bytes) -> str:
    """Where the receipts of a batch are."""
    return f"{seal.hex()}/receipts"


def tile_path(seal: bytes, tile: TileId, tree_size: int) -> str:
    """Where a tile is: `tile/LEVEL/NUMBER`, and `.p/WIDTH` if it is short."""
    width = tile_width(tile, tree_size)
    suffix = "" if width == TILE_WIDTH else f".p/{width}"
    return f"{tile_folder(seal)}/{tile.level}/{_grouped(tile.index)}{suffix}"


def tile_width(tile: TileId, tree_size: int) -> int:
    """How many hashes a tile of such a tree has. Raises `ValueError` if there is no such tile."""
    hashes: int = -(-tree_size // TILE_WIDTH**tile.level)
    width = min(TILE_WIDTH, hashes - tile.index * TILE_WIDTH)
    if width < 1:
        raise ValueError(f"a tree of {tree_size} has no tile {tile.index} of level {tile.level}")
    return width


def shard_path(seal: bytes, shard: int) -> str:
    """Where a shard of receipts is: `receipts/NUMBER`."""
    return f"{shard_folder(seal)}/{_grouped(shard)}"


def print_document(document: WireModel) -> bytes:
    """The one printed form of an index or a head: RFC 8785 and a newline."""
    return orjson.dumps(document.model_dump(), option=orjson.OPT_SORT_KEYS) + b"\n"


def parse_index(data: bytes) -> PublishedIndex:
    """Read `index.json`. Raises `InvalidInputError`."""
    return _parsed(PublishedIndex, data)


def parse_head(data: bytes) -> PublishedHead:
    """Read a `head.json`. Raises `InvalidInputError`."""
    return _parsed(PublishedHead, data)


def _parsed(model: type[_M], data: bytes) -> _M:
    try:
        return model.model_validate(
            parse_document(data), by_alias=True, by_name=False, context=FROM_JSON
        )
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        raise InvalidInputError(f"no {model.__name__}: {first['msg']}") from exc


def _grouped(number: int) -> str:
    """A number in groups of three digits, as tlog-tiles has it: 1234067 is x001/x234/067."""
    groups = [f"{number % _GROUP:03}"]
    while number := number // _GROUP:
        groups.append(f"x{number % _GROUP:03}")
    return "/".join(reversed(groups))
