import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.core.receipt import AnchorReference
from registry.core.static_entries import MAX_SHARD_BYTES, MAX_SHARD_ENTRIES, shard_count
from registry.core.static_files import (
    HEAD_TYPE,
    INDEX_TYPE,
    MAX_BATCHES,
    MAX_HEAD_BYTES,
    MAX_INDEX_BYTES,
    IndexEntry,
    PublishedHead,
    PublishedIndex,
    head_path,
    parse_head,
    parse_index,
    print_document,
    shard_path,
    tile_path,
    tile_width,
)
from registry.core.tiles import TILE_WIDTH, Tile, TileId, build_tiles
from registry.core.tree import MAX_TREE_SIZE, seal_hash
from registry.errors import InvalidInputError
from tests.core.strategies import anchors
from tests.oracle import numbered_leaves

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "static_files.json").read_text()
)
SEAL = bytes.fromhex(VECTORS["seal"])
ISSUER = bytes.fromhex(VECTORS["issuer"][2:])


@pytest.mark.parametrize("case", VECTORS["tiles"], ids=lambda case: str(case["path"]))
def test_tiles_are_named_as_the_vectors_say(case: dict[str, Any]) -> None:
    tile = TileId(case["level"], case["index"])
    assert tile_path(SEAL, tile, case["treeSize"]) == f"{SEAL.hex()}/{case['path']}"


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 65_536, 65_537])
def test_every_tile_has_the_width_that_its_name_says(size: int) -> None:
    names = set()
    for tile in _tiles(size):
        width = len(tile.hashes) // 32
        assert tile_width(tile.id, size) == width
        name = tile_path(SEAL, tile.id, size)
        assert name.endswith(f".p/{width}") == (width < TILE_WIDTH)
        names.add(name)
    assert len(names) == len(_tiles(size))


def test_there_is_no_tile_beyond_the_last() -> None:
    with pytest.raises(ValueError, match="no tile 1 of level 0"):
        tile_path(SEAL, TileId(0, 1), 256)


@settings(deadline=None, max_examples=50)
@given(number=st.integers(0, 2**33))
def test_numbers_of_shards_are_read_back_from_their_paths(number: int) -> None:
    path = shard_path(SEAL, number).removeprefix(f"{SEAL.hex()}/receipts/")
    *groups, last = path.split("/")
    assert all(len(group) == 4 and group[0] == "x" for group in groups)
    assert len(last) == 3
    assert int("".join(group[1:] for group in groups) + last) == number
    assert head_path(SEAL) == f"{SEAL.hex()}/head.json"


@pytest.mark.parametrize("case", VECTORS["shardCounts"], ids=lambda case: str(case["treeSize"]))
def test_as_many_shards_as_the_vectors_say(case: dict[str, Any]) -> None:
    assert shard_count(case["treeSize"]) == case["shards"]


@settings(deadline=None, max_examples=50)
@given(size=st.integers(1, MAX_TREE_SIZE))
def test_shards_have_some_256_entries_on_average(size: int) -> None:
    shards = shard_count(size)
    assert shards & (shards - 1) == 0
    assert size <= shards * TILE_WIDTH < 2 * (size + TILE_WIDTH)
    assert MAX_SHARD_ENTRIES == 4 * TILE_WIDTH
    assert MAX_SHARD_BYTES < 2**17


def head(**changes: Any) -> PublishedHead:
    values: dict[str, Any] = {
        "type": HEAD_TYPE,
        "issuer": ISSUER,
        "seal": SEAL,
        "merkle_root": bytes.fromhex(VECTORS["merkleRoot"]),
        "tree_size": VECTORS["treeSize"],
        "opened_at": anchor().anchored_at,
        "sealed_at": anchor().anchored_at,
        "has_receipts": True,
        "receipt_entries": 3,
        "anchors": (anchor(),),
    }
    return PublishedHead(**(values | changes))


def anchor() -> AnchorReference:
    return AnchorReference(
        chain=31337,
        contract=b"\x44" * 20,
        issuer=ISSUER,
        transaction=b"\x55" * 32,
        block_number=7,
        block_hash=b"\x66" * 32,
        log_index=0,
        anchored_at=datetime(2026, 1, 31, 2, 0, 5, tzinfo=UTC),
    )


@settings(deadline=None, max_examples=50)
@given(found=anchors)
def test_a_head_is_read_as_it_was_printed(found: AnchorReference) -> None:
    printed = head(anchors=(found.model_copy(update={"issuer": ISSUER}),))
    assert parse_head(print_document(printed)) == printed


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"tree_size": 4}, "do not lead to the seal", id="another size"),
        pytest.param({"merkle_root": bytes(32)}, "do not lead to the seal", id="another root"),
        pytest.param({"receipt_entries": 4}, "more receipts", id="more receipts than leaves"),
        pytest.param({"has_receipts": False}, "more receipts", id="receipts of none"),
        pytest.param({"issuer": bytes(20)}, "another issuer", id="another's anchors"),
        pytest.param({"anchors": ()}, "at least 1", id="no anchor"),
    ],
)
def test_a_head_that_does_not_hold_together_is_refused(changes: dict[str, Any], why: str) -> None:
    wrong = head().model_copy(update=changes)
    with pytest.raises(InvalidInputError, match=why):
        parse_head(print_document(wrong))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b"<html></html>"])
def test_what_is_no_document_of_ours_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        parse_index(data)
    with pytest.raises(InvalidInputError):
        parse_head(data)


def test_the_fullest_documents_are_within_their_limits() -> None:
    entry = IndexEntry(seal=SEAL, tree_size=MAX_TREE_SIZE, has_receipts=False, head_hash=SEAL)

    def size(batches: int) -> int:
        index = PublishedIndex(type=INDEX_TYPE, issuer=ISSUER, batches=(entry,) * batches)
        assert parse_index(print_document(index)) == index
        return len(print_document(index))

    assert size(1) + MAX_BATCHES * (size(2) - size(1)) <= MAX_INDEX_BYTES
    assert len(print_document(head(anchors=(anchor(),) * 16))) <= MAX_HEAD_BYTES


def _tiles(size: int) -> list[Tile]:
    emitted: list[Tile] = []
    found = build_tiles(numbered_leaves(size), emitted.append)
    assert found.seal == seal_hash(merkle_root=found.merkle_root, tree_size=size)
    return emitted
