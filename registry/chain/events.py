"""Finds anchors and appointments among the contract's events. Trusts no node's word order.

A node's answer that does not fit the question is "could not ask".
"""

from datetime import datetime, timedelta

from registry.chain import questions
from registry.chain.contract import (
    anchor_topics,
    anchored_topics,
    anchors_topics,
    operator_topics,
)
from registry.chain.logs import Ask, LogReader, fits, read_block
from registry.chain.reply import Reply
from registry.errors import UnavailableError
from registry.services.ports import Anchor, Block, IssuerAnchor

# How far our clock and those of block builders are allowed to differ, generously.
_CLOCK_MARGIN = timedelta(days=1)
_FIRST_STRIDE = 4096  # blocks; half a day on Ethereum


class Events:
    """Events of one contract on one chain."""

    def __init__(self, ask: Ask, reader: LogReader, *, chain_id: int, contract: bytes) -> None:
        self._ask = ask
        self._reader = reader
        self._chain_id = chain_id
        self._contract = contract

    def find_anchor(self, issuer: bytes, seal: bytes, since: datetime) -> Anchor | None:
        """Look through the blocks from about `since` to the head; None if it is in none."""
        head = self._block("latest")
        first = self._first_block(head, since - _CLOCK_MARGIN)
        topics = anchor_topics(issuer, seal)
        for logs in self._reader.backwards(topics, first=first, last=head.number):
            if len(logs) > 1:
                raise logs[0].malformed("one anchor of a seal")
            if logs:
                return self._anchor(logs[0])
        return None

    def anchor_among(self, logs: Reply, issuer: bytes, seal: bytes) -> Anchor | None:
        """Pick the anchor out of a receipt's logs; None if it is not there."""
        topics = anchor_topics(issuer, seal)
        found = [log for log in logs.elements() if fits(log, self._contract, topics)]
        if len(found) > 1:
            raise logs.malformed("one anchor of a seal")
        return self._anchor(found[0]) if found else None

    def issuers_among(self, logs: Reply, seal: bytes) -> list[bytes]:
        """Everybody who anchored a seal, by a receipt's logs."""
        anchored = [log for log in logs.elements() if fits(log, self._contract, anchored_topics())]
        return [_topic(log, 1)[12:] for log in anchored if _topic(log, 2) == seal]

    def anchors_of(self, issuer: bytes, *, head: Block, count: int) -> list[IssuerAnchor]:
        """Every anchor of an issuer up to `head`, by sequence; raises as `seals_of`."""
        logs = self._anchored(issuer, head=head, count=count, after=0)
        return [
            IssuerAnchor(seal=_topic(log, 2), sequence=_sequence(log), anchor=self._anchor(log))
            for log in logs
        ]

    def seals_of(self, issuer: bytes, *, head: Block, count: int, after: int) -> list[bytes]:
        """The seals of an issuer's anchors from sequence `after` + 1 to `count`, without a gap.

        Raises `UnavailableError` if the events up to `head` are not exactly those, or if `head`
        was replaced meanwhile.
        """
        logs = self._anchored(issuer, head=head, count=count, after=after)
        return [_topic(log, 2) for log in logs]

    def _anchored(self, issuer: bytes, *, head: Block, count: int, after: int) -> list[Reply]:
        """The events by sequence, above `after` and up to `count`."""
        found: dict[int, Reply] = {}
        ranges = self._reader.backwards(anchors_topics(issuer), first=0, last=head.number)
        # Sequences are gap-free, so that as many as are missing are all: older blocks hold no more.
        while len(found) < count - after and (logs := next(ranges, None)) is not None:
            for log in logs:
                sequence = _sequence(log)
                if sequence > after and found.setdefault(sequence, log) is not log:
                    raise log.malformed("one anchor of a sequence")
        self._still_there(head)
        wanted = range(after + 1, count + 1)
        if count < after or sorted(found) != list(wanted):
            raise self._withheld(issuer_count=count, found=after + len(found), head=head)
        return [found[sequence] for sequence in wanted]

    def appointed_by(self, issuer: bytes, *, head: Block) -> list[bytes]:
        """Everybody whom an issuer ever appointed, up to `head`."""
        ranges = self._reader.backwards(operator_topics(issuer), first=0, last=head.number)
        return sorted({_topic(log, 2)[12:] for logs in ranges for log in logs})

    def _anchor(self, log: Reply) -> Anchor:
        block_hash = log.member("blockHash").data(32)
        block = read_block(self._ask(*questions.block_of_hash(block_hash)))
        if (block.hash, block.number) != (block_hash, log.member("blockNumber").count()):
            raise log.malformed("a log in the block it names")
        return Anchor(
            chain_id=self._chain_id,
            contract=self._contract,
            transaction=log.member("transactionHash").data(32),
            block_number=block.number,
            block_hash=block.hash,
            log_index=log.member("logIndex").count(),
            anchored_at=block.time,
        )

    def _first_block(self, head: Block, time: datetime) -> int:
        """Return a block before `time`, or 0, close enough: back in doubling strides."""
        number, stride = head.number, _FIRST_STRIDE
        while number > 0:
            number = max(number - stride, 0)
            if number == 0 or self._block(hex(number)).time < time:
                break
            stride *= 2
        return number

    def _still_there(self, head: Block) -> None:
        # Logs are asked for by number, which follows a reorganisation silently.
        if self._block(hex(head.number)).hash != head.hash:
            raise UnavailableError(
                f"block {head.number} was replaced while events were read: try again",
                source=self._reader.source,
            )

    def _withheld(self, *, issuer_count: int, found: int, head: Block) -> UnavailableError:
        return UnavailableError(
            f"{found} anchors were found, but the contract counts {issuer_count} in block "
            f"{head.number}: the node withholds events",
            source=self._reader.source,
        )

    def _block(self, name: str) -> Block:
        return read_block(self._ask("eth_getBlockByNumber", name, False))  # noqa: FBT003 - JSON-RPC parameter


def _topic(log: Reply, place: int) -> bytes:
    topics = log.member("topics").elements()
    if len(topics) <= place:
        raise log.malformed("an event of the contract")
    return topics[place].data(32)


def _sequence(log: Reply) -> int:
    return int.from_bytes(_topic(log, 3), "big")
