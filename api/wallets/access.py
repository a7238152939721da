"""What an endpoint for wallets may use: that there are any, and the leave of a token's bearer."""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Request, Security
from fastapi.security import OAuth2AuthorizationCodeBearer
from starlette.types import Scope as ASGIScope

from api.access import Backend, BackendDep, NowDep
from api.shapes import OAUTH
from registry.errors import NotFoundError
from registry.services.ports import WalletScope
from registry.services.wallets.refusals import TokenRefusedError
from registry.services.wallets.tokens import Leave, leave_of

SCHEME: Final = "OAuth2ACG"  # as Open Badges 3.0 name it
MEANINGS: Final = {
    WalletScope.CREDENTIALS.value: "Read the holder's badges.",
    WalletScope.PROFILE.value: "Read the holder's profile.",
    WalletScope.OFFLINE.value: "Go on without the holder, by a refresh token.",
}
_LEAVE: Final = "wallet_leave"
_GUESS: Final = "wallet_guess"

_bearer = OAuth2AuthorizationCodeBearer(
    authorizationUrl=f"{OAUTH}/authorize",
    tokenUrl=f"{OAUTH}/token",
    refreshUrl=f"{OAUTH}/token",
    scheme_name=SCHEME,
    scopes=MEANINGS,
    description="For holders' wallets, as Open Badges 3.0 §7 has it.",
    auto_error=False,
)


def require_wallets(backend: Backend) -> str:
    """Where wallets reach this registry. Raises `NotFoundError` unless they may."""
    settings = backend.registry.settings
    if not settings.wallets or settings.public_url is None:
        raise NotFoundError("this registry hands nothing to wallets")
    return settings.public_url.rstrip("/")


def put_leave(scope: ASGIScope, leave: Leave) -> None:
    """Keep the leave of a bearer, whose token was found good, for the endpoint."""
    scope.setdefault("state", {})[_LEAVE] = leave


def note_guess(scope: ASGIScope) -> None:
    """Note that a code or a secret was wrong, so that it is counted."""
    scope.setdefault("state", {})[_GUESS] = True


def was_guess(scope: ASGIScope) -> bool:
    """Whether a code or a secret was wrong."""
    return bool(scope.get("state", {}).get(_GUESS))


def given_leave(wanted: WalletScope) -> Callable[..., Leave]:
    """A dependency: the leave of the bearer, good for `wanted` now.

    Raises `TokenRefusedError` and `ScopeRefusedError`.
    """

    def dependency(
        request: Request,
        backend: BackendDep,
        now: NowDep,
        token: Annotated[str | None, Security(_bearer, scopes=[wanted.value])],
    ) -> Leave:
        require_wallets(backend)
        leave = request.scope.get("state", {}).get(_LEAVE)
        if not isinstance(leave, Leave):
            if token is None:
                raise TokenRefusedError
            leave = leave_of(backend.store, token)
        leave.require(wanted, now=now)
        return leave

    return dependency
