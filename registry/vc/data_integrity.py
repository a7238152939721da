"""Data Integrity proofs with Ed25519: eddsa-rdfc-2022 and eddsa-jcs-2022 (W3C vc-di-eddsa 1.0).

Not by openvc-core, because the RDF form of a badge is hashed once for two proofs, and because the
browser's engine must judge alike; what that checks of the JSON, `require_exact` asks of it. Which
key is whose, `did` says.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Final, Protocol

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from registry.core.canonical import jcs_bytes
from registry.core.documents import Json
from registry.core.rdf import canonical_quads, rdfc_bytes, require_exact, require_plain_names
from registry.core.wire import format_time
from registry.errors import InvalidInputError, VerificationError
from registry.vc import base58

PROOF_TYPE: Final = "DataIntegrityProof"
PURPOSE: Final = "assertionMethod"
AUTHENTICATION: Final = "authentication"


class Cryptosuite(StrEnum):
    """How a document becomes the bytes that are signed."""

    RDFC = "eddsa-rdfc-2022"
    JCS = "eddsa-jcs-2022"


class SigningKey(Protocol):
    """An Ed25519 key, wherever it is kept."""

    def sign(self, signing_input: bytes, /) -> bytes:
        """The 64 bytes of the signature. May raise `UnavailableError`."""

    def public_key_raw(self) -> bytes:
        """The 32 bytes of the public key."""


def sign(
    document: Mapping[str, Json],
    key: SigningKey,
    cryptosuite: Cryptosuite,
    *,
    verification_method: str,
    created: datetime,
    digest: bytes | None = None,
) -> dict[str, Json]:
    """Return the proof that `key` gives a document; proofs that it has already are not covered.

    `digest` is SHA-256 of the document's canonical bytes, if the caller has it. `created` is cut
    to whole seconds. Raises `InvalidInputError` for what cannot be canonicalized.
    """
    proof: dict[str, Json] = {
        "type": PROOF_TYPE,
        "cryptosuite": cryptosuite.value,
        "created": format_time(created.replace(microsecond=0)),
        "verificationMethod": verification_method,
        "proofPurpose": PURPOSE,
    }
    context = document.get("@context")
    config = _config_digest(orjson.dumps({"@context": context, **proof}), cryptosuite)
    if digest is None:
        digest = document_digest(document, cryptosuite)
    if cryptosuite is Cryptosuite.JCS:
        proof["@context"] = (
            context  # vc-di-eddsa §3.3.1: here it is signed, and stands in the proof
        )
    return {**proof, "proofValue": "z" + base58.encode(key.sign(config + digest))}


def document_digest(document: Mapping[str, Json], cryptosuite: Cryptosuite) -> bytes:
    """SHA-256 of a document's canonical bytes without its proofs; errors as in `sign`."""
    if cryptosuite is Cryptosuite.RDFC:
        return sha256(rdfc_bytes(document)).digest()
    unsigned = {key: value for key, value in document.items() if key != "proof"}
    return sha256(jcs_bytes(unsigned)).digest()


def verify(
    document: Mapping[str, Json],
    proof: Mapping[str, Json],
    public_key: bytes,
    *,
    purpose: str = PURPOSE,
) -> None:
    """Check one of a document's proofs against an Ed25519 key. Dates are not looked at.

    Raises `VerificationError` with the reason `bad-signature` if it does not hold;
    `InvalidInputError` for a document that cannot be canonicalized, for one whose JSON hides what
    was signed (vc-data-integrity §2.4.1), and for what is no proof of these cryptosuites.
    """
    suite = _suite_of(proof, purpose)
    signature = _signature_of(proof)
    options = {key: value for key, value in proof.items() if key != "proofValue"}
    config = orjson.dumps({**options, "@context": document.get("@context")})
    if suite is Cryptosuite.RDFC:
        require_plain_names(options)
        require_exact(document)
    digests = _digest_of_config(config, suite) + document_digest(document, suite)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, digests)
    except (InvalidSignature, ValueError) as exc:
        raise VerificationError("the signature does not hold", reason="bad-signature") from exc


def _suite_of(proof: Mapping[str, Json], purpose: str) -> Cryptosuite:
    try:
        suite = Cryptosuite(str(proof.get("cryptosuite")))
    except ValueError as exc:
        raise InvalidInputError("not a cryptosuite that is verified here") from exc
    if proof.get("type") != PROOF_TYPE or proof.get("proofPurpose") != purpose:
        raise InvalidInputError(f"not a {PROOF_TYPE} for {purpose}")
    return suite


def _signature_of(proof: Mapping[str, Json]) -> bytes:
    value = proof.get("proofValue")
    if not isinstance(value, str) or not value.startswith("z"):
        raise InvalidInputError("the proof has no value in base58btc")
    return base58.decode(value[1:])


@lru_cache(maxsize=256)
def _config_digest(config: bytes, cryptosuite: Cryptosuite) -> bytes:
    """Of the proof without its value: the same for all that are signed in one second."""
    return _digest_of_config(config, cryptosuite)


def _digest_of_config(config: bytes, cryptosuite: Cryptosuite) -> bytes:
    options = orjson.loads(config)
    canonical = canonical_quads if cryptosuite is Cryptosuite.RDFC else jcs_bytes
    return sha256(canonical(options)).digest()
