"""Reads the contract's logs over any range of blocks, in strides that the nodes accept.

Nodes and providers limit `eth_getLogs` by blocks, by results or by time, each in its own words.
Does not know what the events mean; an answer that does not fit the question is "could not ask".
"""

from collections.abc import Callable, Iterator, Sequence

from registry.chain import questions, refusals
from registry.chain.reply import Reply
from registry.core.address import format_address
from registry.errors import UnavailableError
from registry.services.ports import Block

Ask = Callable[..., Reply]
Topics = Sequence[bytes | None]  # None: any

MAX_QUESTIONS = 10_000  # of one search: 20 million blocks in strides of 2,000
_WIDEN_AFTER = 8  # answers in a row, until twice as many blocks are tried
# A node that hangs costs a timeout for each narrower try: few of them, and none below this width,
# where a range cannot be what it hangs on.
_SILENT_NARROWING = 16
_SILENT_FLOOR = 256  # blocks


def read_block(reply: Reply) -> Block:
    """Read a block's header."""
    return Block(
        number=reply.member("number").count(),
        hash=reply.member("hash").data(32),
        time=reply.member("timestamp").time(),
    )


def read_receipt(ask: Ask, transaction: bytes) -> Reply | None:
    """Return a receipt; None, which only this method may answer, if it is not mined."""
    receipt = ask(*questions.receipt_of(transaction))
    if receipt.is_null:
        return None
    if receipt.member("transactionHash").data(32) != transaction:
        raise receipt.malformed("the receipt asked for")
    return receipt


class LogReader:
    """The logs of one contract. Remembers the widest range that the nodes took."""

    def __init__(self, ask: Ask, contract: bytes, *, source: str) -> None:
        self._ask = ask
        self.source = source
        self._contract = contract
        self._stride: int | None = None  # None: no range was refused yet
        self._taken = 0  # answers in a row at this stride

    def backwards(self, topics: Topics, *, first: int, last: int) -> Iterator[list[Reply]]:
        """Logs that begin with `topics`, in blocks `first` to `last`, range by range.

        The newest range comes first, so that whoever looks for something recent may stop early.
        Raises `UnavailableError` if a node refuses even one block, or takes so few at a time that
        more than `MAX_QUESTIONS` are needed.
        """
        questions = 0
        while last >= first:
            questions += 1
            start = first if self._stride is None else max(first, last - self._stride + 1)
            if questions > MAX_QUESTIONS:
                raise self._too_many(first, last)
            try:
                logs = self._between(topics, start, last)
            except UnavailableError as exc:
                self._narrow(exc, last - start + 1)
                continue
            self._widen()
            yield logs
            last = start - 1

    def _between(self, topics: Topics, first: int, last: int) -> list[Reply]:
        answer = self._ask(
            "eth_getLogs",
            {
                "fromBlock": hex(first),
                "toBlock": hex(last),
                "address": format_address(self._contract),
                "topics": [None if topic is None else "0x" + topic.hex() for topic in topics],
            },
        )
        logs = answer.elements()
        for log in logs:
            within = first <= log.member("blockNumber").count() <= last
            if not within or not fits(log, self._contract, topics):
                raise answer.malformed("the logs asked for")
        return logs

    def _narrow(self, failure: UnavailableError, width: int) -> None:
        """Ask for fewer blocks from now on. Raises `failure` if that is no cure for it."""
        if not refusals.is_range_refused(failure) or width <= 1:
            raise failure
        narrower = width // 2
        if refusals.is_too_slow(failure):
            if width <= _SILENT_FLOOR:
                raise failure
            narrower = max(width // _SILENT_NARROWING, _SILENT_FLOOR)
        self._stride, self._taken = narrower, 0

    def _widen(self) -> None:
        # A refusal may have been a moment's, or of one crowded range: neither is for ever.
        self._taken += 1
        if self._stride is not None and self._taken >= _WIDEN_AFTER:
            self._stride, self._taken = 2 * self._stride, 0

    def _too_many(self, first: int, last: int) -> UnavailableError:
        return UnavailableError(
            f"{last - first + 1} blocks are left to search after {MAX_QUESTIONS} questions, "
            f"{self._stride} blocks at a time: configure an endpoint that takes wider ranges",
            source=self.source,
        )


def fits(log: Reply, contract: bytes, topics: Topics) -> bool:
    """Whether a log is of that contract and begins with those topics."""
    found = [topic.data(32) for topic in log.member("topics").elements()]
    begins = len(found) >= len(topics) and all(
        wanted is None or wanted == topic for wanted, topic in zip(topics, found, strict=False)
    )
    return begins and log.member("address").data(20) == contract
