"""Write the vector file of wrong proofs, which implementations in any language can read.

Takes trees from the definition in docs/formats.md, spelled out here a second time on purpose,
damages each proof in every way we know, and says what a verifier must answer:

- `match`: the proof leads to the seal;
- `mismatch`: the proof leads to another seal;
- `index-out-of-range`: no tree of that size has that leaf;
- `wrong-path-length`: a tree of that size has a path of another length to that leaf.

With `--check` nothing is written: the file must be what this script gives. It does not import
the implementation that it tests.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "tests/vectors/sealed_tree_errors.json"
SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 33)
NOTE = (
    "Written by scripts/make_vectors.py. Each case is a proof with the answer a verifier must "
    "give: match, mismatch (it leads to another seal), index-out-of-range or wrong-path-length."
)


@dataclass(frozen=True)
class Claim:
    """What a verifier is given."""

    size: int
    index: int
    credential: bytes
    salt: bytes
    siblings: tuple[bytes, ...]
    seal: bytes


@dataclass(frozen=True)
class Tree:
    """Credentials with their salts, in the order of their leaves."""

    credentials: tuple[tuple[bytes, bytes], ...]

    @property
    def leaves(self) -> list[bytes]:
        """The leaves, ascending."""
        return [digest(salt, credential) for salt, credential in self.credentials]

    def claim(self, index: int) -> Claim:
        """The right proof of one credential."""
        salt, credential = self.credentials[index]
        size = len(self.credentials)
        siblings = tuple(sibling for _, sibling in path(index, self.leaves))
        return Claim(size, index, credential, salt, siblings, seal(root(self.leaves), size))


def digest(left: bytes, right: bytes) -> bytes:
    """SHA-256 of both, end to end."""
    return sha256(left + right).digest()


def seal(merkle_root: bytes, size: int) -> bytes:
    """Seal of a tree."""
    return digest(merkle_root, size.to_bytes(32, "big"))


def split(size: int) -> int:
    """Number of leaves on the left: the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def root(leaves: list[bytes]) -> bytes:
    """Merkle root, top down."""
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return digest(root(leaves[:k]), root(leaves[k:]))


def path(index: int, leaves: list[bytes]) -> list[tuple[str, bytes]]:
    """Siblings of a leaf with their sides, lowest first."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*path(index, leaves[:k]), ("right", root(leaves[k:]))]
    return [*path(index - k, leaves[k:]), ("left", root(leaves[:k]))]


def answer(claim: Claim) -> str:
    """What a verifier must say."""
    if claim.index >= claim.size:
        return "index-out-of-range"
    sides = [side for side, _ in path(claim.index, [b""] * claim.size)]
    if len(sides) != len(claim.siblings):
        return "wrong-path-length"
    node = digest(claim.salt, claim.credential)
    for side, sibling in zip(sides, claim.siblings, strict=True):
        node = digest(sibling, node) if side == "left" else digest(node, sibling)
    return "match" if seal(node, claim.size) == claim.seal else "mismatch"


def tree_of(size: int) -> Tree:
    """A tree of so many credentials, the same each time."""
    pairs = [
        (
            sha256(f"salt {n} of {size}".encode()).digest(),
            sha256(f"{n} of {size}".encode()).digest(),
        )
        for n in range(size)
    ]
    return Tree(tuple(sorted(pairs, key=lambda pair: digest(*pair))))


def flipped(value: bytes, bit: int) -> bytes:
    """The value with one bit changed."""
    return (int.from_bytes(value, "big") ^ 1 << bit).to_bytes(len(value), "big")


def damaged(tree: Tree, right: Claim) -> Iterator[tuple[str, Claim]]:
    """Every way to be wrong, with its name."""
    yield from (*wrong_siblings(right), *wrong_place(right), *wrong_credential(tree, right))
    yield from (*wrong_seal(tree, right), *inner_nodes(tree, right))


def wrong_siblings(right: Claim) -> Iterator[tuple[str, Claim]]:
    """A path that was changed, cut or extended."""
    siblings = right.siblings
    for level, sibling in enumerate(siblings):
        before, after = siblings[:level], siblings[level + 1 :]
        bent = (*before, flipped(sibling, 8 * level), *after)
        yield f"flipped bit in sibling {level}", replace(right, siblings=bent)
        yield f"sibling {level} missing", replace(right, siblings=before + after)
        if after:
            swapped = (*before, after[0], sibling, *after[1:])
            yield f"siblings {level} and {level + 1} swapped", replace(right, siblings=swapped)
    yield "extra sibling at the end", replace(right, siblings=(*siblings, bytes(32)))
    yield "extra sibling at the start", replace(right, siblings=(bytes(32), *siblings))
    if siblings:
        yield "siblings reversed and doubled", replace(right, siblings=siblings[::-1] * 2)
        yield "no siblings", replace(right, siblings=())


def wrong_place(right: Claim) -> Iterator[tuple[str, Claim]]:
    """The right path at another index or in a tree of another size."""
    yield "index one more", replace(right, index=right.index + 1)
    if right.index > 0:
        yield "index one less", replace(right, index=right.index - 1)
    yield "index is the size", replace(right, index=right.size)
    yield "index far beyond", replace(right, index=right.index + 2 * right.size)
    yield "size one more", replace(right, size=right.size + 1)
    yield "size one less", replace(right, size=right.size - 1)
    yield "size doubled", replace(right, size=2 * right.size)
    yield "size 0", replace(right, size=0)
    yield "size 0 and index 0", replace(right, size=0, index=0)


def wrong_credential(tree: Tree, right: Claim) -> Iterator[tuple[str, Claim]]:
    """Another credential or salt on the right path."""
    yield "flipped bit in credential hash", replace(right, credential=flipped(right.credential, 0))
    yield "flipped bit in salt", replace(right, salt=flipped(right.salt, 255))
    yield "salt and hash swapped", replace(right, salt=right.credential, credential=right.salt)
    yield "no salt", replace(right, salt=bytes(32))
    if right.size > 1:
        other = tree.claim((right.index + 1) % right.size)
        yield "neighbour's salt", replace(right, salt=other.salt)
        yield "neighbour's credential", replace(other, index=right.index, siblings=right.siblings)
        yield "neighbour's siblings", replace(right, siblings=other.siblings)
        own = replace(other, credential=right.credential, salt=right.salt)
        yield "neighbour's proof", own


def wrong_seal(tree: Tree, right: Claim) -> Iterator[tuple[str, Claim]]:
    """The right path to something that is not the seal."""
    merkle_root = root(tree.leaves)
    yield "flipped bit in seal", replace(right, seal=flipped(right.seal, 7))
    yield "seal of one leaf more", replace(right, seal=seal(merkle_root, right.size + 1))
    yield "seal of no leaf", replace(right, seal=seal(merkle_root, 0))
    yield "Merkle root as seal", replace(right, seal=merkle_root)
    little = right.size.to_bytes(32, "little")
    yield "seal with a little-endian size", replace(right, seal=digest(merkle_root, little))
    short = right.size.to_bytes(8, "big")
    yield "seal with a size of 8 bytes", replace(right, seal=digest(merkle_root, short))


def inner_nodes(tree: Tree, right: Claim) -> Iterator[tuple[str, Claim]]:
    """An inner node in place of a leaf: its children in place of salt and credential hash."""
    nodes, steps = tree.leaves, path(right.index, tree.leaves)
    if not steps:
        return
    side, sibling = steps[0]
    own = nodes[right.index]
    left, other = (sibling, own) if side == "left" else (own, sibling)
    inner = replace(right, salt=left, credential=other, siblings=right.siblings[1:])
    yield "inner node as leaf", inner
    yield "inner node as leaf of the halved index", replace(inner, index=right.index // 2)
    halved = (right.size + 1) // 2
    yield "inner node as leaf of a halved tree", replace(inner, index=right.index // 2, size=halved)


def cases() -> list[dict[str, object]]:
    """All cases as the file holds them."""
    found = []
    for size in SIZES:
        tree = tree_of(size)
        for index in sorted({0, size // 2, size - 1}):
            right = tree.claim(index)
            where = f"leaf {index} of {size}"
            found.append(case(f"{where}: as it is", right))
            found += [case(f"{where}: {what}", claim) for what, claim in damaged(tree, right)]
    return found


def case(name: str, claim: Claim) -> dict[str, object]:
    """One case as the file holds it. Only the undamaged proof may match."""
    expected = answer(claim)
    if (expected == "match") != name.endswith("as it is"):
        raise ValueError(f"{name}: {expected}")
    return {
        "name": name,
        "treeSize": claim.size,
        "leafIndex": claim.index,
        "credentialHash": claim.credential.hex(),
        "salt": claim.salt.hex(),
        "siblings": [sibling.hex() for sibling in claim.siblings],
        "seal": claim.seal.hex(),
        "expected": expected,
    }


def main() -> int:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description="Write the vectors of wrong proofs.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    wanted = {"format": "rootseal/receipt@1", "note": NOTE, "cases": cases()}
    text = json.dumps(wanted, indent=1) + "\n"
    if not parser.parse_args().check:
        FILE.write_text(text)
    elif not FILE.exists() or FILE.read_text() != text:
        print(f"{FILE.name} is not what scripts/make_vectors.py gives", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
