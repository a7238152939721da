"""The check of a token's signature, and of what its claims say beside the credential in it."""

from typing import Final

from registry.errors import InvalidInputError, VerificationError
from registry.services.issuer_keys import NotCheckedError, did_document_of, issuer_id
from registry.services.ports import KeyDirectory
from registry.vc.jwt import (
    EDDSA,
    Token,
    require_agreement,
    require_known_algorithm,
    verify_token,
)

_ED25519: Final = "did:key:z6Mk"  # as every Ed25519 key begins in base58


def check_token(token: Token, directory: KeyDirectory | None) -> None:
    """Check that its issuer signed a token, by a key that it names (`kid`).

    A key inside of the token is its own word, and proves nothing. Raises `VerificationError` for
    one that does not hold, `NotCheckedError` where nobody knows the key, and `UnavailableError`.
    """
    from registry.vc.did import controller_of, ed25519_jwk, jwk_of, key_of_did_key  # noqa: PLC0415

    require_agreement(token)
    try:
        require_known_algorithm(token)
    except InvalidInputError as exc:
        raise NotCheckedError(str(exc)) from exc
    method = token.key_name
    if method is None or not method.startswith("did:"):
        raise NotCheckedError("it names no key of a DID")
    controller = controller_of(method)
    if controller != issuer_id(token.credential):
        raise VerificationError("its key is not the issuer's", reason="another-issuer")
    if controller.startswith("did:key:"):
        if not controller.startswith(_ED25519):
            raise NotCheckedError("its key is of a kind that is not verified here")
        if token.algorithm != EDDSA:
            raise VerificationError("the key is of another algorithm", reason="bad-signature")
        verify_token(token, ed25519_jwk(key_of_did_key(method)))
        return
    verify_token(token, jwk_of(did_document_of(controller, directory), method))
