"""The sealed tree, format 1: leaf, node, seal, and the path between them (docs/formats.md).

Bytes here are frozen. It does not store trees; `tiles` builds them and finds proofs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from registry.errors import VerificationError

HASH_BYTES = 32
SALT_BYTES = 32
MAX_TREE_SIZE = 2**40  # leaves; a trillion credentials a night, and a path of at most 40 hashes


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """Where a leaf stands, and the siblings on its way to the root, lowest first."""

    leaf_index: int
    tree_size: int
    siblings: tuple[bytes, ...]


def leaf_hash(*, salt: bytes, credential_hash: bytes) -> bytes:
    """Leaf of one credential: SHA-256(salt ‖ credential hash)."""
    if len(salt) != SALT_BYTES or len(credential_hash) != HASH_BYTES:
        raise ValueError("salt and credential hash have 32 bytes each")
    return sha256(salt + credential_hash).digest()


def leaf_hashes(*, salts: Sequence[bytes], credential_hashes: Sequence[bytes]) -> list[bytes]:
    """As `leaf_hash`, of many in their order: a call for each would take longer than its hash."""
    if len(salts) != len(credential_hashes) or not (
        {HASH_BYTES} >= {*map(len, salts), *map(len, credential_hashes)}
    ):
        raise ValueError("salt and credential hash have 32 bytes each")
    pairs = zip(salts, credential_hashes, strict=True)
    return [sha256(salt + credential_hash).digest() for salt, credential_hash in pairs]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Inner node: SHA-256(left ‖ right)."""
    return sha256(left + right).digest()


def seal_hash(*, merkle_root: bytes, tree_size: int) -> bytes:
    """Seal of a tree: SHA-256(Merkle root ‖ tree size as uint256 big-endian)."""
    return sha256(merkle_root + tree_size.to_bytes(32, "big")).digest()


def sibling_sides(leaf_index: int, tree_size: int) -> Iterator[bool]:
    """For each sibling on the way up, whether it stands on the left.

    A level at which the node has no sibling yields nothing: the node moves up unchanged. The
    sides follow from (index, size) alone, which the seal binds, so nobody can choose them.
    """
    index, last = leaf_index, tree_size - 1
    while last > 0:
        if index % 2 == 1:
            yield True
        elif index < last:
            yield False
        index //= 2
        last //= 2


def root_from_proof(leaf: bytes, proof: InclusionProof) -> bytes:
    """Merkle root to which `proof` leads from `leaf`. Comparing it is the caller's part.

    Raises `VerificationError` if no tree of that size has such a path.
    """
    if not 0 <= proof.leaf_index < proof.tree_size <= MAX_TREE_SIZE:
        raise VerificationError(
            f"leaf {proof.leaf_index} is not in a tree of {proof.tree_size}",
            reason="index-out-of-range",
        )
    sides = tuple(sibling_sides(proof.leaf_index, proof.tree_size))
    if len(sides) != len(proof.siblings):
        raise VerificationError(
            f"the path of leaf {proof.leaf_index} in a tree of {proof.tree_size} has "
            f"{len(sides)} siblings, not {len(proof.siblings)}",
            reason="wrong-path-length",
        )
    if any(len(node) != HASH_BYTES for node in (leaf, *proof.siblings)):
        raise ValueError("leaf and siblings have 32 bytes each")
    node = leaf
    for sibling, is_left in zip(proof.siblings, sides, strict=True):
        node = node_hash(sibling, node) if is_left else node_hash(node, sibling)
    return node


def seal_from_proof(*, salt: bytes, credential_hash: bytes, proof: InclusionProof) -> bytes:
    """Seal to which a credential's proof leads. Raises `VerificationError` as `root_from_proof`."""
    leaf = leaf_hash(salt=salt, credential_hash=credential_hash)
    return seal_hash(merkle_root=root_from_proof(leaf, proof), tree_size=proof.tree_size)


def generic_path(*, salt: bytes, proof: InclusionProof) -> list[dict[str, str]]:
    """Path from credential hash to seal for verifiers that only know `left` and `right`.

    The salt is its first left sibling, the tree size its last right one; `merkletools`,
    Chainpoint and Blockcerts verifiers walk it as it is. Values are lower-case hex.
    """
    sides = sibling_sides(proof.leaf_index, proof.tree_size)
    steps = [
        {"left" if is_left else "right": sibling.hex()}
        for sibling, is_left in zip(proof.siblings, sides, strict=True)
    ]
    size = proof.tree_size.to_bytes(32, "big")
    return [{"left": salt.hex()}, *steps, {"right": size.hex()}]
