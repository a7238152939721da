"""Data Integrity proofs with Ed25519: eddsa-rdfc-2022 and eddsa-jcs-2022 (W3C vc-di-eddsa 1.0).

Signs itself, because the RDF form of a badge is hashed once for two proofs; verifies with
openvc-core, which also holds the JSON to what was signed. Which key is whose, `did` says.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, Protocol

import orjson
from openvc.errors import OpenvcError
from openvc.proof.data_integrity import DataIntegrityProofSuite
from openvc.proof.di_jcs import EddsaJcsProofSuite

from registry.core.canonical import jcs_bytes
from registry.core.documents import Json, printable
from registry.core.rdf import bundled_for_openvc, canonical_quads, rdfc_bytes
from registry.core.wire import format_time
from registry.errors import InvalidInputError, VerificationError
from registry.vc import base58

PROOF_TYPE: Final = "DataIntegrityProof"
PURPOSE: Final = "assertionMethod"
_LAST_DAY: Final = datetime(9999, 12, 30, tzinfo=UTC)  # when all has begun; ends are not asked for


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
    document: Mapping[str, Json], proof: Mapping[str, Json], public_key_jwk: dict[str, Any]
) -> None:
    """Check one of a document's proofs against a key. Dates are not looked at.

    Raises `VerificationError` with the reason `bad-signature` if it does not hold, also of JSON
    that says anything else than what was signed; `InvalidInputError` for a document that cannot be
    canonicalized, and for another cryptosuite.
    """
    suite, options = _suite(proof)
    secured = {**{k: v for k, v in document.items() if k != "proof"}, "proof": dict(proof)}
    if suite is Cryptosuite.RDFC:
        canonical_quads({k: v for k, v in secured.items() if k != "proof"})  # for its limits
    verifier: Any = EddsaJcsProofSuite() if suite is Cryptosuite.JCS else DataIntegrityProofSuite()
    try:
        verifier.verify(
            secured,
            public_key_jwk=public_key_jwk,
            expected_proof_purpose=PURPOSE,
            check_temporal=False,
            now=_LAST_DAY,
            **options,
        )
    except OpenvcError as exc:
        raise VerificationError(
            f"the proof does not hold: {printable(str(exc))[:300]}", reason="bad-signature"
        ) from exc


def _suite(proof: Mapping[str, Json]) -> tuple[Cryptosuite, dict[str, Any]]:
    try:
        suite = Cryptosuite(str(proof.get("cryptosuite")))
    except ValueError as exc:
        raise InvalidInputError("not a cryptosuite that is verified here") from exc
    extra = {"extra_contexts": bundled_for_openvc()} if suite is Cryptosuite.RDFC else {}
    return suite, extra


@lru_cache(maxsize=256)
def _config_digest(config: bytes, cryptosuite: Cryptosuite) -> bytes:
    """Of the proof without its value: the same for all that are signed in one second."""
    options = orjson.loads(config)
    canonical = canonical_quads if cryptosuite is Cryptosuite.RDFC else jcs_bytes
    return sha256(canonical(options)).digest()
