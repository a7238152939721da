"""The page on which a holder lets a wallet fetch badges, by the code that the issuer mailed.

It keeps nothing in the browser. A wallet's mistakes are shown with a link back, and nobody is
sent on without having clicked: anybody may register a wallet, and so could send people anywhere
by an address of ours (RFC 9700 §4.11.2).
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from api.access import Backend, BackendDep, NowDep
from api.pages.rendering import NO_STORE, POLICY, PageRoute, render
from api.routes.wallet_badges import provider_of
from api.shapes import OAUTH
from api.wallets.access import note_guess
from api.wallets.forms import fields_of, read_form
from registry.services.ports import WalletScope
from registry.services.wallets.authorization import Returning, Wish, allow, returning, wish
from registry.services.wallets.clients import redirect_origin
from registry.services.wallets.refusals import WalletRefusedError, WrongOfferError

router = APIRouter(include_in_schema=False, route_class=PageRoute)

# Of the wallet's request; the form sends it again, and it is looked at again.
_ASKED: Final = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)
_NAMES: Final = {
    WalletScope.CREDENTIALS: "credentials",
    WalletScope.PROFILE: "profile",
    WalletScope.OFFLINE: "offline",
}
_OWN_ORIGIN: Final = {"Referrer-Policy": "same-origin"}  # or the form's Origin would be `null`


@router.get(f"{OAUTH}/authorize")
def ask_holder(request: Request, backend: BackendDep) -> Response:
    """Ask the holder."""
    try:
        asked = fields_of(request.url.query.encode())
    except WalletRefusedError as exc:
        provider_of(backend)
        return _refused(request, exc, None)
    return _answered(request, backend, asked)


@router.post(f"{OAUTH}/authorize")
async def take_answer(request: Request, backend: BackendDep, now: NowDep) -> Response:
    """What the holder said."""
    provider = provider_of(backend)
    try:
        form = await read_form(request)
        _require_own_form(request, provider.url)
    except WalletRefusedError as exc:
        return _refused(request, exc, None)
    return await run_in_threadpool(_answered, request, backend, form, now)


def _answered(
    request: Request, backend: Backend, fields: Mapping[str, str], now: datetime | None = None
) -> Response:
    """The page for a wallet's request, or with `now` what comes of the holder's answer to it."""
    provider_of(backend)
    asked = {name: fields[name] for name in _ASKED if name in fields}
    back: Returning | None = None
    try:
        back = returning(backend.store, asked)
        wanted = wish(back, asked)
    except WalletRefusedError as exc:
        return _refused(request, exc, back)
    if now is None:
        return _page(request, backend, wanted, asked, is_wrong=False)
    if fields.get("decision") != "allow":
        return _sent(back.address(error="access_denied"))
    try:
        entered = fields.get("offer", "")
        to = allow(backend.store, wanted, entered, now=now, random_bytes=secrets.token_bytes)
    except WrongOfferError:
        note_guess(request.scope)
        return _page(request, backend, wanted, asked, is_wrong=True)
    return _sent(to)


def _page(
    request: Request, backend: Backend, wanted: Wish, asked: Mapping[str, str], *, is_wrong: bool
) -> Response:
    origin = redirect_origin(wanted.returning.redirect_uri)
    response = render(
        request,
        "wallet.html",
        status=403 if is_wrong else 200,
        cache=NO_STORE,
        provider=provider_of(backend),
        client=wanted.returning.client.name,
        host=urlsplit(origin).netloc,
        scopes=[name for scope, name in _NAMES.items() if scope in wanted.scopes],
        asked=asked,
        action=f"{OAUTH}/authorize",
        is_wrong=is_wrong,
    )
    # Browsers hold the redirect that answers the form to this, too.
    policy = POLICY.replace("form-action 'self'", f"form-action 'self' {origin}")
    response.headers.update({"Content-Security-Policy": policy, **_OWN_ORIGIN})
    return response


def _refused(request: Request, exc: WalletRefusedError, back: Returning | None) -> Response:
    """Say what is wrong with the wallet's request; with a way back if that is known."""
    address = None
    if back is not None:
        address = back.address(error=exc.code, error_description=str(exc))
    return render(
        request,
        "wallet_refused.html",
        status=400,
        cache=NO_STORE,
        reason=str(exc),
        client=None if back is None else back.client.name,
        address=address,
    )


def _require_own_form(request: Request, url: str) -> None:
    """Raise for a form that another site made the browser send; every browser says whose it is."""
    if request.headers.get("origin") != _origin(url):
        raise WalletRefusedError("invalid_request", "the form was not sent from this page")


def _sent(address: str) -> Response:
    headers = {"Cache-Control": NO_STORE, **_OWN_ORIGIN}
    return RedirectResponse(address, status_code=303, headers=headers)


def _origin(url: str) -> str:
    """As browsers write it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
