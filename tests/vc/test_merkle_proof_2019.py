"""The proof of Blockcerts: there and back, and Blockcerts that others made."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.canonical import Canonicalization
from registry.core.receipt import AnchorReference, Receipt
from registry.core.tree import InclusionProof, seal_from_proof, sibling_sides
from registry.errors import InvalidInputError
from registry.vc import base58
from registry.vc.merkle_proof_2019 import (
    BlinkAnchor,
    MerkleProof2019,
    Step,
    decode,
    encode,
    merkle_proof,
    sealed_path,
)
from tests.oracle import merkletools_accepts

CORPUS = Path(__file__).parents[1] / "corpus" / "blockcerts-3"
WHEN = datetime(2026, 3, 1, tzinfo=UTC)
METHOD = "did:web:academy.example#anchor-1"
SALT, TARGET = b"\1" * 32, b"\2" * 32


def receipt_at(index: int, size: int, chain: int = 11155111) -> Receipt:
    count = len(tuple(sibling_sides(index, size)))
    siblings = tuple(sha256(bytes([number])).digest() for number in range(count))
    proof = InclusionProof(index, size, siblings)
    return Receipt(
        type="rootseal/receipt@1",
        canonicalization=Canonicalization.RDFC,
        credential_hash=TARGET,
        salt=SALT,
        leaf_index=index,
        tree_size=size,
        siblings=siblings,
        seal=seal_from_proof(salt=SALT, credential_hash=TARGET, proof=proof),
        anchors=(
            AnchorReference(
                chain=chain,
                contract=b"\3" * 20,
                issuer=b"\4" * 20,
                transaction=b"\5" * 32,
                block_number=7,
                block_hash=b"\6" * 32,
                log_index=0,
                anchored_at=WHEN,
            ),
        ),
    )


def made(receipt: Receipt) -> dict[str, Any]:
    return merkle_proof(receipt, created=WHEN, verification_method=METHOD)


positions = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n)))


@given(position=positions)
def test_a_receipt_comes_back_from_its_proof(position: tuple[int, int]) -> None:
    receipt = receipt_at(*position)
    found = decode(made(receipt)["proofValue"])
    path = sealed_path(found)
    assert (path.salt, path.proof) == (receipt.salt, receipt.proof)
    assert (path.credential_hash, path.seal) == (receipt.credential_hash, receipt.seal)
    assert found.anchors == (BlinkAnchor(11155111, b"\5" * 32),)


@given(position=positions)
def test_others_walk_the_path(position: tuple[int, int]) -> None:
    found = decode(made(receipt_at(*position))["proofValue"])
    path: list[dict[str, str]] = [{step.side: step.node.hex()} for step in found.path]
    assert merkletools_accepts(path, found.target_hash.hex(), found.merkle_root.hex())


@given(position=positions, data=st.data())
def test_a_path_of_another_shape_is_none_of_that_size(
    position: tuple[int, int], data: st.DataObject
) -> None:
    """Whatever directions come from outside, the index is one whose own are the same."""
    found = decode(made(receipt_at(*position))["proofValue"])
    sides = data.draw(st.lists(st.sampled_from(["left", "right"]), max_size=14))
    middle = tuple(Step("left" if side == "left" else "right", b"\7" * 32) for side in sides)
    turned = replace(found, path=(found.path[0], *middle, found.path[-1]))
    try:
        path = sealed_path(turned)
    except InvalidInputError:
        return
    own = [
        "left" if left else "right" for left in sibling_sides(path.proof.leaf_index, position[1])
    ]
    assert own == sides


def test_the_proof_says_what_it_is() -> None:
    proof = made(receipt_at(2, 5))
    value = proof.pop("proofValue")
    assert proof == {
        "type": "DataIntegrityProof",
        "cryptosuite": "merkle-proof-2019",
        "created": "2026-03-01T00:00:00Z",
        "verificationMethod": METHOD,
        "proofPurpose": "assertionMethod",
    }
    fields = dict(cbor2.loads(base58.decode(value[1:])))
    assert cbor2.loads(fields[0]) == receipt_at(2, 5).seal.hex()  # text, as cert-issuer writes it


@pytest.mark.parametrize(
    ("receipt", "words"),
    [
        (receipt_at(0, 1, chain=31337), "no name for the chain of the anchor: eip155:31337"),
        (receipt_at(0, 1).model_copy(update={"anchors": ()}), "none yet"),
        (
            receipt_at(0, 1).model_copy(update={"canonicalization": Canonicalization.JCS}),
            "hash the RDF form",
        ),
    ],
)
def test_what_blockcerts_cannot_say_is_refused(receipt: Receipt, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        made(receipt)


def test_anchors_on_chains_without_a_name_are_left_out() -> None:
    receipt = receipt_at(0, 1)
    other = receipt.anchors[0].model_copy(update={"chain": 31337})
    both = receipt.model_copy(update={"anchors": (other, *receipt.anchors)})
    assert decode(made(both)["proofValue"]).anchors == (BlinkAnchor(11155111, b"\5" * 32),)


def packed(value: object) -> str:
    return "z" + base58.encode(cbor2.dumps(value))


ROOT = cbor2.dumps(b"\1" * 32)
GOOD: list[Any] = [[0, ROOT], [1, ROOT], [2, [[[0, 1], [1, 1], [2, ROOT]]]], [3, [[0, ROOT]]]]


def without(key: int, value: object = None) -> list[Any]:
    rest = [field for field in GOOD if field[0] != key]
    return rest if value is None else [*rest, [key, value]]


def test_the_dialect_of_bytes_is_read_too() -> None:
    assert decode(packed(GOOD)) == MerkleProof2019(
        (Step("left", b"\1" * 32),),
        b"\1" * 32,
        b"\1" * 32,
        (BlinkAnchor(1, b"\1" * 32),),
    )


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "",
        "z",
        "zz",
        "z0OIl",
        "u" + packed(GOOD),
        "z" + "2" * 9_000,
        packed(7),
        packed([]),
        packed({"0": 1}),
        packed([*GOOD, [0, ROOT]]),
        packed(without(0)),
        packed(without(0, "text")),
        packed(without(0, b"\xff")),
        packed(without(0, cbor2.dumps(b"\1" * 31))),
        packed(without(0, cbor2.dumps("0x" + "1" * 63))),
        packed(without(0, cbor2.dumps(7))),
        packed(without(3, [[2, ROOT]])),
        packed(without(3, [[0]])),
        packed(without(3, [["left", ROOT]])),
        packed(without(3, 7)),
        packed(without(2, [[[1, 1]]])),
        packed(without(2, [7])),
    ],
)
def test_what_is_no_proof_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"not a MerkleProof2019|base58"):
        decode(value)


def test_a_chain_without_an_id_is_read_and_not_written() -> None:
    bitcoin = without(2, [[[0, 0], [1, 1], [2, ROOT]]])
    found = decode(packed(bitcoin))
    assert found.anchors == (BlinkAnchor(None, b"\1" * 32),)
    with pytest.raises(ValueError, match="no name"):
        encode(found)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ((), "not sealed by us"),
        ((Step("left", SALT),), "not sealed by us"),
        ((Step("right", SALT), Step("right", bytes(31) + b"\1")), "not sealed by us"),
        ((Step("left", SALT), Step("left", bytes(31) + b"\1")), "not sealed by us"),
        ((Step("left", SALT), Step("right", bytes(32))), "not sealed by us"),
        ((Step("left", SALT), Step("right", b"\1" * 32)), "not sealed by us"),
        ((Step("left", SALT), Step("right", bytes(31) + b"\2")), "too short"),
        (
            (Step("left", SALT), Step("left", SALT), Step("right", bytes(31) + b"\1")),
            "too long",
        ),
    ],
)
def test_paths_of_no_tree_of_ours_are_refused(path: tuple[Step, ...], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        sealed_path(MerkleProof2019(path, SALT, SALT, ()))


def walked(proof: MerkleProof2019) -> bytes:
    node = proof.target_hash
    for side, other in proof.path:
        node = sha256(other + node if side == "left" else node + other).digest()
    return node


@pytest.mark.parametrize("name", ["ethereum-sepolia-v3", "mocknet-vc-v2-data-integrity-proof"])
def test_blockcerts_of_others_are_read(name: str) -> None:
    document = json.loads((CORPUS / f"{name}.json").read_bytes())
    found = decode(document["proof"]["proofValue"])
    assert walked(found) == found.merkle_root
    with pytest.raises(InvalidInputError, match="not sealed by us"):
        sealed_path(found)
