"""Open Badges of an issuer whose DID is its key, and signatures on them."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final  # documents are JSON

import orjson

from registry.vc.data_integrity import Cryptosuite, sign
from registry.vc.jwt import sign_token
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


def token(
    document: dict[str, Any],
    seed: bytes = b"\x07" * 32,
    *,
    header: dict[str, Any] | None = None,
    claims: dict[str, Any] | None = None,
    signed_by: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """A token of a document, as somebody else may make one: whatever header and claims say."""
    said = {"alg": "EdDSA", "typ": "JWT", "kid": f"{DID}#{NAME}", **(header or {})}
    head = {name: value for name, value in said.items() if value is not None}
    parts = (head, {**document, **(claims or {})})
    text = b".".join(urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=") for part in parts)
    made = (signed_by or key_from_seed(seed).sign)(text)
    return text + b"." + urlsafe_b64encode(made).rstrip(b"=")


_STRANGER = key_from_seed(b"\x08" * 32).public_key_raw()
_THEIRS = f"{did_key(_STRANGER)}#{multikey(_STRANGER)}"
_ENDLESS = {key: value for key, value in OPEN_BADGE.items() if key != "validUntil"}
P256: Final = "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"
_GOOD = token(OPEN_BADGE)
# The last of 86 characters has four bits that mean nothing.
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LAST = _ALPHABET.index(_GOOD[-1:])
_STRAY = _GOOD[:-1] + _ALPHABET[_LAST ^ 1 : (_LAST ^ 1) + 1]
_BEGUN = {key: value for key, value in OPEN_BADGE.items() if key != "validFrom"}
_WEB = {**OPEN_BADGE, "issuer": "did:web:academy.example"}
TOKENS: Final[dict[str, bytes]] = {
    "a token": sign_token(OPEN_BADGE, KEY, verification_method=f"{DID}#{NAME}"),
    "a token with its credential apart": token({"vc": OPEN_BADGE, "iss": DID}),
    "a token of another key": token(OPEN_BADGE, b"\x08" * 32),
    "a token of somebody else": token(OPEN_BADGE, b"\x08" * 32, header={"kid": _THEIRS}),
    "a token without a signature": token(
        OPEN_BADGE, header={"alg": "none"}, signed_by=lambda _: b""
    ),
    "a token of a shared secret": token(OPEN_BADGE, header={"alg": "HS256"}),
    "a token with a broken signature": token(OPEN_BADGE, signed_by=lambda _: b"\0" * 63),
    "a token whose claims disagree": token(OPEN_BADGE, claims={"iss": "did:web:other.example"}),
    "a token whose end is no time": token(OPEN_BADGE, claims={"exp": "soon"}),
    "a token with another end": token(OPEN_BADGE, claims={"exp": 2_100_000_000}),
    "a token of a did:web": token(_WEB, header={"kid": "did:web:academy.example#key-1"}),
    "a token with its own key": token(OPEN_BADGE, header={"kid": None, "jwk": {"kty": "OKP"}}),
    "a token of an algorithm not known": token(OPEN_BADGE, header={"alg": "ES256K"}),
    "an expired token": token({**OPEN_BADGE, "validUntil": "2026-02-01T00:00:00Z"}),
    "a token that expired by its claim": token(_ENDLESS, claims={"exp": 1_770_000_000}),
    "a token with a critical header": token(OPEN_BADGE, header={"crit": ["exp"], "exp": 1}),
    "a token whose payload is said to be raw": token(OPEN_BADGE, header={"b64": False}),
    "a token with stray bits": _STRAY,
    "a token of a did:key of P-256": token(
        {**OPEN_BADGE, "issuer": P256}, header={"alg": "ES256", "kid": f"{P256}#{P256[8:]}"}
    ),
    "a token of another algorithm than its key": token(OPEN_BADGE, header={"alg": "RS256"}),
    "a token whose claims disagree, of an algorithm not known": token(
        OPEN_BADGE, header={"alg": "PS256"}, claims={"iss": "did:web:other.example"}
    ),
    "a token from before 1970": token(
        {**OPEN_BADGE, "validFrom": "1969-12-31T23:59:59.5Z"}, claims={"nbf": 0}
    ),
    "a token that begins by its claim": token(_BEGUN, claims={"nbf": 2_000_000_000}),
    "a token whose end is null": token({**OPEN_BADGE, "validUntil": None}, claims={"exp": 1}),
    "a token with two credentials": token({**OPEN_BADGE, "vc": OPEN_BADGE}),
    "three words with points": b"www.academy.example",
}
