"""A case of the file, put to the Python engine and to the contract."""

import base64
import json
import os
from datetime import UTC, datetime
from typing import Any, Final  # a case is JSON

from registry.chain import DEVELOPMENT_CHAIN_ID, ChainOptions
from registry.chain.contract import decode_result, encode_call
from registry.core.address import format_address, parse_address
from registry.core.attachments import attached
from registry.core.baked import unbake
from registry.core.canonical import Canonicalization, credential_hash
from registry.core.documents import parse_document
from registry.core.receipt import Receipt, extract_receipt, parse_receipt
from registry.core.report import Report
from registry.core.trust import TrustedIssuer
from registry.errors import InvalidInputError
from registry.services.verification import Evidence, Verification
from tests.anvil import open_chain
from tests.worlds import World, faulty, load_cases, patience

VERDICTS: Final = ("NotAnchored", "NotIncluded", "Revoked", "Suspended", "Valid")
Case = dict[str, Any]


def evidence_of(case: Case) -> Evidence:
    """What the verifier is given."""
    credential, receipt = case["credential"], case["receipt"]
    return Evidence(
        credential=None if credential is None else base64.b64decode(credential["base64"]),
        receipt=None if receipt is None else receipt.encode(),
    )


def verified(world: World, case: Case) -> Report:
    """The Python engine's report."""
    options = ChainOptions(timeout=patience(case["rpc"]))
    chain = open_chain(faulty(world, case["rpc"]), options)
    trusted = {parse_address(key): TrustedIssuer(name) for key, name in case["trust"].items()}
    now = datetime.fromisoformat(case["now"])
    expected = case["expectedIssuer"]
    try:
        return Verification({DEVELOPMENT_CHAIN_ID: chain}, trusted, lambda: now).verify(
            evidence_of(case),
            expected_issuer=None if expected is None else parse_address(expected),
        )
    finally:
        chain.close()


def contract_question(case: Case) -> dict[str, Any] | None:
    """What to ask the contract: of the credential that was given, if there is one.

    None without a receipt that can be read, an anchor on this chain, or a credential that can be
    hashed as the receipt says.
    """
    evidence = evidence_of(case)
    try:
        receipt = _receipt(evidence)
        if receipt is None:
            return None
        digest = _digest(evidence, receipt)
    except InvalidInputError:
        return None
    issuers = [each.issuer for each in receipt.anchors if each.chain == DEVELOPMENT_CHAIN_ID]
    if not issuers:
        return None
    return {
        "issuer": format_address(issuers[0]),
        "seal": "0x" + receipt.seal.hex(),
        "credentialHash": "0x" + digest.hex(),
        "salt": "0x" + receipt.salt.hex(),
        "leafIndex": receipt.leaf_index,
        "treeSize": receipt.tree_size,
        "siblings": ["0x" + sibling.hex() for sibling in receipt.siblings],
    }


def ask_contract(world: World, question: dict[str, Any]) -> str:
    """The contract's verdict, from the honest node."""
    data = encode_call(
        "verify",
        question["issuer"],
        *(bytes.fromhex(question[key][2:]) for key in ("seal", "credentialHash", "salt")),
        question["leafIndex"],
        question["treeSize"],
        [bytes.fromhex(sibling[2:]) for sibling in question["siblings"]],
    )
    call = {"to": world.contract, "data": "0x" + data.hex()}
    (verdict,) = decode_result("verify", world.rpc.ask("eth_call", call, "latest").data())
    return VERDICTS[verdict]


def _receipt(evidence: Evidence) -> Receipt | None:
    if evidence.receipt is not None:
        return parse_receipt(evidence.receipt)
    file = evidence.credential or b""
    pdf = attached(file)
    if pdf is not None and pdf.receipt is not None:
        return parse_receipt(pdf.receipt)
    return extract_receipt(parse_document(opened(file)))


def _digest(evidence: Evidence, receipt: Receipt) -> bytes:
    content = evidence.credential
    if content is None:
        return receipt.credential_hash
    if receipt.canonicalization is not Canonicalization.RAW:
        content = opened(content)
    return credential_hash(content, receipt.canonicalization)


def opened(credential: bytes) -> bytes:
    inside = unbake(credential)
    return credential if inside is None else inside


def of_today(case: Case) -> Case:
    """The case for an edge whose clock is the machine's."""
    return {**case, "now": datetime.now(UTC).isoformat()}


def trust_list(case: Case) -> str:
    """The trust list of a case as a file; empty for none."""
    return "".join(
        f"[[issuers]]\nname = {json.dumps(name)}\naddresses = [{json.dumps(address)}]\n"
        for address, name in case["trust"].items()
    )


def cases_for_edges() -> list[Case]:
    """A case for each answer there is, or with ROOTSEAL_LONG_TESTS=1 all: edges only pass on."""
    cases: list[Case] = load_cases()["cases"]
    if os.environ.get("ROOTSEAL_LONG_TESTS") == "1":
        return cases
    answers = {(str(case["codes"]), case["rpc"], trust_list(case)): case for case in cases}
    assert len(answers) > 50
    return list(answers.values())
