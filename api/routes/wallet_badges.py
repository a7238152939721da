"""The API of Open Badges 3.0, as far as it reads: a holder's badges and profile, for wallets.

It takes nothing in: this registry is no wallet. Writing is answered 405, `unsupported`.
"""

from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Query, Response

from api.access import BackendDep
from api.delivery import PENDING
from api.documentation import content, problems
from api.shapes import OPEN_BADGES
from api.wallets.access import given_leave, require_wallets
from api.wallets.discovery import Provider
from api.wallets.paging import Page
from registry.core.wire import MAX_COUNT, read_time
from registry.errors import InvalidInputError
from registry.services.ports import WalletBadge, WalletScope
from registry.services.wallets.profiles import holder_profile
from registry.services.wallets.tokens import Leave

router = APIRouter(tags=["wallets"])

MAX_PAGE: Final = 50  # badges in an answer; one has some 10 kB, and 1 MiB at most
_PRIVATE: Final = {"Cache-Control": "no-store"}
_JSON: Final = "application/json"
_CREDENTIALS: Final = f"{OPEN_BADGES}/credentials"
_REFUSALS: Final = {
    **problems(401, 403, 404, at=_CREDENTIALS),
    "default": content("Any other refusal.", "StatusInfo"),
}


@router.get(
    f"{OPEN_BADGES}/discovery",
    summary="Get the Service Description Document",
    response_class=Response,
    responses={
        200: content("The document.", "ServiceDescription"),
        **problems(404, at=_CREDENTIALS),
    },
)
def get_service_description(backend: BackendDep) -> Response:
    """Who hands out badges here, and where wallets register, ask, and fetch."""
    document = provider_of(backend).service_description()
    return Response(orjson.dumps(document), media_type=_JSON, headers={"Cache-Control": PENDING})


@router.get(
    "/.well-known/oauth-authorization-server",
    summary="Get the authorization server's metadata",
    response_class=Response,
    responses={200: content("The metadata.", "ServerMetadata"), **problems(404)},
)
def get_server_metadata(backend: BackendDep) -> Response:
    """RFC 8414: the same places, and that of revocation."""
    metadata = provider_of(backend).server_metadata()
    return Response(orjson.dumps(metadata), media_type=_JSON, headers={"Cache-Control": PENDING})


@router.get(
    _CREDENTIALS,
    summary="Get the holder's badges",
    response_class=Response,
    responses={200: content("A page of them, oldest first.", "WalletBadges"), **_REFUSALS},
)
def get_credentials(
    backend: BackendDep,
    leave: Annotated[Leave, Depends(given_leave(WalletScope.CREDENTIALS))],
    limit: Annotated[int, Query(ge=1, le=MAX_COUNT, description="At most so many.")] = MAX_PAGE,
    offset: Annotated[int, Query(ge=0, le=MAX_COUNT, description="Leave out the first.")] = 0,
    since: Annotated[
        str | None,
        Query(
            description="Only those handed out after this moment.",
            json_schema_extra={"format": "date-time"},
        ),
    ] = None,
) -> Response:
    """The badges that the issuer hands to the holder, as they are now.

    Withdrawn ones too, as long as the issuer lets them: their status lists say so.
    """
    limit = min(limit, MAX_PAGE)
    moment = None if since is None else read_time(since)
    if since is not None and moment is None:
        raise InvalidInputError("not a time with a zone", place="/query/since")
    total, badges = backend.store.wallet_badges(
        leave.grant.holder, since=moment, offset=offset, limit=limit
    )
    url = f"{require_wallets(backend)}{_CREDENTIALS}"
    headers = Page(offset, limit, total, since).headers(url)
    return Response(_listed(badges), media_type=_JSON, headers=_PRIVATE | headers)


@router.get(
    f"{OPEN_BADGES}/profile",
    summary="Get the holder's profile",
    response_class=Response,
    responses={200: content("The profile.", "HolderProfile"), **_REFUSALS},
)
def get_holder_profile(
    leave: Annotated[Leave, Depends(given_leave(WalletScope.PROFILE))],
) -> Response:
    """That there is a holder: an id of this wallet's own, and no name, which is not kept here."""
    profile = orjson.dumps(holder_profile(leave.grant))
    return Response(profile, media_type=_JSON, headers=_PRIVATE)


def provider_of(backend: BackendDep) -> Provider:
    """Who hands out badges here. Raises `NotFoundError` if nobody does."""
    url = require_wallets(backend)
    profile, settings = backend.registry.issuer_profile, backend.registry.settings
    return Provider(
        name=profile.name,
        url=url,
        # Settings with `wallets` have both.
        terms_url=settings.terms_url or "",
        privacy_url=settings.privacy_url or "",
        image=profile.image,
    )


def _listed(badges: list[WalletBadge]) -> bytes:
    """Documents as they are, not read again: no number in them changes its spelling."""
    documents = [badge.document for badge in badges]
    return orjson.dumps(
        {
            "credential": [orjson.Fragment(each) for each in documents if not _is_jws(each)],
            "compactJwsString": [each.decode("ascii") for each in documents if _is_jws(each)],
        }
    )


def _is_jws(document: bytes) -> bool:
    """Whether it is no JSON object, but a compact JWS: three parts of base64url."""
    return not document.lstrip().startswith(b"{")
