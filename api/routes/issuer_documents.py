"""What is published of an issuer: DID document, profile, status lists, and the checkpoint."""

from datetime import datetime
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Path, Request, Response

from api.access import ADDRESS_PATTERN, Backend, BackendDep, NowDep
from api.delivery import PENDING
from api.documentation import content, problems
from registry.core.address import parse_address
from registry.core.identity import web_location
from registry.errors import NotFoundError
from registry.services.issuer_documents import IssuerDocuments
from registry.services.issuing import Proofs

router = APIRouter(tags=["issuers"])

MAX_LISTS: Final = 10_000  # a billion badges
_DID: Final = "application/did+json"
_CREDENTIAL: Final = "application/vc"
_JWT: Final = "application/vc+jwt"
_TEXT: Final = "text/plain"
_Address = Annotated[
    str,
    Path(
        alias="address",
        examples=["0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"],
        json_schema_extra=ADDRESS_PATTERN,
    ),
]
_Number = Annotated[int, Path(alias="number", ge=0, lt=MAX_LISTS)]


@router.get(
    "/.well-known/did.json",
    summary="Get the issuer's DID document",
    response_class=Response,
    responses={200: content("The document.", "DidDocument", media_type=_DID), **problems(404)},
)
def get_did_document(request: Request, backend: BackendDep) -> Response:
    """The document of the issuer's did:web, if this is where it belongs.

    With the keys that sign and anchor, and the address that anchors.
    """
    return _did_document(request, backend)


@router.get(
    "/issuers/{name}/did.json",
    summary="Get an issuer's DID document",
    response_class=Response,
    responses={200: content("The document.", "DidDocument", media_type=_DID), **problems(404, 422)},
)
def get_named_did_document(
    request: Request,
    backend: BackendDep,
    name: Annotated[str, Path(pattern="^[A-Za-z0-9._-]{1,100}$", examples=["academy"])],
) -> Response:
    """The same for a did:web with a path: did:web:HOST:issuers:NAME."""
    _ = name  # it is compared as a part of the path
    return _did_document(request, backend)


@router.get(
    "/v1/issuers/{address}/profile",
    summary="Get an issuer's profile",
    response_class=Response,
    responses={200: content("The profile.", "IssuerProfile"), **problems(404, 422)},
)
def get_profile(backend: BackendDep, address: _Address) -> Response:
    """Who the issuer is, as Open Badges and verifiers of Blockcerts read it."""
    profile = _documents(backend, address).blockcerts_profile()
    return _answer(orjson.dumps(profile), "application/json")


@router.get(
    "/v1/issuers/{address}/status-lists/{number}",
    summary="Get a status list",
    response_class=Response,
    responses={
        200: content("The list, signed.", "StatusList", media_type=_CREDENTIAL),
        **problems(404, 422),
    },
)
def get_status_list(
    backend: BackendDep, now: NowDep, address: _Address, number: _Number
) -> Response:
    """A Bitstring Status List of the issuer's badges, as the chain has them now.

    A bit that is set: the badge is revoked or suspended. Whole lists only, so that nobody learns
    which badge is looked at. 503 if the chain cannot be asked: no list is made up.
    """
    return _status_list(backend, address, number, Proofs.RDFC, now)


@router.get(
    "/v1/issuers/{address}/status-lists/{number}/blockcerts",
    summary="Get a status list for verifiers of Blockcerts",
    response_class=Response,
    responses={
        200: content("The list, signed.", "StatusList", media_type=_CREDENTIAL),
        **problems(404, 422),
    },
)
def get_blockcerts_status_list(
    backend: BackendDep, now: NowDep, address: _Address, number: _Number
) -> Response:
    """The same bits in the form of StatusList2021, without the letter of multibase."""
    return _status_list(backend, address, number, Proofs.BOTH, now)


@router.get(
    "/v1/issuers/{address}/status-lists/{number}/jwt",
    summary="Get a status list as a token",
    response_class=Response,
    responses={
        200: content("The list, signed.", "StatusListToken", media_type=_JWT),
        **problems(404, 422),
    },
)
def get_status_list_token(
    backend: BackendDep, now: NowDep, address: _Address, number: _Number
) -> Response:
    """The same list for verifiers of badges that are tokens."""
    return _status_list(backend, address, number, Proofs.JWT, now)


@router.get(
    "/v1/issuers/{address}/checkpoint",
    summary="Get the checkpoint of an issuer's anchors",
    response_class=Response,
    responses={
        200: content("The checkpoint.", "Checkpoint", media_type=_TEXT),
        **problems(404, 413, 422),
    },
)
def get_checkpoint(backend: BackendDep, address: _Address) -> Response:
    """How many anchors the issuer has in final blocks of the first chain, and the root over them.

    Whoever reads the chain comes to the same text, for any issuer, without this registry: its
    signature says what it saw, for others to compare. 404 for an issuer without a final anchor,
    413 for one with more than a hundred thousand. 503 if the chain cannot be asked.
    """
    issuer = parse_address(address, place="/path/address")
    data = backend.checkpoints.get(backend.chain, issuer, backend.note_signer)
    return _answer(data, _TEXT)


def _documents(backend: Backend, address_text: str) -> IssuerDocuments:
    """Those of this registry's issuer of badges. Raises `NotFoundError` for any other."""
    address = parse_address(address_text, place="/path/address")
    found = backend.issuer_documents
    if found is None or found.issuer != address:
        raise NotFoundError("this registry signs no badges for that issuer")
    return found


def _did_document(request: Request, backend: Backend) -> Response:
    found = backend.issuer_documents
    place = None if found is None else web_location(found.profile.id)
    if found is None or place is None or place.path != request.url.path:
        raise NotFoundError("no issuer here has its DID document at this place")
    return _answer(orjson.dumps(found.did_document()), _DID)


def _status_list(
    backend: Backend, address_text: str, number: int, proofs: Proofs, now: datetime
) -> Response:
    documents = _documents(backend, address_text)
    media_type = _JWT if proofs is Proofs.JWT else _CREDENTIAL
    return _answer(backend.status_lists.get(documents, number, proofs, now), media_type)


def _answer(data: bytes, media_type: str) -> Response:
    return Response(data, media_type=media_type, headers={"Cache-Control": PENDING})
