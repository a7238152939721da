"""The Merkle tree of a growing log (RFC 9162 §2.1): its root, and that it only ever grew.

Other bytes than the sealed tree's: here leaves and nodes are told apart by a prefix, as all tools
for transparency logs have it. It does not know what the entries are.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from registry.errors import VerificationError

EMPTY_ROOT: Final = sha256(b"").digest()
_HASH_BYTES: Final = 32
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


def log_root(entries: Sequence[bytes]) -> bytes:
    """Merkle tree hash of the entries, in their order (§2.1.1); of none, SHA-256 of nothing."""
    return _root(_leaves(entries)) if entries else EMPTY_ROOT


def consistency_proof(entries: Sequence[bytes], old_size: int) -> tuple[bytes, ...]:
    """The nodes that lead from the root of the first `old_size` entries to that of all (§2.1.4.1).

    None are needed from an empty log, or to the same one.
    """
    if not 0 <= old_size <= len(entries):
        raise ValueError(f"no proof leads from {old_size} entries to {len(entries)}")
    if old_size in {0, len(entries)}:
        return ()
    return tuple(_subproof(_leaves(entries), old_size))


def verify_consistency(
    *, old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Show that the new log begins with all of the old one (§2.1.4.2).

    Raises `VerificationError` with the reason `shrunk` if the new one is the smaller,
    `wrong-proof-length` if no such logs have such a proof, and `other-history` if it leads to
    other roots.
    """
    if any(len(node) != _HASH_BYTES for node in (old_root, new_root, *proof)):
        raise ValueError(f"roots and nodes have {_HASH_BYTES} bytes each")
    if old_size < 0:
        raise ValueError(f"no log has {old_size} entries")
    if old_size > new_size:
        raise VerificationError(
            f"a log of {old_size} entries has become one of {new_size}", reason="shrunk"
        )
    if old_size in {0, new_size}:
        end = EMPTY_ROOT if new_size == 0 else new_root
        roots = (EMPTY_ROOT if old_size == 0 else end, end)
        _require_length(len(proof) == 0)
    else:
        # The root of a perfect tree is itself a node of the larger one, so no proof repeats it.
        is_perfect = old_size & (old_size - 1) == 0
        roots = _roots_from(old_size, new_size, [old_root, *proof] if is_perfect else list(proof))
    if roots != (old_root, new_root):
        raise VerificationError(
            f"the first {old_size} of {new_size} entries are others than those of the older log",
            reason="other-history",
        )


def _roots_from(old_size: int, new_size: int, nodes: list[bytes]) -> tuple[bytes, bytes]:
    """The roots of both logs, by the walk from the old one's last node to the new one's root."""
    _require_length(len(nodes) > 0)
    old_at, new_at = _without_right_edge(old_size - 1, new_size - 1)
    old_root = new_root = nodes[0]
    for node in nodes[1:]:
        _require_length(new_at > 0)
        if old_at % 2 == 1 or old_at == new_at:
            old_root, new_root = _node(node, old_root), _node(node, new_root)
            if old_at % 2 == 0:  # it moved up unchanged until it became a right sibling
                old_at, new_at = _up_to_right(old_at, new_at)
        else:
            new_root = _node(new_root, node)
        old_at, new_at = old_at // 2, new_at // 2
    _require_length(new_at == 0)
    return old_root, new_root


def _without_right_edge(old_at: int, new_at: int) -> tuple[int, int]:
    """Where the largest perfect tree at the old log's right edge has its root."""
    while old_at % 2 == 1:
        old_at, new_at = old_at // 2, new_at // 2
    return old_at, new_at


def _up_to_right(old_at: int, new_at: int) -> tuple[int, int]:
    while old_at % 2 == 0 and old_at > 0:
        old_at, new_at = old_at // 2, new_at // 2
    return old_at, new_at


def _require_length(fits: bool) -> None:  # noqa: FBT001 - an assertion's condition
    if not fits:
        raise VerificationError(
            "logs of these sizes have a proof of another length", reason="wrong-proof-length"
        )


def _subproof(leaves: list[bytes], old_size: int) -> list[bytes]:
    """SUBPROOF of §2.1.4.1. The old log's own root is left out: whoever checks it has it."""
    is_old_root = True
    ascending: list[bytes] = []
    while old_size < len(leaves):
        half = _half(len(leaves))
        if old_size <= half:
            ascending.append(_root(leaves[half:]))
            leaves = leaves[:half]
        else:
            ascending.append(_root(leaves[:half]))
            leaves, old_size, is_old_root = leaves[half:], old_size - half, False
    start = [] if is_old_root else [_root(leaves)]
    return [*start, *reversed(ascending)]


def _half(size: int) -> int:
    """The largest power of two below a size of at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def _root(level: list[bytes]) -> bytes:
    """Root over hashes of leaves: level by level; a node without a sibling moves up unchanged."""
    while len(level) > 1:
        paired = [_node(*pair) for pair in zip(level[::2], level[1::2], strict=False)]
        level = paired + level[2 * len(paired) :]
    return level[0]


def _leaves(entries: Sequence[bytes]) -> list[bytes]:
    return [sha256(_LEAF + entry).digest() for entry in entries]


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(_NODE + left + right).digest()
