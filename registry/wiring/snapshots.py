"""A snapshot file as a chain to ask."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from registry.core.snapshot import parse_snapshot

if TYPE_CHECKING:
    from registry.chain import SnapshotState


def open_snapshot(
    data: bytes, trusted_block: bytes | None, contract_on: Callable[[int], bytes | None]
) -> "SnapshotState":
    """The state in a snapshot file, as of the block that has the trusted hash.

    `contract_on` gives the contract that the verifier knows on a chain, if not the one that is
    the same on every chain. Raises `InvalidInputError`.
    """
    from registry.chain import SnapshotState, deterministic_address

    snapshot = parse_snapshot(data)
    contract = contract_on(snapshot.chain) or deterministic_address()
    return SnapshotState(snapshot, contract=contract, trusted=trusted_block)
