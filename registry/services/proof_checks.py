"""The check of what else a credential carries: signatures of its issuer, proofs of Blockcerts."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.core.canonical import Canonicalization
from registry.core.documents import Json, printable
from registry.core.receipt import Receipt, other_proofs, proof_name
from registry.core.report import Check, Outcome
from registry.core.tree import seal_from_proof
from registry.core.wire import read_time
from registry.errors import InvalidInputError, UnavailableError, VerificationError
from registry.services.issuer_keys import NotCheckedError, did_key_of, issuer_id
from registry.services.ports import KeyDirectory
from registry.services.token_checks import check_token
from registry.vc.jwt import Token

_log = logging.getLogger(__name__)

MAX_PROOFS: Final = 10  # of one credential that are looked at; each costs some milliseconds
_SIGNATURES: Final = ("eddsa-rdfc-2022", "eddsa-jcs-2022")
_MERKLE: Final = "merkle-proof-2019"
_TOKEN: Final[Json] = {"type": "JWT"}


@dataclass(slots=True)
class _Tally:
    held: list[str]
    left: list[str]
    silent: list[str]


def check_proofs(
    document: Mapping[str, Json] | None,
    receipt: Receipt | None,
    directory: KeyDirectory | None,
    *,
    now: datetime,
    token: Token | None = None,
) -> Check:
    """Other proofs in the credential. What is of a kind not known here is named, and not judged.

    Fails if one does not hold, or is made by somebody else than the issuer. A did:web is asked for
    its keys only with a `directory`. Of a `token` its signature is the proof.
    """
    if token is not None:
        return _check_all([_TOKEN], lambda _: check_token(token, directory))
    proofs = [] if document is None else other_proofs(document)
    if document is None or not proofs:
        return _skipped("no-other-proofs", "The credential carries no other proof.", {})
    return _check_all(
        proofs[:MAX_PROOFS], lambda proof: _check_one(document, proof, receipt, directory, now)
    )


def _check_all(proofs: list[Json], check: Callable[[Json], None]) -> Check:
    names: dict[str, str | int | None] = {"proofs": ", ".join(map(proof_name, proofs))}
    tally = _Tally([], [], [])
    for proof in proofs:
        name = printable(proof_name(proof))[:100]
        try:
            check(proof)
        except NotCheckedError as exc:
            tally.left.append(f"{name}: {exc}")
        except UnavailableError as exc:
            _log.warning("could not ask for a key: %s", exc)
            tally.silent.append(f"{name}: {exc.message}")
        except (VerificationError, InvalidInputError) as exc:
            detail = f"A proof of the credential does not hold, {name}: {exc}."
            return Check(
                name="proofs", outcome=Outcome.FAIL, code="bad-proof", detail=detail, evidence=names
            )
        else:
            tally.held.append(name)
    return _concluded(tally, names)


def _concluded(tally: _Tally, names: dict[str, str | int | None]) -> Check:
    if tally.silent:
        detail = f"A key could not be asked for: {'; '.join(tally.silent)}."
        return Check(
            name="proofs",
            outcome=Outcome.UNKNOWN,
            code="key-unreachable",
            detail=detail,
            evidence=names,
        )
    if not tally.held:
        detail = f"Other proofs in the credential were not checked: {'; '.join(tally.left)}."
        return _skipped("other-proofs-not-checked", detail, names)
    more = f" Not checked: {'; '.join(tally.left)}." if tally.left else ""
    detail = f"Other proofs in the credential hold: {', '.join(tally.held)}.{more}"
    return Check(
        name="proofs", outcome=Outcome.PASS, code="proofs-hold", detail=detail, evidence=names
    )


def _skipped(code: str, detail: str, evidence: dict[str, str | int | None]) -> Check:
    return Check(
        name="proofs", outcome=Outcome.SKIPPED, code=code, detail=detail, evidence=evidence
    )


def _check_one(
    document: Mapping[str, Json],
    proof: Json,
    receipt: Receipt | None,
    directory: KeyDirectory | None,
    now: datetime,
) -> None:
    if not isinstance(proof, dict):
        raise InvalidInputError("it is no object")
    name = proof_name(proof)
    if name in _SIGNATURES:
        _check_signature(document, proof, directory)
    elif name == _MERKLE:
        _check_merkle(document, proof, receipt)
    else:
        raise NotCheckedError("of a kind that is not verified here")
    require_in_time(proof, now)


def _check_signature(
    document: Mapping[str, Json], proof: dict[str, Json], directory: KeyDirectory | None
) -> None:
    # Here: JSON-LD and cryptography take half a second to import, and most credentials need none.
    from registry.vc.data_integrity import PURPOSE, verify  # noqa: PLC0415
    from registry.vc.did import controller_of, key_in_fragment  # noqa: PLC0415

    method = proof.get("verificationMethod")
    controller = controller_of(method)
    if controller != issuer_id(document):
        raise VerificationError("its key is not the issuer's", reason="another-issuer")
    if controller.startswith("did:"):
        key = did_key_of(controller, str(method), directory, purpose=PURPOSE)
        verify(document, proof, key)
        return
    in_fragment = key_in_fragment(str(method))
    if in_fragment is not None:
        verify(document, proof, in_fragment)  # whose key that is, the proof alone says
    raise NotCheckedError("its key is not of a DID")


def _check_merkle(
    document: Mapping[str, Json], proof: dict[str, Json], receipt: Receipt | None
) -> None:
    """That it says what the receipt says, which is what the chain was asked about."""
    from registry.core.canonical import document_hash  # noqa: PLC0415 - needs JSON-LD here
    from registry.vc.merkle_proof_2019 import decode, sealed_path  # noqa: PLC0415

    found = decode(proof.get("proofValue"))
    if document_hash(dict(document), Canonicalization.RDFC) != found.target_hash:
        raise VerificationError("it is of another credential", reason="hash-mismatch")
    try:
        path = sealed_path(found)
    except InvalidInputError as exc:
        raise NotCheckedError("anchored by another maker's tools") from exc
    leads_to = seal_from_proof(
        salt=path.salt, credential_hash=path.credential_hash, proof=path.proof
    )
    if leads_to != path.seal:
        raise VerificationError("its path does not lead to its seal", reason="seal-mismatch")
    if receipt is None:
        raise NotCheckedError("whether it is anchored, a chain has to be asked")
    if receipt.seal != path.seal:
        raise NotCheckedError("of another batch than the receipt")


def require_in_time(proof: Mapping[str, Json], now: datetime) -> None:
    """Raise `VerificationError` for a proof that has expired, `InvalidInputError` for no date."""
    ends = proof.get("expires")
    if ends is None:
        return
    time = read_time(ends)
    if time is None:
        raise InvalidInputError("its end is no time")
    if time < now:
        raise VerificationError("it has expired", reason="proof-expired")
