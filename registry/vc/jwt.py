"""Open Badges as VC-JWT: a credential inside a compact JWS (Open Badges 3.0 §8.2, RFC 7515).

A token's bytes are the credential, so it is anchored as bytes. Reading one checks nothing but its
form; `verify_token` checks a signature, and `proof_checks` whose it is.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import orjson

from registry.core.documents import MAX_DOCUMENT_BYTES, Json, parse_document
from registry.core.wire import format_time, read_time
from registry.errors import InvalidInputError, VerificationError

if TYPE_CHECKING:  # it brings JSON-LD along
    from registry.vc.data_integrity import SigningKey

EDDSA: Final = "EdDSA"
ALGORITHMS: Final = (EDDSA, "RS256", "ES256", "ES384")
_COMPACT: Final = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_BLANKS: Final = b" \t\r\n"
_MAX_SECONDS: Final = 253_402_300_799  # the last of the year 9999
_CLAIMS: Final = ("iss", "sub", "jti", "nbf", "iat", "exp", "aud", "vc")
_UNREAD: Final = frozenset({"crit", "b64"})  # RFC 7515 §4.1.11, RFC 7797: not understood here
_STARTS: Final = ("validFrom", "issuanceDate")  # VC 2.0, VC 1.1
_ENDS: Final = ("validUntil", "expirationDate")


@dataclass(frozen=True, slots=True)
class Token:
    """A compact JWS whose payload is a JSON object. Nothing of it is verified."""

    text: str
    header: Mapping[str, Json]
    payload: Mapping[str, Json]

    @property
    def algorithm(self) -> str:
        """What the header says that it is signed with."""
        return str(self.header.get("alg"))

    @property
    def key_name(self) -> str | None:
        """Which key it names, if any."""
        name = self.header.get("kid")
        return name if isinstance(name, str) else None

    @property
    def credential(self) -> dict[str, Json]:
        """The credential in it. Its dates are the earlier ones, where claims say others."""
        inside = self.payload.get("vc")
        members = inside if isinstance(inside, dict) else self.payload
        found = {name: value for name, value in members.items() if name not in _CLAIMS}
        for name in (*_STARTS, *_ENDS):
            if name in found and found[name] is None:  # as if it said none
                del found[name]
        start, end = _claimed(self.payload, "nbf"), _claimed(self.payload, "exp")
        if start is not None and not any(name in found for name in _STARTS):
            found[_STARTS[0]] = format_time(start)
        if end is not None:
            name = next((name for name in _ENDS if name in found), _ENDS[0])
            said = read_time(found.get(name))
            if name not in found or (said is not None and end < said):
                found[name] = format_time(end)
        return found


def read_token(data: bytes) -> Token | None:
    """The token in a file; None for anything else, whatever it resembles."""
    text = data.strip(_BLANKS)
    if len(text) > 2 * MAX_DOCUMENT_BYTES or _COMPACT.fullmatch(text) is None:
        return None
    head, body, _ = text.split(b".")
    try:
        header, payload = parse_document(_decoded(head)), parse_document(_decoded(body))
    except (ValueError, InvalidInputError):
        return None
    return Token(text.decode(), header, payload) if isinstance(header.get("alg"), str) else None


def sign_token(
    document: Mapping[str, Json], key: "SigningKey", *, verification_method: str
) -> bytes:
    """The token of a credential; the same credential and key give the same bytes."""
    subject = document.get("credentialSubject")
    issuer = document.get("issuer")
    claims: dict[str, Json] = {
        "iss": issuer.get("id") if isinstance(issuer, dict) else issuer,
        "jti": document.get("id"),
        "sub": subject.get("id") if isinstance(subject, dict) else None,
        "nbf": _seconds(document, _STARTS),
        "exp": _seconds(document, _ENDS),
    }
    said = {name: value for name, value in claims.items() if value is not None}
    header = {"alg": EDDSA, "typ": "JWT", "kid": verification_method}
    signed = b".".join(_encoded(orjson.dumps(part)) for part in (header, {**said, **document}))
    return signed + b"." + _encoded(key.sign(signed))


def require_known_algorithm(token: Token) -> None:
    """Raise `VerificationError` for no signature, and for a secret that whoever checks would share.

    `InvalidInputError` for a signature of a kind that is not verified here.
    """
    if not _UNREAD.isdisjoint(token.header):
        raise VerificationError("its header has members that change what is signed", reason="crit")
    name = token.algorithm
    if name.lower() == "none" or name.startswith("HS"):
        raise VerificationError(f"{name} is no signature", reason="bad-signature")
    if name not in ALGORITHMS:
        raise InvalidInputError("signed with an algorithm that is not verified here")


def require_agreement(token: Token) -> None:
    """Raise `VerificationError` if claims say something else than the credential beside them."""
    inside = token.payload.get("vc")
    if isinstance(inside, dict) and "credentialSubject" in token.payload:
        raise VerificationError("it holds two credentials", reason="bad-claim")
    members = inside if isinstance(inside, dict) else token.payload
    issuer, subject = members.get("issuer"), members.get("credentialSubject")
    pairs: dict[str, Json] = {
        "iss": issuer.get("id") if isinstance(issuer, dict) else issuer,
        "jti": members.get("id"),
        "sub": subject.get("id") if isinstance(subject, dict) else None,
    }
    for claim, said in pairs.items():
        found = token.payload.get(claim)
        if found is not None and said is not None and found != said:
            raise VerificationError(f"{claim} is not what the credential says", reason="bad-claim")
    for claim, names in (("nbf", _STARTS), ("exp", _ENDS)):
        time, member = _claimed(token.payload, claim), _first_time(members, names)
        if claim in token.payload and time is None:
            raise VerificationError(f"{claim} is no time", reason="bad-claim")
        if time is not None and member is not None and time != member.replace(microsecond=0):
            raise VerificationError(f"{claim} is not what the credential says", reason="bad-claim")


def verify_token(token: Token, public_key_jwk: Mapping[str, Json]) -> None:
    """Check a token's signature against a key. Dates are not looked at.

    Raises `VerificationError` with the reason `bad-signature` if it does not hold.
    """
    # Here: it takes a while to import, and most credentials are no tokens.
    from jwt import PyJWK, PyJWS  # noqa: PLC0415
    from jwt.exceptions import PyJWTError  # noqa: PLC0415

    try:
        key = PyJWK.from_dict(dict(public_key_jwk), algorithm=token.algorithm)
        PyJWS(algorithms=list(ALGORITHMS)).decode(token.text, key, algorithms=[token.algorithm])
    except (PyJWTError, ValueError, TypeError) as exc:
        raise VerificationError("the signature does not hold", reason="bad-signature") from exc


def _seconds(members: Mapping[str, Json], names: tuple[str, ...]) -> int | None:
    time = _first_time(members, names)
    return None if time is None else int(time.timestamp())


def _first_time(members: Mapping[str, Json], names: tuple[str, ...]) -> datetime | None:
    return next((read_time(members[name]) for name in names if name in members), None)


def _claimed(payload: Mapping[str, Json], name: str) -> datetime | None:
    """A time in whole seconds since 1970; None for anything else."""
    value = payload.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if value != int(value) or not 0 <= value <= _MAX_SECONDS:
        return None
    return datetime.fromtimestamp(int(value), UTC)


def _encoded(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def _decoded(text: bytes) -> bytes:
    return urlsafe_b64decode(text + b"=" * (-len(text) % 4))
