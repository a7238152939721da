"""Where the monitor is: what it must still know after a restart, as one JSON document.

Immutable values and their bytes; asks no chain and opens no file.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from registry.core.wire import (
    FROM_JSON,
    Address,
    Chain,
    Count,
    EthHash,
    Hash,
    Time,
    WireModel,
)
from registry.errors import InvalidInputError
from registry.services.monitoring.alarms import Alarm
from registry.services.ports import Block, Event, SealAnchored

POSITION_TYPE: Final = "rootseal/monitor-position@1"
MAX_HEADS: Final = (
    256  # blocks that were the newest when it looked: past finality, where it is slow
)
MAX_EVENT_BLOCKS: Final = 1024  # blocks with events: some years of nights


class SeenLog(WireModel):
    """An event that was told, and the seal that it anchored."""

    log_index: Count
    seal: Hash | None


class SeenBlock(WireModel):
    """A block that was looked at, and the events in it that were told."""

    number: Count
    hash: EthHash
    logs: tuple[SeenLog, ...]

    @property
    def seals(self) -> list[bytes]:
        """What was anchored in it."""
        return [log.seal for log in self.logs if log.seal is not None]


class ChainPosition(WireModel):
    """Up to where one chain was followed.

    `begun` is the last block whose events are not told. `anchors` is how many of the issuer's are
    in blocks up to `head`, or were told since. `is_compared` says that those of before were held
    against the store. `blocks` ascend, `head` is one of them.
    """

    chain: Chain
    contract: Address
    begun: Count
    head: EthHash
    head_number: Count
    anchors: Count
    is_compared: bool
    blocks: Annotated[tuple[SeenBlock, ...], Field(min_length=1)]

    def has_told(self, block_hash: bytes, log_index: int) -> bool:
        """Whether an event was told."""
        return any(
            block.hash == block_hash and any(log.log_index == log_index for log in block.logs)
            for block in self.blocks
        )

    def after(self, event: Event) -> "ChainPosition":
        """The position once an event is told."""
        content = event.content
        seal = content.seal if isinstance(content, SealAnchored) else None
        log = SeenLog(log_index=event.log_index, seal=seal)
        return self.model_copy(
            update={
                "anchors": self.anchors + (seal is not None),
                "blocks": with_log(self.blocks, event.block_number, event.block_hash, log),
            }
        )

    def at(self, head: Block) -> "ChainPosition":
        """The position once everything up to `head` is told."""
        return self.model_copy(
            update={
                "head": head.hash,
                "head_number": head.number,
                "blocks": with_block(self.blocks, head.number, head.hash),
            }
        )


class Position(WireModel):
    """All of it. `overdue_since` is when the one began to wait for whom the alarm was raised."""

    type: Literal["rootseal/monitor-position@1"]
    issuer: Address
    chains: tuple[ChainPosition, ...]
    overdue_since: Time | None
    waiting: tuple[Alarm, ...]  # for their receiver


def no_position(issuer: bytes) -> Position:
    """Where a monitor is that never looked."""
    return Position(type=POSITION_TYPE, issuer=issuer, chains=(), overdue_since=None, waiting=())


def parse_position(data: bytes) -> Position:
    """Read a position. Raises `InvalidInputError` for anything else."""
    try:
        return Position.model_validate_json(data, context=FROM_JSON)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        place = "/".join(str(part) for part in first["loc"])
        raise InvalidInputError(f"not a monitor's position: {first['msg']}", place=place) from exc


def format_position(position: Position) -> bytes:
    """The bytes of a position."""
    return position.model_dump_json().encode()


def with_block(
    blocks: tuple[SeenBlock, ...], number: int, block_hash: bytes
) -> tuple[SeenBlock, ...]:
    """`blocks` and one more, without those that are too many."""
    if any(block.hash == block_hash for block in blocks):
        return blocks
    added = SeenBlock(number=number, hash=block_hash, logs=())
    return _bounded(tuple(sorted((*blocks, added), key=_number)))


def with_log(
    blocks: tuple[SeenBlock, ...], number: int, block_hash: bytes, log: SeenLog
) -> tuple[SeenBlock, ...]:
    """`blocks` and one more event, without those that are too many."""
    logs = next((block.logs for block in blocks if block.hash == block_hash), ())
    added = SeenBlock(number=number, hash=block_hash, logs=(*logs, log))
    others = (block for block in blocks if block.hash != block_hash)
    return _bounded(tuple(sorted((*others, added), key=_number)))


def _bounded(blocks: tuple[SeenBlock, ...]) -> tuple[SeenBlock, ...]:
    """The newest of either kind."""
    with_events = [block for block in blocks if block.logs][-MAX_EVENT_BLOCKS:]
    heads = [block for block in blocks if not block.logs][-MAX_HEADS:]
    return tuple(sorted((*with_events, *heads), key=_number))


def _number(block: SeenBlock) -> int:
    return block.number
