"""One sender, many subjects: nobody's unused nonce holds up the others."""

import pytest

from registry.core.batch import BatchState
from registry.errors import ConflictError, TransactionRefusedError, UnavailableError
from registry.services.ports import Batch, Fees, Purpose, Role
from tests.anvil import send
from tests.services.office import Office, stranger, utc_now
from tests.services.test_anchoring import send_by_operator, send_seal


def stored_only(office: Office, batch: Batch) -> None:
    """Leave a batch as a run does that dies between storing its transaction and sending it."""
    assert batch.head is not None
    assert office.signer is not None
    unsigned = office.chain.prepare(
        office.chain.anchor_call(office.issuer, batch.head.seal),
        sender=office.signer.address,
        nonce=office.nonce(),
        fees=Fees(10**10, 10**9),
    )
    office.store.record_attempt(
        Purpose.ANCHOR,
        batch.id,
        office.signer.sign(unsigned),
        lease=office.lease(),
        expected_attempts=0,
        now=utc_now(),
    )


def test_what_another_batch_left_unsent_goes_first(office: Office) -> None:
    left = office.sealed("left behind")
    stored_only(office, left)
    batch = office.sealed("diploma")
    assert office.finish(batch).state is BatchState.FINAL
    assert (office.events(left), office.events(batch)) == (1, 1)
    assert office.finish(left).state is BatchState.FINAL
    assert len(office.attempts(left)) == 1


def test_a_nonce_of_a_batch_that_others_anchored_is_used_up(office: Office) -> None:
    left = office.sealed("left behind")
    # Our key appoints the other one first, or the stored nonce would be that transaction's.
    appointed = office.sealed("appointed")
    send_seal(office, appointed)
    stored_only(office, left)
    send_by_operator(office, left)
    assert office.finish(left).state is BatchState.FINAL
    batch = office.sealed("diploma")
    assert office.finish(batch).state is BatchState.FINAL
    assert (office.events(left), office.events(batch)) == (1, 1)


def test_another_key_takes_over_an_anchor_that_the_first_cannot_pay(office: Office) -> None:
    assert office.signer is not None
    call = office.chain.operator_call(office.issuer, stranger().address, Role.ANCHOR, 2**64 - 1)
    send(office.chain, office.signer, call)
    batch = office.sealed("diploma")
    stored_only(office, batch)
    office.anvil.ask("anvil_setBalance", "0x" + office.signer.address.hex(), "0x0")
    with pytest.raises(TransactionRefusedError, match=r"(?i)insufficient"):
        office.advance(batch)
    assert len(office.attempts(batch)) == 1
    assert office.with_signer(stranger()).finish(batch).state is BatchState.FINAL
    assert office.events(batch) == 1
    assert [a.sender for a in office.attempts(batch)] == [office.issuer, stranger().address]


def test_a_chain_that_forgot_what_is_final_is_refused(office: Office) -> None:
    empty = office.anvil.ask("evm_snapshot").value
    office.final("diploma")
    office.anvil.ask("evm_revert", empty)
    batch, before = office.sealed("certificate"), office.nonce()
    with pytest.raises(UnavailableError, match="behind the anchor's"):
        office.advance(batch)
    office.anvil.mine(5)
    with pytest.raises(ConflictError, match="which is final: it was reset"):
        office.advance(batch)
    assert office.store.batch(batch.id) == batch
    assert (office.attempts(batch), office.nonce()) == ([], before)
