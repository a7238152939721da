"""The check of a presentation's own proof: that its holder made it, for whoever asked."""

from collections.abc import Mapping
from datetime import datetime

from registry.core.documents import Json
from registry.core.report import Check, Outcome
from registry.errors import InvalidInputError, VerificationError
from registry.services.issuer_keys import NotCheckedError, did_key_of
from registry.services.ports import KeyDirectory
from registry.services.proof_checks import MAX_PROOFS, require_in_time
from registry.vc.data_integrity import AUTHENTICATION, verify
from registry.vc.did import controller_of


def check_holder(
    presentation: Mapping[str, Json],
    directory: KeyDirectory,
    *,
    challenge: str | None,
    domain: str | None,
    now: datetime,
) -> Check:
    """The holder's proof of authentication, for the challenge and domain that are wanted.

    Of a set of proofs, each has to hold.
    Raises `UnavailableError` if the holder's key could not be asked for.
    """
    found = presentation.get("proof")
    proofs = found if isinstance(found, list) else [found]
    if not 1 <= len(proofs) <= MAX_PROOFS:
        return _failed("no-proof", f"A presentation has 1 to {MAX_PROOFS} proofs of its holder.")
    for proof in proofs:
        if not isinstance(proof, dict):
            return _failed("no-proof", "The presentation has no proof of its holder.")
        if challenge is not None and proof.get("challenge") != challenge:
            return _failed("wrong-proof", "The proof is for another challenge.")
        if domain is not None and domain not in _domains(proof):
            return _failed("wrong-proof", "The proof is for another domain.")
        try:
            _require_holders(presentation, proof, directory)
            require_in_time(proof, now)
        except (NotCheckedError, VerificationError, InvalidInputError) as exc:
            return _failed("bad-proof", f"The holder's proof does not hold: {exc}.")
    return Check(
        name="holder", outcome=Outcome.PASS, code="proof-holds", detail="The holder signed it."
    )


def _require_holders(
    presentation: Mapping[str, Json], proof: Mapping[str, Json], directory: KeyDirectory
) -> None:
    controller = _holder_named(presentation, proof)
    method = str(proof["verificationMethod"])
    key = did_key_of(controller, method, directory, purpose=AUTHENTICATION)
    verify(presentation, proof, key, purpose=AUTHENTICATION)


def _holder_named(presentation: Mapping[str, Json], proof: Mapping[str, Json]) -> str:
    """Whose key a presentation's proof names, who must be its holder if it says one."""
    controller = controller_of(proof.get("verificationMethod"))
    holder = presentation.get("holder", controller)
    if controller != (holder.get("id") if isinstance(holder, dict) else holder):
        raise VerificationError("its key is not the holder's", reason="another-holder")
    return controller


def _domains(proof: Mapping[str, Json]) -> list[Json]:
    """For whom a proof is: one domain or a set of them (vc-data-integrity §2.1)."""
    found = proof.get("domain")
    return found if isinstance(found, list) else [found]


def _failed(code: str, detail: str) -> Check:
    return Check(name="holder", outcome=Outcome.FAIL, code=code, detail=detail)
