"""Finds the event of an anchor, by its topics or in a receipt. Trusts no node's word order.

A node's answer that does not fit the question is "could not ask".
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from registry.chain.contract import anchor_topics
from registry.chain.reply import Reply
from registry.chain.rpc import JsonRpcError
from registry.core.address import format_address
from registry.services.ports import Anchor, Block

# How far our clock and those of block builders are allowed to differ, generously.
_CLOCK_MARGIN = timedelta(days=1)
_FIRST_STRIDE = 4096  # blocks; half a day on Ethereum


def read_block(reply: Reply) -> Block:
    """Read a block's header."""
    return Block(
        number=reply.member("number").quantity(),
        hash=reply.member("hash").data(32),
        time=reply.member("timestamp").time(),
    )


class AnchorFinder:
    """Looks for the anchor of one seal on one contract."""

    def __init__(
        self,
        ask: Callable[..., Reply],
        chain_id: int,
        contract: bytes,
        issuer: bytes,
        seal: bytes,
    ) -> None:
        self._ask = ask
        self._chain_id = chain_id
        self._contract = contract
        self._topics = anchor_topics(issuer, seal)

    def find(self, since: datetime) -> Anchor | None:
        """Look through the blocks from about `since` to the head; None if it is in none."""
        head = self._block(None)
        return self._search(self._first_block(head, since - _CLOCK_MARGIN), head.number)

    def among(self, logs: Reply) -> Anchor | None:
        """Pick the anchor out of a receipt's logs; None if it is not there."""
        found = [log for log in logs.elements() if self._fits(log)]
        if not found:
            return None
        if len(found) > 1:
            raise logs.malformed("one anchor of a seal")
        return self._anchor(found[0])

    def _first_block(self, head: Block, time: datetime) -> int:
        """Return a block before `time`, or 0, close enough: back in doubling strides."""
        number, stride = head.number, _FIRST_STRIDE
        while number > 0:
            number = max(number - stride, 0)
            if number == 0 or self._block(number).time < time:
                break
            stride *= 2
        return number

    def _search(self, first: int, last: int) -> Anchor | None:
        """Ask for the logs of a range, by halves where the node refuses the whole."""
        try:
            logs = self._logs(first, last)
        except JsonRpcError:
            if first >= last:
                raise
            middle = (first + last) // 2
            # The later half first: what is looked for is recent, most often.
            later = self._search(middle + 1, last)
            return self._search(first, middle) if later is None else later
        if any(not self._fits(log) for log in logs.elements()):
            raise logs.malformed("the logs asked for")
        return self.among(logs)

    def _logs(self, first: int, last: int) -> Reply:
        return self._ask(
            "eth_getLogs",
            {
                "fromBlock": hex(first),
                "toBlock": hex(last),
                "address": format_address(self._contract),
                "topics": ["0x" + topic.hex() for topic in self._topics],
            },
        )

    def _fits(self, log: Reply) -> bool:
        topics = [topic.data(32) for topic in log.member("topics").elements()]
        return log.member("address").data(20) == self._contract and topics[:3] == self._topics

    def _anchor(self, log: Reply) -> Anchor:
        block_hash = log.member("blockHash").data(32)
        block = read_block(self._ask("eth_getBlockByHash", "0x" + block_hash.hex(), False))  # noqa: FBT003 - JSON-RPC parameter
        if (block.hash, block.number) != (block_hash, log.member("blockNumber").quantity()):
            raise log.malformed("a log in the block it names")
        return Anchor(
            chain_id=self._chain_id,
            contract=self._contract,
            transaction=log.member("transactionHash").data(32),
            block_number=block.number,
            block_hash=block.hash,
            log_index=log.member("logIndex").quantity(),
            anchored_at=block.time,
        )

    def _block(self, number: int | None) -> Block:
        name = "latest" if number is None else hex(number)
        return read_block(self._ask("eth_getBlockByNumber", name, False))  # noqa: FBT003 - JSON-RPC parameter
