"""The evidence of findings, in the words that all of them share."""

from registry.core.address import format_address, format_chain
from registry.services.ports import Event, History

Value = str | int | None


def where(history: History, **more: Value) -> dict[str, Value]:
    """On which chain and in which state something was found."""
    return {
        "chain": format_chain(history.chain_id),
        "contract": format_address(history.contract),
        "block": history.block.number,
        **more,
    }


def at_event(history: History, event: Event, **more: Value) -> dict[str, Value]:
    """Which transaction something was found in."""
    return {
        "chain": format_chain(history.chain_id),
        "transaction": "0x" + event.transaction.hex(),
        "blockNumber": event.block_number,
        "logIndex": event.log_index,
        **more,
    }
