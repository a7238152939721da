"""Well-known chains: their names, the coin that gas is paid in, and where to look a thing up.

Asks none of them: a name says nothing about whether a report is true.
"""

import re
from dataclasses import dataclass
from typing import Final

from registry.core.address import format_chain

_TRANSACTION: Final = re.compile(r"0x[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Network:
    """One chain, as people know it; `explorer` is None where there is none to point to."""

    name: str
    coin: str
    explorer: str | None


def network(chain_id: int) -> Network:
    """What is known of a chain; of any other its CAIP-2 name, and that it has a coin."""
    return _NETWORKS.get(chain_id, Network(format_chain(chain_id), "coins", None))


def transaction_link(chain_id: int, transaction: str) -> str | None:
    """Where to look a transaction up; None for an unknown chain, and for what is no hash."""
    explorer = network(chain_id).explorer
    if explorer is None or _TRANSACTION.fullmatch(transaction) is None:
        return None
    return f"https://{explorer}/tx/{transaction}"


_NETWORKS: Final = {
    1: Network("Ethereum", "ETH", "etherscan.io"),
    10: Network("OP Mainnet", "ETH", "optimistic.etherscan.io"),
    100: Network("Gnosis", "xDAI", "gnosisscan.io"),
    137: Network("Polygon", "POL", "polygonscan.com"),
    8453: Network("Base", "ETH", "basescan.org"),
    31337: Network("Local development chain", "ETH", None),
    42161: Network("Arbitrum One", "ETH", "arbiscan.io"),
    84532: Network("Base Sepolia", "ETH", "sepolia.basescan.org"),
    421614: Network("Arbitrum Sepolia", "ETH", "sepolia.arbiscan.io"),
    11155111: Network("Sepolia", "ETH", "sepolia.etherscan.io"),
    11155420: Network("OP Sepolia", "ETH", "sepolia-optimism.etherscan.io"),
}
