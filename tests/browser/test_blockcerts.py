"""A badge for Blockcerts without the receipt beside it: both engines make one of its proof."""

import json
from dataclasses import replace
from typing import Any

from registry.chain import deterministic_address
from registry.core.address import format_address
from registry.core.receipt import parse_receipt
from registry.core.report import Report, Verdict
from registry.services.verification import Evidence
from registry.vc import base58
from registry.vc.merkle_proof_2019 import BlinkAnchor, Step, decode, encode
from tests.browser.engine import Engine, b64
from tests.browser.parity import Verifier
from tests.interop.academy import ISSUER, SEPOLIA, Academy
from tests.interop.conftest import badge, badges, place
from tests.services.evidence import check, codes

__all__ = ["badge", "badges", "place"]


def both(engine: Engine, verifier: Verifier, badge: Any) -> Report:
    """What both engines say: the same, but for the block that each asks at."""
    evidence = Evidence(credential=json.dumps(badge).encode())
    report = verifier.in_python(evidence)
    found = verifier.in_javascript(engine, evidence)
    assert found["verdict"] == report.verdict
    assert {check["name"]: check["code"] for check in found["checks"]} == codes(report)
    return report


def judged(place: Academy, engine: Engine, badge: Any, **settings: Any) -> str:
    """The verdict, and the code of the check that decided."""
    verifier = Verifier([place.node.url], chain_id=SEPOLIA, **settings)
    report = both(engine, verifier, badge)
    if report.verdict is Verdict.VALID:
        return "valid"
    wanted = "fail" if report.verdict is Verdict.INVALID else "unknown"
    return f"{report.verdict}: {next(c.code for c in report.checks if c.outcome == wanted)}"


def with_proof(badge: Any, **members: Any) -> Any:
    merkle = badge["proof"][0]
    value = encode(replace(decode(merkle["proofValue"]), **members))
    return {**badge, "proof": [{**merkle, "proofValue": value}, *badge["proof"][1:]]}


def test_it_is_valid_and_names_its_issuer(place: Academy, engine: Engine, badge: Any) -> None:
    verifier = Verifier([place.node.url], chain_id=SEPOLIA)
    report = both(engine, verifier, badge)
    assert report.verdict is Verdict.VALID
    assert codes(report)["proofs"] == "proofs-hold"
    assert check(report, "anchor").evidence["issuer"] == ISSUER


def test_changed_it_is_invalid(place: Academy, engine: Engine, badge: Any) -> None:
    badge["name"] = "Doctor of Clouds"
    assert judged(place, engine, badge) == "invalid: hash-mismatch"


def test_with_a_neighbours_proof_it_is_invalid(
    place: Academy, engine: Engine, badge: Any, badges: list[Any]
) -> None:
    badge["proof"][0] = badges[1]["proof"][0]
    assert judged(place, engine, badge) == "invalid: hash-mismatch"


def test_with_another_path_it_is_invalid(place: Academy, engine: Engine, badge: Any) -> None:
    path = decode(badge["proof"][0]["proofValue"]).path
    changed = with_proof(badge, path=(Step("left", b"\1" * 32), *path[1:]))
    assert judged(place, engine, changed) == "invalid: seal-mismatch"


def test_with_a_seal_that_the_transaction_does_not_have_nobody_can_say(
    place: Academy, engine: Engine, badge: Any
) -> None:
    anchors = decode(place.issue("other", "ada")[0]["proof"][0]["proofValue"]).anchors
    assert judged(place, engine, with_proof(badge, anchors=anchors)) == "undetermined: no-receipt"
    none = (BlinkAnchor(SEPOLIA, b"\7" * 32),)
    assert judged(place, engine, with_proof(badge, anchors=none)) == "undetermined: no-receipt"


def test_with_two_such_proofs_nobody_can_say(
    place: Academy, engine: Engine, badge: Any, badges: list[Any]
) -> None:
    badge["proof"] = [badges[1]["proof"][0], *badge["proof"]]
    assert judged(place, engine, badge) == "undetermined: no-receipt"


def test_without_a_node_nobody_can_say(place: Academy, engine: Engine, badge: Any) -> None:
    verifier = Verifier(["http://127.0.0.1:9"], chain_id=SEPOLIA, timeout=1)
    report = both(engine, verifier, badge)
    assert (report.verdict, codes(report)) == (Verdict.UNDETERMINED, {"format": "no-receipt"})
    junk = {**badge["proof"][0], "proofValue": "z" + base58.encode(b"\xff" * 40)}
    assert judged(place, engine, {**badge, "proof": junk}) == "undetermined: no-receipt"


def test_withdrawn_it_is_invalid(place: Academy, engine: Engine, badges: list[Any]) -> None:
    place.withdraw("revoke", badges[3])
    assert judged(place, engine, badges[3]) == "invalid: revoked"


def test_the_page_knows_when_it_was_anchored(place: Academy, engine: Engine, badge: Any) -> None:
    """The receipt that was made of the proof is what the page takes the date from."""
    found = engine.run(
        """async ({ credential, chain }) => {
          const { examine } = await import("rootseal/verify.js");
          const { anchoredAt } = await import("rootseal/page/claims.js");
          const settings = { chains: [chain], trusted: {}, expectedIssuer: null, timeout: 5000 };
          const verifier = { ...settings, now: new Date(), fetch };
          const evidence = { credential: bytes(credential), receipt: null };
          const { report, receipt } = await examine(evidence, verifier);
          return [report.verdict, anchoredAt(report, receipt.anchors).toISOString()];
        }""",
        {
            "credential": b64(json.dumps(badge).encode()),
            "chain": {
                "chain": f"eip155:{SEPOLIA}",
                "rpcUrls": [place.node.url],
                "contract": format_address(deterministic_address()),
                "finality": "finalized",
            },
        },
    )
    name = badge["id"].rpartition(":")[2]
    receipt = parse_receipt((place.folder / "cloud" / f"{name}.json.receipt.json").read_bytes())
    wanted = f"{receipt.anchors[0].anchored_at:%Y-%m-%dT%H:%M:%S}.000Z"
    assert found == ["valid", wanted]
