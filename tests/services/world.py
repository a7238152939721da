"""A registry and its chain as a model-based test turns them: time, node, kills, other runs.

Nothing is pretended: the store is SQLite, the node Anvil. What is scripted is when things happen.
The node never mines by itself, since it would do so at a moment of its own choosing: with automine
on, a block is mined when a broadcast returns.
"""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, cast

from eth_utils.crypto import keccak

from registry.chain import ChainOptions, Devnet, EvmChain, Finality, deploy, development_signer
from registry.chain.contract import seal_anchored_topic
from registry.chain.rpc import Rpc
from registry.core.batch import BatchState
from registry.core.canonical import Canonicalization
from registry.errors import ConflictError, LeaseHeldError, UnavailableError
from registry.services.anchoring import Anchoring
from registry.services.hashing import Submission
from registry.services.intake import add_credentials
from registry.services.nightly import Nightly
from registry.services.ports import Attempt, Batch, Call, Chain, Fees, Purpose, Store
from registry.services.sending import Sending
from registry.services.status import StatusService
from registry.store import SqlStore, open_store
from tests.anvil import Anvil, open_chain
from tests.store.builders import contents

GWEI: Final = 10**9
LEASE: Final = timedelta(minutes=10)
REPLACE_AFTER: Final = timedelta(hours=1)
_BY_TAG: Final = 2  # blocks that are not final yet, by Devnet's tag
_ROUNDS: Final = 60  # after which what is not final never will be


Event = Callable[[], None]


class Killed(BaseException):
    """As SIGKILL: nothing of ours catches it, and nothing runs afterwards."""


@dataclass
class Calls:
    """The calls of one run to its store and chain; at one of them something happens."""

    number: int = 0  # which; 0 for none
    is_before: bool = True
    event: Event | None = None
    is_dead: bool = False

    def around(self, method: Callable[..., Any], arguments: Any, named: Any) -> Any:
        if self.is_dead:
            raise Killed
        self.number -= 1
        is_due = self.number == 0
        if is_due and self.is_before:
            self._happen()
        answer = method(*arguments, **named)
        if is_due and not self.is_before:
            self._happen()
        return answer

    def kill(self) -> None:
        self.is_dead = True
        raise Killed

    def _happen(self) -> None:
        if self.event is not None:
            self.event()


class Watched:
    """A store or chain as one run sees it, which may be interrupted at any call."""

    def __init__(self, target: object, calls: Calls) -> None:
        self._target = target
        self._calls = calls

    def __getattr__(self, name: str) -> Any:  # whatever the target has
        found = getattr(self._target, name)
        if not callable(found):
            return found
        return lambda *arguments, **named: self._calls.around(found, arguments, named)


class World:
    """One issuer's registry and a node of its own: Anvil forgets states if it lives long."""

    def __init__(self, depth: int) -> None:
        """`depth` is the most blocks that a reorganisation may replace without breaking finality.

        Up to two the node's tag tells what is final, above that a depth.
        """
        self.depth = depth
        self._devnet = Devnet(block_time=None)
        self._devnet.start()
        self.anvil = Anvil(self._devnet.url, Rpc(self._devnet.url))
        finality: Finality = "finalized" if depth <= _BY_TAG else depth + 1
        self.chain: EvmChain = open_chain(
            self._devnet.url, ChainOptions(finality=finality, max_fee=200 * GWEI)
        )
        self.signer = development_signer()
        deploy(self.chain, self.signer)
        self.anvil.automine(on=False)
        self.store: SqlStore = open_store("sqlite:///:memory:")
        self.automine = True
        self.runs = 0
        self.added = 0
        self.foreign: list[bytes] = []  # signed, known to no store
        self.anvil.mine(2 * depth)  # the contract is below any block that may go
        self.now = self.chain.head().time

    @property
    def issuer(self) -> bytes:
        return self.signer.address

    # -- the registry

    def add(self, count: int) -> None:
        names = [f"{self.added + number}".encode() for number in range(count)]
        submissions = [Submission(repr(n), n, Canonicalization.RAW) for n in names]
        add_credentials(self.store, self.issuer, submissions, now=self.now)
        self.added += count

    def seal(self) -> None:
        self.store.seal_open_batch(self.issuer, now=self.now)

    def run(self, calls: Calls | None = None) -> None:
        """One round of a new run; what stands against it is no fault of the registry's."""
        try:
            self._nightly(Calls() if calls is None else calls).anchor(
                self.issuer, patience=timedelta(0)
            )
        except (ConflictError, UnavailableError):
            pass
        except Killed:
            assert calls is not None

    def begin_run(self) -> None:
        """Take the lease, as a run that goes on for as long as the lease does."""
        with suppress(LeaseHeldError):
            self.store.acquire_lease(self.issuer, "a third run", now=self.now, duration=LEASE)

    def contents(self) -> object:
        """Every row of the store."""
        return contents(self.store)

    @property
    def statuses(self) -> StatusService:
        return StatusService(self.store)

    def batches(self) -> list[Batch]:
        return self.store.batches(issuer=self.issuer, limit=1000)

    def is_finished(self) -> bool:
        states = {batch.state for batch in self.batches()} - {BatchState.OPEN}
        return states <= {BatchState.FINAL} and not self.store.open_status_changes(self.issuer)

    def finish(self) -> None:
        """As a quiet month: cheap gas, a block and a run from time to time, nobody in between."""
        self.automine = False
        self.base_fee(1)
        for _ in range(_ROUNDS):
            self.pass_time(timedelta(minutes=21))
            self.run()  # even if all seems final: it looks whether that still stands
            if self.is_finished():
                return
            self.anvil.mine()
        raise AssertionError("not final, whatever is done")

    def credentials(self) -> int:
        """How many there are: counted one by one."""
        return sum(self.store.credential_count(batch.id) for batch in self.batches())

    def anchored_seals(self) -> list[bytes]:
        """Seals of the issuer's anchors on the chain as it stands."""
        topics = ["0x" + seal_anchored_topic().hex(), "0x" + self.issuer.rjust(32, b"\0").hex()]
        wanted = {"fromBlock": "0x0", "toBlock": "latest", "topics": topics}
        logs = self.anvil.ask("eth_getLogs", wanted)
        return [list(log.member("topics").elements())[2].data(32) for log in logs.elements()]

    def newest_final_block(self) -> int | None:
        """The block of the newest final anchor, if losing it is what `recheck_final` repairs.

        That is: of the newest batch of all final ones, with another one below it, and with no
        status change in it or above.
        """
        final = [b for b in self.batches() if b.state is BatchState.FINAL]
        blocks = [self.store.anchors(batch.id)[0].block_number for batch in final]
        if len(blocks) < 2 or blocks[0] <= max(blocks[1:]):
            return None
        changes = [raw for raw in self._sent(Purpose.STATUS) if self._block(raw) >= blocks[0]]
        return None if changes else blocks[0]

    # -- the world around it

    def pass_time(self, span: timedelta) -> None:
        self.now += span
        self.anvil.ask("evm_increaseTime", int(span.total_seconds()))

    def base_fee(self, gwei: int) -> None:
        self.anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(gwei * GWEI))
        self.anvil.mine()

    def reorganise(self, depth: int, *, is_lost: bool) -> None:
        """Replace blocks; their transactions are lost, or wait for the next block again."""
        first = self.chain.head().number - depth + 1
        gone = [] if is_lost else [raw for raw in self._sent() if self._block(raw) >= first]
        self.anvil.reorganise(depth)
        for raw in gone:
            self.submit(raw)

    def drop(self, which: int) -> None:
        """Let the node forget one of the transactions that wait."""
        pending = self._pending()
        if pending:
            self.anvil.ask("anvil_dropTransaction", pending[which % len(pending)])

    def take_nonce(self) -> None:
        """Use the key's next nonce for something else, behind the registry's back."""
        call = Call(to=b"\x01" * 20, data=b"", label="something else")
        fees = Fees(300 * GWEI, 50 * GWEI)
        nonce = self.chain.next_nonce(self.issuer)
        unsigned = self.chain.prepare(call, sender=self.issuer, nonce=nonce, fees=fees)
        raw = self.signer.sign(unsigned).raw
        self.foreign.append(raw)
        self.submit(raw)

    def submit(self, raw: bytes) -> None:
        try:
            self.chain.broadcast(raw)
        except ConflictError:
            return  # its nonce is used up meanwhile, or the node has a dearer one
        if self.automine:
            self.anvil.mine()

    def close(self) -> None:
        self.store.close()
        self.chain.close()
        self.anvil.rpc.close()
        self._devnet.stop()

    def _nightly(self, calls: Calls) -> Nightly:
        self.runs += 1
        store = cast("Store", Watched(self.store, calls))
        chain = cast("Chain", Watched(Mining(self), calls))
        sending = Sending(store, chain, self.signer, lambda: self.now, REPLACE_AFTER)
        return Nightly(
            store=store,
            anchorings=(Anchoring(store, chain, sending),),
            holder=f"run {self.runs}",
            lease_time=LEASE,
            clock=lambda: self.now,
            sleep=lambda _: None,
            poll_seconds=1,
        )

    def most_nonces(self) -> int:
        """How many nonces were used for the batch or status change that took the most."""
        nonces: dict[tuple[Purpose, int], set[int]] = defaultdict(set)
        for attempt in self._attempts():
            nonces[attempt.purpose, attempt.subject_id].add(attempt.nonce)
        return max(map(len, nonces.values()), default=0)

    def _attempts(self) -> list[Attempt]:
        """Every attempt, by nonce."""
        highest = self.store.highest_nonce(self.chain.chain_id, self.issuer)
        end = 0 if highest is None else highest + 1
        return self.store.attempts_between(self.chain.chain_id, self.issuer, first=0, below=end)

    def _sent(self, *purposes: Purpose) -> list[bytes]:
        """What was ever sent with our key, by nonce, or what of it was for a purpose."""
        ours = self._attempts()
        if purposes:
            return [attempt.raw for attempt in ours if attempt.purpose in purposes]
        return [*self.foreign, *(attempt.raw for attempt in ours)]

    def _block(self, raw: bytes) -> int:
        mined = self.chain.mined(keccak(raw))
        return -1 if mined is None else mined.block_number

    def _pending(self) -> list[str]:
        block = self.anvil.ask("eth_getBlockByNumber", "pending", False)  # noqa: FBT003 - JSON-RPC
        return [str(each.value) for each in block.member("transactions").elements()]


class Mining:
    """The chain, with a block for each broadcast if automine is on."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:  # whatever a chain has
        return getattr(self._world.chain, name)

    def broadcast(self, signed: bytes) -> None:
        self._world.chain.broadcast(signed)
        if self._world.automine:
            self._world.anvil.mine()
