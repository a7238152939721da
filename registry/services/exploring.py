"""What the chain says of a batch, for people who look around: statuses counted, and the cost.

Facts only: no verdict rests on them. "Could not ask" raises, and is never zero.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from registry.core.tiles import TreeHead
from registry.errors import TooLargeError
from registry.services.ports import Anchor, Chain, CredentialStatus, MinedTransaction

LANES: Final = 128  # credentials of which one word of the contract holds the statuses
MAX_WORDS: Final = 256  # that are asked for: 32,768 credentials, more than most nights
_AT_ONCE: Final = 4  # questions to the node

_LOWER_BITS: Final = (1 << (2 * LANES)) // 3  # of every lane: 0b…0101


@dataclass(frozen=True, slots=True)
class StatusCounts:
    """How many credentials of a batch are active, suspended and revoked, at a block."""

    active: int
    suspended: int
    revoked: int
    block_number: int


def count_statuses(
    chain: Chain, anchor: Anchor, issuer: bytes, head: TreeHead
) -> StatusCounts | None:
    """Count the statuses that hold for the credentials of an anchored batch, in one block.

    None if the chain knows no such anchor. Raises `TooLargeError` for more than `MAX_WORDS` words.
    """
    words = -(-head.tree_size // LANES)
    if words > MAX_WORDS:
        raise TooLargeError(
            f"the statuses of {head.tree_size} credentials are not counted; "
            f"the limit is {MAX_WORDS * LANES}"
        )
    block = chain.head()
    record = chain.anchor_record(anchor.contract, issuer, head.seal, at=block)
    if record is None:
        return None

    def ask(word: int) -> int:
        return chain.status_word(anchor.contract, issuer, head.seal, word, at=block)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        suspended, revoked = counted(pool.map(ask, range(words)), head.tree_size)
    if record.status is CredentialStatus.REVOKED:
        suspended, revoked = 0, head.tree_size
    elif record.status is CredentialStatus.SUSPENDED:
        suspended = head.tree_size - revoked
    active = head.tree_size - suspended - revoked
    return StatusCounts(active, suspended, revoked, block.number)


def counted(words: Iterable[int], tree_size: int) -> tuple[int, int]:
    """How many of the first `tree_size` lanes say suspended, and how many revoked.

    Beyond the batch's size the contract, which does not know it, takes statuses too.
    """
    suspended = revoked = 0
    left = tree_size
    for word in words:
        lanes = word & ((1 << (2 * min(left, LANES))) - 1)
        suspended += (lanes & _LOWER_BITS).bit_count()
        revoked += (lanes & ~_LOWER_BITS).bit_count()
        left -= LANES
        if left <= 0:
            break
    return suspended, revoked


def cost_of(chain: Chain, anchor: Anchor) -> MinedTransaction | None:
    """What the transaction of an anchor used and paid; None if the node has it not, or not there.

    Nodes may forget old transactions.
    """
    mined = chain.mined(anchor.transaction)
    return None if mined is None or mined.block_hash != anchor.block_hash else mined
