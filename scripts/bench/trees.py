"""Building a tree: ours with its tiles, those of others, and what SHA-256 alone would take."""

import os
import subprocess
import warnings
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

from bench.harness import (
    OURS,
    Bar,
    Bound,
    Figure,
    Part,
    Series,
    Way,
    clock,
    exponent_figures,
    ratio_figure,
    take_turns,
    up_to,
)
from bench.processes import javascript_peer, python_peer
from registry.core.tiles import build_tiles

with warnings.catch_warnings():
    # It warns that pysha3 is absent, of which it has no need: all hashes are SHA-256.
    warnings.simplefilter("ignore", UserWarning)
    from merkletools import MerkleTools

MERKLETOOLS: Final = "merkletools"
MAKE_TREE: Final = "merkletools, make_tree alone"
PYMERKLE: Final = "pymerkle"
OPENZEPPELIN: Final = "OpenZeppelin merkle-tree"
BARE: Final = "SHA-256 in a bare loop"
_SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
_QUICK_SIZES: Final = (10_000, 100_000)
_PEER_SIZES: Final = {PYMERKLE: (1_000, 10_000, 100_000), OPENZEPPELIN: (1_000, 10_000, 30_000)}
_BARS: Final = {
    MERKLETOOLS: Bar(Bound.AT_LEAST, 2),
    OPENZEPPELIN: Bar(Bound.AT_LEAST, 50),
}
_ROUNDS: Final = 5


def measure(*, quick: bool, largest: int) -> Part:
    """Time all trees. The quick form leaves out what has to be installed first."""
    ways: dict[str, Way] = {
        OURS: ours,
        MERKLETOOLS: merkletools,
        MAKE_TREE: make_tree_alone,
        BARE: bare_loop,
    }
    if quick:
        series = take_turns(ways, dict.fromkeys(ways, _QUICK_SIZES), rounds=lambda _: _ROUNDS)
        return Part("trees", "Tree build", "leaves", series, ratio_figures(series))
    with javascript_peer() as zeppelin, python_peer() as merkle:
        ways[PYMERKLE] = lambda size: merkle.seconds("tree", size)
        ways[OPENZEPPELIN] = lambda size: zeppelin.seconds("tree", size)
        sizes: dict[str, Sequence[int]] = {**dict.fromkeys(ways, _SIZES), **_PEER_SIZES}
        # Ours at the sizes of the slow ones, too: a ratio is of one size.
        sizes[OURS] = (*_SIZES, *_PEER_SIZES[OPENZEPPELIN])
        sizes = {way: up_to(largest, each) for way, each in sizes.items()}
        series = take_turns(ways, sizes, rounds=lambda size: 3 if size <= 10_000 else 2)
    figures = [*ratio_figures(series), *exponent_figures(series, {}), *_limit(series)]
    return Part("trees", "Tree build", "leaves", series, figures)


def ours(size: int) -> float:
    """Root, seal and all tiles of sorted leaves."""
    leaves = sorted(os.urandom(32) for _ in range(size))
    start = clock()
    build_tiles(leaves, lambda _: None)
    return clock() - start


def merkletools(size: int) -> float:
    """From leaves to root by all of its interface: it takes leaves as hex."""
    leaves = [os.urandom(32).hex() for _ in range(size)]
    tools = MerkleTools()
    start = clock()
    tools.add_leaf(leaves)
    tools.make_tree()
    tools.get_merkle_root()
    return clock() - start


def make_tree_alone(size: int) -> float:
    """Its tree of leaves that it has read already, with nothing checked."""
    tools = MerkleTools()
    tools.add_leaf([os.urandom(32).hex() for _ in range(size)])
    start = clock()
    tools.make_tree()
    return clock() - start


def merkletools_prover(size: int) -> Callable[[int], object]:
    """What proves a leaf of a tree of that size, by merkletools."""
    tools = MerkleTools()
    tools.add_leaf([os.urandom(32).hex() for _ in range(size)])
    tools.make_tree()

    def prove(place: int) -> object:
        return tools.get_proof(place)

    return prove


def bare_loop(size: int) -> float:
    """As many hashes of 64 bytes as a tree has nodes: the least that Python can take."""
    blocks = [os.urandom(64) for _ in range(size - 1)]
    start = clock()
    for block in blocks:
        sha256(block).digest()
    return clock() - start


def openssl_rate() -> float:
    """Hashes of 64 bytes a second on one core, as `openssl speed` counts them, best of three."""
    return max(_openssl_rate() for _ in range(3))


def _openssl_rate() -> float:
    command = ["openssl", "speed", "-mr", "-seconds", "1", "-bytes", "64", "sha256"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    # +F:6:sha256:187555072.00 is bytes a second.
    (line,) = [line for line in ran.stdout.splitlines() if line.startswith("+F:")]
    return float(line.rpartition(":")[2]) / 64


def ratio_figures(series: Sequence[Series]) -> list[Figure]:
    """How many times as long each other way takes as ours."""
    return [ratio_figure(series, each.way, "leaves", _BARS) for each in series if each.way != OURS]


def _limit(series: Sequence[Series]) -> list[Figure]:
    times = next(each.seconds for each in series if each.way == OURS)
    size = max(times)
    limit = openssl_rate()
    rate = (size - 1) / times[size]
    return [
        Figure("OpenSSL's limit, 64-byte hashes a second on one core", limit, "/s"),
        Figure(f"ours, nodes a second at {size:,} leaves", rate, "/s"),
        Figure("ours, part of OpenSSL's limit", rate / limit, "of 1", is_ratio=True),
    ]
