import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from registry.core.canonical import Canonicalization, credential_hash, jcs_bytes
from registry.core.checkpoint import checkpoint_over, read_checkpoint
from registry.core.documents import parse_document
from registry.core.receipt import RECEIPT_TYPE, embed_receipt, receipt_from_json
from registry.core.signed_note import parse_verifier_key
from registry.core.tiles import TileId, build_tiles, proof_from_tiles
from registry.core.tree import generic_path, leaf_hash, node_hash, seal_from_proof
from registry.vc.notes import verify_note
from tests.oracle import load_error_cases, merkletools_accepts

DOC = (Path(__file__).parents[2] / "docs/formats.md").read_text()


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", DOC, re.DOTALL | re.MULTILINE)
    return str(found)


EXAMPLE: dict[str, Any] = json.loads(block("json"))
CREDENTIALS = EXAMPLE["credentials"]


@pytest.mark.parametrize("shown", CREDENTIALS, ids=[shown["document"] for shown in CREDENTIALS])
def test_the_documents_have_the_canonical_bytes_hashes_and_leaves_shown(
    shown: dict[str, str],
) -> None:
    document = parse_document(shown["document"].encode())
    unproved = {key: value for key, value in document.items() if key != "proof"}
    assert jcs_bytes(unproved).decode() == shown["canonical"]
    found = credential_hash(shown["document"].encode(), Canonicalization.JCS)
    assert found.hex() == shown["credentialHash"]
    salt = bytes.fromhex(shown["salt"])
    assert leaf_hash(salt=salt, credential_hash=found).hex() == shown["leaf"]


def test_the_tree_has_the_node_root_seal_and_tile_shown() -> None:
    leaves = [bytes.fromhex(shown["leaf"]) for shown in CREDENTIALS]
    tiles: dict[TileId, bytes] = {}
    head = build_tiles(leaves, lambda tile: tiles.update({tile.id: tile.hashes}))
    assert node_hash(leaves[0], leaves[1]).hex() == EXAMPLE["node01"]
    assert node_hash(bytes.fromhex(EXAMPLE["node01"]), leaves[2]) == head.merkle_root
    assert head.merkle_root.hex() == EXAMPLE["merkleRoot"]
    assert head.seal.hex() == EXAMPLE["seal"]
    assert {TileId(0, 0): bytes.fromhex(EXAMPLE["tile"])} == tiles
    assert proof_from_tiles(1, 3, tiles.__getitem__) == receipt_from_json(EXAMPLE["receipt"]).proof


def test_the_receipt_and_the_generic_path_lead_to_the_seal_shown() -> None:
    receipt = receipt_from_json(EXAMPLE["receipt"])
    assert receipt.model_dump(mode="json") == EXAMPLE["receipt"]
    assert receipt.credential_hash.hex() == CREDENTIALS[1]["credentialHash"]
    seal = seal_from_proof(
        salt=receipt.salt, credential_hash=receipt.credential_hash, proof=receipt.proof
    )
    assert seal == receipt.seal == bytes.fromhex(EXAMPLE["seal"])
    assert generic_path(salt=receipt.salt, proof=receipt.proof) == EXAMPLE["genericPath"]
    target = receipt.credential_hash.hex()
    assert merkletools_accepts(EXAMPLE["genericPath"], target, EXAMPLE["seal"])


def seal_of(receipt: dict[str, Any]) -> str:
    names: dict[str, Any] = {}
    exec(block("python"), names)  # noqa: S102 - the code shown is the code under test
    return str(names["seal_of"](receipt))


def test_the_code_shown_gives_the_seal_shown() -> None:
    assert seal_of(EXAMPLE["receipt"]) == EXAMPLE["seal"]


def test_the_code_shown_answers_as_the_vectors_of_wrong_proofs_say() -> None:
    for case in load_error_cases():
        try:
            answer = "match" if seal_of(case) == case["seal"] else "mismatch"
        except (ValueError, IndexError):
            answer = "impossible"
        expected = case["expected"]
        assert answer == (expected if expected in ("match", "mismatch") else "impossible")


SEALS = [bytes([digit]) * 32 for digit in (0x11, 0x22, 0x33)]


def test_the_checkpoint_shown_is_over_the_seals_and_signed_by_the_key_shown() -> None:
    checkpoint, note = read_checkpoint(block("text").encode())
    assert checkpoint == checkpoint_over(checkpoint.origin, SEALS)
    [name] = re.findall(r"^`(did:\S+)`:$", DOC, re.MULTILINE)
    key = parse_verifier_key(name)
    assert verify_note(note, [key]) == (key,)


def test_the_commands_shown_give_the_root_shown() -> None:
    ran = subprocess.run(["bash", "-c", block("bash")], capture_output=True, check=True)
    assert ran.stdout.decode() == block("text").splitlines(keepends=True)[2]


def test_every_key_of_a_receipt_and_of_its_proof_is_described() -> None:
    proofs = embed_receipt({}, receipt_from_json(EXAMPLE["receipt"]))["proof"]
    assert isinstance(proofs, list)
    member = proofs[0]
    assert isinstance(member, dict)
    assert member["receipt"] == EXAMPLE["receipt"]
    keys = {*EXAMPLE["receipt"], *EXAMPLE["receipt"]["anchors"][0], *member}
    assert {key for key in keys if f"`{key}`" not in DOC} == set()
    assert f"`{RECEIPT_TYPE}`" in DOC
