"""How status changes are shown."""

from registry.cli.output import Value
from registry.core.address import format_address
from registry.services.ports import StatusChange


def change_value(change: StatusChange) -> Value:
    """A status change in JSON."""
    return {
        "id": change.id,
        "issuer": format_address(change.issuer),
        "seal": change.seal.hex(),
        "leafIndexes": None if change.leaf_indexes is None else list(change.leaf_indexes),
        "status": change.status.name.lower(),
        "state": _state(change),
        "refusal": change.refusal,
    }


def change_lines(change: StatusChange) -> list[str]:
    """A status change for a person."""
    indexes = change.leaf_indexes
    what = "the whole batch" if indexes is None else f"{len(indexes):,} credentials"
    line = f"{change.status.name.lower()}: {what} under seal {change.seal.hex()}: {_state(change)}"
    return [line] if change.refusal is None else [line, f"  {change.refusal}"]


def _state(change: StatusChange) -> str:
    if change.refusal is not None:
        return "refused"
    return "requested" if change.done_at is None else "final"
