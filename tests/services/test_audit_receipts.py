"""Credentials with their receipts, as an auditor is given them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from registry.chain import RecordedHistory
from registry.core.canonical import Canonicalization, credential_hash
from registry.core.receipt import Receipt, print_receipt
from registry.core.tree import leaf_hash, seal_hash
from registry.errors import TooLargeError
from registry.services.audit import Given, audit
from registry.services.findings import FindingCode
from registry.services.ports import DisclosedList, Place
from registry.services.receipts import receipt_of
from registry.services.verification import Evidence
from tests.anvil import send
from tests.services.auditing import OPTIONS, Shown, audited, codes, given, record, settle
from tests.services.office import Office, stranger
from tests.services.test_anchoring import seal_of


def badge(**dates: str) -> bytes:
    return json.dumps({"type": "VerifiableCredential", **dates}).encode()


def final_badge(office: Office, **dates: str) -> tuple[bytes, bytes]:
    """A JSON credential and its receipt."""
    document = badge(**dates)
    office.add([document], Canonicalization.JCS)
    batch = office.store.seal_open_batch(office.issuer, now=office.chain.head().time)
    assert batch is not None
    office.finish(batch)
    settle(office)
    return document, receipt(office, credential_hash(document, Canonicalization.JCS))


def receipt(office: Office, digest: bytes) -> bytes:
    return print_receipt(receipt_of(office.store, digest))


def test_sound_receipts_are_no_finding(office: Office) -> None:
    office.final("diploma")
    settle(office)
    sound = given("diploma.pdf", b"diploma", print_receipt(office.receipt("diploma")))
    alone = given("a.receipt.json", None, print_receipt(office.receipt("diploma")))
    report = audited(office, given=[sound, alone])
    assert (codes(report), report.looked.receipts) == ([], 2)


def test_a_changed_credential_is_found(office: Office) -> None:
    office.final("diploma")
    settle(office)
    false = given("diploma.pdf", b"diplomA", print_receipt(office.receipt("diploma")))
    report = audited(office, given=[false])
    assert codes(report) == [FindingCode.RECEIPT_INVALID]
    assert report.findings[0].evidence["reason"] == "hash-mismatch"


@pytest.mark.parametrize("kind", ["no receipt", "a malformed one", "of another seal"])
def test_a_receipt_that_proves_nothing_is_found(office: Office, kind: str) -> None:
    office.final("diploma")
    settle(office)
    sound = office.receipt("diploma")
    receipts = {
        "no receipt": (None, "no-receipt"),
        "a malformed one": (b"{}", "malformed-receipt"),
        "of another seal": (
            print_receipt(sound.model_copy(update={"seal": b"\x07" * 32})),
            "seal-mismatch",
        ),
    }
    data, reason = receipts[kind]
    report = audited(office, given=[given("diploma.pdf", b"diploma", data)])
    assert codes(report) == [FindingCode.RECEIPT_INVALID]
    assert report.findings[0].evidence["reason"] == reason


def test_a_receipt_of_a_seal_that_nobody_anchored_is_found(office: Office) -> None:
    office.final("badge")
    anchored = office.receipt("badge")
    office.sealed("diploma")
    settle(office)
    pending = office.receipt("diploma").model_copy(update={"anchors": anchored.anchors})
    report = audited(office, given=[given("diploma.pdf", b"diploma", print_receipt(pending))])
    assert codes(report) == [FindingCode.RECEIPT_INVALID]
    assert report.findings[0].evidence["reason"] == "not-anchored"


def elsewhere(sound: Receipt, **change: object) -> bytes:
    (anchor,) = sound.anchors
    return print_receipt(sound.model_copy(update={"anchors": (anchor.model_copy(update=change),)}))


@pytest.mark.parametrize(
    "change",
    [{"block_number": 2**53 - 1}, {"anchored_at": datetime(2015, 1, 1, tzinfo=UTC)}],
    ids=["later block", "earlier time"],
)
def test_a_receipt_that_names_another_block_or_time_is_found(
    office: Office, change: dict[str, object]
) -> None:
    office.final("diploma")
    settle(office)
    false = elsewhere(office.receipt("diploma"), **change)
    report = audited(office, given=[given("diploma.pdf", b"diploma", false)])
    assert codes(report) == [FindingCode.RECEIPT_REORGED]


@pytest.mark.parametrize("change", [{"block_number": 2**53 - 1}, {"chain": 1}])
def test_a_receipt_of_which_no_chain_was_asked_is_not_called_clean(
    office: Office, change: dict[str, object]
) -> None:
    office.final("badge")
    anchors = office.receipt("badge").anchors
    office.sealed("diploma")
    settle(office)
    pending = office.receipt("diploma").model_copy(update={"anchors": anchors})
    false = given("diploma.pdf", b"diploma", elsewhere(pending, **change))
    report = audited(office, given=[false])
    assert (report.verdict, codes(report)) == ("incomplete", [])
    assert "diploma.pdf" in report.unknowns[0]


def test_a_receipt_of_a_seal_that_nobody_showed_needs_no_proof(office: Office) -> None:
    office.final("diploma")
    contract = "0x" + office.chain.contract.hex()
    for number in range(60):  # of other issuers, whose slots nobody asks for
        slot = "0x" + sha256(bytes([number])).hexdigest()
        office.anvil.ask("anvil_setStorageAt", contract, slot, "0x" + "11" * 32)
    settle(office)
    sound = office.receipt("diploma")
    many = []
    for number in range(20):
        salt = bytes([number]) * 32
        leaf = leaf_hash(salt=salt, credential_hash=sound.credential_hash)
        seal = seal_hash(merkle_root=leaf, tree_size=1)
        false = print_receipt(sound.model_copy(update={"salt": salt, "seal": seal}))
        many.append(given(f"{number}.pdf", b"diploma", false))
    report = audited(office, given=many)
    assert [found.evidence.get("reason") for found in report.findings] == ["not-anchored"] * 20


@pytest.fixture
def crowded(office: Office) -> Office:
    """Among so many others that proofs of its own state prove nothing of other seals."""
    for number in range(40):
        seal = sha256(bytes([number])).digest()
        send(office.chain, stranger(), office.chain.anchor_call(stranger().address, seal))
    office.final("diploma")
    settle(office)
    return office


def test_a_receipt_of_a_made_up_seal_is_found(crowded: Office) -> None:
    sound = crowded.receipt("diploma")
    made_up = []
    for number in range(5):  # some of which fall where nothing is proved
        digest = sha256(f"false {number}".encode()).digest()
        root = leaf_hash(salt=sound.salt, credential_hash=digest)
        change = {"credential_hash": digest, "seal": seal_hash(merkle_root=root, tree_size=1)}
        proof = print_receipt(sound.model_copy(update=change))
        made_up.append(given(f"{number}.pdf", f"false {number}".encode(), proof))
    report = audited(crowded, given=made_up)
    assert set(codes(report)) == {FindingCode.RECEIPT_INVALID}
    assert [f.evidence["reason"] for f in report.findings] == ["not-anchored"] * 5


def test_a_batch_that_came_after_the_chain_was_read_is_none_of_the_audit(crowded: Office) -> None:
    shown = Shown.by(crowded)
    batches = shown.batches()
    history = RecordedHistory(record(crowded, shown))
    names = [f"later {number}" for number in range(5)]
    for name in names:
        seal = seal_of(crowded.final(name))
        shown.lists.append(DisclosedList(0, frozenset(), {0: Place(seal, 0)}))
    proofs = [given(n, n.encode(), print_receipt(crowded.receipt(n))) for n in names]
    report = audit([history], shown, batches=batches, options=OPTIONS, given=proofs)
    assert codes(report) == []
    assert report.looked.batches == 1


def test_a_receipt_from_before_a_reorganisation_is_found(own_office: Office) -> None:
    office = own_office
    batch = office.final("diploma")
    before = print_receipt(office.receipt("diploma"))
    (anchor,) = office.store.anchors(batch.id)
    office.anvil.replace_from(anchor.block_number)
    office.anvil.ask("anvil_dropAllTransactions")
    office.anvil.mine()
    assert office.signer is not None
    call = office.chain.anchor_call(office.issuer, seal_of(batch))
    send(office.chain, office.signer, call)
    settle(office)
    report = audited(office, given=[given("diploma.pdf", b"diploma", before)])
    assert set(codes(report)) == {FindingCode.RECEIPT_REORGED, FindingCode.ANCHOR_ELSEWHERE}


@pytest.mark.parametrize("name", ["validFrom", "issuanceDate", "awardedDate"])
def test_a_back_dated_credential_is_found(office: Office, name: str) -> None:
    document, proof = final_badge(office, **{name: "2020-01-01T00:00:00Z"})
    report = audited(office, given=[given("badge.json", document, proof)])
    assert codes(report) == [FindingCode.BACK_DATED]


@pytest.mark.parametrize("date", ["2020-01-01T00:00:00", "2020-01-01", "20200101"])
def test_a_back_dated_credential_is_found_without_a_zone(office: Office, date: str) -> None:
    document, proof = final_badge(office, validFrom=date)
    report = audited(office, given=[given("badge.json", document, proof)])
    assert codes(report) == [FindingCode.BACK_DATED]


@pytest.mark.parametrize("date", ["1 January 2020", "0000-01-01", "9"])
def test_a_date_that_cannot_be_read_is_not_called_clean(office: Office, date: str) -> None:
    document, proof = final_badge(office, validFrom=date)
    report = audited(office, given=[given("badge.json", document, proof)])
    assert (report.verdict, codes(report)) == ("incomplete", [])
    assert "validFrom" in report.unknowns[0]


def test_a_date_within_the_tolerance_is_no_finding(office: Office) -> None:
    head = office.chain.head().time
    text = (head - timedelta(days=6)).isoformat()
    document, proof = final_badge(office, validFrom=text)
    each = given("badge.json", document, proof)
    assert codes(audited(office, given=[each])) == []
    strict = replace(OPTIONS, tolerance=timedelta(days=5))
    assert codes(audited(office, given=[each], options=strict)) == [FindingCode.BACK_DATED]


def test_a_sample_is_of_that_size_and_the_same_for_the_same_block(office: Office) -> None:
    office.final("diploma")
    settle(office)
    proof = print_receipt(office.receipt("diploma"))
    many = [given(f"{number}.pdf", b"other", proof) for number in range(10)]
    some = replace(OPTIONS, sample=3)
    first = audited(office, given=many, options=some)
    again = audited(office, given=reversed(many), options=some)
    assert (first.looked.receipts, len(first.findings)) == (3, 3)
    assert first == again


def test_a_file_that_cannot_be_read_is_not_answered(office: Office) -> None:
    def load() -> Evidence:
        raise TooLargeError("more than 256 MB")

    office.final("diploma")
    settle(office)
    report = audited(office, given=[Given("film.mp4", load)])
    assert (report.verdict, codes(report)) == ("incomplete", [])
    assert "film.mp4" in report.unknowns[0]
