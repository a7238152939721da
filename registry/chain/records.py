"""The record of an issuer's history on a chain, format 1: everything an audit needs of the chain.

As raw as the nodes gave it: logs, signed transactions, headers, and the nodes of proofs. A bundle
carries it, so that an audit without a node asks the same questions of the same answers. Parses
strictly; what it proves, `registry.chain.recorded` says.
"""

from typing import Annotated, Final, Literal

import orjson
from pydantic import Field, ValidationError

from registry.core.documents import json_pointer
from registry.core.snapshot import MAX_CODE_BYTES, MAX_HEADER_BYTES, MAX_NODE_BYTES, Data
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
from registry.errors import InvalidInputError, TooLargeError
from registry.services.ports import MAX_STATUS_WORDS

RECORD_TYPE: Final = "rootseal/chain-record@1"
MAX_RECORD_BYTES: Final = 512 << 20  # of a file; a year of nights of 10,000 credentials takes 20 MB
# Fails fast: an error for each of a million wrong elements would take half a gigabyte.
_MANY: Final = Field(max_length=10_000_000, strict=False, fail_fast=True)
_Empty = Annotated[Data, Field(max_length=MAX_RECORD_BYTES)] | Literal["0x"]
# The contract takes any uint64 for a leaf, of which a word holds 128.
_Word = Annotated[int, Field(ge=0, lt=2**57)]


class RawLog(WireModel):
    """An event as nodes give it."""

    topics: Annotated[tuple[EthHash, ...], Field(max_length=4, strict=False)]
    data: _Empty
    block_number: Count
    block_hash: EthHash
    transaction_hash: EthHash
    log_index: Count


class RawBlock(WireModel):
    """A block with events. `header` is hashed to `hash`."""

    number: Count
    hash: EthHash
    time: Time
    header: Annotated[Data, Field(max_length=MAX_HEADER_BYTES)]


class RawTransaction(WireModel):
    """A transaction with events. `raw` is hashed to `hash`; None for a form that is not known."""

    hash: EthHash
    sender: Address
    to: Address | None
    data: _Empty
    raw: Annotated[Data, Field(max_length=MAX_RECORD_BYTES)] | None
    gas_used: Count
    gas_price: Count


class ProvedWords(WireModel):
    """Which status words of a seal the proofs show: the first ones, and some beyond."""

    seal: Hash
    first: Annotated[Count, Field(le=MAX_STATUS_WORDS)]
    others: Annotated[tuple[_Word, ...], Field(strict=False)]

    @property
    def numbers(self) -> list[int]:
        """All of them, ascending."""
        return [*range(self.first), *self.others]


class ChainRecord(WireModel):
    """See the module.

    `recent` are logs after the block: what is published may know of them already.
    `contradictions` are where a node's calls did not say what it proved.
    """

    type: Literal["rootseal/chain-record@1"]
    chain: Chain
    contract: Address
    issuer: Address
    header: Annotated[Data, Field(max_length=MAX_HEADER_BYTES)]
    code: Annotated[Data, Field(max_length=MAX_CODE_BYTES)] | Literal["0x"]
    nodes: Annotated[tuple[Annotated[Data, Field(max_length=MAX_NODE_BYTES)], ...], _MANY]
    logs: Annotated[tuple[RawLog, ...], _MANY]
    recent: Annotated[tuple[RawLog, ...], _MANY]
    blocks: Annotated[tuple[RawBlock, ...], _MANY]
    transactions: Annotated[tuple[RawTransaction, ...], _MANY]
    words: Annotated[tuple[ProvedWords, ...], _MANY]
    contradictions: Annotated[tuple[str, ...], _MANY]


def parse_record(data: bytes) -> ChainRecord:
    """Read a record. Raises `InvalidInputError` with the place, and `TooLargeError`."""
    if len(data) > MAX_RECORD_BYTES:
        raise TooLargeError(f"record has {len(data)} bytes; the limit is {MAX_RECORD_BYTES}")
    try:
        document = orjson.loads(data)  # of more bytes than a credential may have
    except orjson.JSONDecodeError as exc:
        raise InvalidInputError(f"not JSON: {exc}") from exc
    if not isinstance(document, dict):
        raise InvalidInputError("not a chain record of format 1: no object", place="/")
    key = unknown_key(ChainRecord, document)
    if key is not None:
        raise InvalidInputError(
            "not a chain record of format 1: no such key", place=json_pointer([key])
        )
    try:
        record = ChainRecord.model_validate(
            document, by_alias=True, by_name=False, context=FROM_JSON
        )
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        raise InvalidInputError(
            f"not a chain record of format 1: {first['msg']}", place=json_pointer(first["loc"])
        ) from exc
    # A few bytes could name any number of words, each of which would be looked for.
    if sum(words.first for words in record.words) > MAX_STATUS_WORDS:
        raise TooLargeError(
            f"record names more than {MAX_STATUS_WORDS} words of statuses", place="/words"
        )
    return record


def as_bytes(value: bytes | str) -> bytes:
    """Bytes of a member that may be empty, which has a spelling of its own."""
    return value if isinstance(value, bytes) else b""


def print_record(record: ChainRecord) -> bytes:
    """The one printed form of a record: RFC 8785."""
    return orjson.dumps(record.model_dump(), option=orjson.OPT_SORT_KEYS)
