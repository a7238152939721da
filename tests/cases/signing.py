"""Open Badges of an issuer whose DID is its key, and signatures on them."""

from datetime import UTC, datetime
from typing import Any, Final  # documents are JSON

from registry.vc.data_integrity import Cryptosuite, sign
from registry.vc.signing_keys import did_key, key_from_seed, multikey
from tests.vc.badge import badge

KEY: Final = key_from_seed(b"\x07" * 32)
NAME: Final = multikey(KEY.public_key_raw())
DID: Final = did_key(KEY.public_key_raw())
PAGES: Final = ("did:web:academy.example", "https://academy.example/1")
SIGNED_AT: Final = datetime(2026, 1, 2, tzinfo=UTC)
OPEN_BADGE: Final[dict[str, Any]] = badge(issuer={"id": DID, "type": ["Profile"], "name": "Us"})
OTHER_BADGE: Final[dict[str, Any]] = {**OPEN_BADGE, "id": "urn:uuid:1", "name": "Another badge"}


def signature(
    document: dict[str, Any],
    suite: Cryptosuite = Cryptosuite.RDFC,
    *,
    seed: bytes = b"\x07" * 32,
    method: str = f"{DID}#{NAME}",
) -> dict[str, Any]:
    """A proof of a document."""
    key = key_from_seed(seed)
    return sign(document, key, suite, verification_method=method, created=SIGNED_AT)
