"""The chain moves on between two questions of one run."""

from collections.abc import Callable, Iterator

import pytest

from registry.chain import DEVELOPMENT_CHAIN_ID, EvmChain, deterministic_address
from registry.core.batch import BatchState
from registry.services.ports import Fees
from tests.anvil import wait_mined
from tests.services.office import Office
from tests.services.test_anchoring import send_by_operator, send_seal


class EventfulChain(EvmChain):
    """A real chain on which something happens just before a question is asked, once."""

    def __init__(self, url: str) -> None:
        super().__init__(
            chain_id=DEVELOPMENT_CHAIN_ID, rpc_url=url, contract=deterministic_address()
        )
        self.before_fees: Callable[[], object] | None = None
        self.before_finality: Callable[[], object] | None = None

    def suggest_fees(self) -> Fees:
        event, self.before_fees = self.before_fees, None
        if event is not None:
            event()
        return super().suggest_fees()

    def finalized(self) -> int:
        event, self.before_finality = self.before_finality, None
        if event is not None:
            event()
        return super().finalized()


@pytest.fixture
def eventful(office: Office) -> Iterator[EventfulChain]:
    chain = EventfulChain(office.anvil.url)
    yield chain
    chain.close()


def test_somebody_faster_between_look_and_send_is_success(
    office: Office, eventful: EventfulChain
) -> None:
    send_seal(office, office.sealed("appointed"))
    batch, before = office.sealed("diploma"), office.nonce()
    eventful.before_fees = lambda: send_by_operator(office, batch)
    assert office.with_chain(eventful).advance(batch) == batch
    assert office.finish(batch).state is BatchState.FINAL
    assert (office.events(batch), office.attempts(batch), office.nonce()) == (1, [], before)


def test_an_anchor_that_leaves_between_look_and_finality_is_not_final(
    office: Office, eventful: EventfulChain
) -> None:
    batch = office.anchored("diploma")
    (anchor,) = office.store.anchors(batch.id)

    def replace_its_block() -> None:
        office.anvil.replace_from(anchor.block_number)
        office.anvil.ask("anvil_dropAllTransactions")
        office.anvil.mine(5)

    eventful.before_finality = replace_its_block
    assert office.with_chain(eventful).advance(batch).state is BatchState.ANCHORED
    assert office.events(batch) == 0
    assert office.finish(batch).state is BatchState.FINAL
    assert office.events(batch) == 1


def test_an_anchor_in_another_block_than_remembered_is_remembered_anew(office: Office) -> None:
    batch = office.anchored("diploma")
    (before,) = office.store.anchors(batch.id)
    (attempt,) = office.attempts(batch)
    office.anvil.replace_from(before.block_number)
    office.anvil.ask("anvil_dropAllTransactions")
    office.anvil.mine()
    office.chain.broadcast(attempt.raw)
    wait_mined(office.chain, attempt.transaction)
    assert office.advance(batch).state is BatchState.ANCHORED
    (after,) = office.store.anchors(batch.id)
    assert (after.transaction, after.block_number) != (before.transaction, before.block_number)
    assert office.finish(batch).state is BatchState.FINAL
    assert office.store.anchors(batch.id) == [after]
