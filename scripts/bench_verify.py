"""Time a verification, end to end, beside one bare `eth_call` to the same node.

Prints the median and the 99th percentile of each and the ratios, all from one run in which they
take turns. The bare call asks the contract for the same seal, over a connection that is kept: by
web3.py, as its users write it, and by urllib3 alone, which is as bare as a call gets in Python.
The verification is all of it: one JSON credential after another, each with its receipt, from bytes
to a report, with new questions to the chain for each. Before "new block" the node gets a block, so
that the head is never the one of last time. Each node is an Anvil of its own. Everything is made in
a temporary folder.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import orjson
import urllib3
from bench.badges import badge_lines
from bench.nights import Night, night, sqlite_url
from eth_typing import HexStr
from web3 import HTTPProvider, Web3
from web3.types import TxParams

from registry.chain import (
    DEVELOPMENT_CHAIN_ID,
    ChainOptions,
    Devnet,
    EvmChain,
    LoadedState,
    Rpc,
    deterministic_address,
    dump_state,
)
from registry.chain.contract import encode_call
from registry.core.address import format_address
from registry.core.canonical import Canonicalization, credential_hash
from registry.core.receipt import Receipt, print_receipt
from registry.core.report import Verdict
from registry.services.hashing import salted
from registry.services.receipts import receipt_of
from registry.services.verification import Evidence, Verification
from registry.store import SqlStore, open_store
from registry.wiring import utc_now

CREDENTIALS: Final = 1000  # in the batch: a path of ten siblings
NODES: Final = 3
_ROUNDS: Final = 2000  # at most
_WARM_UP: Final = 20  # rounds that are not counted
_TAKEN: Final = 100  # credentials, one after the other
_JSON: Final = {"Content-Type": "application/json"}

Act = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Case:
    """Credentials with their receipts, and nodes of the chain that they are anchored on."""

    credentials: Sequence[bytes]
    receipts: Sequence[Receipt]
    urls: Sequence[str]


def anchored(store: SqlStore, chain: Night, count: int) -> Case:
    """Anchor a batch, wait until it is final, and take some credentials out of it."""
    files = [line.strip() for line in badge_lines(count)]
    hashes = [credential_hash(data, Canonicalization.JCS) for data in files]
    chain.whole(store, [salted(hashes, Canonicalization.JCS)])
    taken = range(0, count, max(count // _TAKEN, 1))
    receipts = [receipt_of(store, hashes[number]) for number in taken]
    return Case([files[number] for number in taken], receipts, (chain.rpc.source,))


@contextmanager
def world(count: int, nodes: int) -> Iterator[Case]:
    """A batch on a chain with several nodes: each an Anvil of its own with the same blocks."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        chain = stack.enter_context(night())
        store = open_store(sqlite_url(folder / "registry.db"))
        stack.callback(store.close)
        case = anchored(store, chain, count)
        state = folder / "state.json"
        state.write_bytes(dump_state(chain.rpc))
        others = [stack.enter_context(Devnet(origin=LoadedState(state))) for _ in range(nodes - 1)]
        yield Case(case.credentials, case.receipts, [*case.urls, *(node.url for node in others)])


def open_chain(urls: Sequence[str], *, quorum: int = 1) -> EvmChain:
    """The chain, as a verifier asks it."""
    return EvmChain(
        chain_id=DEVELOPMENT_CHAIN_ID,
        rpc_url=urls,
        contract=deterministic_address(),
        options=ChainOptions(quorum=quorum),
    )


# -- what is timed ---------------------------------------------------------------------------


def bare_call(case: Case) -> TxParams:
    """The view that a verification asks first, as parameters of `eth_call`."""
    receipt = case.receipts[0]
    (anchor,) = receipt.anchors
    data = encode_call("anchorOf", anchor.issuer, receipt.seal)
    contract = Web3.to_checksum_address(format_address(anchor.contract))
    return {"to": contract, "data": HexStr("0x" + data.hex())}


def by_urllib3(case: Case) -> Act:
    """One `eth_call` by urllib3: JSON out, HTTP, JSON in, nothing looked at."""
    pool, call = urllib3.PoolManager(), bare_call(case)

    def ask() -> None:
        body = orjson.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [call, "latest"]}
        )
        answer = pool.request("POST", case.urls[0], body=body, headers=_JSON)
        require(len(orjson.loads(answer.data)["result"]) == 2 + 3 * 64, "a record of the seal")

    return ask


def by_web3(case: Case) -> Act:
    """One `eth_call` by web3.py."""
    web3, call = Web3(HTTPProvider(case.urls[0])), bare_call(case)

    def ask() -> None:
        require(len(web3.eth.call(call, "latest")) == 3 * 32, "a record of the seal")

    return ask


def by_us(urls: Sequence[str], case: Case, stack: ExitStack, *, quorum: int = 1) -> Act:
    """A verification from bytes to the report, by a verifier that is kept."""
    chain = open_chain(urls, quorum=quorum)
    stack.callback(chain.close)
    verifier = Verification({chain.chain_id: chain}, {}, utc_now)
    evidence = cycle(
        Evidence(credential, receipt=print_receipt(receipt))
        for credential, receipt in zip(case.credentials, case.receipts, strict=True)
    )

    def verify() -> None:
        report = verifier.verify(next(evidence))
        require(report.verdict is Verdict.VALID, report.summary)

    return verify


def mining(url: str, stack: ExitStack) -> Act:
    """Mine a block on a node."""
    rpc = Rpc(url)
    stack.callback(rpc.close)
    return lambda: require(rpc.ask("anvil_mine", "0x1").is_null, "a block was mined")


def require(holds: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    """End the run if something else was timed than meant."""
    if not holds:
        raise SystemExit(f"not so: {what}")


def take_turns(
    acts: dict[str, Act], *, before: dict[str, Act], rounds: int, seconds: float
) -> dict[str, list[float]]:
    """Time each act once a round, for so many rounds or seconds; in microseconds."""
    taken: dict[str, list[float]] = {name: [] for name in acts}
    end = time.monotonic() + seconds
    for number in range(-_WARM_UP, rounds):
        for name, act in acts.items():
            before.get(name, lambda: None)()
            start = time.perf_counter()
            act()
            if number >= 0:
                taken[name].append((time.perf_counter() - start) * 1e6)
        if number > 0 and time.monotonic() > end:
            break
    return taken


def measure(*, rounds: int = _ROUNDS, seconds: float = 20.0) -> dict[str, Any]:
    """Build the world, time everything in it in turns, and return what `--json` prints."""
    with ExitStack() as stack:
        case = stack.enter_context(world(CREDENTIALS, NODES + 1))
        *nodes, moving = case.urls
        taken = take_turns(
            {
                "eth_call, urllib3": by_urllib3(case),
                "eth_call, web3.py": by_web3(case),
                "verify": by_us(nodes[:1], case, stack),
                "verify, new block": by_us([moving], case, stack),
                "verify, 2 of 3 nodes": by_us(nodes, case, stack, quorum=2),
                "verify, 3 of 3 nodes": by_us(nodes, case, stack, quorum=NODES),
            },
            before={"verify, new block": mining(moving, stack)},
            rounds=rounds,
            seconds=seconds,
        )
    times = {name: _summary(samples) for name, samples in taken.items()}
    raw, web3 = times["eth_call, urllib3"]["p50"], times["eth_call, web3.py"]["p50"]
    return {
        "unit": "microseconds",
        "rounds": len(taken["verify"]),
        "credentials": CREDENTIALS,
        "times": times,
        "ratios": {
            name: {"web3.py": entry["p50"] / web3, "urllib3": entry["p50"] / raw}
            for name, entry in times.items()
            if name.startswith("verify")
        },
    }


def _summary(samples: Sequence[float]) -> dict[str, float]:
    return {"p50": statistics.median(samples), "p99": statistics.quantiles(samples, n=100)[98]}


def show(found: dict[str, Any]) -> None:
    """Print a table."""
    print(f"{found['rounds']} rounds, in which all take turns; microseconds")
    print(f"{'':22}{'p50':>8}{'p99':>8}")
    for name, entry in found["times"].items():
        print(f"{name:22}{entry['p50']:8,.0f}{entry['p99']:8,.0f}")
    for name, ratio in found["ratios"].items():
        print(
            f"{name} takes {ratio['web3.py']:.2f} times a bare eth_call by web3.py, "
            f"{ratio['urllib3']:.2f} times one by urllib3"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="at most")
    parser.add_argument("--seconds", type=float, default=20.0, help="of measuring, at most")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    found = measure(rounds=options.rounds, seconds=options.seconds)
    if options.json:
        json.dump(found, sys.stdout, indent=2)
        print()
    else:
        show(found)


if __name__ == "__main__":
    main()
