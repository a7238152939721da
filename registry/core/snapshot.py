"""The snapshot, format 1: what a chain's state said in one block, with the proof of it.

Stands in for a node: whoever trusts the block's hash need trust nothing else (docs/formats.md).
Parses strictly and prints in one form. It does not verify: `registry.chain.snapshots` does.
"""

import re
from typing import Annotated, Final, Literal

import orjson
from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
)

from registry.core.documents import json_pointer, parse_document
from registry.core.wire import FROM_JSON, Chain, WireModel, unknown_key
from registry.errors import InvalidInputError, TooLargeError

SNAPSHOT_TYPE: Final = "rootseal/snapshot@1"
MAX_SNAPSHOT_BYTES: Final = 4 * 2**20  # as much as a document; a thousand seals take some 3 MB
MAX_HEADER_BYTES: Final = 2048  # a header has some 600
MAX_CODE_BYTES: Final = 24_576  # EIP-170
MAX_NODE_BYTES: Final = 1024  # a branch has 532
MAX_NODES: Final = 16_384

_DATA = re.compile(r"0x[0-9a-f]+", re.ASCII)  # no group: each repetition of one takes memory


def _data(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str) or len(value) % 2 != 0 or _DATA.fullmatch(value) is None:
        raise ValueError("not 0x and lower-case hex digits")
    return bytes.fromhex(value[2:])


def _as_data(value: bytes) -> str:
    return "0x" + value.hex()


Data = Annotated[
    bytes,
    PlainValidator(_data),
    PlainSerializer(_as_data),
    WithJsonSchema({"type": "string", "pattern": "^0x([0-9a-f]{2})+$"}),
]


class Snapshot(WireModel):
    """One block's header, the contract's code, and nodes of the tries under the header.

    `nodes` are those of the state trie and of the contract's storage trie together, each once;
    they are found by their hashes, so their order tells nothing.
    """

    type: Literal["rootseal/snapshot@1"]
    chain: Chain
    header: Annotated[Data, Field(max_length=MAX_HEADER_BYTES)]
    code: Annotated[Data, Field(max_length=MAX_CODE_BYTES)]
    nodes: Annotated[
        tuple[Annotated[Data, Field(max_length=MAX_NODE_BYTES)], ...],
        # Fails fast: an error for each of a million nodes would take gigabytes.
        Field(max_length=MAX_NODES, strict=False, fail_fast=True),
    ]


def parse_snapshot(data: bytes) -> Snapshot:
    """Read a snapshot file.

    Raises `InvalidInputError` naming the place for anything that format 1 does not allow, and
    `TooLargeError` past `MAX_SNAPSHOT_BYTES`.
    """
    if len(data) > MAX_SNAPSHOT_BYTES:
        raise TooLargeError(f"snapshot has {len(data)} bytes; the limit is {MAX_SNAPSHOT_BYTES}")
    document = parse_document(data)
    key = unknown_key(Snapshot, document)
    if key is not None:
        raise InvalidInputError(
            "not a snapshot of format 1: no such key", place=json_pointer([key])
        )
    try:
        return Snapshot.model_validate(document, by_alias=True, by_name=False, context=FROM_JSON)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        raise InvalidInputError(
            f"not a snapshot of format 1: {first['msg']}", place=json_pointer(first["loc"])
        ) from exc


def print_snapshot(snapshot: Snapshot) -> bytes:
    """The one printed form of a snapshot: RFC 8785. Raises `TooLargeError`."""
    data = orjson.dumps(snapshot.model_dump(), option=orjson.OPT_SORT_KEYS)
    if len(data) > MAX_SNAPSHOT_BYTES:
        raise TooLargeError("that is too much for one snapshot: make several")
    return data
