"""What an answer to each JSON-RPC method says, for comparing it with another node's.

Only what the adapter reads counts: nodes differ in the rest. Pure: asks no node.
"""

from collections.abc import Callable, Hashable

from registry.chain.reply import Reply

_NOT_MINED = "not mined"
_SHOWN_BYTES = 32  # of an answer, in a sentence about nodes that disagree


def meaning(method: str, reply: Reply) -> Hashable:
    """Return what an answer says; equal for two answers that say the same.

    Raises `UnavailableError` if it is no answer to that method; `KeyError` for a method that the
    adapter does not use.
    """
    return _MEANINGS[method](reply)


def words(method: str, reply: Reply) -> str:
    """Say in short what an answer says; safe to show to strangers."""
    return _WORDS.get(method, _number_words)(reply)


def _block(reply: Reply) -> Hashable:
    return (
        reply.member("number").count(),
        reply.member("hash").data(32),
        reply.member("timestamp").time(),
    )


def _log(reply: Reply) -> Hashable:
    return (
        reply.member("address").data(20),
        tuple(topic.data(32) for topic in reply.member("topics").elements()),
        reply.member("data").data(),
        reply.member("blockNumber").count(),
        reply.member("blockHash").data(32),
        reply.member("transactionHash").data(32),
        reply.member("logIndex").count(),
    )


def _logs(reply: Reply) -> Hashable:
    return tuple(_log(log) for log in reply.elements())


def _receipt(reply: Reply) -> Hashable:
    if reply.is_null:
        return _NOT_MINED
    return (
        reply.member("transactionHash").data(32),
        reply.member("status").flag(),
        reply.member("blockNumber").count(),
        reply.member("blockHash").data(32),
        reply.member("gasUsed").count(),
        reply.member("effectiveGasPrice").quantity(),
        _logs(reply.member("logs")),
    )


def _transaction(reply: Reply) -> Hashable:
    """Its hash decides the rest, where the rest is checked against it."""
    return _NOT_MINED if reply.is_null else reply.member("hash").data(32)


def _proof(reply: Reply) -> Hashable:
    """The roots that it is a proof under: they decide every node of it that counts."""
    return reply.member("codeHash").data(32), reply.member("storageHash").data(32)


def _fee_history(reply: Reply) -> Hashable:
    return (
        tuple(fee.quantity() for fee in reply.member("baseFeePerGas").elements()),
        tuple(
            tuple(fee.quantity() for fee in block.elements())
            for block in reply.member("reward").elements()
        ),
    )


def _number_words(reply: Reply) -> str:
    return str(reply.quantity())


def _block_words(reply: Reply) -> str:
    block_hash = reply.member("hash").data(32)
    return f"block {reply.member('number').count()} 0x{block_hash.hex()}"


def _receipt_words(reply: Reply) -> str:
    if reply.is_null:
        return _NOT_MINED
    outcome = "succeeded" if reply.member("status").flag() else "failed"
    block_hash = reply.member("blockHash").data(32)
    number = reply.member("blockNumber").count()
    logs = len(reply.member("logs").elements())
    return f"{outcome} in block {number} 0x{block_hash.hex()} with {logs} logs"


def _bytes_words(reply: Reply) -> str:
    content = reply.data()
    shown = "0x" + content[:_SHOWN_BYTES].hex()
    return shown if len(content) <= _SHOWN_BYTES else f"{shown}… ({len(content)} bytes)"


_MEANINGS: dict[str, Callable[[Reply], Hashable]] = {
    "eth_blockNumber": Reply.count,
    "eth_call": Reply.data,
    "eth_chainId": Reply.quantity,
    "eth_estimateGas": Reply.count,
    "eth_feeHistory": _fee_history,
    "eth_getBalance": Reply.quantity,
    "eth_getBlockByHash": _block,
    "eth_getBlockByNumber": _block,
    "eth_getCode": Reply.data,
    "eth_getLogs": _logs,
    "eth_getProof": _proof,
    "eth_getTransactionByHash": _transaction,
    "eth_getTransactionCount": Reply.count,
    "eth_getTransactionReceipt": _receipt,
    "eth_sendRawTransaction": lambda reply: reply.data(32),
}

_WORDS: dict[str, Callable[[Reply], str]] = {
    "eth_call": _bytes_words,
    "eth_feeHistory": lambda reply: f"fees of {len(reply.member('reward').elements())} blocks",
    "eth_getBlockByHash": _block_words,
    "eth_getBlockByNumber": _block_words,
    "eth_getCode": _bytes_words,
    "eth_getLogs": lambda reply: f"{len(reply.elements())} logs",
    "eth_getProof": lambda reply: f"storage 0x{reply.member('storageHash').data(32).hex()}",
    "eth_getTransactionByHash": lambda reply: _NOT_MINED if reply.is_null else "a transaction",
    "eth_getTransactionReceipt": _receipt_words,
}
