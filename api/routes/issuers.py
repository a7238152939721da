"""Issuers: what the contract says of them, and their newest batches."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response

from api.access import ADDRESS_PATTERN, BackendDep
from api.delivery import PENDING
from api.documentation import problems
from api.routes.batches import page_of
from registry.client.models import IssuerOut
from registry.core.address import parse_address
from registry.errors import ConflictError, UnavailableError
from registry.services.ports import Chain, IssuerRecord

router = APIRouter(tags=["issuers"])

_NEWEST: Final = 10  # batches shown with an issuer


@router.get(
    "/v1/issuers/{address}",
    summary="Get an issuer",
    response_description="The issuer.",
    responses=problems(422),
)
def get_issuer(
    response: Response,
    backend: BackendDep,
    address_text: Annotated[
        str,
        Path(
            alias="address",
            examples=["0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"],
            json_schema_extra=ADDRESS_PATTERN,
        ),
    ],
) -> IssuerOut:
    """Owner and number of anchors from the contract, the newest batches from this registry.

    Every address is an issuer to the contract: one that never anchored has no anchors. `name`
    is set for those on this registry's trust list. 503 if the chain cannot be asked.
    """
    address = parse_address(address_text, place="/path/address")
    response.headers["Cache-Control"] = PENDING
    record = _record(backend.chain, address)
    page = page_of(backend, issuer=address, states=None, before=None, limit=_NEWEST)
    trusted = backend.registry.trusted.get(address)
    return IssuerOut(
        address=address,
        name=None if trusted is None else trusted.name,
        chain=backend.chain.chain_id,
        contract=backend.chain.contract,
        owner=record.owner,
        pending_owner=record.pending_owner,
        anchor_count=record.anchor_count,
        batches=page.batches,
        next=page.next,
    )


def _record(chain: Chain, address: bytes) -> IssuerRecord:
    """What the contract says; raises `UnavailableError` for another chain or contract too."""
    try:
        if not chain.is_genuine(chain.contract):
            raise UnavailableError("the address does not run our contract", source="chain")
        return chain.issuer_record(address)
    except ConflictError as exc:
        raise UnavailableError(str(exc), source="chain") from exc
