"""Chains of others that a local Anvil serves to be looked at, and not gone on with.

Starts nothing: that is `Devnet`'s.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from registry.chain.rpc import endpoint_name
from registry.errors import InvalidInputError

# Anvil puts accounts of its own and the CREATE2 proxy into every chain: over what stands there.
# Proofs then no longer lead to the roots in the headers. And an auditor's node mines nothing.
_UNTOUCHED: Final = ["--no-mining", "--accounts", "0", "--disable-default-create2-deployer"]
_ALIAS: Final = "rootseal_fork"


@dataclass(frozen=True, slots=True)
class LoadedState:
    """A chain as a file of `dump_state`, or of a stopped `Devnet`, has it; never written back.

    All blocks, transactions, receipts and logs are there, but only the newest block's state. Anvil
    checks nothing of it: what the file says is answered. Nor is the chain id in it.
    """

    path: Path

    @property
    def arguments(self) -> list[str]:
        """What Anvil is started with."""
        return [*_UNTOUCHED, "--load-state", str(self.path.absolute())]

    def configure(self, folder: Path) -> None:
        """Nothing: all of it stands in the arguments."""


@dataclass(frozen=True, slots=True)
class Fork:
    """The chain behind a node as of `block`, or as of its head when started.

    What was not asked before is asked of that node, so it must keep old states for old blocks.
    Blocks count as final two before the fork's head, whatever the node says: fork at a block that
    is final. Its address, which may hold a key, is given to Anvil in a file and stands in no
    process list; but Anvil tells it to everybody on this machine who asks for `anvil_nodeInfo`.
    """

    url: str = field(repr=False)
    block: int | None = None

    def __post_init__(self) -> None:
        endpoint_name(self.url)
        if "${" in self.url:  # which Anvil would look up in the environment
            raise InvalidInputError("RPC endpoint holds a ${…}")
        if self.block is not None and self.block < 0:
            raise InvalidInputError(f"no block has the number {self.block}")

    @property
    def arguments(self) -> list[str]:
        """What Anvil is started with, in a folder that was configured."""
        # Without the answers kept from earlier forks, perhaps of another node, and without leave
        # for pages of other sites to ask.
        arguments = [*_UNTOUCHED, "--no-storage-caching", "--no-cors", "--fork-url", _ALIAS]
        if self.block is not None:
            arguments += ["--fork-block-number", str(self.block)]
        return arguments

    def configure(self, folder: Path) -> None:
        """Write the address where Anvil reads it when it starts."""
        text = f"[rpc_endpoints]\n{_ALIAS} = {json.dumps(self.url)}\n"
        (folder / "foundry.toml").write_text(text, encoding="utf-8")


Origin = LoadedState | Fork
