"""Reorganisations, nodes and counterparts that would have a change undone, doubled or overpaid."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from registry.chain import DEVELOPMENT_CHAIN_ID, EvmChain, recovered_signer
from registry.chain.artifact import artifact
from registry.core.address import format_address, parse_address
from registry.errors import (
    ConflictError,
    NotAllowedError,
    TransactionRefusedError,
    UnavailableError,
)
from registry.services.alarm import overdue_by
from registry.services.authorizing import Relaying
from registry.services.books import check_books
from registry.services.ports import Attempt, Authorization, Purpose, Role, StatusChange
from tests.anvil import Anvil, send
from tests.rpc_proxy import Fault, RpcProxy
from tests.services.office import PATIENCE, Office, stranger, utc_now
from tests.services.test_anchoring import take_nonce
from tests.services.test_status import ACTIVE, REVOKED, SUSPENDED, ask, on_chain, outcome
from tests.services.test_watching import Worker

NOW = timedelta(0)
GWEI = 10**9


def attempts_of(office: Office, change: StatusChange) -> list[Attempt]:
    return office.store.attempts(Purpose.STATUS, change.id)


def deployed(anvil: Anvil, sender: bytes, code: bytes) -> bytes:
    """Address of a contract whose creation code this is."""
    transaction = {"from": format_address(sender), "data": "0x" + code.hex()}
    sent = anvil.ask("eth_sendTransaction", transaction).value
    deadline = time.monotonic() + 10
    while (receipt := anvil.ask("eth_getTransactionReceipt", sent)).is_null:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return parse_address(str(receipt.member("contractAddress").value))


def test_a_change_parked_above_lost_nonces_is_not_made_after_a_later_one(
    own_office: Office,
) -> None:
    office = own_office
    office.final("diploma")
    hurried = replace(office, replace_after=NOW)
    office.anvil.automine(on=False)
    first = office.nonce()
    for nonce in (first, first + 1):  # somebody else's with our key, both to be lost
        take_nonce(office, nonce)
        office.anvil.mine()
    (suspended,) = ask(office, SUSPENDED, "diploma")
    office.advance_status_changes()
    office.anvil.reorganise(2)
    office.anvil.ask("anvil_dropAllTransactions")
    (reinstated,) = ask(office, ACTIVE, "diploma")
    for _ in range(12):
        hurried.advance_status_changes()
        office.anvil.mine(3)
    assert (outcome(office, suspended), outcome(office, reinstated)) == ((True, False),) * 2
    assert on_chain(office, "diploma") is ACTIVE
    batch = office.sealed("certificate")  # the next nonces: nothing lies in wait there
    for _ in range(5):
        office.advance(batch)
        office.anvil.mine(2)
    assert on_chain(office, "diploma") is ACTIVE
    assert check_books(office.store, [office.chain], office.issuer) == []


def test_a_receipt_that_is_slow_to_show_makes_no_second_change(
    office: Office, proxy: RpcProxy, proxied: EvmChain
) -> None:
    office.final("diploma")
    (change,) = ask(office, SUSPENDED, "diploma")
    office.advance_status_changes()
    office.anvil.mine(3)
    proxy.fail("eth_getTransactionReceipt", Fault.NULL, times=4)
    for _ in range(3):
        office.with_chain(proxied).advance_status_changes()
    assert len(attempts_of(office, change)) == 1


def test_a_change_by_a_key_that_was_replaced_says_what_it_waits_for(office: Office) -> None:
    assert office.signer is not None
    office.final("diploma")
    other = stranger()
    both = Role.ANCHOR | Role.STATUS
    appoint = office.chain.operator_call(office.issuer, other.address, both, 2**64 - 1)
    send(office.chain, office.signer, appoint)
    office.anvil.automine(on=False)
    (change,) = ask(office, REVOKED, "diploma")
    office.advance_status_changes()
    office.anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(30 * GWEI))
    office.anvil.mine()
    successor = replace(office.with_signer(other), replace_after=NOW)
    with pytest.raises(ConflictError, match="is stuck, and another key is configured"):
        successor.nightly.anchor(office.issuer, patience=NOW)
    assert len(attempts_of(office, change)) == 1


def test_a_status_is_changed_in_the_contract_that_holds_the_anchor_alone(office: Office) -> None:
    assert office.signer is not None
    office.final("diploma")
    address = deployed(office.anvil, office.signer.address, artifact().creation_code)
    moved = EvmChain(chain_id=DEVELOPMENT_CHAIN_ID, rpc_url=office.anvil.url, contract=address)
    (change,) = ask(office, REVOKED, "diploma")
    with pytest.raises(ConflictError, match="set contract for its status changes"):
        office.with_chain(moved).nightly.anchor(office.issuer, patience=PATIENCE)
    moved.close()
    assert outcome(office, change) == (False, False)
    office.finish_status_changes()
    assert on_chain(office, "diploma") is REVOKED


def test_a_chain_that_stands_still_is_offered_more_ever_more_slowly(office: Office) -> None:
    office.anvil.automine(on=False)
    batch = office.sealed("diploma")
    hurried = replace(office, replace_after=timedelta(milliseconds=50))
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        hurried.advance(batch)
    assert 2 <= len(office.attempts(batch)) <= 6  # after 50, 100, 200, 400, 800 ms


def test_a_wallet_that_says_yes_only_while_it_is_free_is_not_paid_for_often(
    office: Office,
) -> None:
    """An institution that drains its relayer: the signature holds where gas costs nothing."""
    #   GASPRICE ISZERO  PUSH4 magic  PUSH1 e0 SHL MUL  PUSH1 0 MSTORE  PUSH1 20 PUSH1 0 RETURN
    runtime = bytes.fromhex("3a15631626ba7e60e01b0260005260206000f3")
    size = f"{len(runtime):02x}"
    creation = bytes.fromhex(f"60{size}600c60003960{size}6000f3") + runtime
    institution, relayer = stranger(7), stranger(8)
    wallet = deployed(office.anvil, institution.address, creation)
    assert office.chain.code(wallet) == runtime  # type: ignore[attr-defined]  # the adapter's own
    appoint = office.chain.operator_call(institution.address, wallet, Role.ANCHOR, 2**64 - 1)
    send(office.chain, institution, appoint)
    bait = replace(office, issuer=institution.address, signer=relayer)
    batch = bait.sealed("bait")
    assert batch.head is not None
    permission = Authorization(
        issuer=institution.address,
        seal=batch.head.seal,
        chain_id=DEVELOPMENT_CHAIN_ID,
        contract=office.chain.contract,
        deadline=int(time.time()) + 86_400,
        signer=wallet,
        signature=b"\1",
    )
    Relaying(office.store, {DEVELOPMENT_CHAIN_ID: office.chain}, utc_now, recovered_signer).take(
        {"bait": permission}
    )
    with pytest.raises(TransactionRefusedError, match="failed in its block, as 1 did so far"):
        bait.nightly.anchor(institution.address, patience=timedelta(seconds=3))
    assert len(bait.attempts(batch)) == 1


def test_a_key_that_may_only_change_statuses_makes_a_revocation(office: Office) -> None:
    assert office.signer is not None
    office.final("diploma")
    clerk = stranger()
    appoint = office.chain.operator_call(office.issuer, clerk.address, Role.STATUS, 2**64 - 1)
    send(office.chain, office.signer, appoint)
    ask(office, REVOKED, "diploma")
    desk = office.with_signer(clerk)
    assert desk.nightly.run(office.issuer, patience=PATIENCE).is_final
    assert on_chain(office, "diploma") is REVOKED
    office.add([b"certificate"])
    with pytest.raises(NotAllowedError, match="may change statuses, but not anchor"):
        desk.nightly.run(office.issuer, patience=NOW)


@pytest.mark.parametrize("number", [2**63, 2**70])
def test_a_number_beyond_any_chain_is_no_answer(
    office: Office, proxy: RpcProxy, proxied: EvmChain, number: int
) -> None:
    batch = office.sealed("diploma")
    proxy.lie("eth_getTransactionCount", lambda _: hex(number))
    with pytest.raises(UnavailableError, match="below 2"):
        office.with_chain(proxied).advance(batch)
    assert (office.store.batch(batch.id), office.attempts(batch)) == (batch, [])


def test_a_worker_without_work_looks_once_a_night_at_what_is_final(own_office: Office) -> None:
    office = own_office
    office.final("diploma")
    lost = office.final("certificate")
    (anchor,) = office.store.anchors(lost.id)
    office.anvil.replace_from(anchor.block_number)
    office.anvil.ask("anvil_dropAllTransactions")
    Worker(office).run(10)
    assert (office.events(lost), office.store.reorg_count()) == (1, 1)


def test_the_alarm_knows_of_revocations_that_wait(office: Office) -> None:
    office.final("diploma")
    ask(office, REVOKED, "diploma")
    day, later = timedelta(days=1), utc_now() + timedelta(days=2)
    waited = overdue_by(office.store, now=later, limit=day)
    assert waited is not None
    assert waited > day
    office.finish_status_changes()
    assert overdue_by(office.store, now=later, limit=day) is None


def test_a_permission_for_another_contract_is_passed_over(office: Office) -> None:
    batch = office.sealed("diploma")
    assert batch.head is not None
    strange = Authorization(
        issuer=office.issuer,
        seal=batch.head.seal,
        chain_id=DEVELOPMENT_CHAIN_ID,
        contract=stranger().address,
        deadline=int(time.time()) + 86_400,
        signer=office.issuer,
        signature=b"\1",
    )
    office.store.put_authorization(strange, now=utc_now())
    office.anvil.mine(3)
    office.finish(office.advance(batch))
    assert (office.events(batch), len(office.attempts(batch))) == (1, 1)
    assert check_books(office.store, [office.chain], office.issuer) == []


def test_an_anchor_that_would_take_a_whole_blocks_gas_is_not_sent(
    office: Office, proxy: RpcProxy, proxied: EvmChain
) -> None:
    batch = office.sealed("diploma")
    proxy.lie("eth_estimateGas", lambda _: hex(25_000_000))
    with pytest.raises(TransactionRefusedError, match="no anchor is worth more than"):
        office.with_chain(proxied).advance(batch)
    assert (office.store.batch(batch.id), office.attempts(batch)) == (batch, [])
