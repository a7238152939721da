"""Cases of credentials by their statements, and of what is signed in them."""

from collections.abc import Iterator
from typing import Any

from registry.core.documents import parse_document
from registry.vc.data_integrity import Cryptosuite
from registry.vc.merkle_proof_2019 import merkle_proof
from registry.vc.signing_keys import did_key, key_from_seed, multikey
from tests.cases.case import Case, Shelf, printed
from tests.cases.documents import compact, pretty
from tests.cases.signing import DID, NAME, OPEN_BADGE, OTHER_BADGE, PAGES, SIGNED_AT, signature

_UNREADABLE = "invalid integrity unreadable-credential"
_CHANGED = "invalid integrity hash-mismatch"
_BAD = "invalid proofs bad-proof"
_HOLDS = "valid proofs proofs-hold"
_LEFT = "valid proofs other-proofs-not-checked"
_END = "https://www.w3.org/2018/credentials#validUntil"
_TIME = "http://www.w3.org/2001/XMLSchema#dateTime"
STRANGER = key_from_seed(b"\x08" * 32)


def statements(shelf: Shelf) -> Iterator[Case]:
    """All of them."""
    yield from _by_statements(shelf)
    yield from _signed(shelf)
    yield from _blockcerts(shelf)


def _by_statements(shelf: Shelf) -> Iterator[Case]:
    receipt = shelf.text("open badge")

    def case(name: str, says: str, document: dict[str, Any], contract: str | None) -> Case:
        return Case(f"statements: {name}", says, compact(document), receipt, contract)

    yield case("as they were", "valid", OPEN_BADGE, "Valid")
    backwards = dict(reversed(OPEN_BADGE.items()))
    yield Case("statements: in another order", "valid", pretty(backwards), receipt)
    yield case("another name", _CHANGED, {**OPEN_BADGE, "name": "Doctor"}, "NotIncluded")
    yield case("another badge", _CHANGED, OTHER_BADGE, "NotIncluded")
    endless = {key: value for key, value in OPEN_BADGE.items() if key != "validUntil"}
    yield case("an end left out", _CHANGED, endless, "NotIncluded")
    hidden = {**endless, _END: {"@type": _TIME, "@value": OPEN_BADGE["validUntil"]}}
    yield case("an end under its IRI", _UNREADABLE, hidden, None)
    yield case("a word of nobody's", _UNREADABLE, {**OPEN_BADGE, "honours": "all"}, None)
    contexts = [*OPEN_BADGE["@context"], {"until": _END}]
    own = {**endless, "@context": contexts, "until": OPEN_BADGE["validUntil"]}
    yield case("a context of its own", _UNREADABLE, own, None)
    unknown = {**OPEN_BADGE, "@context": [*OPEN_BADGE["@context"], "https://x.example/c"]}
    yield case("a context that nobody bundles", _UNREADABLE, unknown, None)
    as_document = {**shelf.content("open badge"), "canonicalization": "jcs"}
    text = compact(as_document).decode()
    file = compact(OPEN_BADGE)
    yield Case("statements: taken for a document", _CHANGED, file, text, "NotIncluded")


def _signed(shelf: Shelf) -> Iterator[Case]:
    receipt = shelf.text("open badge")

    def case(name: str, says: str, *proofs: dict[str, Any]) -> Case:
        file = compact({**OPEN_BADGE, "proof": list(proofs)})
        return Case(f"signed: {name}", says, file, receipt)

    good = signature(OPEN_BADGE)
    yield case("eddsa-rdfc-2022", _HOLDS, good)
    yield case("eddsa-jcs-2022", _HOLDS, signature(OPEN_BADGE, Cryptosuite.JCS))
    yield case("one that holds and one not known", _HOLDS, good, {"type": "Ed25519Signature2020"})
    yield case("by another key", _BAD, signature(OPEN_BADGE, seed=b"\x08" * 32))
    other = STRANGER.public_key_raw()
    theirs = f"{did_key(other)}#{multikey(other)}"
    yield case("by somebody else", _BAD, signature(OPEN_BADGE, seed=b"\x08" * 32, method=theirs))
    yield case("another badge", _BAD, signature(OTHER_BADGE))
    yield case("one good, one bad", _BAD, good, signature(OTHER_BADGE, Cryptosuite.JCS))
    yield case("another time", _BAD, {**good, "created": "2026-01-03T00:00:00Z"})
    yield case("another purpose", _BAD, {**good, "proofPurpose": "authentication"})
    yield case("a member more", _BAD, {**good, "domain": "x.example"})
    yield case("the other suite's name", _BAD, {**good, "cryptosuite": "eddsa-jcs-2022"})
    yield case("no value", _BAD, {key: value for key, value in good.items() if key != "proofValue"})
    yield case("a value of another base", _BAD, {**good, "proofValue": "u" + good["proofValue"]})
    yield case("another of its keys", _BAD, signature(OPEN_BADGE, method=f"{DID}#key-2"))
    web = "did:web:academy.example"
    yield case("by another DID", _BAD, signature(OPEN_BADGE, method=f"{web}#key-1"))
    yield from _by_pages(shelf)


def _by_pages(shelf: Shelf) -> Iterator[Case]:
    """Keys of issuers who would have to be asked, and whom nobody asks here."""
    web, page = PAGES
    for name, issuer, method, says in (
        ("a did:web", web, f"{web}#key-1", _LEFT),
        ("a page", page, f"{page}#{NAME}", _LEFT),
        ("a name on a page", page, f"{page}#key-1", _LEFT),
        ("no page", page, "key-1", _BAD),
        ("another page", page, f"https://academy.example/2#{NAME}", _BAD),
        ("somebody's DID", page, f"{DID}#{NAME}", _BAD),
    ):
        document = parse_document(shelf.file(issuer))
        proof = signature(document, Cryptosuite.JCS, method=method)
        file = compact({**document, "proof": proof})
        yield Case(f"signed by {name}", says, file, shelf.text(issuer))
    document = parse_document(shelf.file(page))
    stranger = signature(document, Cryptosuite.JCS, seed=b"\x08" * 32, method=f"{page}#{NAME}")
    file = compact({**document, "proof": stranger})
    yield Case("signed by a page, with another key", _BAD, file, shelf.text(page))


def _blockcerts(shelf: Shelf) -> Iterator[Case]:
    receipt, other = shelf.receipt("open badge"), shelf.receipt("other badge")
    (anchor,) = receipt.anchors

    def proof(of: Any) -> dict[str, Any]:
        on_mainnet = of.model_copy(update={"anchors": (anchor.model_copy(update={"chain": 1}),)})
        return merkle_proof(on_mainnet, created=SIGNED_AT, verification_method=f"{DID}#{NAME}")

    def case(name: str, says: str, *proofs: dict[str, Any]) -> Case:
        file = compact({**OPEN_BADGE, "proof": list(proofs)})
        return Case(f"Blockcerts: {name}", says, file, printed(receipt))

    good = proof(receipt)
    yield case("its own proof", _HOLDS, good)
    yield case("with a signature", _HOLDS, good, signature(OPEN_BADGE))
    yield case("a neighbour's proof", _BAD, proof(other))
    yield case("no value", _BAD, {**good, "proofValue": "z"})
    yield case("a value that is none", _BAD, {**good, "proofValue": good["proofValue"][:-9]})
