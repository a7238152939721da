"""Builds every tree again from the leaves that are shown, and looks for credentials in two batches.

Memory grows by some bytes a leaf: enough to find pairs, which are then looked at again.
"""

import sys
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import pairwise
from typing import Final, TypeAlias

from registry.core.tiles import TreeHead, build_tiles, split_hashes
from registry.core.tree import HASH_BYTES
from registry.errors import InvalidInputError, NotFoundError, UnavailableError
from registry.services.findings import Finding, FindingCode
from registry.services.ports import DisclosedBatch, Disclosure, Opening, Place

_WORDS_IN_HASH: Final = HASH_BYTES // 8
_RANGES: Final = 16  # in which prefixes are sorted, one after the other

BuildTree: TypeAlias = Callable[[Iterable[bytes]], TreeHead]
Step: TypeAlias = Callable[[str, int, int], None]  # what, how many of it are done, of how many


def build_tree(leaves: Iterable[bytes]) -> TreeHead:
    """Size, root and seal of ascending leaves. Raises `InvalidInputError` as `build_tiles`."""
    return build_tiles(leaves, lambda _: None)


@dataclass(slots=True)
class Rebuilt:
    """What came of the trees; `sound` are the batches of which all is as it is shown."""

    leaves: int = 0
    sound: list[DisclosedBatch] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unknowns: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Prefixes:
    """The first 64 bits of hashes, by batch: some nine bytes for each hash."""

    by_seal: dict[bytes, "array[int]"] = field(default_factory=dict)

    def add(self, seal: bytes, hashes: bytes) -> None:
        words = array("Q")
        words.frombytes(hashes)
        if sys.byteorder == "little":
            words.byteswap()  # so that they are ordered as the bytes are
        self.by_seal.setdefault(seal, array("Q")).extend(words[::_WORDS_IN_HASH])

    def pairs(self) -> set[int]:
        """Prefixes that are there twice."""
        found: set[int] = set()
        columns = [array("Q", sorted(words)) for words in self.by_seal.values()]
        for part in range(_RANGES):
            low, high = (part << 64) // _RANGES, ((part + 1) << 64) // _RANGES
            some: list[int] = []
            for words in columns:
                some += words[bisect_left(words, low) : bisect_left(words, high)]
            some.sort()  # quick: each column is in order already
            found |= {first for first, second in pairwise(some) if first == second}
        return found


def rebuild(
    disclosure: Disclosure,
    batches: Sequence[DisclosedBatch],
    *,
    build: BuildTree,
    step: Step,
) -> Rebuilt:
    """Build the trees of `batches`, and find leaves and credentials that are in two of them."""
    result = Rebuilt()
    prefixes = _Prefixes()
    total = sum(batch.tree_size for batch in batches)
    for batch in batches:
        try:
            _rebuild_one(disclosure, batch, result, prefixes, build)
        except NotFoundError as exc:
            result.findings.append(_finding(FindingCode.LEAVES_UNAVAILABLE, batch, str(exc)))
        except UnavailableError as exc:
            result.unknowns.append(f"leaves of seal {batch.seal.hex()}: {exc}")
        step("leaves", result.leaves, total)
    shared = prefixes.pairs()
    if shared:
        shown = [batch for batch in batches if batch.seal in prefixes.by_seal]
        result.findings += folded(_duplicates(disclosure, shown, shared))
    return result


def credentials_in_two(
    disclosure: Disclosure, batches: Sequence[DisclosedBatch], step: Step
) -> tuple[int, list[Finding], dict[bytes, list[Place]]]:
    """Check what leaves are made of, where that is shown, and find credentials in two batches.

    `batches` are those of which the leaves are sound.

    Returns how many were looked at, what was found, and the places of credentials in several.
    """
    prefixes = _Prefixes()
    findings: list[Finding] = []
    count = 0
    total = sum(batch.tree_size for batch in batches)
    for batch in batches:
        openings = disclosure.openings(batch.seal)
        if openings is None:
            continue
        try:
            hashes, finding = _open(disclosure, batch, openings)
        except NotFoundError as exc:
            hashes, finding = b"", _finding(FindingCode.LEAVES_UNAVAILABLE, batch, str(exc))
        if finding is not None:
            findings.append(finding)
            continue  # what is behind these leaves nobody knows
        count += len(hashes) // HASH_BYTES
        prefixes.add(batch.seal, hashes)
        step("credentials", count, total)
    shared = prefixes.pairs()
    sound = [batch for batch in batches if batch.seal in prefixes.by_seal]
    return count, findings, _places(disclosure, sound, shared) if shared else {}


def _rebuild_one(
    disclosure: Disclosure,
    batch: DisclosedBatch,
    result: Rebuilt,
    prefixes: _Prefixes,
    build: BuildTree,
) -> None:
    def leaves() -> Iterator[bytes]:
        count = 0
        for chunk in disclosure.leaves(batch.seal):
            if len(chunk) % HASH_BYTES:
                raise InvalidInputError(f"{len(chunk)} bytes are no whole number of leaves")
            prefixes.add(batch.seal, chunk)
            hashes = split_hashes(chunk)
            result.leaves += len(hashes)
            count += len(hashes)
            yield from hashes
            if count > batch.tree_size:
                return  # whoever shows more than there are may go on for ever

    try:
        tree = build(leaves())
    except NotFoundError:
        raise
    except InvalidInputError as exc:
        result.findings.append(_finding(FindingCode.LEAVES_INVALID, batch, str(exc)))
        return
    found = list(_compare(batch, tree))
    result.findings += found
    if not found:
        result.sound.append(batch)


def _compare(batch: DisclosedBatch, tree: TreeHead) -> Iterator[Finding]:
    """The first of size, root and seal that is not as it is shown."""
    if tree.tree_size != batch.tree_size:
        detail = f"{tree.tree_size:,} leaves are shown, its size is {batch.tree_size:,}"
        yield _finding(FindingCode.SIZE_DIFFERS, batch, detail)
    elif tree.merkle_root != batch.merkle_root:
        detail = f"its leaves lead to root {tree.merkle_root.hex()}"
        yield _finding(FindingCode.ROOT_DIFFERS, batch, detail)
    elif tree.seal != batch.seal:
        detail = f"its root and size make seal {tree.seal.hex()}"
        yield _finding(FindingCode.SEAL_DIFFERS, batch, detail)


def _open(
    disclosure: Disclosure, batch: DisclosedBatch, openings: Iterator[Opening]
) -> tuple[bytes, Finding | None]:
    """Credential hashes of a batch, end to end; or the first leaf that is not made of them."""
    hashes = bytearray()
    index = 0
    for leaf in _split(disclosure.leaves(batch.seal)):
        opening = next(openings, None)
        if opening is None or sha256(opening.salt + opening.credential_hash).digest() != leaf:
            break
        hashes += opening.credential_hash
        index += 1
    if index == batch.tree_size and next(openings, None) is None:
        return bytes(hashes), None
    detail = f"leaf {index} is not made of what is said to be behind it"
    return b"", _finding(FindingCode.LEAVES_DIFFER, batch, detail, leafIndex=index)


def _duplicates(
    disclosure: Disclosure, batches: Sequence[DisclosedBatch], shared: set[int]
) -> Iterator[Finding]:
    seen: dict[bytes, Place] = {}
    for batch in batches:
        for index, leaf in enumerate(_split(disclosure.leaves(batch.seal))):
            if int.from_bytes(leaf[:8], "big") not in shared:
                continue
            first = seen.setdefault(leaf, Place(batch.seal, index))
            if first.seal != batch.seal:
                yield duplicate(first, Place(batch.seal, index), f"leaf {leaf.hex()}")


def duplicate(first: Place, second: Place, what: str) -> Finding:
    """The finding that two batches hold the same."""
    return Finding(
        FindingCode.DUPLICATE_CREDENTIAL,
        f"{what} is in seal {first.seal.hex()} and in seal {second.seal.hex()}",
        {
            "seal": first.seal.hex(),
            "leafIndex": first.leaf_index,
            "otherSeal": second.seal.hex(),
            "otherLeafIndex": second.leaf_index,
        },
    )


def folded(findings: Iterable[Finding]) -> Iterator[Finding]:
    """One for each code and pair of seals, with their number: a batch may be there twice whole."""
    first: dict[tuple[object, ...], Finding] = {}
    counts: Counter[tuple[object, ...]] = Counter()
    for finding in findings:
        key = (finding.code, finding.evidence.get("seal"), finding.evidence.get("otherSeal"))
        first.setdefault(key, finding)
        counts[key] += 1
    for found, finding in first.items():
        more = "" if counts[found] == 1 else f", and {counts[found] - 1:,} more like it"
        evidence = {**finding.evidence, "count": counts[found]}
        yield replace(finding, detail=finding.detail + more, evidence=evidence)


def _places(
    disclosure: Disclosure, batches: Sequence[DisclosedBatch], shared: set[int]
) -> dict[bytes, list[Place]]:
    found: dict[bytes, list[Place]] = {}
    for batch in batches:
        opened: Iterator[Opening] = disclosure.openings(batch.seal) or iter(())
        for index, opening in enumerate(opened):
            if int.from_bytes(opening.credential_hash[:8], "big") in shared:
                found.setdefault(opening.credential_hash, []).append(Place(batch.seal, index))
    return {digest: places for digest, places in found.items() if len(places) > 1}


def _split(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        yield from split_hashes(chunk)


def _finding(
    code: FindingCode, batch: DisclosedBatch, detail: str, **more: str | int | None
) -> Finding:
    seal = batch.seal.hex()
    return Finding(code, f"batch of seal {seal}: {detail}", {"seal": seal, **more})
