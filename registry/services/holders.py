"""The check of a presentation's own proof: that its holder made it, for whoever asked."""

from collections.abc import Mapping
from datetime import datetime

from registry.core.documents import Json
from registry.core.report import Check, Outcome
from registry.errors import InvalidInputError, VerificationError
from registry.services.issuer_keys import NotCheckedError, did_key_of
from registry.services.ports import KeyDirectory
from registry.services.proof_checks import require_in_time
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

    Raises `UnavailableError` if the holder's key could not be asked for.
    """
    proof = presentation.get("proof")
    if not isinstance(proof, dict):
        return _failed("no-proof", "The presentation has no proof of its holder.")
    for name, wanted in (("challenge", challenge), ("domain", domain)):
        if wanted is not None and proof.get(name) != wanted:
            return _failed("wrong-proof", f"The proof is for another {name}.")
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


def _failed(code: str, detail: str) -> Check:
    return Check(name="holder", outcome=Outcome.FAIL, code=code, detail=detail)
