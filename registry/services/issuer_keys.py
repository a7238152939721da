"""The keys of issuers: of a did:key in itself, of a did:web by asking, if that is wanted."""

from collections.abc import Mapping

from registry.core.documents import Json
from registry.core.identity import web_location
from registry.errors import VerificationError
from registry.services.ports import KeyDirectory


class NotCheckedError(Exception):
    """Not at fault: a proof that cannot be judged here, and why."""


def did_key_of(
    controller: str, method: str, directory: KeyDirectory | None, *, purpose: str
) -> bytes:
    """The Ed25519 key that a DID has for a purpose; a did:key has its one key for all.

    Raises `NotCheckedError` for a DID that is not asked, `VerificationError` if it has no such
    key, and `UnavailableError` if a did:web does not answer.
    """
    from registry.vc.did import key_of, key_of_did_key  # noqa: PLC0415 - rarely needed, and slow

    if controller.startswith("did:key:"):
        return key_of_did_key(method)
    return key_of(did_document_of(controller, directory), method, purpose=purpose)


def did_document_of(controller: str, directory: KeyDirectory | None) -> Mapping[str, Json]:
    """What a did:web publishes; raises as `did_key_of`."""
    if web_location(controller) is None:
        raise NotCheckedError("its key is of a DID that is not asked here")
    if directory is None:
        raise NotCheckedError("the issuer was not asked for its key (resolve_issuers)")
    document = directory.document_of_did(controller)
    if document is None:
        raise VerificationError("the issuer publishes no keys", reason="no-key")
    return document


def issuer_id(document: Mapping[str, Json]) -> Json:
    """Who a credential says issued it."""
    issuer = document.get("issuer")
    return issuer.get("id") if isinstance(issuer, dict) else issuer
