"""Whatever happens in whatever order: nothing is lost, nothing doubled, and in the end all is true.

A model-based test. The last word is the product's own audit. `ROOTSEAL_LONG_TESTS=1` looks for new
stories; otherwise the same ones are told each time.
"""

import os
from datetime import timedelta
from functools import partial
from hashlib import sha256

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from registry.core.receipt import print_receipt
from registry.core.report import Outcome
from registry.errors import ConflictError
from registry.services.books import check_books
from registry.services.ports import CredentialStatus
from registry.services.receipts import receipt_of
from registry.services.verification import Evidence, Verification
from tests.services.world import LEASE, Calls, Event, World

IS_LONG = os.environ.get("ROOTSEAL_LONG_TESTS") == "1"
PROFILE = settings(
    max_examples=500 if IS_LONG else 12,
    stateful_step_count=30,
    derandomize=not IS_LONG,
    deadline=None,  # a node has its moods
    phases=[Phase.generate, Phase.shrink],  # to explain takes as long again
    suppress_health_check=list(HealthCheck),
    database=None,
)
CALLS = st.integers(1, 25)  # of a round with one thing to do, which makes some twenty
EVENTS = ["kill", "kill", "lose lease", "overtake", "second run"]
EVENTS += ["mine", "reorganise", "drop", "take nonce"]
DEPTHS = st.integers(1, 4)


class Story(RuleBasedStateMachine):
    """What may happen to a registry."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.wanted: dict[int, CredentialStatus] = {}

    @initialize(depth=st.sampled_from([2, 4]))
    def begin(self, depth: int) -> None:
        self.world = World(depth)

    # -- the registry at work

    @rule(count=st.integers(1, 3))
    def add(self, count: int) -> None:
        self.world.add(count)

    @rule(count=st.integers(1, 3))
    def seal(self, count: int) -> None:
        self.world.add(count)
        self.world.seal()

    @rule()
    def advance(self) -> None:
        self.world.run()

    @rule()
    def quiet_night(self) -> None:
        """Nobody disturbs it, and in the morning all is final; unless gas is too dear."""
        self.seal(1)
        for _ in range(4):
            self.world.run()
            self.world.anvil.mine(2)

    @precondition(lambda self: self.world.added > 0)
    @rule(which=st.integers(0, 100), status=st.sampled_from(CredentialStatus))
    def change_status(self, which: int, status: CredentialStatus) -> None:
        number = which % self.world.added
        try:
            self.world.statuses.request(
                self.world.issuer, [digest(number)], status, reason=0, now=self.world.now
            )
        except ConflictError:
            return  # not anchored yet, or asked twice: said so, and nothing stored
        if self.wanted.get(number) is not CredentialStatus.REVOKED:
            self.wanted[number] = status

    # -- a run that does not get through

    @rule(number=CALLS, is_before=st.booleans(), event=st.sampled_from(EVENTS))
    def interrupt(self, number: int, is_before: bool, event: str) -> None:  # noqa: FBT001 - drawn
        world = self.world
        if world.is_finished():
            self.seal(1)
        calls = Calls(number, is_before)

        left: list[object] = []

        def lose_lease() -> None:
            # So slow a run that its lease ends and another one begins.
            world.pass_time(LEASE)
            world.begin_run()
            left.append(world.contents())

        def overtake() -> None:
            # Another one that has done the work, too.
            world.pass_time(LEASE)
            world.run()
            lose_lease()

        events: dict[str, Event] = {
            "kill": calls.kill,
            "lose lease": lose_lease,
            "overtake": overtake,
            "second run": world.run,
            "mine": world.anvil.mine,
            "reorganise": partial(world.reorganise, 1, is_lost=True),
            "drop": partial(world.drop, 0),
            "take nonce": world.take_nonce,
        }
        calls.event = events[event]
        world.run(calls)
        # What was overtaken wrote nothing from then on.
        assert left in ([], [world.contents()])

    @rule(gwei=st.sampled_from([10, 90, 150, 300]), is_sealed=st.booleans())
    def stall(self, gwei: int, is_sealed: bool) -> None:  # noqa: FBT001 - drawn
        """Gas becomes dear while a transaction waits, until it is overdue."""
        if is_sealed:
            self.seal(1)
        self.automine(is_on=False)
        self.world.run()
        self.world.base_fee(gwei)
        self.world.pass_time(timedelta(minutes=61))
        self.world.run()

    # -- the chain

    @rule(blocks=DEPTHS)
    def mine(self, blocks: int) -> None:
        self.world.anvil.mine(blocks)

    @rule(depth=DEPTHS, is_lost=st.booleans())
    def reorganise(self, depth: int, is_lost: bool) -> None:  # noqa: FBT001 - drawn
        self.world.reorganise(min(depth, self.world.depth), is_lost=is_lost)

    @rule()
    def break_finality(self) -> None:
        """Replace final blocks, as far as the registry promises to notice it by itself."""
        block = self.world.newest_final_block()
        if block is not None:
            self.world.reorganise(self.world.chain.head().number - block + 1, is_lost=True)

    @rule(which=st.integers(0, 3))
    def drop(self, which: int) -> None:
        self.world.drop(which)

    @rule(is_on=st.booleans())
    def automine(self, is_on: bool) -> None:  # noqa: FBT001 - drawn
        self.world.automine = is_on

    @rule(gwei=st.sampled_from([1, 10, 90, 150, 300]))
    def base_fee(self, gwei: int) -> None:
        self.world.base_fee(gwei)

    @rule()
    def take_nonce(self) -> None:
        self.world.take_nonce()

    @rule(minutes=st.sampled_from([11, 61]))
    def pass_time(self, minutes: int) -> None:
        self.world.pass_time(timedelta(minutes=minutes))

    # -- what holds at any time, and what in the end

    @invariant()
    def each_seal_is_anchored_once_at_most(self) -> None:
        seals = self.world.anchored_seals()
        assert len(seals) == len(set(seals))

    @invariant()
    def a_second_nonce_is_used_only_if_somebody_took_the_first(self) -> None:
        assert self.world.most_nonces() <= 1 + len(self.world.foreign)

    @invariant()
    def no_credential_is_lost(self) -> None:
        assert self.world.credentials() == self.world.added

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self.world.seal()
            self.world.finish()
            check_everything(self.world, self.wanted)
        finally:
            self.world.close()


def check_everything(world: World, wanted: dict[int, CredentialStatus]) -> None:
    """The store and the chain tell one story, and every credential verifies."""
    assert check_books(world.store, [world.chain], world.issuer) == []
    seals = [batch.head.seal for batch in world.batches() if batch.head is not None]
    assert sorted(world.anchored_seals()) == sorted(seals)
    verifier = Verification(
        chains={world.chain.chain_id: world.chain}, trusted={}, clock=lambda: world.now
    )
    for number in range(world.added):
        receipt = print_receipt(receipt_of(world.store, digest(number)))
        report = verifier.verify(Evidence(credential=f"{number}".encode(), receipt=receipt))
        outcomes = {check.name: check.outcome for check in report.checks}
        needed = ("format", "integrity", "inclusion", "anchor")
        assert [outcomes[name] for name in needed] == [Outcome.PASS] * 4, report
        is_active = wanted.get(number, CredentialStatus.ACTIVE) is CredentialStatus.ACTIVE
        assert outcomes["status"] is (Outcome.PASS if is_active else Outcome.FAIL), report


def digest(number: int) -> bytes:
    return sha256(f"{number}".encode()).digest()


def test_whatever_happens_the_store_and_the_chain_end_in_agreement() -> None:
    run_state_machine_as_test(Story, settings=PROFILE)
