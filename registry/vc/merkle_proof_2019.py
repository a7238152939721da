"""MerkleProof2019: the proof of Blockcerts, around the same leaf, path and seal as a receipt.

Its generic path goes from the credential's hash through salt and size to the seal; a verifier of
Blockcerts takes the seal for the Merkle root, and finds it as the input of the transaction. In the
dialect of cert-issuer: CBOR of hex texts, which its decoders read. Asks no chain.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

import cbor2

from registry.core.address import format_chain
from registry.core.canonical import Canonicalization
from registry.core.documents import Json
from registry.core.receipt import Receipt
from registry.core.tree import HASH_BYTES, MAX_TREE_SIZE, InclusionProof, generic_path
from registry.core.wire import format_time
from registry.errors import InvalidInputError
from registry.vc import base58
from registry.vc.data_integrity import PROOF_TYPE, PURPOSE

CRYPTOSUITE: Final = "merkle-proof-2019"
# EIP-155 ids by the numbers that the format gives to chain and network.
_CHAINS: Final[Mapping[int, tuple[int, int]]] = MappingProxyType(
    {1: (1, 1), 5: (1, 5), 11155111: (1, 11155111), 137: (2, 137), 80001: (2, 80001)}
)
_ROOT, _TARGET, _ANCHORS, _PATH = 0, 1, 2, 3
_LEFT, _RIGHT = 0, 1
_CHAIN, _NETWORK, _TRANSACTION = 0, 1, 2

Side: TypeAlias = Literal["left", "right"]
Cbor: TypeAlias = "list[Cbor] | bytes | str | int"


class Step(NamedTuple):
    """A node of a path, and on which side of what was hashed so far it stands."""

    side: Side
    node: bytes


class BlinkAnchor(NamedTuple):
    """A transaction; a chain without an EIP-155 id has None, a mock chain no transaction."""

    chain_id: int | None
    transaction: bytes | None


@dataclass(frozen=True, slots=True)
class MerkleProof2019:
    """What a proof value holds."""

    path: tuple[Step, ...]
    merkle_root: bytes
    target_hash: bytes
    anchors: tuple[BlinkAnchor, ...]


@dataclass(frozen=True, slots=True)
class SealedPath:
    """A path through one of our trees: what a receipt has beside its anchors."""

    salt: bytes
    proof: InclusionProof
    credential_hash: bytes
    seal: bytes


def is_known_chain(chain_id: int) -> bool:
    """Whether the format has a name for a chain."""
    return chain_id in _CHAINS


def merkle_proof(
    receipt: Receipt, *, created: datetime, verification_method: str
) -> dict[str, Json]:
    """The proof that says what the receipt of a credential's RDF form says.

    Raises `InvalidInputError` for another form, and if no anchor is on a chain that the format has
    a name for.
    """
    if receipt.canonicalization is not Canonicalization.RDFC:
        raise InvalidInputError(
            f"Blockcerts hash the RDF form of a credential; this receipt is of "
            f"{receipt.canonicalization.value}"
        )
    anchors = [
        BlinkAnchor(anchor.chain, anchor.transaction)
        for anchor in receipt.anchors
        if anchor.chain in _CHAINS
    ]
    if not anchors:
        chains = ", ".join(format_chain(anchor.chain) for anchor in receipt.anchors) or "none yet"
        raise InvalidInputError(f"Blockcerts have no name for the chain of the anchor: {chains}")
    path = tuple(
        Step("left" if side == "left" else "right", bytes.fromhex(node))
        for step in generic_path(salt=receipt.salt, proof=receipt.proof)
        for side, node in step.items()
    )
    value = encode(MerkleProof2019(path, receipt.seal, receipt.credential_hash, tuple(anchors)))
    return {
        "type": PROOF_TYPE,
        "cryptosuite": CRYPTOSUITE,
        "created": format_time(created),
        "verificationMethod": verification_method,
        "proofPurpose": PURPOSE,
        "proofValue": value,
    }


def encode(proof: MerkleProof2019) -> str:
    """A proof value: `z`, and base58btc of CBOR. Raises `ValueError` for a chain without a name."""
    path: Cbor = [
        [_LEFT if side == "left" else _RIGHT, _text(node.hex())] for side, node in proof.path
    ]
    anchors: Cbor = [_anchor_fields(anchor) for anchor in proof.anchors]
    fields: Cbor = [
        [_PATH, path],
        [_ROOT, _text(proof.merkle_root.hex())],
        [_TARGET, _text(proof.target_hash.hex())],
        [_ANCHORS, anchors],
    ]
    return "z" + base58.encode(cbor2.dumps(fields))


def decode(value: Json) -> MerkleProof2019:
    """Read a proof value, in either dialect: hex as text, or the bytes themselves.

    Raises `InvalidInputError` for anything that is none.
    """
    if not isinstance(value, str) or not value.startswith("z"):
        raise InvalidInputError("not a MerkleProof2019: no base58btc value")
    try:
        fields = _fields(cbor2.loads(base58.decode(value[1:])))
        path = tuple(_step(each) for each in _pairs(fields[_PATH]))
        anchors = tuple(_anchor(each) for each in _list(fields[_ANCHORS]))
        return MerkleProof2019(path, _hash(fields[_ROOT]), _hash(fields[_TARGET]), anchors)
    except (ValueError, KeyError, TypeError, cbor2.CBORError, RecursionError) as exc:
        raise InvalidInputError("not a MerkleProof2019: its value cannot be read") from exc


def sealed_path(proof: MerkleProof2019) -> SealedPath:
    """The path as one through a tree of ours.

    Index and siblings are taken apart here; whether they lead to the seal, `core.checks` says, by
    its own directions. Raises `InvalidInputError` for a path that no tree of that size has: of
    other makers' Blockcerts, say.
    """
    sides = [step.side for step in proof.path]
    is_framed = len(sides) > 1 and (sides[0], sides[-1]) == ("left", "right")
    size = int.from_bytes(proof.path[-1].node) if is_framed else 0
    if not 0 < size <= MAX_TREE_SIZE:
        raise InvalidInputError("its path is none from salt to tree size: not sealed by us")
    siblings = tuple(step.node for step in proof.path[1:-1])
    inclusion = InclusionProof(_index(sides[1:-1], size), size, siblings)
    return SealedPath(proof.path[0].node, inclusion, proof.target_hash, proof.merkle_root)


def _index(sides: list[Side], size: int) -> int:
    """Of the leaf with such siblings, lowest first: from the root down, each tells a bit."""
    levels = [size]
    while levels[-1] > 1:
        levels.append((levels[-1] + 1) // 2)
    index, left = 0, list(sides)
    for below in reversed(levels[:-1]):
        index *= 2
        if index + 1 == below:  # a node without a sibling, which moved up unchanged
            continue
        if not left:
            raise InvalidInputError("its path is too short for the size of the tree")
        index += left.pop() == "left"
    if left:
        raise InvalidInputError("its path is too long for the size of the tree")
    return index


def _text(text: str) -> bytes:
    return cbor2.dumps(text)


def _anchor_fields(anchor: BlinkAnchor) -> Cbor:
    if anchor.chain_id not in _CHAINS or anchor.chain_id is None or anchor.transaction is None:
        raise ValueError(f"no name for chain {anchor.chain_id}, or no transaction")
    chain, network = _CHAINS[anchor.chain_id]
    transaction = _text("0x" + anchor.transaction.hex())
    return [[_CHAIN, chain], [_NETWORK, network], [_TRANSACTION, transaction]]


def _fields(value: object) -> dict[int, Cbor]:
    found = dict(_pairs(value))
    if len(found) != len(_list(value)):
        raise ValueError("a field twice")
    return found


def _pairs(value: object) -> Iterator[tuple[int, Cbor]]:
    for item in _list(value):
        key, content = _list(item)
        if not isinstance(key, int):
            raise TypeError("a key that is no number")
        yield key, content


def _list(value: object) -> list[Cbor]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value


def _step(pair: tuple[int, Cbor]) -> Step:
    side, node = pair
    if side not in (_LEFT, _RIGHT):
        raise ValueError("neither left nor right")
    return Step("left" if side == _LEFT else "right", _hash(node))


def _anchor(value: Cbor) -> BlinkAnchor:
    fields = _fields(value)
    named = (fields[_CHAIN], fields[_NETWORK])
    chain_id = next((known for known, numbers in _CHAINS.items() if numbers == named), None)
    transaction = fields.get(_TRANSACTION)
    return BlinkAnchor(chain_id, None if transaction is None else _hash(transaction))


def _hash(value: Cbor) -> bytes:
    """32 bytes; as CBOR inside CBOR, of bytes or of hex."""
    if not isinstance(value, bytes):
        raise TypeError("no bytes")
    content = cbor2.loads(value)
    found = bytes.fromhex(content.removeprefix("0x")) if isinstance(content, str) else content
    if not isinstance(found, bytes) or len(found) != HASH_BYTES:
        raise ValueError("not 32 bytes")
    return found
