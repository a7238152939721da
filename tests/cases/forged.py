"""Cases of credentials that were changed, and of files that two readers read differently."""

import copy
from collections.abc import Iterator
from typing import Any  # JSON of a credential

from registry.core.address import format_address
from tests.cases.batches import STRANGER
from tests.cases.case import Case, Shelf
from tests.cases.documents import BADGE, PDF, Document, compact, pretty
from tests.cases.unreadable import UNREADABLE

_MISMATCH = "invalid integrity hash-mismatch"
_UNREADABLE = "invalid integrity unreadable-credential"
_MALFORMED = "invalid format malformed-receipt"


def forged(shelf: Shelf) -> Iterator[Case]:
    """All of them."""
    yield from _changed(shelf)
    yield from _unreadable(shelf)
    yield from _proofs(shelf)
    yield from _proofs_around(shelf)


def _changed(shelf: Shelf) -> Iterator[Case]:
    receipt = shelf.text("badge")
    for name, document in _changes():
        says = f"credential: {name}"
        yield Case(says, _MISMATCH, compact(document), receipt, "NotIncluded")
    changed = pretty({**shelf.whole("badge"), "name": "Brain surgery"})
    yield Case("credential: changed around its receipt", _MISMATCH, changed, None, "NotIncluded")
    pdf = PDF.replace(b"/Count 0", b"/Count 1")
    yield Case("PDF: one byte changed", _MISMATCH, pdf, shelf.text("pdf"), "NotIncluded")
    yield Case("PDF: one byte more", _MISMATCH, PDF + b"\n", shelf.text("pdf"), "NotIncluded")
    yield Case("a neighbour's receipt", _MISMATCH, shelf.file("odd"), receipt, "NotIncluded")
    left, right = shelf.file("left"), shelf.text("right")
    yield Case("the receipt of the only neighbour", _MISMATCH, left, right, "NotIncluded")


def _changes() -> Iterator[tuple[str, Document]]:
    """The badge with each member changed, added and taken away, and some within them."""
    for key, value in BADGE.items():
        yield f"{key} changed", {**BADGE, key: _other(value)}
        yield f"{key} gone", {name: item for name, item in BADGE.items() if name != key}
    yield "a member more", {**BADGE, "level": "expert"}
    yield "a member more that is null", {**BADGE, "level": None}
    yield "another key", {("title" if k == "name" else k): v for k, v in BADGE.items()}
    within = ("credentialSubject", "achievement")
    for path, value in (
        (("issuer", "name"), "Other academy"),
        (("issuer", "url"), "https://example.com/"),
        (("credentialSubject", "id"), "urn:uuid:00000000-0000-4000-8000-000000000000"),
        ((*within, "creditsAvailable"), 4),
        ((*within, "creditsAvailable"), "3"),
        ((*within, "creditsAvailable"), True),
        ((*within, "criteria", "narrative"), "Passed"),
        ((*within, "criteria", "narrative"), "passed."),
        ((*within, "proof"), []),
    ):
        yield f"{'/'.join(path)} is {value!r}", _with(path, value)
    less = copy.deepcopy(BADGE)
    del less["credentialSubject"]["achievement"]["criteria"]
    yield "criteria gone", less
    swapped = [*reversed(BADGE["type"])]
    yield "types in another order", {**BADGE, "type": swapped}


def _other(value: object) -> object:
    return f"{value}x" if isinstance(value, str) else [value]


def _with(path: tuple[str, ...], value: object) -> Document:
    document = copy.deepcopy(BADGE)
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return document


def _unreadable(shelf: Shelf) -> Iterator[Case]:
    for each in UNREADABLE:
        receipt = shelf.text(each.name)
        yield Case(f"unreadable: {each.name}", _UNREADABLE, each.file, receipt, None)
    badge, pdf = shelf.text("badge"), shelf.file("pdf")
    yield Case("a PDF for a badge", _UNREADABLE, pdf, badge, None)
    yield Case("an empty file for a badge", _UNREADABLE, b"", badge, None)


def _proofs(shelf: Shelf) -> Iterator[Case]:
    """Other proofs, which the hash leaves out: they are named and not believed."""
    receipt, unchecked = shelf.text("badge"), "valid proofs other-proofs-not-checked"
    bad = "invalid proofs bad-proof"
    none = "valid proofs no-other-proofs"
    signature = {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "proofValue": "z"}
    for name, proof, says in (
        ("a signature by nobody", signature, bad),
        ("a signature of a kind not known here", {"type": "Ed25519Signature2020"}, unchecked),
        ("of no name", [{}], unchecked),
        ("that is no object", "trust me", bad),
        ("null", None, none),
        ("an empty list", [], none),
    ):
        file = compact({**BADGE, "proof": proof})
        yield Case(f"proof beside the receipt: {name}", says, file, receipt)
    whole = shelf.whole("badge")
    old = {"type": "Ed25519Signature2020", "proofValue": "z"}
    whole["proof"] = [old, *whole["proof"]]
    yield Case("a signature before the receipt", unchecked, compact(whole), None)
    whole["proof"][0] = {**old, "proofValue": "y"}
    yield Case("that signature changed", unchecked, compact(whole), None)
    whole["proof"] = whole["proof"][1]
    yield Case("the receipt as the only proof", none, compact(whole), None)


def _proofs_around(shelf: Shelf) -> Iterator[Case]:
    """The members around an embedded receipt, each of which must fit it."""
    whole = shelf.whole("badge")
    (proof,) = whole["proof"]
    chain = "did:pkh:eip155:31337:"

    def case(name: str, *proofs: object) -> Case:
        file = compact({**whole, "proof": list(proofs)})
        return Case(f"embedded: {name}", _MALFORMED, file, None, None)

    yield case("another time", {**proof, "created": "2026-01-03T02:00:06Z"})
    yield case("another method", {**proof, "verificationMethod": proof["verificationMethod"] + "0"})
    stranger = chain + format_address(STRANGER)
    yield case("another issuer", {**proof, "verificationMethod": stranger})
    low = proof["verificationMethod"].lower()
    yield case("an issuer without checksum", {**proof, "verificationMethod": low})
    yield case("another purpose", {**proof, "proofPurpose": "authentication"})
    yield case("another type", {**proof, "type": "MerkleProof2019"})
    yield case("a member more", {**proof, "domain": "example.com"})
    for key in ("created", "receipt", "proofPurpose", "verificationMethod", "type"):
        yield case(f"without {key}", {k: v for k, v in proof.items() if k != key})
    yield case("twice", proof, proof)
    pending = {**proof, "receipt": {**proof["receipt"], "anchors": []}}
    yield case("pending", pending)
    longer = {**proof, "receipt": {**proof["receipt"], "note": ""}}
    yield case("a receipt with a key more", longer)
