"""Immutable tiles of a sealed tree: built in one pass, and enough for any proof.

A tile holds up to 256 neighbouring hashes of one level in eight: tile level t holds the tree's
level 8·t, so a tile's own hashes fold into one hash of the tile level above. The idea is that of
C2SP tlog-tiles; unlike a log, a batch is complete, so its last tile of a level may be short and
is final. Memory stays at one unfinished tile per level whatever the size of the batch.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice, pairwise
from operator import lt
from struct import Struct

from registry.core.tree import HASH_BYTES, InclusionProof, seal_hash
from registry.errors import InvalidInputError

TILE_HEIGHT = 8  # tree levels from one tile level to the next
TILE_WIDTH = 1 << TILE_HEIGHT  # hashes in a full tile
_PAIR = Struct("64s")
_FRESH = sha256()  # copied: OpenSSL looks up which hash is meant for each new one
_GROUP_HEIGHT = TILE_HEIGHT // 2
_GROUP = 1 << _GROUP_HEIGHT  # hashes whose root stands for them when another group is proved


@dataclass(frozen=True, slots=True)
class TileId:
    """Tile `index` of tile level `level`; level 0 holds leaves."""

    level: int
    index: int


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: up to 256 hashes of 32 bytes, end to end."""

    id: TileId
    hashes: bytes


@dataclass(frozen=True, slots=True)
class TreeHead:
    """What a batch comes down to: number of leaves, Merkle root, seal."""

    tree_size: int
    merkle_root: bytes
    seal: bytes


def build_tiles(leaves: Iterable[bytes], emit: Callable[[Tile], None]) -> TreeHead:
    """Hash sorted `leaves` into a tree, handing each tile to `emit` as it is complete.

    Raises `InvalidInputError` if there is no leaf, or leaves do not ascend strictly: two equal
    leaves would be one credential counted twice.
    """
    builder = _Builder(emit)
    for tile in _in_tiles(leaves):
        builder.add_leaves(tile)
    return builder.finish()


def leaves_of_seal(leaves: Iterable[bytes], seal: bytes) -> Iterator[bytes]:
    """Pass leaves on, and at their end raise `InvalidInputError` unless they are all of the seal.

    Raises as `build_tiles` before that. Until the end nothing is shown.
    """
    builder = _Builder(lambda _: None)
    for tile in _in_tiles(leaves):
        builder.add_leaves(tile)
        yield from tile
    if builder.finish().seal != seal:
        raise InvalidInputError("the leaves do not lead to the seal")


def proof_tiles(leaf_index: int, tree_size: int) -> tuple[TileId, ...]:
    """Tiles from which the proof of a leaf is made: one per tile level, lowest first."""
    if not 0 <= leaf_index < tree_size:
        raise ValueError(f"leaf {leaf_index} is not in a tree of {tree_size}")
    tiles = []
    index, size, level = leaf_index, tree_size, 0
    while size > 1:
        tiles.append(TileId(level, index // TILE_WIDTH))
        index //= TILE_WIDTH
        size = -(-size // TILE_WIDTH)
        level += 1
    return tuple(tiles)


def proof_from_tiles(
    leaf_index: int, tree_size: int, tiles: Callable[[TileId], bytes]
) -> InclusionProof:
    """Inclusion proof of a leaf; `tiles` returns the hashes of each tile of `proof_tiles`."""

    def siblings(tile: TileId, position: int) -> list[bytes]:
        return siblings_in(tile_levels(tiles(tile)), position)

    return proof_from_siblings(leaf_index, tree_size, siblings)


def proof_from_siblings(
    leaf_index: int, tree_size: int, siblings: Callable[[TileId, int], list[bytes]]
) -> InclusionProof:
    """Inclusion proof of a leaf.

    `siblings` returns those that a hash at a position of a tile of `proof_tiles` has on its way
    up through the tile, lowest first.
    """
    found: list[bytes] = []
    index = leaf_index
    for tile in proof_tiles(leaf_index, tree_size):
        found += siblings(tile, index % TILE_WIDTH)
        index //= TILE_WIDTH
    return InclusionProof(leaf_index, tree_size, tuple(found))


def tile_levels(hashes: bytes) -> tuple[bytes, ...]:
    """The tree levels that a tile stands for, each end to end, its own hashes first."""
    return _levels(hashes, TILE_HEIGHT)


def group_roots(hashes: bytes) -> bytes:
    """Roots of each 16 hashes of a tile, end to end: all that `siblings_by_group` needs of most."""
    return _level_above(_levels(hashes, _GROUP_HEIGHT)[-1])


def siblings_by_group(hashes: bytes, roots: bytes, position: int) -> list[bytes]:
    """As `siblings_in` from all levels of a tile, by 28 hashes instead of 247.

    `roots` are the tile's `group_roots`, which its reader may keep.
    """
    group, place = divmod(position, _GROUP)
    neighbours = hashes[group * _GROUP * HASH_BYTES : (group + 1) * _GROUP * HASH_BYTES]
    return [
        *siblings_in(_levels(neighbours, _GROUP_HEIGHT), place),
        *siblings_in(_levels(roots, TILE_HEIGHT - _GROUP_HEIGHT), group),
    ]


def siblings_in(levels: Iterable[bytes], position: int) -> list[bytes]:
    """Siblings, where there are any, on the way up from a position of the lowest level."""
    found = []
    for hashes in levels:
        start = (position ^ 1) * HASH_BYTES
        if start < len(hashes):
            found.append(hashes[start : start + HASH_BYTES])
        position //= 2
    return found


class _Builder:
    """The growing right edge: one unfinished tile per level."""

    def __init__(self, emit: Callable[[Tile], None]) -> None:
        self._emit = emit
        self._edge: list[list[bytes]] = [[]]
        self._done: list[int] = [0]  # finished tiles per level
        self._last_leaf = b""

    def add_leaves(self, leaves: list[bytes]) -> None:
        """A tile of leaves; short only if it is the last."""
        # All at once: a call for each leaf would take longer than its hash.
        if set(map(len, leaves)) != {HASH_BYTES} or not all(
            map(lt, [self._last_leaf, *leaves], leaves)
        ):
            raise self._refusal(leaves)
        self._last_leaf = leaves[-1]
        self._edge[0] = leaves
        if len(leaves) == TILE_WIDTH:
            self._close(0)

    def _refusal(self, leaves: list[bytes]) -> InvalidInputError:
        pairs = enumerate(pairwise([self._last_leaf, *leaves]), self.count(0))
        index = next(i for i, (one, leaf) in pairs if len(leaf) != HASH_BYTES or leaf <= one)
        return InvalidInputError(
            "leaves must be 32 bytes each and ascend strictly", place=f"leaf {index}"
        )

    def count(self, level: int) -> int:
        return self._done[level] * TILE_WIDTH + len(self._edge[level])

    def add(self, level: int, value: bytes) -> None:
        if level == len(self._edge):
            self._edge.append([])
            self._done.append(0)
        self._edge[level].append(value)
        if len(self._edge[level]) == TILE_WIDTH:
            self._close(level)

    def finish(self) -> TreeHead:
        tree_size = self.count(0)
        if tree_size == 0:
            raise InvalidInputError("a batch needs at least one credential")
        top = 0
        while self.count(top) > 1:
            if self._edge[top]:
                self._close(top)
            top += 1
        # The single hash at the top is the root. It has no tile, unless it is the only leaf.
        root = self._edge[top][0]
        if top == 0:
            self._close(0)
        return TreeHead(tree_size, root, seal_hash(merkle_root=root, tree_size=tree_size))

    def _close(self, level: int) -> None:
        hashes = b"".join(self._edge[level])
        self._emit(Tile(TileId(level, self._done[level]), hashes))
        self._done[level] += 1
        self._edge[level] = []
        self.add(level + 1, _fold(hashes))


def _in_tiles(leaves: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Leaves by the tile."""
    left = iter(leaves)
    while tile := list(islice(left, TILE_WIDTH)):
        yield tile


def _fold(hashes: bytes) -> bytes:
    """The one hash that stands for a tile's, which stand end to end."""
    while len(hashes) > HASH_BYTES:
        hashes = _level_above(hashes)
    return hashes


def _levels(hashes: bytes, height: int) -> tuple[bytes, ...]:
    """`height` tree levels, each end to end, `hashes` first."""
    found = [hashes]
    while len(found) < height:
        found.append(_level_above(found[-1]))
    return tuple(found)


def _level_above(hashes: bytes) -> bytes:
    # As `node_hash` has it, without a call for each, or taking pairs apart to put them together.
    paired = len(hashes) - len(hashes) % _PAIR.size
    above, fresh = bytearray(), _FRESH.copy
    for (pair,) in _PAIR.iter_unpack(hashes[:paired]):
        node = fresh()
        node.update(pair)
        above += node.digest()
    above += hashes[paired:]
    return bytes(above)


def split_hashes(hashes: bytes) -> list[bytes]:
    """Take the hashes of a tile, which stand end to end, apart."""
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
