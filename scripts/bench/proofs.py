"""One inclusion proof: in memory beside others, and from stores of growing size."""

import math
import os
import random
import sqlite3
import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from functools import partial
from typing import Final, TypeAlias

from bench.harness import (
    OURS,
    Bar,
    Bound,
    Figure,
    Part,
    Series,
    Way,
    clock,
    ratio_figure,
    take_turns,
    up_to,
)
from bench.nights import Workspace, only_batch
from bench.processes import javascript_peer, python_peer
from bench.trees import MERKLETOOLS, OPENZEPPELIN, PYMERKLE, merkletools_prover
from registry.core.tiles import Tile, build_tiles, proof_from_tiles
from registry.services.receipts import receipt_of
from registry.store import open_store

FROM_STORE: Final = "Rootseal, from the store"
ONE_ROW: Final = "SQLite, one row by its key"
WHOLE_RECEIPT: Final = "Rootseal, whole receipt from the store"
_PROOFS: Final = 200  # of a tree, in one turn
_SIZES: Final = (1_000, 10_000, 100_000)
_QUICK_STORE_SIZES: Final = (20_000,)
_STORE_SIZES: Final = (100_000, 1_000_000, 10_000_000)
_PEER_SIZES: Final = {OPENZEPPELIN: (1_000, 10_000)}
_Works: TypeAlias = Sequence[Callable[[], object]]
_ROUNDS: Final = 5
_AT_MILLION: Final = Bar(Bound.AT_MOST, 300)  # µs
_GROWTH: Final = Bar(Bound.AT_MOST, 1.5)


def measure(workspace: Workspace, *, quick: bool, largest: int) -> Part:
    """Time single proofs. The quick form: of a small store, and beside merkletools."""
    ways: dict[str, Way] = {OURS: _Kept(_our_prover), MERKLETOOLS: _Kept(merkletools_prover)}
    sizes: dict[str, Sequence[int]] = dict.fromkeys(ways, _SIZES)
    with ExitStack() as stack:
        if not quick:
            zeppelin = stack.enter_context(javascript_peer())
            merkle = stack.enter_context(python_peer())
            ways[PYMERKLE] = lambda size: merkle.seconds("proof", size)
            ways[OPENZEPPELIN] = lambda size: zeppelin.seconds("proof", size)
            sizes = {**dict.fromkeys(ways, _SIZES), **_PEER_SIZES}
        series = take_turns(ways, sizes, rounds=lambda _: _ROUNDS)
        figures = [ratio_figure(series, each.way, "leaves") for each in series if each.way != OURS]
        stored = _QUICK_STORE_SIZES if quick else up_to(largest, _STORE_SIZES)
        from_store = _from_stores(workspace, stored)
    return Part(
        "proofs",
        "One inclusion proof",
        "leaves",
        [*series, *from_store],
        [*figures, *_store_figures(from_store)],
        ["The others hold the whole tree in memory; a proof from the store reads it from disk."],
    )


class _Kept:
    """A way that builds what it needs once for each size, and times proofs from it."""

    def __init__(self, build: Callable[[int], Callable[[int], object]]) -> None:
        self._build = build
        self._size = 0
        self._prove: Callable[[int], object] = lambda _: None

    def __call__(self, size: int) -> float:
        if size != self._size:
            self._prove, self._size = self._build(size), size
        places = [random.randrange(size) for _ in range(_PROOFS)]  # noqa: S311 - any leaves do
        start = clock()
        for place in places:
            self._prove(place)
        return (clock() - start) / _PROOFS


def _our_prover(size: int) -> Callable[[int], object]:
    tiles: dict[object, bytes] = {}

    def keep(tile: Tile) -> None:
        tiles[tile.id] = tile.hashes

    build_tiles(sorted(os.urandom(32) for _ in range(size)), keep)
    return lambda place: proof_from_tiles(place, size, tiles.__getitem__)


def _from_stores(workspace: Workspace, sizes: Sequence[int]) -> list[Series]:
    """The stores take turns; of the processor, as everything here: their pages are in memory."""
    found: dict[str, dict[int, float]] = {FROM_STORE: {}, WHOLE_RECEIPT: {}, ONE_ROW: {}}
    with ExitStack() as stack:
        works = {size: _stored_works(workspace, size, stack) for size in sizes}
        for _ in range(_ROUNDS):
            for size, ways in works.items():
                for way, work in ways.items():
                    found[way][size] = min(found[way].get(size, math.inf), _median(work))
    return [Series(way, seconds) for way, seconds in found.items()]


def _stored_works(workspace: Workspace, size: int, stack: ExitStack) -> dict[str, _Works]:
    """What is done with credentials of a store, from all over its tree and in no order."""
    url = workspace.sealed(size)
    store = open_store(url)
    stack.callback(store.close)
    batch = only_batch(store)
    row = stack.enter_context(closing(sqlite3.connect(url.removeprefix("sqlite:///"))))
    drawn = "SELECT credential_hash FROM credentials WHERE credential_hash > ? LIMIT 1"
    starts = [os.urandom(8) for _ in range(_PROOFS)]
    hashes = [each for start in starts for (each,) in row.execute(drawn, (start,))]
    found = store.find_all_credentials(hashes)
    query = "SELECT salt FROM credentials WHERE credential_hash = ? AND issuer = ?"

    def read(key: tuple[bytes, bytes]) -> object:
        return row.execute(query, key).fetchone()

    return {
        FROM_STORE: [partial(store.proofs, batch, [each]) for each in found],
        WHOLE_RECEIPT: [partial(receipt_of, store, each.credential_hash) for each in found],
        ONE_ROW: [partial(read, (each.credential_hash, each.issuer)) for each in found],
    }


def _median(works: _Works) -> float:
    taken = []
    for work in works:
        start = clock()
        work()
        taken.append(clock() - start)
    return statistics.median(taken)


def _store_figures(from_store: Sequence[Series]) -> list[Figure]:
    figures = []
    for each in from_store:
        is_proof = each.way == FROM_STORE
        for size, seconds in each.seconds.items():
            bar = _AT_MILLION if is_proof and size == 1_000_000 else None
            figures.append(Figure(f"{each.way}, at {size:,}", seconds * 1e6, "µs", bar))
        if 10_000_000 in each.seconds:
            growth = each.seconds[10_000_000] / each.seconds[1_000_000]
            bar = _GROWTH if is_proof else None
            figures.append(Figure(f"{each.way}, at 10,000,000 over 1,000,000", growth, "×", bar))
    proofs, rows = ({**each.seconds} for each in from_store if each.way in {FROM_STORE, ONE_ROW})
    for size in proofs:
        name = f"{ONE_ROW}, over a proof from the store, at {size:,}"
        figures.append(Figure(name, rows[size] / proofs[size], "×", is_ratio=True))
    return figures
