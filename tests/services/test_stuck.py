"""Transactions that are not mined: replaced, waited for, taken over, and never doubled."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from registry.chain import ChainOptions, EvmChain
from registry.core.batch import BatchState
from registry.errors import ConflictError, GasTooExpensiveError, TransactionRefusedError
from registry.services.books import check_books
from registry.services.ports import Attempt, Batch, Role
from tests.anvil import open_chain, send, wait_mined
from tests.services.office import PATIENCE, Office, stranger
from tests.services.test_anchoring import send_by_operator, take_nonce
from tests.services.test_nonces import stored_only

GWEI = 10**9
NOW = timedelta(0)


def set_base_fee(office: Office, wei: int) -> None:
    office.anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(wei))


def base_fee(office: Office) -> int:
    return office.chain.fee_market().base_fee


def hurried(office: Office) -> Office:
    """The office, in which every transaction is overdue at once."""
    return replace(office, replace_after=NOW)


def advance_often(office: Office, batch: Batch) -> None:
    for _ in range(20):
        office.advance(batch)


def pays_an_eighth_more(before: Attempt, after: Attempt) -> bool:
    return (
        after.max_fee * 8 >= before.max_fee * 9
        and after.priority_fee * 8 >= before.priority_fee * 9
    )


@pytest.fixture
def capped(office: Office) -> Iterator[Callable[[int], Office]]:
    """An office whose cap is so many gwei."""
    opened: list[EvmChain] = []

    def capped_office(cap: int) -> Office:
        opened.append(open_chain(office.anvil.url, ChainOptions(max_fee=cap)))
        return office.with_chain(opened[-1])

    yield capped_office
    for chain in opened:
        chain.close()


def test_a_stuck_transaction_is_replaced_and_one_of_both_is_mined(office: Office) -> None:
    office.anvil.automine(on=False)
    batch, before = office.sealed("diploma"), office.nonce()
    office.advance(batch)
    (first,) = office.attempts(batch)
    raised = base_fee(office) * 10
    set_base_fee(office, raised)
    office.anvil.mine()
    assert office.events(batch) == 0  # it offered too little
    hurried(office).advance(batch)
    _, second = office.attempts(batch)
    assert (second.nonce, second.replacement) == (first.nonce, 1)
    assert pays_an_eighth_more(first, second)
    assert second.max_fee >= base_fee(office)
    office.anvil.mine()
    assert office.finish(batch).state is BatchState.FINAL
    (anchor,) = office.store.anchors(batch.id)
    assert anchor.transaction == second.transaction
    assert office.attempts(batch) == [first, second]
    assert (office.events(batch), office.nonce()) == (1, before + 1)
    assert check_books(office.store, [office.chain], office.issuer) == []


def test_nothing_is_replaced_before_its_time(office: Office) -> None:
    office.anvil.automine(on=False)
    batch = office.sealed("diploma")
    office.advance(batch)
    set_base_fee(office, base_fee(office) * 10)
    office.anvil.mine()
    office.advance(batch)
    assert len(office.attempts(batch)) == 1


def test_replacements_end_at_the_cap_and_wait_for_cheaper_gas(
    office: Office, capped: Callable[[int], Office]
) -> None:
    office.anvil.automine(on=False)
    cap = base_fee(office) * 4
    poor = replace(capped(cap), replace_after=NOW)
    batch, before = office.sealed("diploma"), office.nonce()
    poor.advance(batch)
    with pytest.raises(GasTooExpensiveError, match=r"waiting for cheaper gas.*fee_cap_gwei"):
        advance_often(poor, batch)
    attempts = office.attempts(batch)
    assert 2 <= len(attempts) < 20
    assert {attempt.nonce for attempt in attempts} == {before}
    assert max(attempt.max_fee for attempt in attempts) <= cap
    office.anvil.mine()
    assert poor.finish(batch).state is BatchState.FINAL
    assert (office.events(batch), office.nonce()) == (1, before + 1)


def test_gas_above_the_cap_sends_nothing_until_it_is_cheaper(
    office: Office, capped: Callable[[int], Office]
) -> None:
    office.add([b"diploma"])
    poor, before = capped(5 * GWEI), office.nonce()
    set_base_fee(office, 50 * GWEI)
    office.anvil.mine()
    with pytest.raises(GasTooExpensiveError, match="fee_cap_gwei"):
        poor.nightly.run(office.issuer, patience=NOW)
    (batch,) = office.store.batches()
    assert (batch.state, office.attempts(batch), office.nonce()) == (BatchState.OPEN, [], before)
    told: list[tuple[str, ...]] = []
    night = poor.nightly.run(  # every wait mines an empty block, which is an eighth cheaper
        office.issuer, patience=PATIENCE, on_progress=lambda so_far: told.append(so_far.waiting)
    )
    assert night.is_final
    assert "fee_cap_gwei" in told[0][0]
    (batch,) = office.store.batches()
    assert (office.events(batch), office.nonce()) == (1, before + 1)


def test_gas_that_rises_after_sealing_is_waited_for_too(
    office: Office, capped: Callable[[int], Office]
) -> None:
    batch, poor = office.sealed("diploma"), capped(5 * GWEI)
    set_base_fee(office, 50 * GWEI)
    office.anvil.mine()
    night = poor.nightly.anchor(office.issuer, patience=NOW)
    assert (night.is_final, len(night.waiting)) == (False, 1)
    assert office.store.batch(batch.id).state is BatchState.SEALED
    assert poor.nightly.anchor(office.issuer, patience=PATIENCE).is_final


def test_out_of_funds_is_said_and_a_refill_goes_on(office: Office) -> None:
    batch, before = office.sealed("diploma"), office.nonce()
    account = "0x" + office.issuer.hex()
    office.anvil.ask("anvil_setBalance", account, "0x1")
    with pytest.raises(TransactionRefusedError, match="has 1 wei") as refusal:
        office.nightly.run(office.issuer, patience=PATIENCE)
    assert refusal.value.reason == "insufficient-funds"
    assert office.store.batch(batch.id).state is BatchState.SEALED
    assert office.attempts(batch) == []
    office.anvil.ask("anvil_setBalance", account, hex(10**18))
    assert office.nightly.run(office.issuer, patience=PATIENCE).is_final
    assert (office.events(batch), office.nonce()) == (1, before + 1)


def test_funds_that_are_gone_before_it_is_mined_are_said_and_refilled(office: Office) -> None:
    office.anvil.automine(on=False)
    batch, before = office.sealed("diploma"), office.nonce()
    office.advance(batch)
    (attempt,) = office.attempts(batch)
    office.anvil.ask("anvil_dropTransaction", "0x" + attempt.transaction.hex())
    account = "0x" + office.issuer.hex()
    office.anvil.ask("anvil_setBalance", account, "0x1")
    with pytest.raises(TransactionRefusedError, match=r"(?i)insufficient"):
        office.advance(batch)
    assert office.attempts(batch) == [attempt]
    office.anvil.ask("anvil_setBalance", account, hex(10**18))
    assert office.finish(batch).state is BatchState.FINAL
    assert (office.events(batch), office.nonce()) == (1, before + 1)
    assert office.attempts(batch) == [attempt]


def test_a_nonce_that_nobody_needs_any_more_is_used_up_for_those_behind_it(
    office: Office,
) -> None:
    """Anchored by others meanwhile, and its own transaction stuck: it holds up all later ones."""
    assert office.signer is not None
    appoint = office.chain.operator_call(office.issuer, stranger().address, Role.ANCHOR, 2**64 - 1)
    send(office.chain, office.signer, appoint)
    needless = office.sealed("diploma")
    stored_only(office, needless)
    send_by_operator(office, needless)
    assert office.finish(needless).state is BatchState.FINAL
    office.anvil.automine(on=False)
    set_base_fee(office, 30 * GWEI)  # above what the stored transaction offers
    office.anvil.mine()
    batch = office.sealed("certificate")
    office.advance(batch)
    office.anvil.mine()
    assert office.events(batch) == 0
    hurried(office).advance(batch)
    assert [attempt.replacement for attempt in office.attempts(needless)] == [0, 1]
    office.anvil.automine(on=True)
    assert office.finish(batch).state is BatchState.FINAL
    assert (office.events(needless), office.events(batch)) == (1, 1)
    assert check_books(office.store, [office.chain], office.issuer) == []


def test_another_key_takes_over_an_anchor_that_is_overdue(office: Office) -> None:
    assert office.signer is not None
    appoint = office.chain.operator_call(office.issuer, stranger().address, Role.ANCHOR, 2**64 - 1)
    send(office.chain, office.signer, appoint)
    office.anvil.automine(on=False)
    batch = office.sealed("diploma")
    office.advance(batch)
    set_base_fee(office, 30 * GWEI)
    other = office.with_signer(stranger())
    other.advance(batch)
    assert len(office.attempts(batch)) == 1  # not yet
    hurried(other).advance(batch)
    assert [a.sender for a in office.attempts(batch)] == [office.issuer, stranger().address]
    office.anvil.automine(on=True)
    assert other.finish(batch).state is BatchState.FINAL
    office.anvil.mine()
    assert office.events(batch) == 1


def test_somebody_elses_transaction_in_the_mempool_is_outbid_or_outlived(office: Office) -> None:
    office.anvil.automine(on=False)
    take_nonce(office, office.nonce())  # pays three times as much
    batch, before = office.sealed("diploma"), office.nonce()
    office.advance(batch)
    (attempt,) = office.attempts(batch)
    assert attempt.nonce == before
    office.anvil.mine()
    assert office.finish(batch).state is BatchState.FINAL
    assert (office.events(batch), office.nonce()) == (1, before + 2)


def test_a_deep_reorganisation_of_what_is_final_anchors_it_again(own_office: Office) -> None:
    office = own_office
    held, lost = office.final("diploma"), office.final("certificate")
    (before,) = office.store.anchors(lost.id)
    office.anvil.replace_from(before.block_number)
    office.anvil.ask("anvil_dropAllTransactions")
    assert (office.events(held), office.events(lost)) == (1, 0)
    assert office.nightly.run(office.issuer, patience=PATIENCE).is_final
    (after,) = office.store.anchors(lost.id)
    assert after.block_hash != before.block_hash
    assert (office.events(held), office.events(lost)) == (1, 1)
    assert office.store.reorg_count() == 1
    assert check_books(office.store, [office.chain], office.issuer) == []


def test_a_receipt_names_the_block_where_its_anchor_stands_now(own_office: Office) -> None:
    office = own_office
    office.final("diploma")
    lost = office.final("certificate")
    before = office.receipt("certificate").anchors[0]
    office.anvil.replace_from(before.block_number)
    office.anvil.ask("anvil_dropAllTransactions")
    office.nightly.run(office.issuer, patience=NOW)
    assert office.receipt("certificate").is_pending  # until it is final again
    office.finish(lost)
    after = office.receipt("certificate").anchors[0]
    assert after.block_hash != before.block_hash
    assert wait_mined(office.chain, after.transaction).block_hash == after.block_hash


def test_a_chain_that_lost_all_that_is_final_is_taken_for_another(own_office: Office) -> None:
    office = own_office
    batch = office.final("diploma")
    (anchor,) = office.store.anchors(batch.id)
    office.anvil.replace_from(anchor.block_number)
    office.anvil.ask("anvil_dropAllTransactions")
    new, before = office.sealed("certificate"), office.nonce()
    with pytest.raises(ConflictError, match="which is final: it was reset"):
        office.nightly.run(office.issuer, patience=NOW)
    assert office.store.batch(batch.id).state is BatchState.FINAL
    assert (office.attempts(new), office.nonce()) == ([], before)


def test_an_older_batch_in_a_later_block_is_looked_at_too(own_office: Office) -> None:
    office = own_office
    late, early = office.sealed("diploma"), office.final("certificate")
    office.finish(late)
    (before,) = office.store.anchors(late.id)
    office.anvil.replace_from(before.block_number)
    office.anvil.ask("anvil_dropAllTransactions")
    assert office.nightly.run(office.issuer, patience=PATIENCE).is_final
    (after,) = office.store.anchors(late.id)
    assert after.block_hash != before.block_hash
    assert (office.events(late), office.events(early)) == (1, 1)
