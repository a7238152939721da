"""What was hashed out of tiles before, in bounded memory.

Good for ever, because a tile never changes. It does not read tiles, and it is not for who checks
them: that has to hash what stands there now.
"""

from collections.abc import Callable
from threading import Lock
from typing import Final, Generic, TypeVar

from registry.core.tiles import TileId, group_roots, tile_levels

_LEAF_TILES: Final = (
    40_960  # of 512 bytes each, with their keys some 30 MB: ten million credentials
)
_UPPER_TILES: Final = 256  # of 16 kB each, 4 MB: those above sixteen million credentials

_V = TypeVar("_V")
_Key = tuple[bytes, TileId]  # by seal: numbers of batches come again after a restore


class TileMemory:
    """Inner nodes of tiles, by seal and tile. For many threads."""

    def __init__(self) -> None:
        self._roots: _Bounded[bytes] = _Bounded(_LEAF_TILES)
        self._levels: _Bounded[tuple[bytes, ...]] = _Bounded(_UPPER_TILES)

    def group_roots(self, seal: bytes, tile: TileId, hashes: bytes) -> bytes:
        """`group_roots` of a tile's hashes."""
        return self._roots.get((seal, tile), lambda: group_roots(hashes))

    def levels(self, seal: bytes, tile: TileId, read: Callable[[], bytes]) -> tuple[bytes, ...]:
        """`tile_levels` of the hashes that `read` returns, which is asked once."""
        return self._levels.get((seal, tile), lambda: tile_levels(read()))


class _Bounded(Generic[_V]):
    """The newest values; two threads may make the same one, which does no harm."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[_Key, _V] = {}
        self._lock = Lock()

    def get(self, key: _Key, make: Callable[[], _V]) -> _V:
        found = self._values.get(key)
        if found is None:
            found = make()
            with self._lock:
                self._values[key] = found
                if len(self._values) > self._most:
                    del self._values[next(iter(self._values))]
        return found
