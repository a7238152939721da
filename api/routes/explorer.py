"""The explorer: pages of issuers, nights, batches, and the tree down to one credential."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.access import Backend, BackendDep, IssuerDep, hash_in_path
from api.delivery import FINAL, LIST, PENDING, SETTLED
from api.pages.chain_facts import Cost, Counts
from api.pages.nights import Night, charts_of
from api.pages.rendering import PageRoute, render, style
from api.pages.trees import MAX_WHOLE, draw_path, draw_whole, steps_of
from registry.core.address import format_address, parse_address
from registry.core.batch import BatchState
from registry.core.receipt import Receipt
from registry.core.wire import parse_hash
from registry.errors import InvalidInputError, NotFoundError
from registry.services.ports import Batch, OnChain
from registry.services.receipts import NotSealedError, issued_receipt

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_NIGHTS: Final = 30  # batches on a page, and bars in its charts
_ISSUERS: Final = 20
_SEALED: Final = tuple(state for state in BatchState if state is not BatchState.OPEN)
_MAX_ID: Final = 2**63 - 1

Before = Annotated[int | None, Query(ge=0, le=_MAX_ID)]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a batch stands on one chain, what its anchor cost there, and its statuses there."""

    on_chain: OnChain
    cost: Cost | None
    counts: Counts | None


@router.get("/explore")
def explore(
    request: Request,
    backend: BackendDep,
    before: Before = None,
    after: Annotated[str | None, Query(max_length=42)] = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Issuers with what they sealed, and the newest nights; `q` leads to what it names."""
    if q is not None:
        return RedirectResponse(_place_of(backend, q.strip()), status_code=303)
    start = b"" if after is None else parse_address(after)
    issuers = backend.store.issuer_totals(after=start, limit=_ISSUERS + 1)
    nights, following = _nights(backend, issuer=None, before=before)
    return render(
        request,
        "explore.html",
        cache=LIST,
        issuers=issuers[:_ISSUERS],
        more_issuers=issuers[_ISSUERS - 1].issuer if len(issuers) > _ISSUERS else None,
        trusted=backend.registry.trusted,
        nights=nights,
        charts=charts_of(nights),
        following=following,
        is_first=before is None,
        chain_id=backend.chain.chain_id,
        chain_count=len(backend.registry.chains),
    )


@router.get("/explore/issuers/{address}")
def explore_issuer(
    request: Request, backend: BackendDep, address: str, before: Before = None
) -> Response:
    """One issuer: what the contract says of it, and its nights."""
    issuer = parse_address(address)
    totals = backend.store.issuer_totals(issuer=issuer)
    if not totals:
        raise NotFoundError(f"no batch of {format_address(issuer)}")
    nights, following = _nights(backend, issuer=issuer, before=before)
    return render(
        request,
        "issuer.html",
        cache=LIST,
        totals=totals[0],
        record=backend.chain_facts.issuer(backend.chain, issuer),
        trusted=backend.registry.trusted.get(issuer),
        nights=nights,
        charts=charts_of(nights),
        following=following,
        is_first=before is None,
        chain_id=backend.chain.chain_id,
        chain_count=len(backend.registry.chains),
    )


@router.get("/explore/batches/{seal}")
def explore_batch(
    request: Request,
    backend: BackendDep,
    seal: str,
    q: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The batches with a seal, on every chain; `q` leads to the tree of that credential."""
    wanted = hash_in_path(seal, "seal")
    if q is not None:
        digest = parse_hash(q.strip().lower().removeprefix("0x"))
        return RedirectResponse(f"/explore/batches/{seal}/{digest.hex()}", status_code=303)
    found = _with_seal(backend, wanted)
    batches = [(batch, _standings(backend, batch)) for batch in found]
    trusted = backend.registry.trusted
    return render(
        request, "batch.html", cache=PENDING, seal=wanted, batches=batches, trusted=trusted
    )


@router.get("/explore/batches/{seal}/{hash}")
def explore_tree(
    request: Request,
    backend: BackendDep,
    seal: str,
    hash_text: Annotated[str, Path(alias="hash")],
    issuer: IssuerDep,
) -> Response:
    """The tree of a batch, drawn down to one of its credentials."""
    digest = hash_in_path(hash_text, "hash")
    receipt, batch = _receipt_under(backend, hash_in_path(seal, "seal"), digest, issuer)
    is_small = receipt.tree_size <= MAX_WHOLE
    return render(
        request,
        "tree.html",
        cache=SETTLED if batch.state is BatchState.FINAL else PENDING,
        receipt=receipt,
        batch=batch,
        is_small=is_small,
        drawing=(
            draw_whole(receipt, list(backend.store.leaves(batch)))
            if is_small
            else draw_path(receipt)
        ),
        steps=steps_of(receipt),
    )


@router.get("/explore/style-{version}.css")
def explore_style(version: str) -> Response:
    """The pages' own style sheet. Of another version it is the same, but not kept for good."""
    del version
    return Response(style(), media_type="text/css", headers={"Cache-Control": FINAL})


@router.get("/explore/{rest:path}")
def explore_nothing(rest: str) -> Response:
    """A page for every place where nothing is."""
    raise NotFoundError(f"no such page: {rest[:80]}")


def _place_of(backend: Backend, text: str) -> str:
    """Where the page is of an address, a seal or a credential hash. Raises `NotFoundError`."""
    if len(text) == 42:
        return f"/explore/issuers/{format_address(parse_address(text))}"
    digest = parse_hash(text.lower().removeprefix("0x"))
    if backend.store.batches_with_seal(digest):
        return f"/explore/batches/{digest.hex()}"
    if backend.store.find_credentials(digest):
        return f"/c/{digest.hex()}"
    raise NotFoundError("neither a seal nor a credential of this registry")


def _nights(
    backend: Backend, *, issuer: bytes | None, before: int | None
) -> tuple[list[Night], int | None]:
    """A page of sealed batches, and the cursor of the next one."""
    store, chains = backend.store, backend.chains
    found = store.batches(issuer=issuer, states=_SEALED, before_id=before, limit=_NIGHTS + 1)
    shown = found[:_NIGHTS]
    first = backend.chain.chain_id
    standings = [
        next((each for each in store.on_chains(batch.id) if each.chain_id == first), None)
        for batch in shown
    ]
    costs = backend.chain_facts.costs(chains, standings)
    nights = [Night(*each) for each in zip(shown, standings, costs, strict=True)]
    return nights, shown[-1].id if len(found) > _NIGHTS else None


def _standings(backend: Backend, batch: Batch) -> list[Standing]:
    facts, chains = backend.chain_facts, backend.chains
    on_chains = backend.store.on_chains(batch.id)
    costs = facts.costs(chains, on_chains)
    return [
        Standing(each, cost, facts.counts(chains, batch, each))
        for each, cost in zip(on_chains, costs, strict=True)
    ]


def _with_seal(backend: Backend, seal: bytes) -> list[Batch]:
    found = backend.store.batches_with_seal(seal)
    if not found:
        raise NotFoundError(f"no batch with seal {seal.hex()}")
    return found


def _receipt_under(
    backend: Backend, seal: bytes, digest: bytes, issuer: bytes | None
) -> tuple[Receipt, Batch]:
    """The credential's receipt under that seal, if it is there. Raises `NotFoundError`."""
    for batch in _with_seal(backend, seal):
        if issuer not in {None, batch.issuer}:
            continue
        try:
            issued = issued_receipt(backend.store, digest, issuer=batch.issuer)
        except (InvalidInputError, NotSealedError):
            continue
        if issued.batch.id == batch.id:
            return issued.receipt, batch
    raise NotFoundError(f"no credential {digest.hex()} under that seal")
