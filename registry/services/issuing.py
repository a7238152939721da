"""Issuing: badges get places in status lists, go into tonight's batch, and get their proofs.

The proofs come last: one of them says where the badge is anchored. What it says is fixed before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from random import Random
from typing import Final, TypeVar

from registry.core.canonical import Canonicalization, document_hash
from registry.core.documents import Json
from registry.core.rdf import rdfc_bytes
from registry.core.receipt import Receipt, embed_receipt
from registry.errors import ConflictError, InvalidInputError
from registry.services.hashing import salted
from registry.services.ports import Added, StatusEntry, Store
from registry.services.receipts import receipts_of
from registry.vc.data_integrity import Cryptosuite, SigningKey, sign
from registry.vc.did import ANCHORING_KEY, SIGNING_KEY
from registry.vc.jwt import sign_token
from registry.vc.merkle_proof_2019 import merkle_proof
from registry.vc.status_list import LIST_SIZE, status_entry

_PAGE: Final = 2_000  # of badges in memory; each page reads most of the batch's tiles
_T = TypeVar("_T")


class Proofs(StrEnum):
    """Which proofs a badge gets, and so how it is hashed."""

    BOTH = "both"  # merkle-proof-2019 and eddsa-rdfc-2022: Blockcerts and Open Badges verifiers
    RDFC = "rdfc"  # eddsa-rdfc-2022, as 1EdTech asks for, and our receipt inside
    JCS = "jcs"  # eddsa-jcs-2022, ten times as fast, and our receipt inside
    JWT = "jwt"  # a signed token, and our receipt beside it

    @property
    def canonicalization(self) -> Canonicalization:
        """How its badges are hashed."""
        match self:
            case Proofs.JCS:
                return Canonicalization.JCS
            case Proofs.JWT:
                return Canonicalization.RAW
        return Canonicalization.RDFC


@dataclass(frozen=True, slots=True)
class Badge:
    """A badge without its proofs."""

    document: Mapping[str, Json]
    credential_hash: bytes
    position: int | None  # in the issuer's status lists
    token: bytes | None = None  # that the badge is, if it is one


# Verifiers read lists in the form that they read badges in.
_LISTS: Final = {Proofs.BOTH: "/blockcerts", Proofs.JWT: "/jwt"}


@dataclass(frozen=True, slots=True)
class StatusLists:
    """Where an issuer's status lists are; Blockcerts verifiers read a list of their own form."""

    issuer_url: str

    def url(self, number: int, proofs: Proofs) -> str:
        """Address of one list."""
        url = f"{self.issuer_url}/status-lists/{number}"
        return url + _LISTS.get(proofs, "")

    def entry(self, position: int, proofs: Proofs) -> dict[str, Json]:
        """What a badge says of its place."""
        number, place = divmod(position, LIST_SIZE)
        return status_entry(self.url(number, proofs), place)


@dataclass(frozen=True, slots=True)
class Signatory:
    """With what an issuer signs: a key, and the DID whose it is."""

    did: str
    key: SigningKey

    @property
    def signing_method(self) -> str:
        """The key's name: of a did:key, its own; of others, the first of the DID document."""
        fragment = self.did.removeprefix("did:key:") if self.has_key_in_did else SIGNING_KEY
        return f"{self.did}#{fragment}"

    @property
    def anchoring_method(self) -> str:
        """Name of the key that anchors. Raises `InvalidInputError` for a did:key: it has none."""
        if self.has_key_in_did:
            raise InvalidInputError(
                "a did:key names no key that anchors, as Blockcerts need it: issue as a did:web, "
                "or with --proof rdfc"
            )
        return f"{self.did}#{ANCHORING_KEY}"

    @property
    def has_key_in_did(self) -> bool:
        """Whether the DID is the key."""
        return self.did.startswith("did:key:")


def positions(store: Store, issuer: bytes, count: int, *, shuffle: Random) -> list[int]:
    """Reserve places for badges, in an order that says nothing about theirs."""
    first = store.reserve_positions(issuer, count)
    found = list(range(first, first + count))
    shuffle.shuffle(found)
    return found


def badge_of(
    document: Mapping[str, Json], proofs: Proofs, position: int | None, signatory: Signatory
) -> Badge:
    """Hash a badge of our own making, whose JSON is known to say exactly what it states.

    A token is signed first: its bytes are what is anchored.
    """
    if proofs is Proofs.JWT:
        method = signatory.signing_method
        token = sign_token(document, signatory.key, verification_method=method)
        return Badge(document, sha256(token).digest(), position, token)
    if proofs is Proofs.JCS:
        digest = document_hash(dict(document))
    else:
        digest = sha256(rdfc_bytes(document)).digest()
    return Badge(document, digest, position)


def take_in(
    store: Store,
    issuer: bytes,
    badges: Iterable[Badge],
    proofs: Proofs,
    *,
    now: datetime,
) -> Added:
    """Put badges into the open batch, and remember their places; again changes nothing."""
    new = known = 0
    for page in _pages(badges):
        # The places first: one without a credential withdraws nobody.
        entries = [
            StatusEntry(b.position, b.credential_hash) for b in page if b.position is not None
        ]
        store.put_status_entries(issuer, entries)
        hashes = [badge.credential_hash for badge in page]
        credentials = salted(hashes, proofs.canonicalization)
        added = store.add_credentials(issuer, [credentials], now=now)
        new, known = new + added.new, known + added.known
    return Added(new, known)


def finished(
    store: Store,
    issuer: bytes,
    badges: Iterable[Badge],
    proofs: Proofs,
    signatory: Signatory,
    *,
    created: datetime,
) -> Iterator[tuple[Badge, dict[str, Json], Receipt]]:
    """Each badge with its proofs, and its receipt. Raises `ConflictError` for one not final yet."""
    for page in _pages(badges):
        hashes = [badge.credential_hash for badge in page]
        found = receipts_of(store, hashes, issuer=issuer)
        for badge, receipt in zip(page, found, strict=True):
            if not isinstance(receipt, Receipt):
                raise receipt
            if receipt.is_pending:
                raise ConflictError("the badges are not final yet: run the same command again")
            yield badge, _with_proofs(badge, receipt, proofs, signatory, created), receipt


def _with_proofs(
    badge: Badge, receipt: Receipt, proofs: Proofs, signatory: Signatory, created: datetime
) -> dict[str, Json]:
    if proofs is Proofs.JWT:
        return dict(badge.document)
    suite = Cryptosuite.JCS if proofs is Proofs.JCS else Cryptosuite.RDFC
    signature = sign(
        badge.document,
        signatory.key,
        suite,
        verification_method=signatory.signing_method,
        created=created,
        digest=badge.credential_hash,
    )
    if proofs is not Proofs.BOTH:
        return embed_receipt({**badge.document, "proof": [signature]}, receipt)
    # Blockcerts' verifiers refuse a kind of proof that they do not know, so the receipt stays
    # outside (decision 17); and they want theirs first.
    merkle = merkle_proof(receipt, created=created, verification_method=signatory.anchoring_method)
    return {**badge.document, "proof": [merkle, signature]}


def _pages(items: Iterable[_T]) -> Iterator[Sequence[_T]]:
    page: list[_T] = []
    for item in items:
        page.append(item)
        if len(page) == _PAGE:
            yield page
            page = []
    if page:
        yield page
