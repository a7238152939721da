"""From sealed to final: once, whatever happens on the way."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from registry.chain import DEVELOPMENT_CHAIN_ID, EvmChain
from registry.core.batch import BatchState
from registry.errors import ConflictError, NeedsAuthorizationError, NotAllowedError
from registry.services.ports import Batch, Call, Fees, MinedTransaction, Role
from registry.store import SqlStore
from tests.anvil import Anvil, send
from tests.services.office import PATIENCE, Office, stranger, utc_now


def seal_of(batch: Batch) -> bytes:
    assert batch.head is not None
    return batch.head.seal


def send_seal(office: Office, batch: Batch) -> MinedTransaction:
    """Anchor a batch behind the registry's back, with another key of the issuer."""
    assert office.signer is not None
    operator = stranger()
    appoint = office.chain.operator_call(
        office.issuer, operator.address, Role.ANCHOR | Role.STATUS, 2**64 - 1
    )
    send(office.chain, office.signer, appoint)
    return send_by_operator(office, batch)


def send_by_operator(office: Office, batch: Batch) -> MinedTransaction:
    call = office.chain.anchor_call(office.issuer, seal_of(batch))
    return send(office.chain, stranger(), call)


def take_nonce(office: Office, nonce: int) -> None:
    """Have a transaction of ours that the store does not know of mined, or pending."""
    assert office.signer is not None
    call = Call(to=stranger().address, data=b"", label="something else")
    fees = office.chain.suggest_fees()
    fees = Fees(fees.max_fee * 3, fees.priority_fee * 3)
    unsigned = office.chain.prepare(call, sender=office.signer.address, nonce=nonce, fees=fees)
    office.chain.broadcast(office.signer.sign(unsigned).raw)


def test_a_sealed_batch_becomes_final_in_order(office: Office) -> None:
    batch = office.sealed("diploma")
    states = [batch.state]
    for _ in range(5):
        batch = office.advance(batch)
        states.append(batch.state)
        office.anvil.mine()
    assert [state for state, later in pairwise(states) if state != later] == [
        BatchState.SEALED,
        BatchState.ANCHORING,
        BatchState.ANCHORED,
    ]
    assert states[-1] is BatchState.FINAL
    (anchor,) = office.store.anchors(batch.id)
    record = office.chain.anchor_record(office.chain.contract, office.issuer, seal_of(batch))
    assert record is not None
    assert record.anchored_at == anchor.anchored_at


def test_advancing_a_final_batch_changes_and_sends_nothing(office: Office) -> None:
    batch = office.final("diploma")
    before = (batch, office.attempts(batch), office.store.anchors(batch.id), office.nonce())
    for _ in range(3):
        assert office.advance(batch) == batch
    after = (batch, office.attempts(batch), office.store.anchors(batch.id), office.nonce())
    assert (after, office.events(batch)) == (before, 1)


def test_an_open_batch_is_not_anchored(office: Office) -> None:
    office.add([b"diploma"])
    (batch,) = office.store.batches()
    with pytest.raises(ConflictError, match="not sealed yet"):
        office.advance(batch)


def test_threads_at_once_anchor_once(
    office_anywhere: Office, store: SqlStore, anvil: Anvil
) -> None:
    batch, before = office_anywhere.sealed("diploma"), office_anywhere.nonce()
    chains = [anvil.chain() for _ in range(4)]
    offices = [replace(office_anywhere, chain=chain) for chain in chains]
    with ThreadPoolExecutor(len(offices)) as pool:
        for _ in range(2):
            list(pool.map(lambda one: one.advance(batch), offices))
    for chain in chains:
        chain.close()
    batch = office_anywhere.finish(batch)
    assert store.batch(batch.id) == batch
    assert (office_anywhere.events(batch), office_anywhere.nonce()) == (1, before + 1)


def test_an_anchor_by_somebody_else_is_success(office: Office) -> None:
    batch = office.sealed("diploma")
    mined = send_seal(office, batch)
    batch = office.finish(batch)
    (anchor,) = office.store.anchors(batch.id)
    assert (anchor.transaction, anchor.block_hash) == (mined.transaction, mined.block_hash)
    assert (office.attempts(batch), office.events(batch)) == ([], 1)


def test_a_key_without_the_right_is_refused_and_nothing_recorded(office: Office) -> None:
    batch = office.sealed("diploma")
    intruder = office.with_signer(stranger())
    before = intruder.nonce()
    with pytest.raises(NeedsAuthorizationError, match="rootseal authorize"):
        intruder.advance(batch)
    assert office.store.batch(batch.id) == batch
    assert (office.attempts(batch), intruder.nonce()) == ([], before)


def test_without_a_key_nothing_is_sent_but_what_others_sent_is_seen(office: Office) -> None:
    batch = office.sealed("diploma")
    keyless = office.with_signer(None)
    with pytest.raises(NotAllowedError, match="no key"):
        keyless.advance(batch)
    assert office.store.batch(batch.id) == batch
    send_seal(office, batch)
    assert keyless.finish(batch).state is BatchState.FINAL


def test_a_reorganisation_before_finality_anchors_again_with_the_same_seal(office: Office) -> None:
    batch = office.anchored("diploma")
    (before,) = office.store.anchors(batch.id)
    office.anvil.replace_from(before.block_number)
    office.anvil.ask("anvil_dropAllTransactions")
    again = office.advance(batch)
    assert (again.state, again.head) == (BatchState.ANCHORING, batch.head)
    batch = office.finish(batch)
    (after,) = office.store.anchors(batch.id)
    assert after.block_hash != before.block_hash
    assert (office.events(batch), len(office.attempts(batch))) == (1, 1)


def test_a_dropped_transaction_is_sent_again(office: Office) -> None:
    office.anvil.automine(on=False)
    batch = office.advance(office.sealed("diploma"))
    (attempt,) = office.attempts(batch)
    office.anvil.ask("anvil_dropTransaction", "0x" + attempt.transaction.hex())
    office.anvil.mine()
    assert office.events(batch) == 0
    office.finish(batch)
    assert (office.events(batch), office.attempts(batch)) == (1, [attempt])


def test_while_an_attempt_is_pending_no_second_one_is_made(office: Office) -> None:
    office.anvil.automine(on=False)
    batch = office.advance(office.sealed("diploma"))
    (attempt,) = office.attempts(batch)
    for _ in range(3):
        assert office.advance(batch).state is BatchState.ANCHORING
    assert office.attempts(batch) == [attempt]
    office.finish(batch)
    assert (office.events(batch), office.attempts(batch)) == (1, [attempt])


def test_a_nonce_that_another_transaction_took_is_followed_by_the_next(office: Office) -> None:
    office.anvil.automine(on=False)
    batch = office.advance(office.sealed("diploma"))
    (attempt,) = office.attempts(batch)
    take_nonce(office, attempt.nonce)
    office.anvil.mine()
    office.finish(batch)
    first, second = office.attempts(batch)
    assert (first, second.nonce) == (attempt, attempt.nonce + 1)
    assert office.events(batch) == 1


def test_a_contract_address_without_our_code_sends_nothing(office: Office, anvil: Anvil) -> None:
    batch, before = office.sealed("diploma"), office.nonce()
    chain = EvmChain(chain_id=DEVELOPMENT_CHAIN_ID, rpc_url=anvil.url, contract=stranger().address)
    with pytest.raises(ConflictError, match="does not run our contract"):
        office.with_chain(chain).advance(batch)
    chain.close()
    assert office.store.batch(batch.id) == batch
    assert (office.attempts(batch), office.nonce()) == ([], before)


def test_the_night_gives_up_waiting_and_loses_nothing(office: Office) -> None:
    office.anvil.automine(on=False)
    batch = office.sealed("diploma")
    night = office.nightly.anchor(office.issuer, patience=timedelta(0))
    assert (night.is_final, [b.state for b in night.batches]) == (False, [BatchState.ANCHORING])
    assert office.store.seal_open_batch(office.issuer, now=utc_now()) is None
    seen: list[BatchState] = []
    night = office.nightly.anchor(
        office.issuer,
        patience=PATIENCE,
        on_progress=lambda so_far: seen.append(so_far.batches[0].state),
    )
    assert (night.is_final, seen[-1]) == (True, BatchState.FINAL)
    assert office.events(batch) == 1
    assert office.store.oldest_unanchored() is None
    assert batch.opened_at < utc_now()


def test_the_issuers_own_transaction_has_the_seal_as_its_input(office: Office) -> None:
    batch = office.final("diploma")
    (attempt,) = office.attempts(batch)
    assert office.chain.decode(attempt.raw).data == seal_of(batch)
    found = office.anvil.ask("eth_getTransactionByHash", "0x" + attempt.transaction.hex())
    assert found.member("input").value == "0x" + seal_of(batch).hex()


class SealIsSelector(EvmChain):
    """A chain on which every seal happens to begin as a function of the contract does."""

    def raw_anchor_call(self, issuer: bytes, seal: bytes) -> Call:
        selector = self.anchor_call(issuer, seal).data[:4]
        return replace(super().raw_anchor_call(issuer, seal), data=selector + seal[4:])


def test_a_seal_that_the_contract_takes_for_a_function_is_anchored_by_name(office: Office) -> None:
    chain = SealIsSelector(
        chain_id=DEVELOPMENT_CHAIN_ID, rpc_url=office.anvil.url, contract=office.chain.contract
    )
    elsewhere = office.with_chain(chain)
    batch = elsewhere.final("diploma")
    (attempt,) = office.attempts(batch)
    wanted = chain.anchor_call(office.issuer, seal_of(batch)).data
    assert office.chain.decode(attempt.raw).data == wanted
    assert office.events(batch) == 1
    chain.close()
