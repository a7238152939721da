from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.core.tree import (
    MAX_TREE_SIZE,
    InclusionProof,
    generic_path,
    leaf_hash,
    leaf_hashes,
    node_hash,
    root_from_proof,
    seal_from_proof,
    seal_hash,
    sibling_sides,
)
from registry.errors import VerificationError
from tests.oracle import (
    load_error_cases,
    load_sealed_trees,
    merkletools_accepts,
    merkletools_tree,
    numbered_leaves,
    reference_path,
    reference_root,
)

TREES = [pytest.param(tree, id=f"{tree['treeSize']} leaves") for tree in load_sealed_trees()]
WRONG = [pytest.param(case, id=case["name"]) for case in load_error_cases()]
LEAVES = numbered_leaves(700)


def proof_of(receipt: dict[str, Any], tree_size: int) -> InclusionProof:
    siblings = tuple(bytes.fromhex(sibling) for sibling in receipt["siblings"])
    return InclusionProof(receipt["leafIndex"], tree_size, siblings)


@pytest.mark.parametrize("tree", TREES)
def test_agrees_with_every_receipt_of_the_shared_vectors(tree: dict[str, Any]) -> None:
    assert tree["receipts"]
    for receipt in tree["receipts"]:
        proof = proof_of(receipt, tree["treeSize"])
        salt = bytes.fromhex(receipt["salt"])
        credential = bytes.fromhex(receipt["credentialHash"])
        leaf = leaf_hash(salt=salt, credential_hash=credential)
        assert leaf.hex() == receipt["leaf"]
        assert root_from_proof(leaf, proof).hex() == tree["merkleRoot"]
        seal = seal_from_proof(salt=salt, credential_hash=credential, proof=proof)
        assert seal.hex() == tree["seal"]
        path = generic_path(salt=salt, proof=proof)
        assert path == receipt["genericPath"]
        assert merkletools_accepts(path, receipt["credentialHash"], tree["seal"])


@pytest.mark.parametrize("tree", TREES)
def test_seals_the_roots_of_the_shared_vectors(tree: dict[str, Any]) -> None:
    root = bytes.fromhex(tree["merkleRoot"])
    assert seal_hash(merkle_root=root, tree_size=tree["treeSize"]).hex() == tree["seal"]
    assert seal_hash(merkle_root=root, tree_size=tree["treeSize"] + 1).hex() != tree["seal"]


@pytest.mark.parametrize("case", WRONG)
def test_answers_as_the_vectors_of_wrong_proofs_say(case: dict[str, Any]) -> None:
    proof = proof_of(case, case["treeSize"])
    salt, credential = bytes.fromhex(case["salt"]), bytes.fromhex(case["credentialHash"])
    try:
        seal = seal_from_proof(salt=salt, credential_hash=credential, proof=proof)
    except VerificationError as exc:
        answer = exc.reason
    else:
        answer = "match" if seal.hex() == case["seal"] else "mismatch"
    assert answer == case["expected"]


@given(size=st.integers(1, len(LEAVES)), data=st.data())
@settings(deadline=None)
def test_walks_the_paths_of_rfc_9162(size: int, data: st.DataObject) -> None:
    leaves = LEAVES[:size]
    index = data.draw(st.integers(0, size - 1))
    proof = InclusionProof(index, size, tuple(reference_path(index, leaves)))
    assert root_from_proof(leaves[index], proof) == reference_root(leaves)


@given(size=st.integers(1, 300), data=st.data())
@settings(deadline=None)
def test_takes_the_sides_of_merkletools(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    steps = merkletools_tree(LEAVES[:size]).get_proof(index)
    assert list(sibling_sides(index, size)) == ["left" in step for step in steps]


@given(size=st.integers(1, MAX_TREE_SIZE), data=st.data())
def test_a_path_is_never_longer_than_the_tree_is_high(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    assert len(list(sibling_sides(index, size))) <= (size - 1).bit_length()


@pytest.mark.parametrize(
    ("index", "size"),
    [
        pytest.param(0, 0, id="empty tree"),
        pytest.param(1, 1, id="index is the size"),
        pytest.param(-1, 4, id="negative index"),
        pytest.param(0, -1, id="negative size"),
        pytest.param(0, MAX_TREE_SIZE + 1, id="tree too large"),
    ],
)
def test_refuses_leaves_that_no_tree_has(index: int, size: int) -> None:
    with pytest.raises(VerificationError, match=f"leaf {index} is not in a tree of {size}") as e:
        root_from_proof(bytes(32), InclusionProof(index, size, ()))
    assert e.value.reason == "index-out-of-range"


def test_walks_the_largest_tree() -> None:
    proof = InclusionProof(MAX_TREE_SIZE - 1, MAX_TREE_SIZE, (bytes(32),) * 40)
    assert len(root_from_proof(bytes(32), proof)) == 32


@pytest.mark.parametrize(
    ("leaf", "sibling"),
    [
        pytest.param(bytes(31), bytes(33), id="a byte moved to the right"),
        pytest.param(bytes(33), bytes(31), id="a byte moved to the left"),
        pytest.param(bytes(32), b"", id="empty sibling"),
    ],
)
def test_takes_hashes_of_32_bytes_only(leaf: bytes, sibling: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        root_from_proof(leaf, InclusionProof(0, 2, (sibling,)))


@pytest.mark.parametrize(
    ("salt", "credential"),
    [pytest.param(31, 33, id="short salt"), pytest.param(32, 31, id="short hash")],
)
def test_a_leaf_is_made_of_32_and_32_bytes(salt: int, credential: int) -> None:
    with pytest.raises(ValueError, match="32 bytes each"):
        leaf_hash(salt=bytes(salt), credential_hash=bytes(credential))


def test_order_matters_in_leaf_and_node() -> None:
    a, b = b"a" * 32, b"b" * 32
    assert node_hash(a, b) != node_hash(b, a)
    assert leaf_hash(salt=a, credential_hash=b) == node_hash(a, b)


@given(
    st.lists(st.tuples(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32)))
)
def test_many_leaves_are_those_of_each(pairs: list[tuple[bytes, bytes]]) -> None:
    salts, hashes = [salt for salt, _ in pairs], [digest for _, digest in pairs]
    assert leaf_hashes(salts=salts, credential_hashes=hashes) == [
        leaf_hash(salt=salt, credential_hash=digest) for salt, digest in pairs
    ]


@pytest.mark.parametrize(
    ("salts", "hashes"),
    [
        ([b"s" * 32], [b"h" * 31]),
        ([b"s" * 33, b"s" * 31], [b"h" * 32] * 2),
        ([b"s" * 32], [b"h" * 32] * 2),
    ],
)
def test_many_leaves_are_of_32_bytes_each(salts: list[bytes], hashes: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes each"):
        leaf_hashes(salts=salts, credential_hashes=hashes)
