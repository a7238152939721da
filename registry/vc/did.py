"""DID documents: an issuer's own for did:web, and which keys of others may sign (DID Core 1.0)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256K1, EllipticCurvePublicKey
from openvc.did.base import parse_did_document
from openvc.errors import OpenvcError

from registry.core.address import format_address, format_chain
from registry.core.documents import Json, printable
from registry.errors import InvalidInputError, VerificationError
from registry.vc.data_integrity import PURPOSE
from registry.vc.signing_keys import public_key_of

SIGNING_KEY: Final = "key-1"
ANCHORING_KEY: Final = "anchor-1"
MAX_DID_URL: Final = 2_000
_CONTEXTS: Final = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1")


@dataclass(frozen=True, slots=True)
class IssuerKeys:
    """An issuer's public keys: Ed25519 to sign with, and secp256k1 whose address anchors."""

    signing: bytes  # 32 bytes
    anchoring: bytes | None  # 33 bytes, compressed (SEC 1); None until it is known
    address: bytes
    chains: tuple[int, ...]


def did_document(did: str, keys: IssuerKeys, *, profile_url: str) -> dict[str, Json]:
    """The document that an issuer publishes at its did:web.

    Binds the anchoring address to the name, and leads verifiers of Blockcerts to the profile.
    Raises `InvalidInputError` if the anchoring key is no point of the curve.
    """
    methods: list[Json] = [_method(did, SIGNING_KEY, ed25519_jwk(keys.signing))]
    if keys.anchoring is not None:
        methods.append(_method(did, ANCHORING_KEY, secp256k1_jwk(keys.anchoring)))
    accounts: list[Json] = [
        f"did:pkh:{format_chain(chain)}:{format_address(keys.address)}" for chain in keys.chains
    ]
    return {
        "@context": list(_CONTEXTS),
        "id": did,
        "alsoKnownAs": accounts,
        "verificationMethod": methods,
        "authentication": [f"{did}#{SIGNING_KEY}"],
        "assertionMethod": [method["id"] for method in methods if isinstance(method, dict)],
        "service": [
            {"id": f"{did}#profile", "type": "IssuerProfile", "serviceEndpoint": profile_url}
        ],
    }


def secp256k1_jwk(point: bytes) -> dict[str, Json]:
    """A compressed point as JWK (RFC 8812). Raises `InvalidInputError`."""
    try:
        numbers = EllipticCurvePublicKey.from_encoded_point(SECP256K1(), point).public_numbers()
    except ValueError as exc:
        raise InvalidInputError("not a public key of secp256k1") from exc
    x, y = (_b64(number.to_bytes(32)) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "secp256k1", "x": x, "y": y}


def controller_of(verification_method: Json) -> str:
    """The DID, or the web page, whose key a proof names. Raises `VerificationError`."""
    if isinstance(verification_method, str) and len(verification_method) <= MAX_DID_URL:
        controller, mark, _ = verification_method.partition("#")
        if mark and controller.startswith(("did:", "https://", "http://")):
            return controller
    raise VerificationError("it names no key", reason="no-key")


def key_in_fragment(verification_method: str) -> bytes | None:
    """The Ed25519 key that stands behind the `#` itself, as a Multikey; None if none does."""
    try:
        return public_key_of(verification_method.partition("#")[2])
    except InvalidInputError:
        return None


def key_of(
    document: Mapping[str, Json], verification_method: str, *, purpose: str = PURPOSE
) -> bytes:
    """An Ed25519 key that the DID document's subject has for `purpose`: else to sign assertions.

    Raises `VerificationError` with the reason `no-key` if it has no such key, or not for that.
    """
    jwk = jwk_of(document, verification_method, purpose=purpose)
    if (jwk.get("kty"), jwk.get("crv")) != ("OKP", "Ed25519"):
        raise VerificationError("the key is no Ed25519 key", reason="no-key")
    try:
        return urlsafe_b64decode(f"{jwk.get('x')}==")
    except ValueError as exc:
        raise VerificationError("the key cannot be read", reason="no-key") from exc


def jwk_of(
    document: Mapping[str, Json], verification_method: str, *, purpose: str = PURPOSE
) -> Mapping[str, Json]:
    """A key of any kind, as JWK; else as `key_of`."""
    try:
        parsed = parse_did_document(dict(document))
    except OpenvcError as exc:
        raise VerificationError(f"not a DID document: {exc}", reason="no-key") from exc
    found = parsed.key_for_purpose(verification_method, purpose)
    # openvc takes any key if the document lists none for the purpose. That holds for assertions
    # alone: elsewhere a purpose that is not named grants nothing (DID Core 1.0 §5.3).
    is_listed = purpose == PURPOSE or purpose in parsed.relationships
    if found is None or not is_listed:
        raise VerificationError(
            f"{printable(verification_method)[:200]} is none of that DID's keys for {purpose}",
            reason="no-key",
        )
    return found.public_key_jwk


def ed25519_jwk(public: bytes) -> dict[str, Json]:
    """An Ed25519 public key as JWK (RFC 8037)."""
    return {"kty": "OKP", "crv": "Ed25519", "x": _b64(public)}


def key_of_did_key(verification_method: str) -> bytes:
    """As `key_of`, of a did:key, which holds its one key itself."""
    did, _, name = verification_method.partition("#")
    try:
        key = public_key_of(name)
    except InvalidInputError as exc:
        raise VerificationError("not a did:key of Ed25519", reason="no-key") from exc
    if did != f"did:key:{name}":
        raise VerificationError("that did:key has another key", reason="no-key")
    return key


def _method(did: str, name: str, jwk: dict[str, Json]) -> dict[str, Json]:
    return {"id": f"{did}#{name}", "type": "JsonWebKey", "controller": did, "publicKeyJwk": jwk}


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
