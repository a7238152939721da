"""Both engines ask the same chain, and say the same of what it answers."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any  # answers of a node are JSON of any shape

import pytest
from playwright.sync_api import Request

from registry.core.canonical import Canonicalization, document_hash
from registry.core.documents import parse_document
from registry.core.receipt import Receipt, embed_receipt, print_receipt
from registry.core.report import Report, Verdict
from registry.services.receipts import receipt_of
from registry.services.verification import Evidence
from tests.browser.engine import Engine
from tests.browser.parity import Verifier, same_report
from tests.core.baking import in_png, in_svg
from tests.services.evidence import (
    PDF,
    anchored_badge,
    badge,
    check,
    codes,
    compact,
    evidence_of,
    later,
    with_anchor,
)
from tests.services.office import Office, stranger
from tests.services.test_status import ACTIVE, REVOKED, SUSPENDED, ask


def verified(engine: Engine, office: Office, evidence: Evidence, **settings: Any) -> Report:
    return same_report(engine, Verifier([office.anvil.url], **settings), evidence)


def says(report: Report, name: str, code: str, verdict: Verdict) -> None:
    assert (check(report, name).code, report.verdict) == (code, verdict), codes(report)


def test_a_badge_with_its_receipt_inside_is_valid(engine: Engine, office: Office) -> None:
    credential = badge()
    receipt = anchored_badge(office, credential)
    inside = compact(embed_receipt(parse_document(credential), receipt))
    report = verified(engine, office, Evidence(credential=inside))
    assert report.verdict is Verdict.VALID
    assert codes(report) == {
        "format": "well-formed",
        "integrity": "hash-match",
        "inclusion": "included",
        "anchor": "anchored",
        "status": "active",
        "issuer": "no-trust-list",
        "validity": "in-time",
        "proofs": "no-other-proofs",
    }


def changed(**members: object) -> Callable[[Receipt], Receipt]:
    return lambda receipt: receipt.model_copy(update=members)


def moved(**members: object) -> Callable[[Receipt], Receipt]:
    return lambda receipt: with_anchor(receipt, **members)


CHANGES: dict[str, tuple[str, str, Callable[[Receipt], Receipt]]] = {
    "sibling": ("inclusion", "seal-mismatch", changed(siblings=(bytes(32),))),
    "path": ("inclusion", "wrong-path-length", changed(siblings=())),
    "index": ("inclusion", "index-out-of-range", changed(leaf_index=2)),
    "salt": ("inclusion", "seal-mismatch", changed(salt=bytes(32))),
    "hash": ("integrity", "hash-mismatch", changed(credential_hash=bytes(32))),
    "form": (
        "integrity",
        "unreadable-credential",
        changed(canonicalization=Canonicalization.JCS),
    ),
    "seal": ("anchor", "not-anchored", changed(seal=bytes(32))),
    "issuer": ("anchor", "not-anchored", moved(issuer=stranger().address)),
    "contract": ("anchor", "wrong-contract", moved(contract=stranger().address)),
    "time": ("anchor", "wrong-time", lambda r: with_anchor(r, anchored_at=later(r.anchors[0]))),
    "transaction": ("anchor", "wrong-transaction", moved(transaction=bytes(32))),
    "block hash": ("anchor", "wrong-transaction", moved(block_hash=bytes(32))),
    "log": ("anchor", "wrong-transaction", moved(log_index=1)),
    "block": (
        "anchor",
        "wrong-transaction",
        lambda r: with_anchor(r, block_number=r.anchors[0].block_number - 1),
    ),
}


@pytest.fixture
def diploma(office: Office) -> Receipt:
    """Receipt of a diploma beside a neighbour's, final."""
    office.final("diploma", "neighbour")
    return office.receipt("diploma")


def test_each_field_of_a_false_receipt_has_its_code(
    engine: Engine, office: Office, diploma: Receipt
) -> None:
    for what, (name, code, change) in CHANGES.items():
        report = verified(engine, office, evidence_of(b"diploma", change(diploma)))
        assert (check(report, name).code, report.verdict) == (code, Verdict.INVALID), what


def test_what_the_chain_cannot_say_yet_is_unknown(
    engine: Engine, office: Office, diploma: Receipt
) -> None:
    beyond = with_anchor(diploma, block_number=10_000_000)
    pending = diploma.model_copy(update={"anchors": ()})
    elsewhere = with_anchor(diploma, chain=5)
    for receipt, code in [
        (beyond, "node-behind"),
        (pending, "pending"),
        (elsewhere, "chain-not-configured"),
    ]:
        report = verified(engine, office, evidence_of(b"diploma", receipt))
        says(report, "anchor", code, Verdict.UNDETERMINED)
    report = same_report(engine, Verifier([]), evidence_of(b"diploma", diploma))
    says(report, "anchor", "chain-not-configured", Verdict.UNDETERMINED)


def test_an_anchor_is_final_at_its_depth_and_no_earlier(
    engine: Engine, office: Office, diploma: Receipt
) -> None:
    depth = office.chain.head().number - diploma.anchors[0].block_number + 1
    evidence = evidence_of(b"diploma", diploma)
    report = verified(engine, office, evidence, finality=depth)
    says(report, "anchor", "anchored", Verdict.VALID)
    report = verified(engine, office, evidence, finality=depth + 1)
    says(report, "anchor", "not-final", Verdict.UNDETERMINED)


def test_several_anchors_must_all_hold_and_others_are_named(
    engine: Engine, office: Office, diploma: Receipt
) -> None:
    (anchor,) = diploma.anchors
    false = anchor.model_copy(update={"log_index": 1})
    others = [anchor.model_copy(update={"chain": chain}) for chain in (10, 9, 10**18)]
    both = diploma.model_copy(update={"anchors": (anchor, *others, false)})
    report = verified(engine, office, evidence_of(b"diploma", both))
    says(report, "anchor", "wrong-transaction", Verdict.INVALID)
    assert check(report, "anchor").evidence["notAsked"] == f"eip155:9, eip155:10, eip155:{10**18}"
    good = diploma.model_copy(update={"anchors": (*others, anchor)})
    assert verified(engine, office, evidence_of(b"diploma", good)).verdict is Verdict.VALID


def test_withdrawn_credentials_are_not_valid(
    engine: Engine, office: Office, diploma: Receipt
) -> None:
    for status in (SUSPENDED, ACTIVE, REVOKED):
        ask(office, status, "diploma")
        office.finish_status_changes()
        report = verified(engine, office, evidence_of(b"diploma", diploma))
        assert check(report, "status").code == status.name.lower()
        assert (report.verdict is Verdict.VALID) is (status is ACTIVE)
        beside = evidence_of(b"neighbour", office.receipt("neighbour"))
        assert verified(engine, office, beside).verdict is Verdict.VALID


def test_issuers_are_judged_by_the_verifiers_list(
    engine: Engine, office: Office, diploma: Receipt
) -> None:
    evidence = evidence_of(b"diploma", diploma)
    other = stranger().address
    settings: list[tuple[str, dict[str, Any]]] = [
        ("trusted-issuer", {"trusted": {office.issuer: "Nordic", other: "Other"}}),
        ("untrusted-issuer", {"trusted": {other: "Other"}}),
        ("expected-issuer", {"trusted": {other: "Other"}, "expected": office.issuer}),
        ("unexpected-issuer", {"expected": other}),
    ]
    for code, setting in settings:
        report = verified(engine, office, evidence, **setting)
        assert check(report, "issuer").code == code


DATES: list[tuple[str, dict[str, object]]] = [
    ("in-time", {"validFrom": "2026-06-01T00:00:00Z", "validUntil": "2026-06-01T00:00:00Z"}),
    ("in-time", {"validFrom": None, "issuanceDate": "2020-01-01T00:00:00+02:00"}),
    ("in-time", {"validFrom": "0001-01-01T00:00:00+14:00", "validUntil": None}),
    ("not-yet-valid", {"validFrom": "2026-06-01T00:00:00.000001Z"}),
    ("not-yet-valid", {"validFrom": "2026-06-01T00:00:00-00:01"}),
    ("unreadable-date", {"validFrom": "2030-01-01T00:00:00Z", "validUntil": 1}),
    ("expired", {"validUntil": "2026-05-31T23:59:59.999999Z"}),
    ("expired", {"validFrom": None, "expirationDate": "2026-06-01T00:00:00+00:01"}),
    ("unreadable-date", {"validFrom": "2026-06-01"}),
    ("unreadable-date", {"validFrom": 5}),
    ("unreadable-date", {"validUntil": {"a": 1}}),
    ("unreadable-date", {"validFrom": "2030-01-01T00:00:00Z", "awardedDate": ""}),
    ("awarded-after-anchor", {"awardedDate": "2126-06-01T00:00:00Z"}),
]


def test_dates_are_judged_alike(engine: Engine, office: Office) -> None:
    credentials = [badge(name=str(n), **dates) for n, (_, dates) in enumerate(DATES)]
    office.add(credentials, Canonicalization.JCS)
    batch = office.store.seal_open_batch(office.issuer, now=office.chain.head().time)
    assert batch is not None
    office.finish(batch)
    now = datetime(2026, 6, 1, tzinfo=UTC)
    for credential, (code, _) in zip(credentials, DATES, strict=True):
        receipt = receipt_of(office.store, document_hash(parse_document(credential)))
        report = verified(engine, office, evidence_of(credential, receipt), now=now)
        assert check(report, "validity").code == code, credential


def test_a_badge_in_an_image_counts_by_what_the_receipt_means(
    engine: Engine, office: Office
) -> None:
    credential = badge()
    receipt = anchored_badge(office, credential)
    inside = in_png(compact(embed_receipt(parse_document(credential), receipt)))
    for image in (inside, in_svg(compact(embed_receipt(parse_document(credential), receipt)))):
        report = verified(engine, office, Evidence(credential=image))
        assert report.verdict is Verdict.VALID
    report = verified(engine, office, evidence_of(in_png(credential), receipt))
    assert report.verdict is Verdict.VALID
    report = verified(engine, office, evidence_of(in_png(badge(name="Other")), receipt))
    says(report, "integrity", "hash-mismatch", Verdict.INVALID)
    report = verified(engine, office, evidence_of(inside[:-30], receipt))
    says(report, "integrity", "unreadable-credential", Verdict.INVALID)
    report = verified(engine, office, Evidence(credential=inside[:-30]))
    says(report, "format", "no-receipt", Verdict.UNDETERMINED)
    office.final(inside.hex())  # anything, so that a receipt of raw bytes exists
    raw = office.receipt(inside.hex())
    report = verified(engine, office, evidence_of(inside.hex().encode(), raw))
    assert check(report, "validity").code == "no-dates"
    report = verified(engine, office, evidence_of(inside, raw))
    assert check(report, "validity").code == "in-time"


def test_without_credential_or_receipt_nothing_is_decided(
    engine: Engine, office: Office, diploma: Receipt
) -> None:
    report = verified(engine, office, evidence_of(None, diploma))
    says(report, "integrity", "no-credential", Verdict.UNDETERMINED)
    for credential in (PDF, badge(), b"{", b"\x0b{}", b'{"proof":{}}'):
        report = verified(engine, office, Evidence(credential=credential))
        says(report, "format", "no-receipt", Verdict.UNDETERMINED)
    damaged = print_receipt(diploma)[:-1]
    report = verified(engine, office, Evidence(credential=b"diploma", receipt=damaged))
    says(report, "format", "malformed-receipt", Verdict.INVALID)
    assert codes(report) == {"format": "malformed-receipt"}


def test_the_node_learns_what_it_is_asked_and_nobody_anything(
    engine: Engine, office: Office
) -> None:
    credential = badge()
    receipt = anchored_badge(office, credential)
    asked, remember = recorder()
    engine.page.on("request", remember)
    report = verified(engine, office, evidence_of(credential, receipt))
    engine.page.remove_listener("request", remember)
    assert report.verdict is Verdict.VALID
    assert {request.url for request in asked} == {f"{office.anvil.url}/"}
    told = "".join(request.post_data or "" for request in asked).lower()
    assert receipt.seal.hex() in told
    for secret in (receipt.credential_hash.hex(), receipt.salt.hex(), "wound", "example"):
        assert secret not in told
    for request in asked:
        assert "cookie" not in request.headers
        assert not request.headers.get("referer")


def recorder() -> tuple[list[Request], Callable[[Request], None]]:
    asked: list[Request] = []
    # A function of ours: Playwright cannot put its mark on a method of a list.
    return asked, lambda request: asked.append(request)  # noqa: PLW0108
