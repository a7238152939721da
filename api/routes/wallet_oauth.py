"""OAuth 2.0 for wallets: registering (RFC 7591), tokens (RFC 6749), and giving them back."""

import secrets
from datetime import datetime
from typing import Annotated, Any, Final  # Any: JSON of others

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.access import Backend, BackendDep, NowDep
from api.bodies import JSON, media_type, read_body
from api.documentation import content, problems, request_body
from api.shapes import OAUTH
from api.wallets.access import note_guess, require_wallets
from api.wallets.forms import FORM, basic_credentials, read_form
from registry.core.documents import Json, parse_document
from registry.errors import InvalidInputError
from registry.services.ports import WalletClient, WalletScope
from registry.services.wallets.authorization import scope_text
from registry.services.wallets.clients import MAX_REDIRECT_URIS, authenticate_client, register
from registry.services.wallets.refusals import UnknownWalletError, WalletRefusedError
from registry.services.wallets.tokens import ACCESS_TIME, Tokens, redeem, refreshed, revoke

router = APIRouter(tags=["wallets"])

_MAX_REGISTRATION: Final = 16 * 1024  # bytes
_NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
# Told back as they came, as Open Badges 3.0 §7.1.1.2 shows it; none of it is kept or shown.
_TOLD_BACK: Final = (
    "client_uri",
    "logo_uri",
    "tos_uri",
    "policy_uri",
    "software_id",
    "software_version",
    "contacts",
)
_REDEEM: Final = {"authorization_code": redeem, "refresh_token": refreshed}
_Text = Annotated[str, Field(max_length=2_000)]
_Texts = Annotated[tuple[_Text, ...], Field(max_length=MAX_REDIRECT_URIS, strict=False)]


class ClientMetadata(BaseModel):
    """What a wallet says of itself; members that are not known are ignored (RFC 7591 §2)."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", hide_input_in_errors=True)

    client_name: _Text
    redirect_uris: _Texts
    token_endpoint_auth_method: _Text = "client_secret_basic"  # noqa: S105 - the name of a way
    grant_types: _Texts = ("authorization_code",)
    response_types: _Texts = ("code",)
    scope: _Text = " ".join(WalletScope)


@router.post(
    f"{OAUTH}/register",
    summary="Register a wallet",
    status_code=201,
    response_class=Response,
    responses={
        201: content("The client; its secret is told once.", "RegisteredClient"),
        **problems(404, at=OAUTH + "/"),
    },
    openapi_extra=request_body({JSON: "ClientRegistration"}),
)
async def register_wallet(request: Request, backend: BackendDep, now: NowDep) -> Response:
    """Anybody may. A client that no holder lets in is forgotten after a month."""
    require_wallets(backend)
    media_type(request, JSON)
    document, metadata = _metadata(await read_body(request, limit=_MAX_REGISTRATION))
    client, secret = await run_in_threadpool(_registered, backend, metadata, now)
    answer: dict[str, Any] = {
        **{name: document[name] for name in _TOLD_BACK if name in document},
        **metadata.model_dump(),
        "client_id": client.id,
        "client_secret": secret,
        "client_id_issued_at": int(now.timestamp()),
        "client_secret_expires_at": 0,  # it does not
        "client_name": client.name,
        "scope": scope_text(client.scopes),
    }
    return _answer(answer, status=201)


@router.post(
    f"{OAUTH}/token",
    summary="Get a token",
    response_class=Response,
    responses={200: content("The token.", "Token"), **problems(401, 404, at=OAUTH + "/")},
    openapi_extra=request_body({FORM: "TokenRequest"}),
)
async def get_token(request: Request, backend: BackendDep, now: NowDep) -> Response:
    """Change an authorization code, or a refresh token, into an access token."""
    require_wallets(backend)
    form = await read_form(request)
    client = await _client(request, backend)
    make = _REDEEM.get(form.get("grant_type", ""))
    if make is None:
        raise WalletRefusedError("unsupported_grant_type", f"one of {', '.join(_REDEEM)}")
    made = await run_in_threadpool(
        make, backend.store, client, form, now=now, random_bytes=secrets.token_bytes
    )
    return _answer(_told(made))


@router.post(
    f"{OAUTH}/revoke",
    summary="Give a token back",
    response_class=Response,
    responses={
        200: {"description": "It is good for nothing any more, or never was."},
        **problems(401, 404, at=OAUTH + "/"),
    },
    openapi_extra=request_body({FORM: "TokenRevocation"}),
)
async def revoke_token(request: Request, backend: BackendDep) -> Response:
    """Revoke an access token, or a refresh token with all that it gave (RFC 7009)."""
    require_wallets(backend)
    form = await read_form(request)
    client = await _client(request, backend)
    if "token" not in form:
        raise WalletRefusedError("invalid_request", "token is missing")
    await run_in_threadpool(revoke, backend.store, client, form["token"])
    return Response(headers=_NO_STORE)


async def _client(request: Request, backend: Backend) -> WalletClient:
    """Who asks. Raises `UnknownWalletError`, which is counted as a guess."""
    try:
        client_id, secret = basic_credentials(request)
        return await run_in_threadpool(authenticate_client, backend.store, client_id, secret)
    except UnknownWalletError:
        note_guess(request.scope)
        raise


def _metadata(body: bytes) -> tuple[dict[str, Json], ClientMetadata]:
    try:
        document = parse_document(body)
        return document, ClientMetadata.model_validate(document)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise WalletRefusedError("invalid_client_metadata", f"{place}: {first['msg']}") from exc
    except InvalidInputError as exc:
        raise WalletRefusedError("invalid_client_metadata", str(exc)) from exc


def _registered(
    backend: Backend, metadata: ClientMetadata, now: datetime
) -> tuple[WalletClient, str]:
    return register(
        backend.store,
        name=metadata.client_name,
        redirect_uris=metadata.redirect_uris,
        scope=metadata.scope,
        grant_types=metadata.grant_types,
        response_types=metadata.response_types,
        auth_method=metadata.token_endpoint_auth_method,
        now=now,
        random_bytes=secrets.token_bytes,
    )


def _told(tokens: Tokens) -> dict[str, Any]:
    refresh = {} if tokens.refresh is None else {"refresh_token": tokens.refresh}
    return {
        "access_token": tokens.access,
        "token_type": "Bearer",
        "expires_in": int(ACCESS_TIME.total_seconds()),
        "scope": scope_text(tokens.scopes),
        **refresh,
    }


def _answer(value: dict[str, Any], *, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status_code=status, media_type=JSON, headers=_NO_STORE)
