"""Follows one chain: which blocks were replaced, and which events are new since a position.

Asks few questions however long it was away: one block for each look, some ten after a
reorganisation. What is not known for sure is "could not ask"; nothing is said of what it means.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from registry.core.address import format_chain
from registry.errors import UnavailableError
from registry.services.monitoring.positions import ChainPosition, SeenBlock, with_block
from registry.services.ports import Block, Event, FollowedChain

# Blocks that are read again at each look: a node behind a balancer may have been asked for logs of
# a block that it did not have yet, and said that there are none.
OVERLAP: Final = 32
_LADDER: Final = (256, 128, 64, 32, 16, 8, 4, 2, 1)  # blocks before the first that was looked at


@dataclass(frozen=True, slots=True)
class Replaced:
    """Blocks that were seen and are gone; `rest` is what still stands, None if nothing does."""

    blocks: tuple[SeenBlock, ...]
    rest: ChainPosition | None


def begin(chain: FollowedChain, issuer: bytes, head: Block) -> ChainPosition:
    """Begin at `head`, with some blocks before it to know a reorganisation by."""
    blocks: tuple[SeenBlock, ...] = ()
    for depth in _LADDER:
        if depth <= head.number:
            earlier = chain.block(head.number - depth)
            blocks = with_block(blocks, earlier.number, earlier.hash)
    return ChainPosition(
        chain=chain.chain_id,
        contract=chain.contract,
        begun=head.number,
        head=head.hash,
        head_number=head.number,
        anchors=chain.issuer_record(issuer, at=head).anchor_count,
        is_compared=False,
        blocks=with_block(blocks, head.number, head.hash),
    )


def replaced_blocks(
    chain: FollowedChain, issuer: bytes, position: ChainPosition, head: Block
) -> Replaced | None:
    """What a reorganisation took away since the position; None if there was none.

    Raises `UnavailableError` for a node that has not come to the position yet: it cannot tell.
    """
    known = [block for block in position.blocks if block.number <= head.number]
    if not known or _stands(chain, known[-1], head):
        if head.number < position.head_number:
            raise _behind(chain, position, head)
        return None
    # Each block names the one before it: from the first that is gone, all that follow are gone.
    low, high = 0, len(known) - 1
    while low < high:
        middle = (low + high) // 2
        if _stands(chain, known[middle], head):
            low = middle + 1
        else:
            high = middle
    gone = _without(position, known[low].number)
    if gone.rest is None or gone.rest.is_compared:
        return gone
    # Which anchors were in the blocks that are gone is not known yet: the contract is asked.
    newest = chain.block(gone.rest.head_number)
    count = chain.issuer_record(issuer, at=newest).anchor_count
    return Replaced(gone.blocks, gone.rest.model_copy(update={"anchors": count}))


def new_events(
    chain: FollowedChain, issuer: bytes, position: ChainPosition, head: Block
) -> Sequence[Event]:
    """The events up to `head` that were not told yet, oldest first."""
    first = max(position.head_number + 1 - OVERLAP, position.begun + 1)
    told = {(block.hash, log.log_index) for block in position.blocks for log in block.logs}
    return [
        event
        for event in chain.issuer_events(issuer, first=first, last=head)
        if (event.block_hash, event.log_index) not in told
    ]


def require_complete(
    chain: FollowedChain, issuer: bytes, position: ChainPosition, head: Block
) -> None:
    """Raise `UnavailableError` unless the contract counts as many anchors as were told.

    Else a node withholds some, or has not come to them yet.
    """
    count = chain.issuer_record(issuer, at=head).anchor_count
    if position.anchors != count:
        raise UnavailableError(
            f"{position.anchors} anchors of the issuer are known, but the contract counts "
            f"{count} in block {head.number}: a node withholds events",
            source=format_chain(chain.chain_id),
        )


def _stands(chain: FollowedChain, block: SeenBlock, head: Block) -> bool:
    if block.number == head.number:
        return block.hash == head.hash
    return chain.block(block.number).hash == block.hash


def _without(position: ChainPosition, first: int) -> Replaced:
    """The position without blocks from number `first` on."""
    gone = tuple(block for block in position.blocks if block.number >= first)
    rest = tuple(block for block in position.blocks if block.number < first)
    if not rest:
        return Replaced(gone, None)
    newest = rest[-1]
    return Replaced(
        gone,
        position.model_copy(
            update={
                "begun": min(position.begun, newest.number),
                "head": newest.hash,
                "head_number": newest.number,
                "anchors": position.anchors - sum(len(block.seals) for block in gone),
                "blocks": rest,
            }
        ),
    )


def _behind(chain: FollowedChain, position: ChainPosition, head: Block) -> UnavailableError:
    return UnavailableError(
        f"the node is at block {head.number}, behind block {position.head_number}, which was "
        "there before",
        source=format_chain(chain.chain_id),
    )
