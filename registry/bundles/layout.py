"""What a bundle is made of, format 1 (docs/formats.md): names of files, and its table of contents.

Everything is under `SHA256SUMS`, in the form that `sha256sum -c` reads.
"""

from typing import Annotated, Final, Literal, TypeVar

import orjson
from pydantic import Field, ValidationError

from registry.core.documents import json_pointer
from registry.core.wire import (
    FROM_JSON,
    Address,
    Chain,
    Count,
    EthHash,
    Hash,
    Time,
    WireModel,
    unknown_key,
)
from registry.errors import InvalidInputError

CONTENTS: Final = "bundle.json"
SUMS: Final = "SHA256SUMS"
CONTRACT_FOLDER: Final = "contract"
TRUST_LIST: Final = "trust-list.toml"
README: Final = "README.txt"
MAX_CONTENTS_BYTES: Final = 256 << 20  # a batch takes some 500
MAX_SUMS_BYTES: Final = 256 << 20
MAX_LIST_BYTES: Final = 64 << 20
_MANY: Final = 1_000_000
_T = TypeVar("_T", bound=WireModel)


def chain_file(chain_id: int) -> str:
    """The record of a chain."""
    return f"chains/{chain_id}.record.json"


def state_file(chain_id: int) -> str:
    """The state of a local node, where the record was made with one."""
    return f"chains/{chain_id}.anvil-state"


def leaves_file(seal: bytes) -> str:
    """Leaves of a batch: 32 bytes each, ascending."""
    return f"leaves/{seal.hex()}"


def openings_file(seal: bytes) -> str:
    """Credential hash and salt behind each leaf: 64 bytes each, in the leaves' order."""
    return f"openings/{seal.hex()}"


def list_file(number: int) -> str:
    """A status list, as it is published."""
    return f"status-lists/{number}.json"


def places_file(number: int) -> str:
    """Whose places are in a status list."""
    return f"status-lists/{number}.places.json"


class BundledAnchor(WireModel):
    """Where a seal is said to stand: the public part of its receipts."""

    chain: Chain
    contract: Address
    transaction: EthHash
    block_number: Count
    block_hash: EthHash
    log_index: Count
    anchored_at: Time


class BundledBatch(WireModel):
    """A batch as its issuer shows it."""

    seal: Hash
    merkle_root: Hash
    tree_size: Count
    opened_at: Time
    sealed_at: Time
    anchors: Annotated[tuple[BundledAnchor, ...], Field(max_length=100, strict=False)]


class BundledChain(WireModel):
    """A chain, and up to which block its record goes."""

    chain: Chain
    contract: Address
    block_number: Count
    block_hash: EthHash
    block_time: Time
    has_state: bool


class Contents(WireModel):
    """The table of contents."""

    type: Literal["rootseal/bundle@1"]
    program: str
    issuer: Address
    chains: Annotated[tuple[BundledChain, ...], Field(min_length=1, max_length=100, strict=False)]
    batches: Annotated[
        tuple[BundledBatch, ...], Field(max_length=_MANY, strict=False, fail_fast=True)
    ]
    has_openings: bool
    status_lists: Annotated[tuple[Count, ...], Field(max_length=_MANY, strict=False)]


class ListPlaces(WireModel):
    """Places in a status list: (place, seal, leaf index)."""

    places: Annotated[
        tuple[Annotated[tuple[Count, Hash, Count], Field(strict=False)], ...],
        Field(max_length=_MANY, strict=False, fail_fast=True),
    ]


def parse_contents(data: bytes) -> Contents:
    """Read a table of contents. Raises `InvalidInputError` with the place."""
    return _parse(Contents, data, CONTENTS)


def parse_places(data: bytes, name: str) -> ListPlaces:
    """Read whose places are in a list. Raises `InvalidInputError`."""
    return _parse(ListPlaces, data, name)


def _parse(model: type[_T], data: bytes, name: str) -> _T:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as exc:
        raise InvalidInputError(f"not JSON: {exc}", place=name) from exc
    if not isinstance(document, dict) or unknown_key(model, document) is not None:
        raise InvalidInputError("not of a bundle of format 1", place=name)
    try:
        return model.model_validate(document, by_alias=True, by_name=False, context=FROM_JSON)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        place = name + json_pointer(first["loc"])
        raise InvalidInputError(
            f"not of a bundle of format 1: {first['msg']}", place=place
        ) from exc
