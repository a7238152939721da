"""JSON-RPC questions that are put in two ways: one by one, or several at once before their turn.

A question is its method and its parameters; whoever foresees one must put it just like this.
"""

from collections.abc import Hashable
from typing import Final

from registry.chain.contract import encode_view
from registry.core.address import format_address
from registry.services.ports import Block

Question = tuple[str, *tuple[object, ...]]

CHAIN_ID: Final[Question] = ("eth_chainId",)
BLOCK_NUMBER: Final[Question] = ("eth_blockNumber",)


def newest_block(tag: str) -> Question:
    """The header of the block that a node names `latest` or `finalized`."""
    return "eth_getBlockByNumber", tag, False


def block_of_hash(block_hash: bytes) -> Question:
    """The header of a block, wherever it stands now."""
    return "eth_getBlockByHash", "0x" + block_hash.hex(), False


def code_of(address: bytes, at: Block | None) -> Question:
    """The code of a contract."""
    return "eth_getCode", format_address(address), _state(at)


def view(contract: bytes, data: bytes, at: Block | None) -> Question:
    """What a function of a contract returns, called without a transaction."""
    return "eth_call", {"to": format_address(contract), "data": "0x" + data.hex()}, _state(at)


def view_of(contract: bytes, at: Block | None, function: str, *arguments: Hashable) -> Question:
    """What a function of our contract returns."""
    return view(contract, encode_view(function, *arguments), at)


def receipt_of(transaction: bytes) -> Question:
    """Where a transaction was mined, and what it logged."""
    return "eth_getTransactionReceipt", "0x" + transaction.hex()


def _state(at: Block | None) -> object:
    """Name a state by block hash (EIP-1898): a number would silently follow a reorganisation."""
    if at is None:
        return "latest"
    return {"blockHash": "0x" + at.hash.hex(), "requireCanonical": True}
