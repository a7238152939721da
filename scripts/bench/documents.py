"""OpenAttestation's wrapDocuments beside ours on the same documents: hashes, tree, all proofs."""

import secrets
from functools import cache
from typing import Final

from bench.badges import badge_lines, write_badges
from bench.harness import OURS, Part, Way, clock, exponent_figures, ratio_figure, take_turns, up_to
from bench.nights import Workspace
from bench.processes import javascript_peer
from registry.core.canonical import Canonicalization, credential_hash
from registry.core.tiles import (
    Tile,
    build_tiles,
    proof_from_siblings,
    siblings_in,
    tile_levels,
)
from registry.core.tree import leaf_hash

OPENATTESTATION: Final = "OpenAttestation wrapDocuments"
_SIZES: Final = (500, 1_000, 2_000, 5_000, 10_000)
_OUR_SIZES: Final = (*_SIZES, 100_000)


def measure(workspace: Workspace, *, largest: int) -> Part:
    """Time both; OpenAttestation's as far as it gets in a bearable time."""
    roster = workspace.folder / "documents.ndjson"
    write_badges(roster, max(_SIZES))
    with javascript_peer(str(roster)) as peer:
        ways: dict[str, Way] = {
            OURS: ours,
            OPENATTESTATION: lambda size: peer.seconds("wrap", size),
        }
        sizes = {OURS: up_to(largest, _OUR_SIZES), OPENATTESTATION: up_to(largest, _SIZES)}
        series = take_turns(ways, sizes, rounds=lambda size: 2 if size <= 2_000 else 1)
    ratio = ratio_figure(series, OPENATTESTATION, "documents")
    figures = [ratio, *exponent_figures(series, {})]
    return Part("documents", "Documents to proofs, in memory", "documents", series, figures)


def ours(size: int) -> float:
    """Hash and salt documents from their bytes, build the tree, and prove each of them."""
    lines = [line.rstrip(b"\n") for line in badge_lines(size)]
    tiles: dict[object, bytes] = {}

    def keep(tile: Tile) -> None:
        tiles[tile.id] = tile.hashes

    start = clock()
    leaves = sorted(
        leaf_hash(
            salt=secrets.token_bytes(32),
            credential_hash=credential_hash(line, Canonicalization.JCS),
        )
        for line in lines
    )
    head = build_tiles(leaves, keep)
    levels = cache(lambda tile: tile_levels(tiles[tile]))  # hashed once for all its leaves
    for index in range(head.tree_size):
        proof_from_siblings(index, head.tree_size, lambda tile, at: siblings_in(levels(tile), at))
    return clock() - start
