"""What goes over the wire beside receipts and reports, which the core defines.

One definition for the API and its client.
"""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from registry.core.canonical import Canonicalization
from registry.core.receipt import Receipt
from registry.core.wire import Address, Chain, Count, EthHash, Hash, Time, WireModel
from registry.services.status import MAX_INDEXES, REASONS

State = Literal["open", "sealed", "anchoring", "anchored", "final"]
Status = Literal["active", "suspended", "revoked"]
# Lists fail fast: an error for each of a million wrong elements would take half a gigabyte.
MAX_CREDENTIALS: Final = 10_000  # of one JSON body; larger ones come as NDJSON


def _known_reason(name: str) -> str:
    if name not in REASONS:
        raise ValueError(f"not one of {', '.join(REASONS)}")
    return name


Reason = Annotated[
    str,
    AfterValidator(_known_reason),
    WithJsonSchema({"type": "string", "enum": list(REASONS)}),
]


class Fault(WireModel):
    """One thing wrong, and where."""

    place: str
    reason: str


class Problem(WireModel):
    """An error, as RFC 9457 has it. `code` is stable and the last part of `type`.

    `requestId` finds the request in the server's log.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    place: str | None = None
    errors: tuple[Fault, ...] | None = None
    request_id: str | None = None


# -- requests --------------------------------------------------------------------------------


class CredentialIntake(WireModel):
    """One credential or many, or hashes of such that stay with the issuer."""

    credential: dict[str, object] | None = None
    hash: Hash | None = None
    hashes: (
        Annotated[
            tuple[Hash, ...],
            Field(min_length=1, max_length=MAX_CREDENTIALS, strict=False, fail_fast=True),
        ]
        | None
    ) = None
    canonicalization: Annotated[Canonicalization, Field(strict=False)] | None = None
    credentials: (
        Annotated[
            tuple[dict[str, object], ...],
            Field(min_length=1, max_length=MAX_CREDENTIALS, strict=False, fail_fast=True),
        ]
        | None
    ) = None


class VerifyRequest(WireModel):
    """A credential or its hash, a receipt, or both; `issuer` is who must have issued it."""

    credential: dict[str, object] | None = None
    hash: Hash | None = None
    receipt: dict[str, object] | None = None
    issuer: Address | None = None


class ReceiptsRequest(WireModel):
    """The credentials whose receipts are wanted; `issuer` if several issuers have one of them."""

    hashes: Annotated[
        tuple[Hash, ...],
        Field(min_length=1, max_length=MAX_CREDENTIALS, strict=False, fail_fast=True),
    ]
    issuer: Address | None = None


class StatusRequest(WireModel):
    """The wanted status: of credentials by their hashes, or of a whole batch by its seal."""

    hashes: (
        Annotated[
            tuple[Hash, ...],
            Field(min_length=1, max_length=MAX_INDEXES, strict=False, fail_fast=True),
        ]
        | None
    ) = None
    seal: Hash | None = None
    status: Status
    reason: Reason = "unspecified"


# -- answers ---------------------------------------------------------------------------------


class IntakeAnswer(WireModel):
    """How many credentials were new and known; of a JSON body, their hashes in its order."""

    new: Count
    known: Count
    hashes: tuple[Hash, ...] | None = None


class ReceiptLine(WireModel):
    """The receipt of one credential, or why there is none."""

    hash: Hash
    receipt: Receipt | None = None
    problem: Problem | None = None


class AnchorOut(WireModel):
    """Where the seal of a batch was found on a chain."""

    chain: Chain
    contract: Address
    transaction: EthHash
    block_number: Count
    block_hash: EthHash
    log_index: Count
    anchored_at: Time


class BatchOut(WireModel):
    """A batch; while it is open it has neither seal, root nor size."""

    issuer: Address
    state: State
    opened_at: Time
    sealed_at: Time | None
    seal: Hash | None
    merkle_root: Hash | None
    tree_size: Count | None
    anchors: tuple[AnchorOut, ...]


class BatchPage(WireModel):
    """Batches from the newest to the oldest; `next` is the cursor of the page after, if any."""

    batches: tuple[BatchOut, ...]
    next: str | None


class SealBatches(WireModel):
    """The batches with one seal: more than one if several issuers sealed equal sets."""

    seal: Hash
    batches: tuple[BatchOut, ...]


class IssuerOut(WireModel):
    """An issuer: what the contract says, and the newest batches that this registry has of it."""

    address: Address
    name: str | None
    chain: Chain
    contract: Address
    owner: Address
    pending_owner: Address | None
    anchor_count: Count
    batches: tuple[BatchOut, ...]
    next: str | None


class StatusChangeOut(WireModel):
    """A wanted change; done when `doneAt` is set, without effect if there is a `refusal`."""

    id: Count
    issuer: Address
    seal: Hash
    leaf_indexes: tuple[Count, ...] | None
    status: Status
    reason: str
    requested_at: Time
    done_at: Time | None
    refusal: str | None


class StatusChanges(WireModel):
    """The changes that one request came to: one for each batch."""

    changes: tuple[StatusChangeOut, ...]


class Health(WireModel):
    """The process answers."""

    status: Literal["up"] = "up"


class Probe(WireModel):
    """One thing that the registry needs."""

    name: Literal["store", "chain", "contract", "anchoring"]
    ok: bool
    detail: str


class Readiness(WireModel):
    """Whether all that is needed answers and is in time; how long the oldest credential waits."""

    ready: bool
    probes: tuple[Probe, ...]
    oldest_unanchored_seconds: Count | None
