"""The chain of the shared cases (scripts/make_cases.py), and nodes that misbehave on it by name.

Built from the same steps, Anvil gives the same block hashes each time, so that receipts of this
chain can stand in a file.
"""

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self  # answers of a node are JSON of any shape

import pytest

from registry.chain import Devnet, deterministic_address
from registry.chain.rpc import Rpc
from registry.core.address import format_address
from tests.rpc_proxy import ANY, Fault, RpcProxy

CASES_FILE: Final = Path(__file__).parent / "vectors" / "verification_cases.json"
_FEES: Final = {"maxFeePerGas": hex(2 * 10**9), "maxPriorityFeePerGas": hex(10**9)}


@dataclass(frozen=True)
class Step:
    """One transaction, alone in its block."""

    time: int
    sender: str
    to: str
    data: str
    gas: str

    @classmethod
    def from_json(cls, step: dict[str, Any]) -> Self:
        """Read a step as the file of cases has it."""
        return cls(step["time"], step["from"], step["to"], step["data"], step["gas"])

    def to_json(self) -> dict[str, Any]:
        """The step as the file of cases has it."""
        names = {"time": self.time, "from": self.sender, "to": self.to}
        return {**names, "data": self.data, "gas": self.gas}


@dataclass
class World:
    """A running chain with all its steps made; `transactions` has one hash for each."""

    port: int
    rpc: Rpc
    steps: Sequence[Step]
    stack: ExitStack  # what ends with the world
    transactions: list[str] = field(default_factory=list)
    faulty: dict[str, str] = field(default_factory=dict)

    @property
    def contract(self) -> str:
        """Where the contract stands."""
        return format_address(deterministic_address())

    @property
    def url(self) -> str:
        """Where the honest node answers."""
        return f"http://127.0.0.1:{self.port}"

    def make(self, step: Step) -> None:
        """Make a step, in a block of its own."""
        self.rpc.ask("evm_setNextBlockTimestamp", step.time)
        call = {"from": step.sender, "to": step.to, "data": step.data, "gas": step.gas, **_FEES}
        transaction = str(self.rpc.ask("eth_sendTransaction", call).value)
        self.rpc.ask("evm_mine")
        receipt = self.rpc.ask("eth_getTransactionReceipt", transaction)
        assert receipt.member("status").value == "0x1", f"refused: {step}"
        self.transactions.append(transaction)


class _DatedDevnet(Devnet):
    """A chain that begins at a given time and mines only when told."""

    def __init__(self, genesis_time: int) -> None:
        super().__init__(block_time=None)
        self._genesis_time = genesis_time

    def _command(self) -> list[str]:
        dated = ["--timestamp", str(self._genesis_time), "--no-mining"]
        # The newest rules of Ethereum may change a header, and with it every hash.
        return [*super()._command(), *dated, "--hardfork", "prague"]


@contextmanager
def built_world(genesis_time: int, steps: Sequence[Step], *, blocks_after: int) -> Iterator[World]:
    """Build a world: genesis, a block for each step, and empty blocks a second apart."""
    with ExitStack() as stack:
        devnet = stack.enter_context(_DatedDevnet(genesis_time))
        rpc = Rpc(devnet.url)
        stack.callback(rpc.close)
        world = World(devnet.port, rpc, steps, stack)
        for step in steps:
            world.make(step)
        for number in range(blocks_after):
            rpc.ask("evm_setNextBlockTimestamp", steps[-1].time + number + 1)
            rpc.ask("evm_mine")
        yield world


@contextmanager
def open_world(described: dict[str, Any]) -> Iterator[World]:
    """Build the `world` of a file of cases."""
    steps = [Step.from_json(step) for step in described["steps"]]
    with built_world(
        described["genesisTime"], steps, blocks_after=described["blocksAfter"]
    ) as world:
        yield world


def load_cases() -> dict[str, Any]:
    """The file of cases, which is not empty."""
    content: dict[str, Any] = json.loads(CASES_FILE.read_text(encoding="utf-8"))
    assert len(content["cases"]) > 100
    return content


@pytest.fixture(scope="session")
def case_world() -> Iterator[World]:
    """The world of the cases, for all tests: nothing in it changes."""
    with open_world(load_cases()["world"]) as world:
        yield world


def faulty(world: World, name: str) -> str:
    """URL of a node with the named fault, which lives as long as the world."""
    if name not in world.faulty:
        world.faulty[name] = _open(world, name)
    return world.faulty[name]


def patience(name: str) -> float:
    """Seconds to wait for an answer of that node."""
    return 0.3 if name == "hangs" else 10.0


def _open(world: World, name: str) -> str:
    if name == "honest":
        return world.url
    if name == "down":
        # Bound and not listening: refused, and nobody else can answer there meanwhile.
        closed = world.stack.enter_context(socket.socket())
        closed.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{closed.getsockname()[1]}"
    proxy = world.stack.enter_context(RpcProxy(world.port).running())
    FAULTS[name](proxy, world)
    return proxy.url


def _word(number: int) -> str:
    return f"{number:064x}"


def _record(time: int) -> str:
    return "0x" + _word(time) + _word(1) + _word(0)


_NO_RECORD: Final = "0x" + 3 * _word(0)


def _instead(record: str | None = None, *, status: int | None = None) -> Callable[[Any], Any]:
    """A lie to `eth_call`: another record of the seal, or another status of the credential."""

    def lie(result: Any) -> Any:
        if result is not None and len(result) == 2 + 3 * 64:
            return result if record is None else record
        return result if status is None else "0x" + _word(status)

    return lie


def _behind(proxy: RpcProxy, world: World) -> None:
    first = world.rpc.ask("eth_getBlockByNumber", "0x1", False).value  # noqa: FBT003 - JSON-RPC
    proxy.lie("eth_getBlockByNumber", lambda _: first)
    proxy.lie("eth_blockNumber", lambda _: "0x1")


def _another_seal(proxy: RpcProxy, world: World) -> None:
    """Confirms every seal of every issuer, as anchored when the world's first was."""
    proxy.lie("eth_call", _instead(_record(world.steps[1].time), status=0))


def _no_event(proxy: RpcProxy, _: World) -> None:
    proxy.lie("eth_getTransactionReceipt", lambda _: None)
    proxy.lie("eth_getLogs", lambda _: [])


def _another_place(proxy: RpcProxy, _: World) -> None:
    def moved(receipt: Any) -> Any:
        return {**receipt, "logs": [{**log, "logIndex": "0x7"} for log in receipt["logs"]]}

    proxy.lie("eth_getTransactionReceipt", moved)


def _lying(method: str, lie: Callable[[Any], Any]) -> Callable[[RpcProxy, World], None]:
    return lambda proxy, _: proxy.lie(method, lie)


def _failing(method: str, fault: Fault) -> Callable[[RpcProxy, World], None]:
    return lambda proxy, _: proxy.fail(method, fault)


FAULTS: Final[dict[str, Callable[[RpcProxy, World], None]]] = {
    "hangs": _failing(ANY, Fault.HANG),
    "errors": _failing(ANY, Fault.RPC_ERROR),
    "errors-in-calls": _failing("eth_call", Fault.RPC_ERROR),
    "http-500": _failing(ANY, Fault.HTTP_500),
    "nulls": _failing(ANY, Fault.NULL),
    "nulls-in-calls": _failing("eth_call", Fault.NULL),
    "garbage": _failing("eth_call", Fault.NOT_JSON),
    "wrong-chain": _lying("eth_chainId", lambda _: "0x1"),
    "behind": _behind,
    "another-code": _lying("eth_getCode", lambda code: code[:-2] + "00"),
    "no-code": _lying("eth_getCode", lambda _: "0x"),
    "another-seal": _another_seal,
    "denies-seal": _lying("eth_call", _instead(_NO_RECORD)),
    "another-time": _lying("eth_call", _instead(_record(1_700_000_000))),
    "no-event": _no_event,
    "no-transactions": _lying("eth_getTransactionReceipt", lambda _: None),
    "another-place": _another_place,
    "says-active": _lying("eth_call", _instead(status=0)),
    "says-revoked": _lying("eth_call", _instead(status=2)),
    "no-such-status": _lying("eth_call", _instead(status=3)),
}
