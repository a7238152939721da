from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.core.tiles import (
    TILE_WIDTH,
    Tile,
    TileId,
    TreeHead,
    build_tiles,
    group_roots,
    leaves_of_seal,
    proof_from_siblings,
    proof_from_tiles,
    proof_tiles,
    siblings_by_group,
    siblings_in,
    split_hashes,
    tile_levels,
)
from registry.core.tree import generic_path, leaf_hash, root_from_proof, seal_hash
from registry.errors import InvalidInputError
from tests.oracle import (
    load_sealed_trees,
    merkletools_accepts,
    merkletools_tree,
    numbered_leaves,
    reference_path,
    reference_root,
)

LEAVES = numbered_leaves(700)
TREES = [pytest.param(tree, id=f"{tree['treeSize']} leaves") for tree in load_sealed_trees()]
# Two full tile levels, and one leaf less and more.
LARGE = [TILE_WIDTH**2 - 1, TILE_WIDTH**2, TILE_WIDTH**2 + 1]


def built(leaves: list[bytes]) -> tuple[TreeHead, dict[TileId, bytes]]:
    emitted: list[Tile] = []
    head = build_tiles(iter(leaves), emitted.append)
    tiles = {tile.id: tile.hashes for tile in emitted}
    assert len(tiles) == len(emitted)
    return head, tiles


@cache
def large_tree(size: int) -> tuple[list[bytes], TreeHead, dict[TileId, bytes]]:
    leaves = numbered_leaves(size)
    return leaves, *built(leaves)


def expected_tile_lengths(size: int) -> dict[TileId, int]:
    lengths = {}
    level = 0
    while size > 1 or level == 0:
        for index in range(-(-size // TILE_WIDTH)):
            lengths[TileId(level, index)] = 32 * min(TILE_WIDTH, size - index * TILE_WIDTH)
        size, level = -(-size // TILE_WIDTH), level + 1
    return lengths


@pytest.mark.parametrize("tree", TREES)
def test_builds_the_trees_of_the_shared_vectors(tree: dict[str, Any]) -> None:
    credentials = {
        leaf_hash(
            salt=bytes.fromhex(credential["salt"]),
            credential_hash=bytes.fromhex(credential["credentialHash"]),
        ): credential
        for credential in tree["credentials"]
    }
    head, tiles = built(sorted(credentials))
    assert head.tree_size == tree["treeSize"]
    assert head.merkle_root.hex() == tree["merkleRoot"]
    assert head.seal.hex() == tree["seal"]
    for receipt in tree["receipts"]:
        proof = proof_from_tiles(receipt["leafIndex"], head.tree_size, tiles.__getitem__)
        assert [sibling.hex() for sibling in proof.siblings] == receipt["siblings"]
    for index, leaf in enumerate(sorted(credentials)):
        credential = credentials[leaf]
        proof = proof_from_tiles(index, head.tree_size, tiles.__getitem__)
        path = generic_path(salt=bytes.fromhex(credential["salt"]), proof=proof)
        assert merkletools_accepts(path, credential["credentialHash"], tree["seal"])


@given(size=st.integers(1, len(LEAVES)), data=st.data())
@settings(deadline=None)
def test_agrees_with_rfc_9162_and_merkletools(size: int, data: st.DataObject) -> None:
    leaves = LEAVES[:size]
    head, tiles = built(leaves)
    assert head.merkle_root == reference_root(leaves)
    assert head.merkle_root.hex() == merkletools_tree(leaves).get_merkle_root()
    assert head.seal == seal_hash(merkle_root=head.merkle_root, tree_size=size)
    index = data.draw(st.integers(0, size - 1))
    proof = proof_from_tiles(index, size, tiles.__getitem__)
    assert list(proof.siblings) == reference_path(index, leaves)
    path = generic_path(salt=b"\x00" * 32, proof=proof)
    assert merkletools_accepts(path[1:], leaves[index].hex(), head.seal.hex())


@pytest.mark.parametrize("size", LARGE)
def test_large_trees_have_the_root_and_the_paths_of_the_definition(size: int) -> None:
    leaves, head, tiles = large_tree(size)
    assert head.merkle_root == reference_root(leaves)
    for index in {0, 1, 255, 256, size // 2, size - 2, size - 1}:
        proof = proof_from_tiles(index, size, tiles.__getitem__)
        assert root_from_proof(leaves[index], proof) == head.merkle_root
    last = proof_from_tiles(size - 1, size, tiles.__getitem__)
    assert list(last.siblings) == reference_path(size - 1, leaves)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 513, *LARGE])
def test_tiles_are_as_many_and_as_long_as_the_levels_need(size: int) -> None:
    tiles = large_tree(size)[2]
    lengths = {tile: len(hashes) for tile, hashes in tiles.items()}
    assert lengths == expected_tile_lengths(size)


@pytest.mark.parametrize("size", [2, 256, 257, 513, *LARGE])
def test_a_proof_reads_one_tile_per_level(size: int) -> None:
    tiles = large_tree(size)[2]
    read: list[TileId] = []

    def tile(wanted: TileId) -> bytes:
        read.append(wanted)
        return tiles[wanted]

    proof_from_tiles(size - 1, size, tile)
    assert tuple(read) == proof_tiles(size - 1, size)
    assert [tile.level for tile in read] == list(range(len(read)))
    assert read[0] == TileId(0, (size - 1) // TILE_WIDTH)


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 31, 33, 100, 240, 241, 255, 256])
def test_roots_of_groups_give_the_siblings_that_all_levels_give(count: int) -> None:
    hashes = b"".join(LEAVES[:count])
    levels, roots = tile_levels(hashes), group_roots(hashes)
    assert len(roots) == 32 * -(-count // 16)
    for position in range(count):
        assert siblings_by_group(hashes, roots, position) == siblings_in(levels, position)


@given(size=st.integers(2, 700), data=st.data())
@settings(deadline=None)
def test_a_proof_may_be_put_together_by_groups(size: int, data: st.DataObject) -> None:
    tiles = built(LEAVES[:size])[1]
    index = data.draw(st.integers(0, size - 1))

    def siblings(tile: TileId, position: int) -> list[bytes]:
        return siblings_by_group(tiles[tile], group_roots(tiles[tile]), position)

    proof = proof_from_siblings(index, size, siblings)
    assert proof == proof_from_tiles(index, size, tiles.__getitem__)


def test_the_only_leaf_needs_no_tile_and_no_siblings() -> None:
    assert proof_tiles(0, 1) == ()
    tiles: dict[TileId, bytes] = {}
    assert proof_from_tiles(0, 1, tiles.__getitem__).siblings == ()


def test_tiles_of_a_level_come_in_order_and_as_soon_as_they_are_full() -> None:
    emitted: list[TileId] = []
    seen: list[int] = []

    def leaves() -> Iterator[bytes]:
        for leaf in LEAVES[:600]:
            yield leaf
            seen.append(len(emitted))

    build_tiles(leaves(), lambda tile: emitted.append(tile.id))
    assert emitted == [TileId(0, 0), TileId(0, 1), TileId(0, 2), TileId(1, 0)]
    assert seen[254:256] == [0, 1]


@pytest.mark.parametrize(
    ("leaves", "message"),
    [
        pytest.param([], "at least one credential", id="no leaf"),
        pytest.param([LEAVES[0], LEAVES[0]], r"ascend strictly \(at leaf 1\)", id="equal leaves"),
        pytest.param([LEAVES[1], LEAVES[0]], "ascend strictly", id="descending leaves"),
        pytest.param([LEAVES[0][:31]], r"32 bytes each .*leaf 0", id="short leaf"),
        pytest.param([LEAVES[0] + b"\x00"], "32 bytes each", id="long leaf"),
    ],
)
def test_refuses_what_is_not_a_set_of_leaves(leaves: list[bytes], message: str) -> None:
    emitted: list[Tile] = []
    with pytest.raises(InvalidInputError, match=message):
        build_tiles(leaves, emitted.append)
    assert emitted == []


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 5), (5, 5)])
def test_a_leaf_outside_the_tree_has_no_tiles(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="not in a tree"):
        proof_tiles(index, size)


@pytest.mark.parametrize("size", [1, 2, 257])
def test_leaves_pass_that_lead_to_the_seal_together(size: int) -> None:
    leaves, head, _ = large_tree(size)
    assert list(leaves_of_seal(iter(leaves), head.seal)) == leaves
    for wrong in (leaves[:-1], leaves[1:], [*leaves, b"\xff" * 32], leaves[::-1], [*leaves, b"x"]):
        if wrong != leaves:
            with pytest.raises(InvalidInputError):
                list(leaves_of_seal(iter(wrong), head.seal))


@pytest.mark.parametrize("count", [0, 1, 256])
def test_hashes_of_a_tile_are_taken_apart(count: int) -> None:
    assert split_hashes(b"".join(LEAVES[:count])) == LEAVES[:count]
