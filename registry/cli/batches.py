"""How batches are shown. One of a registry elsewhere has the id 0: ids are a store's own."""

from registry.cli.output import Value
from registry.core.address import format_address
from registry.core.wire import format_time
from registry.services.ports import Batch


def batch_value(batch: Batch) -> dict[str, Value]:
    """A batch in JSON."""
    head = batch.head
    return {
        "id": batch.id or None,
        "issuer": format_address(batch.issuer),
        "state": batch.state.value,
        "treeSize": None if head is None else head.tree_size,
        "seal": None if head is None else head.seal.hex(),
        "openedAt": format_time(batch.opened_at),
        "sealedAt": None if batch.sealed_at is None else format_time(batch.sealed_at),
    }


def batch_line(batch: Batch) -> str:
    """A batch for a person."""
    name = f"batch {batch.id}" if batch.id else "batch"
    if batch.head is None:
        return f"{name}: open"
    size = batch.head.tree_size
    return f"{name}: {size:,} credentials, seal {batch.head.seal.hex()}, {batch.state.value}"
