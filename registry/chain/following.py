"""Reads an issuer's new events, for whoever follows the chain. Does not judge them.

A log that does not fit the question, or that the contract cannot have made, is "could not ask".
"""

from registry.chain.contents import read_content
from registry.chain.contract import issuer_topics
from registry.chain.logs import Ask, LogReader, read_block
from registry.chain.reply import Reply
from registry.errors import InvalidInputError, UnavailableError
from registry.services.ports import Block, Event


def block_at(ask: Ask, number: int) -> Block:
    """The block of a number, on the chain as it stands."""
    answer = ask("eth_getBlockByNumber", hex(number), False)  # noqa: FBT003 - JSON-RPC parameter
    block = read_block(answer)
    if block.number != number:
        raise answer.malformed(f"block {number}")
    return block


def events_between(
    ask: Ask, reader: LogReader, issuer: bytes, *, first: int, last: Block
) -> list[Event]:
    """Every event of an issuer in blocks `first` to `last`, oldest first.

    Raises `UnavailableError` also if `last` was replaced meanwhile, or is not known to the node
    that was asked last: its silence about that block's events would mean nothing.
    """
    logs = [
        log
        for some in reader.backwards(issuer_topics(issuer), first=first, last=last.number)
        for log in some
    ]
    blocks: dict[bytes, Block] = {}
    found = [_event(ask, log, blocks) for log in logs]
    # Logs are asked for by number, which follows a reorganisation silently.
    if block_at(ask, last.number).hash != last.hash:
        raise UnavailableError(
            f"block {last.number} was replaced while events were read: try again",
            source=reader.source,
        )
    return sorted(found, key=lambda event: (event.block_number, event.log_index))


def _event(ask: Ask, log: Reply, blocks: dict[bytes, Block]) -> Event:
    block = _block(ask, log, blocks)
    transaction = log.member("transactionHash").data(32)
    log_index = log.member("logIndex").count()
    topics = [topic.data(32) for topic in log.member("topics").elements()]
    try:
        content = read_content(topics, log.member("data").data())
    except (ValueError, InvalidInputError) as exc:
        raise log.malformed("an event of the contract") from exc
    return Event(content, block.number, block.hash, block.time, transaction, log_index)


def _block(ask: Ask, log: Reply, blocks: dict[bytes, Block]) -> Block:
    """The block that a log names, asked for once."""
    block_hash = log.member("blockHash").data(32)
    block = blocks.get(block_hash)
    if block is None:
        block = read_block(ask("eth_getBlockByHash", "0x" + block_hash.hex(), False))  # noqa: FBT003 - JSON-RPC parameter
        blocks[block_hash] = block
    if (block.hash, block.number) != (block_hash, log.member("blockNumber").count()):
        raise log.malformed("a log in the block it names")
    return block
