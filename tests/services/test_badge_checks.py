"""Every credential in tests/corpus, which others made, with its verdict and the reason."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.core.report import Outcome
from registry.services.badge_checks import Finding, judge_badge

CORPUS = Path(__file__).parents[1] / "corpus"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
SOUND = [PASS, PASS, PASS, UNKNOWN]  # form, statements, validity, proofs: by a key of no DID
JUDGED = {
    "open-badges-3.0/simple.json": (SOUND, "its key is not of a DID"),
    "open-badges-3.0/simple-json.png": (SOUND, "its key is not of a DID"),
    "open-badges-3.0/simple-json.svg": (SOUND, "its key is not of a DID"),
    "open-badges-3.0/simple-multiple-proofs.json": (SOUND, "SomeProofType"),
    # An endorsement is no badge.
    "open-badges-3.0/endorsement-valid.json": (
        [UNKNOWN, PASS, PASS, UNKNOWN],
        "other types: VerifiableCredential, EndorsementCredential",
    ),
    # Its refresh services have the credential's own id: two places say what it is.
    "open-badges-3.0/complete.json": ([PASS, FAIL, PASS, FAIL], "is described again"),
    # Of VC 1.1, with a draft of the context of proofs, and a draft of the cryptosuite.
    "open-badges-3.0/simple-eddsa-2022.json": (
        [PASS, FAIL, PASS, UNKNOWN],
        "data-integrity/v1 is not known here",
    ),
    # Of a draft of Open Badges 3.0, with a context that was replaced.
    "open-badges-3.0/simple-noproof.json": ([FAIL, FAIL, PASS, UNKNOWN], "carries no other proof"),
    "open-badges-3.0/simple-err-expired.json": ([PASS, PASS, FAIL, UNKNOWN], "expired on 2010"),
    "open-badges-3.0/simple-err-issuer.json": ([FAIL, PASS, PASS, FAIL], '"issuer" is a required'),
    "open-badges-3.0/simple-err-proof-value.json": (
        [PASS, PASS, PASS, FAIL],
        "the signature does not hold",
    ),
    "open-badges-3.0/simple-err-type.json": ([UNKNOWN, FAIL, PASS, FAIL], "OtherCredential"),
    # Of a draft, whose context was replaced; and signed with a key that no DID names.
    "open-badges-3.0/simple.jwt": ([FAIL, FAIL, PASS, UNKNOWN], '"validFrom" is a required'),
    "open-badges-3.0/simple-jwt.png": (SOUND, "JWT: it names no key of a DID"),
    "blockcerts-3/ethereum-sepolia-v3.json": (
        [UNKNOWN, PASS, PASS, UNKNOWN],
        "MerkleProof2019: of a kind that is not verified",
    ),
    "blockcerts-3/mocknet-v3-valid.json": ([UNKNOWN, PASS, PASS, UNKNOWN], "ChainedProof2021"),
    "blockcerts-3/mocknet-vc-v2-data-integrity-proof.json": (
        [UNKNOWN, PASS, PASS, UNKNOWN],
        "anchored by another maker's tools",
    ),
    "blockcerts-3/testnet-v3--tampered.json": (
        [UNKNOWN, FAIL, PASS, UNKNOWN],
        "no context of the document defines",
    ),
}


def outcomes(findings: list[Finding]) -> list[Outcome]:
    return [found.outcome for found in findings]


def test_each_credential_of_others_is_judged_here() -> None:
    found = {str(path.relative_to(CORPUS)) for path in CORPUS.rglob("*.*") if path.is_file()}
    assert found - {"ORIGIN.md"} == set(JUDGED)


@pytest.mark.parametrize("name", JUDGED)
def test_a_credential_of_others_is_judged_with_the_reason(name: str) -> None:
    wanted, reason = JUDGED[name]
    findings = judge_badge((CORPUS / name).read_bytes(), None, now=NOW)
    assert outcomes(findings) == wanted
    assert reason in " ".join(found.detail for found in findings)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n", b'{"a":1,"a":2}']
)
def test_what_is_no_badge_at_all_is_refused(data: bytes) -> None:
    findings = judge_badge(data, None, now=NOW)
    assert outcomes(findings) == [FAIL]


def test_json_of_something_else_is_no_badge() -> None:
    assert FAIL in outcomes(judge_badge(json.dumps({"type": 1}).encode(), None, now=NOW))
    assert FAIL in outcomes(judge_badge(b"{}", None, now=NOW))
