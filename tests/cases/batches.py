"""The batches of the cases' world: their trees, who anchors them when, and what is withdrawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from registry.core.address import parse_address
from registry.core.canonical import Canonicalization, document_hash
from registry.core.documents import parse_document
from registry.core.tiles import Tile, TreeHead, build_tiles, proof_from_tiles
from registry.core.tree import InclusionProof, leaf_hash
from tests.cases.documents import BADGE, ODD, PDF, Document, compact, named, pass_of
from tests.cases.signing import OPEN_BADGE, OTHER_BADGE, PAGES, TOKENS
from tests.cases.unreadable import UNREADABLE, Unreadable
from tests.core.baking import in_png

JCS, RAW = Canonicalization.JCS, Canonicalization.RAW
# The first accounts of every Anvil.
ISSUER = parse_address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
STRANGER = parse_address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
OPERATOR = parse_address("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC")
HOLDERS = {
    "pass": "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    "suspended pass": "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
}


@dataclass(frozen=True)
class Item:
    """One credential of a batch, as its file and by its hash."""

    name: str
    file: bytes
    credential_hash: bytes
    canonicalization: Canonicalization

    @property
    def salt(self) -> bytes:
        """Its salt, the same each time."""
        return sha256(f"salt of {self.name}".encode()).digest()

    @property
    def leaf(self) -> bytes:
        """Its leaf."""
        return leaf_hash(salt=self.salt, credential_hash=self.credential_hash)


class Batch:
    """Credentials in one tree."""

    def __init__(self, name: str, items: Sequence[Item]) -> None:
        self.name = name
        self.items = {item.name: item for item in items}

    @cached_property
    def leaves(self) -> list[bytes]:
        """Its leaves, ascending."""
        return sorted(item.leaf for item in self.items.values())

    @cached_property
    def head(self) -> TreeHead:
        """Size, root and seal."""
        return build_tiles(self.leaves, _forget)

    def index(self, name: str) -> int:
        """Place of a credential's leaf."""
        return self.leaves.index(self.items[name].leaf)

    def proof(self, name: str) -> InclusionProof:
        """Inclusion proof of a credential, in a tree of at most 256 leaves."""
        whole = b"".join(self.leaves)
        return proof_from_tiles(self.index(name), len(self.leaves), lambda _: whole)


def _forget(_: Tile) -> None:
    pass


def document(name: str, content: Document) -> Item:
    """A JSON credential."""
    return Item(name, compact(content), document_hash(parse_document(compact(content))), JCS)


def raw(name: str, content: bytes) -> Item:
    """A file as it is."""
    return Item(name, content, sha256(content).digest(), RAW)


def forgiven(each: Unreadable) -> Item:
    """A file that nobody should read, under the hash of a reader that does."""
    return Item(each.name, each.file, sha256(each.read_as).digest(), JCS)


def stated(name: str, content: Document) -> Item:
    """A JSON-LD credential by its statements."""
    digest = document_hash(parse_document(compact(content)), Canonicalization.RDFC)
    return Item(name, compact(content), digest, Canonicalization.RDFC)


def titled(name: str, **changes: object) -> Item:
    """A badge with the item's name as its own."""
    return document(name, named(name, **changes))


DATES: dict[str, dict[str, object]] = {
    "in time": {"validUntil": "2126-01-01T00:00:00Z", "awardedDate": "2026-01-02T00:00:00+01:00"},
    "expired": {"validUntil": "2026-05-31T23:59:59Z"},
    "ends now": {"validUntil": "2026-06-01T12:00:00Z"},
    "not yet valid": {"validFrom": "2026-06-01T12:00:01Z"},
    "not yet valid elsewhere": {"validFrom": "2026-06-01T12:00:00-00:30"},
    "awarded after its anchor": {"awardedDate": "2026-05-01T00:00:00Z"},
    "without a zone": {"validFrom": "2026-01-01T00:00:00"},
    "a day alone": {"validUntil": "2126-01-01"},
    "a number for a date": {"validFrom": 20260101},
    "no such day": {"validFrom": "2026-02-30T00:00:00Z"},
    "of the older standard": {"validFrom": None, "expirationDate": "2026-03-01T00:00:00Z"},
    "for ever": {"validUntil": "9999-12-31T23:59:59-12:00"},
    "no dates at all": {"validFrom": None},
}
RAW_FILES = {
    "a broken JSON file": b'{"a":1,"a":1}',
    "an empty file": b"",
    "an expired badge as bytes": compact(named("Bytes", validUntil="2026-02-01T00:00:00Z")),
    "an image as bytes": in_png(compact(named("Inside"))),
    "an expired badge's image as bytes": in_png(
        compact(named("Inside", validUntil="2026-02-01T00:00:00Z"))
    ),
    "a text": "Zeugnis für Prüfung 7\n".encode(),
}


def batches() -> list[Batch]:
    """Every batch, in the order in which they are anchored."""
    five = [document("badge", BADGE), document("odd", ODD), raw("pdf", PDF)]
    statuses = ("revoked", "suspended", "reinstated", "untouched")
    return [
        Batch("five", [*five, titled("in a PNG"), titled("in an SVG")]),
        Batch("one", [titled("alone")]),
        Batch("two", [titled("left"), titled("right")]),
        Batch("three", [titled(name) for name in ("first", "second", "third")]),
        Batch("statuses", [titled(name) for name in statuses]),
        Batch("revoked seal", [titled("of a revoked seal")]),
        Batch("suspended seal", [titled("of a suspended seal")]),
        Batch("reinstated seal", [titled("of a reinstated seal"), titled("revoked in it")]),
        Batch("dates", [titled(name, **dates) for name, dates in DATES.items()]),
        Batch("statements", [stated("open badge", OPEN_BADGE), stated("other badge", OTHER_BADGE)]),
        Batch("of issuers to be asked", [document(n, {**BADGE, "issuer": n}) for n in PAGES]),
        Batch("lenient", [forgiven(each) for each in UNREADABLE]),
        Batch("tokens", [raw(name, each) for name, each in TOKENS.items()]),
        Batch("raw", [raw(name, each) for name, each in RAW_FILES.items()]),
        Batch("passes", [document(name, pass_of(holder)) for name, holder in HOLDERS.items()]),
        Batch("by operator", [titled("of an operator")]),
        Batch("fresh", [titled("not final")]),
    ]
