"""One case: what a verifier is given, and what it must say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final  # JSON of a receipt

import orjson

from registry.core.documents import parse_document
from registry.core.receipt import Receipt, embed_receipt, print_receipt
from tests.cases.batches import ISSUER
from tests.cases.story import Receipts

NOW: Final = "2026-06-01T12:00:00Z"
_BADGE: Final = "badge.json"
_BEGINNINGS: Final = {b"%PDF": "diploma.pdf", b"\x89PNG": "badge.png", b"<svg": "badge.svg"}


@dataclass(frozen=True)
class Case:
    """What is given to a verifier; `says` is written by hand, and the engine must agree.

    `says` is the verdict, and of a verdict with a reason the check and the code that decide:
    "invalid integrity hash-mismatch". `contract` is the verdict of the contract, asked for the
    credential that was given by the rest of the receipt; None where there is nothing to ask.
    """

    name: str
    says: str
    credential: bytes | None
    receipt: str | None
    contract: str | None = "Valid"
    now: str = NOW
    expected: bytes | None = None
    trusted: Mapping[bytes, str] = field(default_factory=dict)
    rpc: str = "honest"

    @property
    def file_name(self) -> str:
        """A name as such a file would have."""
        content = self.credential or b""
        for beginning, name in _BEGINNINGS.items():
            if content.startswith(beginning):
                return name
        return _BADGE if b"{" in content[:8] else "credential.txt"


@dataclass(frozen=True)
class Shelf:
    """The credentials and receipts of a story, as holders have them."""

    receipts: Receipts

    def file(self, name: str) -> bytes:
        """A credential as its file."""
        return self.receipts.item(name).file

    def receipt(self, name: str, *, issuers: Sequence[bytes] = (ISSUER,)) -> Receipt:
        """The receipt of a credential."""
        return self.receipts.of(name, issuers=issuers)

    def text(self, name: str, *, issuers: Sequence[bytes] = (ISSUER,)) -> str:
        """The receipt of a credential, as its file."""
        return printed(self.receipt(name, issuers=issuers))

    def content(self, name: str) -> dict[str, Any]:
        """The receipt of a credential, to be changed."""
        return dict(orjson.loads(self.text(name)))

    def whole(self, name: str) -> dict[str, Any]:
        """A credential with its receipt inside, to be changed."""
        return embed_receipt(parse_document(self.file(name)), self.receipt(name))

    def beside(self, item: str, says: str, **settings: Any) -> Case:
        """The case of a credential with its receipt beside it."""
        case = {"name": item, "credential": self.file(item), "receipt": self.text(item)}
        return Case(**{**case, "says": says, **settings})


def printed(receipt: Receipt) -> str:
    """A receipt as its file."""
    return print_receipt(receipt).decode()
