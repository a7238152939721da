"""What a node may say instead of the truth, and what a verifier may make of it."""

from collections.abc import Callable
from typing import Any  # answers of a node are JSON of any shape

ZERO = "0x" + "00" * 32
UNAVAILABLE = {"chain-unavailable"}


def always(result: object) -> Callable[[Any], Any]:
    return lambda _: result


def word(number: int) -> str:
    return f"{number:064x}"


Lie = Callable[[Any], Any]
# What a node says instead, to which method, and the codes that a verifier may give.
LIES: dict[str, tuple[str, Lie, set[str]]] = {
    "no seal": ("eth_call", lambda _: "0x" + word(0) * 3, {"not-anchored"}),
    "another time": ("eth_call", lambda r: "0x" + word(5) + r[66:], {"wrong-time"}),
    "a time beyond dates": ("eth_call", lambda r: "0x" + word(2**60) + r[66:], UNAVAILABLE),
    "a time beyond its type": ("eth_call", lambda r: "0x" + word(2**64) + r[66:], UNAVAILABLE),
    "a sequence beyond its type": (
        "eth_call",
        lambda r: r[:66] + word(2**64) + r[130:],
        UNAVAILABLE,
    ),
    "a status beyond its type": ("eth_call", lambda r: r[:-64] + word(256), UNAVAILABLE),
    "a status of no name": ("eth_call", lambda r: r[:-64] + word(3), UNAVAILABLE),
    "more words": ("eth_call", lambda r: r + word(0), UNAVAILABLE),
    "fewer words": ("eth_call", lambda r: r[:-64], UNAVAILABLE),
    "half a byte": ("eth_call", lambda r: r + "0", UNAVAILABLE),
    "no hex": ("eth_call", lambda r: r[:-1] + "g", UNAVAILABLE),
    "empty": ("eth_call", lambda _: "0x", UNAVAILABLE),
    "a number": ("eth_call", lambda _: 5, UNAVAILABLE),
    "a revoked status": (
        "eth_call",
        lambda r: "0x" + word(2) if len(r) == 66 else r,
        {"anchored"},
    ),
    "upper case": ("eth_call", lambda r: "0x" + r[2:].upper(), {"anchored"}),
    "no code": ("eth_getCode", lambda _: "0x", {"no-contract"}),
    "another code": ("eth_getCode", lambda r: r[:-2] + "00", {"no-contract"}),
    "more code": ("eth_getCode", lambda r: r + "00", {"no-contract"}),
    "another first byte": ("eth_getCode", lambda r: "0x61" + r[4:], {"no-contract"}),
    "immutables": (
        "eth_getCode",
        lambda r: r[: 2 + 2 * 6137] + "11" * 32 + r[2 + 2 * 6137 + 64 :],
        {"anchored"},
    ),
    "behind": ("eth_getBlockByNumber", lambda r: {**r, "number": "0x1"}, {"node-behind"}),
    "a block without hash": ("eth_getBlockByNumber", lambda r: {**r, "hash": None}, UNAVAILABLE),
    "a block of far away": (
        "eth_getBlockByNumber",
        lambda r: {**r, "number": "0x" + "f" * 16},
        UNAVAILABLE,
    ),
    "a block without time": (
        "eth_getBlockByNumber",
        lambda r: {key: value for key, value in r.items() if key != "timestamp"},
        UNAVAILABLE,
    ),
    "a block of the year 10000": (
        "eth_getBlockByNumber",
        lambda r: {**r, "timestamp": hex(253402300800)},
        UNAVAILABLE,
    ),
    "a number with a blank": (
        "eth_getBlockByNumber",
        lambda r: {**r, "number": r["number"] + " "},
        UNAVAILABLE,
    ),
    "another transaction's receipt": (
        "eth_getTransactionReceipt",
        lambda r: {**r, "transactionHash": ZERO},
        UNAVAILABLE,
    ),
    "no logs": ("eth_getTransactionReceipt", lambda r: {**r, "logs": []}, {"anchored"}),
    "logs that are none": ("eth_getTransactionReceipt", lambda r: {**r, "logs": {}}, UNAVAILABLE),
    "the event twice": (
        "eth_getTransactionReceipt",
        lambda r: {**r, "logs": r["logs"] * 2},
        UNAVAILABLE,
    ),
    "another place in the log": (
        "eth_getTransactionReceipt",
        lambda r: {**r, "logs": [{**r["logs"][0], "logIndex": "0x7"}]},
        {"wrong-transaction"},
    ),
    "another transaction in the log": (
        "eth_getTransactionReceipt",
        lambda r: {**r, "logs": [{**r["logs"][0], "transactionHash": ZERO}]},
        {"wrong-transaction"},
    ),
    "another block in the log": (
        "eth_getTransactionReceipt",
        lambda r: {**r, "logs": [{**r["logs"][0], "blockNumber": "0x1"}]},
        UNAVAILABLE,
    ),
    "another contract's event": (
        "eth_getTransactionReceipt",
        lambda r: {**r, "logs": [{**r["logs"][0], "address": "0x" + "11" * 20}]},
        {"anchored"},
    ),
    "another issuer's event": (
        "eth_getTransactionReceipt",
        lambda r: {**r, "logs": [with_topic(r["logs"][0], 1)]},
        {"anchored"},
    ),
    "another seal's event": (
        "eth_getTransactionReceipt",
        lambda r: {**r, "logs": [with_topic(r["logs"][0], 2)]},
        {"anchored"},
    ),
    "another event": (
        "eth_getTransactionReceipt",
        lambda r: {**r, "logs": [with_topic(r["logs"][0], 0)]},
        {"anchored"},
    ),
    "an event without topics": (
        "eth_getTransactionReceipt",
        lambda r: {**r, "logs": [{**r["logs"][0], "topics": []}]},
        {"anchored"},
    ),
    "a log of no contract": (
        "eth_getTransactionReceipt",
        lambda r: {**r, "logs": [{**r["logs"][0], "address": None}]},
        UNAVAILABLE,
    ),
    "another block by hash": ("eth_getBlockByHash", lambda r: {**r, "hash": ZERO}, UNAVAILABLE),
    "a block of another number": (
        "eth_getBlockByHash",
        lambda r: {**r, "number": "0x1"},
        UNAVAILABLE,
    ),
}


def with_topic(log: dict[str, Any], place: int) -> dict[str, Any]:
    topics = [ZERO if n == place else topic for n, topic in enumerate(log["topics"])]
    return {**log, "topics": topics}


LOG_LIES: dict[str, Lie] = {
    "twice": lambda logs: logs * 2,
    "another block": lambda logs: [{**log, "blockNumber": "0x1"} for log in logs],
    "another contract": lambda logs: [{**log, "address": "0x" + "11" * 20} for log in logs],
    "another seal": lambda logs: [with_topic(log, 2) for log in logs],
    "no list": lambda _: None,
    "no log": lambda _: [5],
}
