"""Independent answers to compare ours with: merkletools, and RFC 9162 taken literally."""

import json
import warnings
from hashlib import sha256
from pathlib import Path
from typing import Any  # vector files are JSON of the file's shape

with warnings.catch_warnings():
    # It warns that pysha3 is absent, of which it has no need: all hashes here are SHA-256.
    warnings.simplefilter("ignore", UserWarning)
    from merkletools import MerkleTools

VECTORS = Path(__file__).parent / "vectors"
SEALED_TREES = 19


def load_sealed_trees() -> list[dict[str, Any]]:
    """Trees of the shared vector file, all of them."""
    trees: list[dict[str, Any]] = json.loads((VECTORS / "sealed_trees.json").read_bytes())["trees"]
    assert len(trees) == SEALED_TREES
    return trees


def load_error_cases() -> list[dict[str, Any]]:
    """Cases of the vector file of wrong proofs; never none."""
    file = VECTORS / "sealed_tree_errors.json"
    cases: list[dict[str, Any]] = json.loads(file.read_bytes())["cases"]
    assert len(cases) > 100
    return cases


def merkletools_accepts(path: list[dict[str, str]], target: str, root: str) -> bool:
    """Whether merkletools walks `path` from `target` to `root`, all in hex."""
    return bool(MerkleTools().validate_proof(path, target, root))


def merkletools_tree(leaves: list[bytes]) -> MerkleTools:
    """The tree that merkletools builds over `leaves`."""
    tools = MerkleTools()
    tools.add_leaf([leaf.hex() for leaf in leaves])
    tools.make_tree()
    return tools


def reference_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162 §2.1.1, without its prefixes."""
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(reference_root(leaves[:k]) + reference_root(leaves[k:])).digest()


def reference_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 9162 §2.1.3.1, without its prefixes."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*reference_path(index, leaves[:k]), reference_root(leaves[k:])]
    return [*reference_path(index - k, leaves[k:]), reference_root(leaves[:k])]


def split(size: int) -> int:
    """Largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def numbered_leaves(count: int) -> list[bytes]:
    """That many different leaves, ascending."""
    return sorted(sha256(number.to_bytes(8, "big")).digest() for number in range(count))
