"""The page of a credential: what its issuer published of it, and the verdict on it."""

import textwrap
from dataclasses import dataclass
from typing import Final

import orjson
from fastapi import APIRouter, Request, Response

from api.access import Backend, BackendDep, IssuerDep, hash_in_path
from api.delivery import PENDING
from api.pages.badge import Badge, badge_of
from api.pages.language import Words, language_of, words_in
from api.pages.picture import picture_of
from api.pages.rendering import NO_STORE, PageRoute, render, render_picture
from api.pages.sharing import Sharing, qr_code, sharing_of
from registry.core.address import format_address
from registry.core.documents import parse_document
from registry.core.receipt import Receipt, embed_receipt, print_receipt
from registry.core.report import Outcome, Report, Verdict
from registry.errors import NotFoundError
from registry.services.ports import Publication, StoredCredential
from registry.services.publishing import published_by
from registry.services.receipts import NotSealedError, find_one, receipt_of
from registry.services.verification import Evidence

router = APIRouter(include_in_schema=False, route_class=PageRoute)


_CORS: Final = {"Access-Control-Allow-Origin": "*"}  # pages elsewhere verify it
# What a verdict waits for that could not be asked; time alone, or the issuer, mends the rest.
_OUTAGES: Final = frozenset(
    {
        "chain-unavailable",
        "nodes-disagree",
        "node-behind",
        "no-contract",
        "no-event",
        "issuer-unreachable",
    }
)
_NOT_YET: Final = frozenset({"pending", "not-final"})


@dataclass(frozen=True, slots=True)
class Judged:
    """A credential's verdict, or why there is none yet."""

    receipt: Receipt | None  # None before its batch is sealed
    report: Report | None

    @property
    def is_waiting(self) -> bool:
        """Whether it is only a matter of time: until its batch is sealed, anchored, final."""
        if self.report is None:
            return True
        is_open = self.report.verdict is Verdict.UNDETERMINED
        return is_open and any(check.code in _NOT_YET for check in self.report.checks)

    @property
    def is_outage(self) -> bool:
        """Whether something could not be asked."""
        if self.report is None or self.report.verdict is not Verdict.UNDETERMINED:
            return False
        return any(check.code in _OUTAGES for check in self.report.checks)

    @property
    def is_unnamed(self) -> bool:
        """Whether nobody says whose the address is that anchored it."""
        checks = () if self.report is None else self.report.checks
        return any((check.name, check.outcome) == ("issuer", Outcome.SKIPPED) for check in checks)

    @property
    def state(self) -> str:
        """The verdict in a word."""
        if self.is_waiting or self.report is None:
            return "waiting"
        return self.report.verdict.value


@router.get("/c/{hash_text}")
def credential_page(
    request: Request, backend: BackendDep, hash_text: str, issuer: IssuerDep
) -> Response:
    """The page of a credential. Of one that is not published: the verdict on its hash alone."""
    digest = hash_in_path(hash_text, "hash")
    found = backend.store.find_credentials(digest)
    if issuer is None and len(found) > 1:
        issuers = [credential.issuer for credential in found]
        return render(request, "choose.html", cache=PENDING, digest=digest, issuers=issuers)
    stored = find_one(backend.store, digest, issuer=issuer)
    publication = published_by(backend.store, digest, stored.issuer)
    judged = _judge(backend, stored, publication)
    published = None if publication is None else _published(backend, request, publication, issuer)
    response = render(
        request,
        "credential.html",
        status=503 if judged.is_outage else 200,
        cache=NO_STORE if judged.is_outage else PENDING,
        digest=digest,
        stored=stored,
        judged=judged,
        published=published,
        trusted=backend.registry.trusted.get(stored.issuer),
        batch=backend.store.batch(stored.batch_id),
    )
    if publication is None:
        response.headers["X-Robots-Tag"] = "noindex"
    return response


@router.get("/c/{hash_text}/credential.json")
def credential_document(backend: BackendDep, hash_text: str, issuer: IssuerDep) -> Response:
    """The published credential with its receipt in it, for a verifier of anybody's choice.

    Before its batch is final there is no receipt that proves anything: then without.
    """
    publication = _publication(backend, hash_text, issuer)
    headers = {"Cache-Control": PENDING, **_CORS}
    try:
        receipt = receipt_of(backend.store, publication.credential_hash, issuer=publication.issuer)
    except NotSealedError:
        return Response(publication.document, media_type="application/json", headers=headers)
    if receipt.is_pending:
        return Response(publication.document, media_type="application/json", headers=headers)
    document = embed_receipt(parse_document(publication.document), receipt)
    content = orjson.dumps(document, option=orjson.OPT_INDENT_2)
    return Response(content, media_type="application/json", headers=headers)


@router.get("/c/{hash_text}/picture.png")
def credential_picture(backend: BackendDep, hash_text: str, issuer: IssuerDep) -> Response:
    """The picture for link previews of a published credential."""
    publication = _publication(backend, hash_text, issuer)
    picture = picture_of(_required_address(backend, publication, issuer))
    return Response(picture, media_type="image/png", headers={"Cache-Control": PENDING})


@router.get("/c/{hash_text}/picture.svg")
def credential_card(backend: BackendDep, hash_text: str, issuer: IssuerDep) -> Response:
    """The card that other sites embed of a published credential."""
    publication = _publication(backend, hash_text, issuer)
    address = _required_address(backend, publication, issuer)
    badge = badge_of(parse_document(publication.document), "en")
    card = render_picture(
        "card.svg",
        lines=textwrap.wrap(_name_of(badge, words_in("en")), 24, max_lines=2, placeholder="…"),
        issuer=textwrap.shorten(badge.issuer or "", 40, placeholder="…"),
        qr_code=qr_code(address),
    )
    return Response(card, media_type="image/svg+xml", headers={"Cache-Control": PENDING})


@router.get("/c/{rest:path}")
def credential_nothing(rest: str) -> Response:
    """A page for every place where nothing is."""
    raise NotFoundError(f"no such page: {rest[:80]}")


@dataclass(frozen=True, slots=True)
class Published:
    """What a page shows of a published credential."""

    badge: Badge
    name: str
    document_path: str
    verifier: str  # the page that checks it in the browser
    sharing: Sharing | None


def _published(
    backend: Backend, request: Request, publication: Publication, issuer: bytes | None
) -> Published:
    words = words_in(language_of(request.headers.get("accept-language", "")))
    badge = badge_of(parse_document(publication.document), words.language)
    name = _name_of(badge, words)
    digest = publication.credential_hash

    def address(tail: str = "") -> str:
        return _base(backend) + _path(digest, issuer, tail)

    sharing = None
    if _base(backend):
        sharing = sharing_of(
            badge,
            name,
            page=address(),
            picture=address("/picture.png"),
            card=address("/picture.svg"),
            certificate_id=digest.hex(),
        )
    return Published(
        badge=badge,
        name=name,
        document_path=_path(digest, issuer, "/credential.json"),
        verifier=f"/#{address('/credential.json')}",
        sharing=sharing,
    )


def _name_of(badge: Badge, words: Words) -> str:
    return badge.name or str(words("unnamed"))


def _base(backend: Backend) -> str:
    """Where the API is reached from outside; empty if nobody said so.

    Never what a request says of it: somebody else would get the page out of a cache.
    """
    return (backend.registry.settings.public_url or "").rstrip("/")


def _path(digest: bytes, issuer: bytes | None, tail: str) -> str:
    query = "" if issuer is None else f"?issuer={format_address(issuer)}"
    return f"/c/{digest.hex()}{tail}{query}"


def _required_address(backend: Backend, publication: Publication, issuer: bytes | None) -> str:
    """The page's whole address, which its pictures show. Raises `NotFoundError`."""
    if not _base(backend):
        raise NotFoundError("a picture holds the page's address, and public_url is not set")
    return _base(backend) + _path(publication.credential_hash, issuer, "")


def _judge(backend: Backend, stored: StoredCredential, publication: Publication | None) -> Judged:
    try:
        receipt = receipt_of(backend.store, stored.credential_hash, issuer=stored.issuer)
    except NotSealedError:
        return Judged(None, None)
    evidence = Evidence(
        credential=None if publication is None else publication.document,
        credential_hash=stored.credential_hash if publication is None else None,
        receipt=print_receipt(receipt),
    )
    _ = backend.chain  # opened under the backend's lock
    return Judged(receipt, backend.registry.verification(with_store=False).verify(evidence))


def _publication(backend: Backend, text: str, issuer: bytes | None) -> Publication:
    """What was published of a credential. Raises `NotFoundError`, or if several issuers did."""
    digest = hash_in_path(text, "hash")
    stored = find_one(backend.store, digest, issuer=issuer)
    found = published_by(backend.store, digest, stored.issuer)
    if found is None:
        raise NotFoundError(f"credential {digest.hex()} is not published")
    return found
