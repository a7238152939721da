"""Cases of evidence that nobody touched: forms, images, statuses, dates, issuers."""

from collections.abc import Iterator

from registry.core.documents import MAX_DOCUMENT_BYTES, parse_document
from registry.core.receipt import embed_receipt
from tests.cases.batches import DATES, ISSUER, RAW_FILES, STRANGER
from tests.cases.case import Case, Shelf, printed
from tests.cases.documents import compact, pretty
from tests.core.baking import in_png, in_svg
from tests.core.pdfs import pdf, stream


def genuine(shelf: Shelf) -> Iterator[Case]:
    """All of them."""
    yield from _forms(shelf)
    yield from _images(shelf)
    yield from _certificates(shelf)
    yield from _incomplete(shelf)
    yield from _statuses(shelf)
    yield from _dates(shelf)
    yield from _issuers(shelf)


def _forms(shelf: Shelf) -> Iterator[Case]:
    whole, beside = shelf.whole("badge"), shelf.text("badge")
    badge = shelf.file("badge")
    document = parse_document(badge)
    yield Case("badge with its receipt inside", "valid", pretty(whole), None)
    yield Case("the same, compact", "valid", compact(whole), None)
    yield Case("badge with its receipt beside it", "valid", badge, beside)
    yield Case("receipt inside and beside", "valid", compact(whole), beside)
    yield Case("badge in another layout", "valid", pretty(document), beside)
    backwards = dict(reversed(document.items()))
    yield Case("badge in another order", "valid", pretty(backwards), beside)
    other = badge.replace(b'"creditsAvailable":3', b'"creditsAvailable" : 30.0e-1')
    yield Case("a number written another way", "valid", other, beside)
    escaped = badge.replace(b"Wound care", b"\\u0057ound\\u0020care")
    yield Case("letters written another way", "valid", escaped, beside)
    yield Case("odd keys, numbers and letters", "valid", shelf.file("odd"), shelf.text("odd"))
    odd = pretty(shelf.whole("odd"))
    yield Case("odd keys, numbers and letters, with the receipt inside", "valid", odd, None)
    yield shelf.beside("pdf", "valid")
    for name in RAW_FILES:
        yield shelf.beside(name, "invalid validity expired" if "expired" in name else "valid")
    for name in ("alone", "left", "first", "second", "third", "of an operator"):
        yield Case(f"tree: {name}", "valid", shelf.file(name), shelf.text(name))
    pretty_receipt = pretty(shelf.content("badge")).decode()
    yield Case("receipt in another layout", "valid", badge, pretty_receipt)


def _images(shelf: Shelf) -> Iterator[Case]:
    png, svg = compact(shelf.whole("in a PNG")), compact(shelf.whole("in an SVG"))
    yield Case("PNG badge with its receipt inside", "valid", in_png(png), None)
    yield Case("PNG badge, packed", "valid", in_png(png, compressed=True), None)
    old = in_png(png, keyword=b"openbadges")
    yield Case("PNG badge of the older standard", "valid", old, None)
    yield Case("SVG badge with its receipt inside", "valid", in_svg(svg), None)
    bare = in_png(shelf.file("in a PNG"))
    yield Case("PNG badge with its receipt beside it", "valid", bare, shelf.text("in a PNG"))
    changed = in_png(png.replace(b'"name":"in a PNG"', b'"name":"in a GIF"'))
    yield Case(
        "PNG badge, changed", "invalid integrity hash-mismatch", changed, None, "NotIncluded"
    )
    swapped = in_svg(shelf.file("in a PNG"))
    says = "invalid integrity hash-mismatch"
    yield Case("SVG with another badge", says, swapped, shelf.text("in an SVG"), "NotIncluded")
    nothing = in_png(b"")
    yield Case("PNG with an empty badge", "undetermined format no-receipt", nothing, None, None)


def _certificates(shelf: Shelf) -> Iterator[Case]:
    """PDFs with credential and receipt attached: what they show is not looked at."""
    badge, receipt = shelf.file("badge"), shelf.text("badge").encode()
    alone = "undetermined format no-receipt"
    both = pdf(stream(badge), stream(receipt, packed=False))
    yield Case("PDF with credential and receipt", "valid", both, None)
    inside = compact(shelf.whole("in a PNG"))
    yield Case("PDF with a credential that has its receipt", "valid", pdf(stream(inside)), None)
    yield Case("PDF, its receipt beside it", "valid", pdf(stream(badge)), receipt.decode())
    yield Case("PDF without the receipt", alone, pdf(stream(badge)), None, None)
    says = "invalid integrity hash-mismatch"
    changed = pdf(stream(badge.replace(b"Wound care", b"Wound cure")), stream(receipt))
    yield Case("PDF with a changed credential", says, changed, None, "NotIncluded")
    other = pdf(stream(badge), stream(shelf.text("untouched").encode()))
    yield Case("PDF with a neighbour's receipt", says, other, None, "NotIncluded")
    twice = both + stream(shelf.file("untouched"))
    yield Case("PDF with a second credential appended", alone, twice, None, None)
    cut = both.replace(b"endstream", b"endstreem", 1)
    yield Case("PDF with a broken attachment", alone, cut, None, None)
    odd = pdf(stream(badge), stream(b'{"type":"rootseal/receipt@9"}'))
    says = "invalid format malformed-receipt"
    yield Case("PDF with a receipt of another format", says, odd, None, None)
    bomb = stream(badge[:-1] + b" " * MAX_DOCUMENT_BYTES + b"}")
    yield Case("PDF with a credential that is too large", alone, pdf(bomb), None, None)
    beside_it = pdf(bomb, stream(badge), stream(receipt), stream(b"<invoice/>"), stream(b'{"a":1}'))
    yield Case("PDF with credential, receipt, and more than is read", "valid", beside_it, None)
    withdrawn = pdf(stream(shelf.file("revoked")), stream(shelf.text("revoked").encode()))
    yield Case(
        "PDF with a revoked credential", "invalid status revoked", withdrawn, None, "Revoked"
    )
    bytes_meant = "invalid integrity hash-mismatch"
    yield Case(
        "PDF, the receipt of other bytes", bytes_meant, both, shelf.text("pdf"), "NotIncluded"
    )


def _incomplete(shelf: Shelf) -> Iterator[Case]:
    badge, receipt = shelf.file("badge"), shelf.receipt("badge")
    says = "undetermined integrity no-credential"
    yield Case("a receipt alone", says, None, shelf.text("badge"))
    says = "undetermined format no-receipt"
    yield Case("a badge alone", says, badge, None, None)
    yield Case("a PDF alone", says, shelf.file("pdf"), None, None)
    pending = printed(receipt.model_copy(update={"anchors": ()}))
    yield Case("a pending receipt", "undetermined anchor pending", badge, pending, None)
    (anchor,) = receipt.anchors
    elsewhere = anchor.model_copy(update={"chain": 1})
    alone = printed(receipt.model_copy(update={"anchors": (elsewhere,)}))
    says = "undetermined anchor chain-not-configured"
    yield Case("an anchor on a chain that nobody asks", says, badge, alone, None)
    both = printed(receipt.model_copy(update={"anchors": (elsewhere, anchor)}))
    yield Case("such an anchor beside one that holds", "valid", badge, both)
    doubled = printed(receipt.model_copy(update={"anchors": (anchor, anchor)}))
    yield Case("the same anchor twice", "valid", badge, doubled)
    yield shelf.beside("not final", "undetermined anchor not-final")


def _statuses(shelf: Shelf) -> Iterator[Case]:
    for name, says, contract in (
        ("revoked", "invalid status revoked", "Revoked"),
        ("suspended", "invalid status suspended", "Suspended"),
        ("reinstated", "valid", "Valid"),
        ("untouched", "valid", "Valid"),
        ("of a revoked seal", "invalid status revoked", "Revoked"),
        ("of a suspended seal", "invalid status suspended", "Suspended"),
        ("of a reinstated seal", "valid", "Valid"),
        ("revoked in it", "invalid status revoked", "Revoked"),
        ("right", "invalid status revoked", "Revoked"),
        ("pass", "valid", "Valid"),
        ("suspended pass", "invalid status suspended", "Suspended"),
    ):
        yield shelf.beside(name, says, name=f"status: {name}", contract=contract)
    revoked = compact(shelf.whole("revoked"))
    says = "invalid status revoked"
    yield Case("status: revoked, with the receipt inside", says, revoked, None, "Revoked")


def _dates(shelf: Shelf) -> Iterator[Case]:
    codes = {
        "expired": "invalid validity expired",
        "not yet valid": "invalid validity not-yet-valid",
        "not yet valid elsewhere": "invalid validity not-yet-valid",
        "awarded after its anchor": "invalid validity awarded-after-anchor",
        "without a zone": "undetermined validity unreadable-date",
        "a day alone": "undetermined validity unreadable-date",
        "a number for a date": "undetermined validity unreadable-date",
        "no such day": "undetermined validity unreadable-date",
        "of the older standard": "invalid validity expired",
    }
    for name in DATES:
        yield shelf.beside(name, codes.get(name, "valid"), name=f"dates: {name}")
    later = "2026-06-01T12:00:01Z"
    says = "invalid validity expired"
    yield shelf.beside("ends now", says, name="dates: ended a second ago", now=later)
    yield shelf.beside("not yet valid", "valid", name="dates: valid since now", now=later)


def _issuers(shelf: Shelf) -> Iterator[Case]:
    badge, ours, theirs = shelf.file("badge"), {ISSUER: "Academy"}, {STRANGER: "Somebody"}

    def case(name: str, says: str, by: tuple[bytes, ...] = (ISSUER,), **settings: object) -> Case:
        receipt = shelf.text("badge", issuers=by)
        return shelf.beside("badge", says, name=name, receipt=receipt, **settings)

    yield case("trusted issuer", "valid issuer trusted-issuer", trusted={**ours, **theirs})
    untrusted = "invalid issuer untrusted-issuer"
    yield case("issuer not on the list", untrusted, trusted=theirs)
    yield case("expected issuer", "valid issuer expected-issuer", expected=ISSUER, trusted=theirs)
    yield case("unexpected issuer", "invalid issuer unexpected-issuer", expected=STRANGER)
    anyone = "valid issuer no-trust-list"
    yield case("a stranger anchored the same seal", anyone, (STRANGER,))
    yield case("the stranger is not on the list", untrusted, (STRANGER,), trusted=ours)
    yield case("anchored by both", anyone, (ISSUER, STRANGER))
    yield case("by both, one not on the list", untrusted, (ISSUER, STRANGER), trusted=ours)
    said = "invalid issuer unexpected-issuer"
    yield case("by both, one not expected", said, (STRANGER, ISSUER), expected=ISSUER)
    whole = embed_receipt(parse_document(badge), shelf.receipt("badge", issuers=(STRANGER,)))
    yield Case("the stranger's receipt inside", untrusted, compact(whole), None, trusted=ours)
