"""The receipt, format 1: what a holder keeps beside or inside a credential (docs/formats.md).

Parses strictly and prints in one form. It does not verify: `verification` does.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import orjson
from pydantic import Field, ValidationError

from registry.core.address import format_address, format_chain
from registry.core.canonical import Canonicalization
from registry.core.documents import Json, json_pointer, parse_document
from registry.core.tree import MAX_TREE_SIZE, InclusionProof
from registry.core.wire import FROM_JSON, Address, Chain, Count, EthHash, Hash, Time, WireModel
from registry.errors import InvalidInputError, TooLargeError

RECEIPT_TYPE: Final = "rootseal/receipt@1"
CRYPTOSUITE: Final = "rootseal-receipt-2026"
MAX_RECEIPT_BYTES: Final = 64 * 2**10  # 40 siblings and 16 anchors take 10 kB
MAX_SIBLINGS: Final = (MAX_TREE_SIZE - 1).bit_length()
MAX_ANCHORS: Final = 16  # chains that carry the same seal


class AnchorReference(WireModel):
    """Where one anchor of the seal stands: enough to find it again on its chain."""

    chain: Chain
    contract: Address
    issuer: Address
    transaction: EthHash
    block_number: Count
    block_hash: EthHash
    log_index: Count
    anchored_at: Time


class Receipt(WireModel):
    """Salt, inclusion proof, seal and anchors of one credential."""

    type: Literal["rootseal/receipt@1"]
    canonicalization: Annotated[Canonicalization, Field(strict=False)]
    credential_hash: Hash
    salt: Hash
    leaf_index: Annotated[int, Field(ge=0, lt=MAX_TREE_SIZE)]
    tree_size: Annotated[int, Field(ge=1, le=MAX_TREE_SIZE)]
    siblings: Annotated[tuple[Hash, ...], Field(max_length=MAX_SIBLINGS, strict=False)]
    seal: Hash
    anchors: Annotated[tuple[AnchorReference, ...], Field(max_length=MAX_ANCHORS, strict=False)]

    @property
    def proof(self) -> InclusionProof:
        """The inclusion proof in it."""
        return InclusionProof(self.leaf_index, self.tree_size, self.siblings)

    @property
    def is_pending(self) -> bool:
        """Whether it has no anchor yet; a pending receipt never verifies."""
        return not self.anchors


class ReceiptProof(WireModel):
    """A receipt as a member of a credential's `proof` set."""

    type: Literal["DataIntegrityProof"]
    cryptosuite: Literal["rootseal-receipt-2026"]
    created: Time
    proof_purpose: Literal["assertionMethod"]
    verification_method: str
    receipt: Receipt


def parse_receipt(data: bytes) -> Receipt:
    """Read a receipt file.

    Raises `InvalidInputError` naming the place for anything that format 1 does not allow,
    unknown keys and other spellings of the same value included; `TooLargeError` past
    `MAX_RECEIPT_BYTES`.
    """
    if len(data) > MAX_RECEIPT_BYTES:
        raise TooLargeError(f"receipt has {len(data)} bytes; the limit is {MAX_RECEIPT_BYTES}")
    return receipt_from_json(parse_document(data))


def receipt_from_json(document: Json) -> Receipt:
    """Read a receipt that stands inside another document; errors as in `parse_receipt`."""
    try:
        return Receipt.model_validate(document, by_alias=True, by_name=False, context=FROM_JSON)
    except ValidationError as exc:
        raise _refusal(exc, "receipt") from exc


def print_receipt(receipt: Receipt) -> bytes:
    """The one printed form of a receipt: RFC 8785, so no byte of a file is without meaning."""
    return orjson.dumps(receipt.model_dump(), option=orjson.OPT_SORT_KEYS)


def embed_receipt(document: Mapping[str, Json], receipt: Receipt) -> dict[str, Json]:
    """The credential with `receipt` as the last member of its `proof` set.

    An earlier receipt is replaced; other proofs stay as they are. Raises `InvalidInputError` for
    a pending receipt, since a proof must say when and by whom it was made, and for a receipt of
    the file's raw bytes, which embedding would change.
    """
    if receipt.canonicalization is Canonicalization.RAW:
        raise InvalidInputError(
            "a receipt of raw bytes cannot be embedded: keep it beside the file"
        )
    if receipt.is_pending:
        raise InvalidInputError("a pending receipt cannot be embedded: it has no anchor yet")
    first = receipt.anchors[0]
    proof = ReceiptProof(
        type="DataIntegrityProof",
        cryptosuite=CRYPTOSUITE,
        created=first.anchored_at,
        proof_purpose="assertionMethod",
        verification_method=_verification_method(first),
        receipt=receipt,
    )
    others = [p for p in _proof_set(document) if not _is_receipt_proof(p)]
    return {**document, "proof": [*others, proof.model_dump(mode="json")]}


def extract_receipt(document: Mapping[str, Json]) -> Receipt | None:
    """The receipt in a credential's `proof` set, or None if there is none.

    Raises `InvalidInputError` if there are two, or if the proof around it does not fit it.
    """
    proofs = enumerate(_proof_set(document))
    found = [(index, proof) for index, proof in proofs if _is_receipt_proof(proof)]
    if not found:
        return None
    if len(found) > 1:
        raise InvalidInputError("the credential carries more than one receipt", place="/proof")
    index, member = found[0]
    place = ("proof", index) if isinstance(document["proof"], list) else ("proof",)
    return _receipt_of_proof(member, place)


def other_proofs(document: Mapping[str, Json]) -> list[Json]:
    """The proofs in the credential that are not receipts."""
    return [proof for proof in _proof_set(document) if not _is_receipt_proof(proof)]


def _receipt_of_proof(member: Json, place: tuple[str | int, ...]) -> Receipt:
    # Before it is validated, which keeps an error for each of a million wrong members.
    if len(orjson.dumps(member)) > MAX_RECEIPT_BYTES:
        raise TooLargeError(
            f"the limit of a receipt is {MAX_RECEIPT_BYTES} bytes", place=json_pointer(place)
        )
    try:
        proof = ReceiptProof.model_validate(member, by_alias=True, by_name=False, context=FROM_JSON)
    except ValidationError as exc:
        raise _refusal(exc, "proof", place) from exc
    if proof.receipt.is_pending:
        raise InvalidInputError("the receipt in the proof has no anchor", place=json_pointer(place))
    first = proof.receipt.anchors[0]
    if proof.created != first.anchored_at:
        raise InvalidInputError(
            "`created` is not the time of the anchor", place=json_pointer((*place, "created"))
        )
    if proof.verification_method != _verification_method(first):
        raise InvalidInputError(
            "`verificationMethod` does not name the anchor's issuer",
            place=json_pointer((*place, "verificationMethod")),
        )
    return proof.receipt


def proof_name(proof: Json) -> str:
    """What a proof calls itself: its cryptosuite, or else its type."""
    if isinstance(proof, dict):
        for key in ("cryptosuite", "type"):
            name = proof.get(key)
            if isinstance(name, str) and name:
                return name
    return "unnamed"


def _verification_method(anchor: AnchorReference) -> str:
    return f"did:pkh:{format_chain(anchor.chain)}:{format_address(anchor.issuer)}"


def _proof_set(document: Mapping[str, Json]) -> list[Json]:
    proof = document.get("proof")
    if proof is None:
        return []
    return proof if isinstance(proof, list) else [proof]


def _is_receipt_proof(proof: Json) -> bool:
    return isinstance(proof, dict) and proof.get("cryptosuite") == CRYPTOSUITE


def _refusal(
    exc: ValidationError, what: str, place: tuple[str | int, ...] = ()
) -> InvalidInputError:
    first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
    return InvalidInputError(
        f"not a {what} of format 1: {first['msg']}", place=json_pointer((*place, *first["loc"]))
    )
