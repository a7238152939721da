"""Revoking, suspending, reinstating: through the store and the chain."""

from dataclasses import replace

import pytest

from registry.core.batch import BatchState
from registry.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    TransactionRefusedError,
)
from registry.services.ports import Batch, CredentialStatus, Role, StatusChange
from tests.anvil import send
from tests.services.office import PATIENCE, Office, digest, stranger, utc_now

REVOKED, SUSPENDED, ACTIVE = (
    CredentialStatus.REVOKED,
    CredentialStatus.SUSPENDED,
    CredentialStatus.ACTIVE,
)


def ask(office: Office, status: CredentialStatus, *names: str) -> list[StatusChange]:
    hashes = [digest(name) for name in names]
    return office.statuses.request(office.issuer, hashes, status, reason=0, now=utc_now())


def ask_whole(office: Office, batch: Batch, status: CredentialStatus) -> StatusChange:
    assert batch.head is not None
    return office.statuses.request_for_seal(
        office.issuer, batch.head.seal, status, reason=0, now=utc_now()
    )


def on_chain(office: Office, name: str) -> CredentialStatus:
    receipt = office.receipt(name)
    return office.chain.credential_status(
        office.chain.contract, office.issuer, receipt.seal, receipt.leaf_index
    )


def outcome(office: Office, change: StatusChange) -> tuple[bool, bool]:
    """Whether a change is done, and whether it was refused."""
    found = office.store.status_change(change.id)
    return found.done_at is not None, found.refusal is not None


def test_a_credential_is_suspended_reinstated_and_revoked(office: Office) -> None:
    office.final("diploma", "neighbour")
    for status in (SUSPENDED, ACTIVE, REVOKED):
        (change,) = ask(office, status, "diploma")
        office.finish_status_changes()
        assert outcome(office, change) == (True, False)
        assert (on_chain(office, "diploma"), on_chain(office, "neighbour")) == (status, ACTIVE)


def test_changes_are_made_in_the_order_asked(office: Office) -> None:
    office.final("diploma")
    for status in (SUSPENDED, ACTIVE, REVOKED):
        ask(office, status, "diploma")
    before = office.nonce()
    office.finish_status_changes()
    assert (on_chain(office, "diploma"), office.nonce()) == (REVOKED, before + 3)


def test_a_change_that_an_open_one_would_undo_is_refused(office: Office) -> None:
    batch = office.final("diploma", "neighbour")
    for status in (SUSPENDED, ACTIVE):
        ask(office, status, "diploma")
    with pytest.raises(ConflictError, match="under way, and then one to active"):
        ask(office, SUSPENDED, "diploma")
    assert len(office.store.open_status_changes()) == 2
    ask(office, SUSPENDED, "neighbour")
    ask_whole(office, batch, SUSPENDED)
    office.finish_status_changes()
    ask(office, SUSPENDED, "diploma")
    office.finish_status_changes()
    assert on_chain(office, "diploma") is SUSPENDED


def test_taking_back_a_revocation_is_refused_and_blocks_nothing(office: Office) -> None:
    office.final("diploma", "neighbour")
    (first,) = ask(office, REVOKED, "diploma")
    (impossible,) = ask(office, ACTIVE, "diploma")
    (after,) = ask(office, SUSPENDED, "neighbour")
    office.finish_status_changes()
    assert [outcome(office, change) for change in (first, impossible, after)] == [
        (True, False),
        (True, True),
        (True, False),
    ]
    assert "Revoked" in str(office.store.status_change(impossible.id).refusal)
    assert (on_chain(office, "diploma"), on_chain(office, "neighbour")) == (REVOKED, SUSPENDED)


def test_taking_back_the_revocation_of_a_whole_seal_is_refused(office: Office) -> None:
    batch = office.final("diploma", "neighbour")
    first = ask_whole(office, batch, REVOKED)
    impossible = ask_whole(office, batch, ACTIVE)
    office.finish_status_changes()
    assert (outcome(office, first), outcome(office, impossible)) == ((True, False), (True, True))
    assert (on_chain(office, "diploma"), on_chain(office, "neighbour")) == (REVOKED, REVOKED)


def test_credentials_of_two_batches_take_a_change_each(office: Office) -> None:
    office.final("diploma", "neighbour")
    office.final("certificate")
    changes = ask(office, REVOKED, "diploma", "certificate", "diploma")
    assert [len(change.leaf_indexes or ()) for change in changes] == [1, 1]
    office.finish_status_changes()
    assert {on_chain(office, name) for name in ("diploma", "certificate")} == {REVOKED}
    assert on_chain(office, "neighbour") is ACTIVE


def test_many_credentials_of_a_batch_take_one_transaction(office: Office) -> None:
    names = [f"diploma {number}" for number in range(20)]
    office.final(*names, "neighbour")
    before = office.nonce()
    ask(office, REVOKED, *names)
    office.finish_status_changes()
    assert {on_chain(office, name) for name in names} == {REVOKED}
    assert (on_chain(office, "neighbour"), office.nonce()) == (ACTIVE, before + 1)


def test_a_batch_without_an_anchor_takes_no_change(office: Office) -> None:
    batch = office.sealed("diploma")
    with pytest.raises(ConflictError, match="sealed: a status needs an anchored seal"):
        ask(office, REVOKED, "diploma")
    with pytest.raises(ConflictError, match="sealed: a status needs an anchored seal"):
        ask_whole(office, batch, REVOKED)
    assert office.store.open_status_changes() == []


def test_of_several_credentials_one_unknown_changes_nothing(office: Office) -> None:
    batch = office.final("diploma")
    with pytest.raises(NotFoundError):
        ask(office, REVOKED, "diploma", "never added")
    with pytest.raises(InvalidInputError, match="no batch with seal"):
        ask_whole(replace(office, issuer=stranger().address), batch, REVOKED)
    for names in ([], ["diploma"] * 1001):
        with pytest.raises(InvalidInputError, match="1 to 1000"):
            ask(office, REVOKED, *names)
    assert office.store.open_status_changes() == []


def test_a_key_without_the_right_leaves_a_revocation_open(office: Office) -> None:
    office.final("diploma")
    (change,) = ask(office, REVOKED, "diploma")
    intruder = office.with_signer(stranger())
    with pytest.raises(TransactionRefusedError, match="Unauthorized"):
        intruder.advance_status_changes()
    assert outcome(office, change) == (False, False)
    office.finish_status_changes()
    assert (outcome(office, change), on_chain(office, "diploma")) == ((True, False), REVOKED)


def test_a_key_that_may_only_anchor_anchors_before_it_complains(office: Office) -> None:
    office.final("diploma")
    assert office.signer is not None
    call = office.chain.operator_call(office.issuer, stranger().address, Role.ANCHOR, 2**64 - 1)
    send(office.chain, office.signer, call)
    (change,) = ask(office, REVOKED, "diploma")
    batch = office.sealed("certificate")
    operator = office.with_signer(stranger())
    with pytest.raises(TransactionRefusedError, match="Unauthorized"):
        operator.nightly.anchor(office.issuer, patience=PATIENCE)
    assert [attempt.sender for attempt in office.attempts(batch)] == [stranger().address]
    assert office.finish(batch).state is BatchState.FINAL
    assert (office.events(batch), outcome(office, change)) == (1, (False, False))


def test_a_revocation_outlives_the_anchor_that_a_reorganisation_takes(office: Office) -> None:
    batch = office.anchored("diploma")
    (anchor,) = office.store.anchors(batch.id)
    change = ask_whole(office, batch, REVOKED)
    office.anvil.ask("anvil_dropAllTransactions")
    office.anvil.replace_from(anchor.block_number)
    office.anvil.ask("anvil_dropAllTransactions")
    office.advance_status_changes()
    assert outcome(office, change) == (False, False)
    assert office.nightly.anchor(office.issuer, patience=PATIENCE).is_final
    assert office.store.batch(batch.id).state is BatchState.FINAL
    assert (outcome(office, change), on_chain(office, "diploma")) == ((True, False), REVOKED)


def test_a_change_is_not_done_before_its_block_is_final(office: Office) -> None:
    office.final("diploma")
    (change,) = ask(office, REVOKED, "diploma")
    for _ in range(3):
        office.advance_status_changes()
        assert outcome(office, change) == (False, False)
    office.anvil.reorganise(1)
    office.finish_status_changes()
    assert (outcome(office, change), on_chain(office, "diploma")) == ((True, False), REVOKED)


def test_the_same_change_asked_twice_is_made_once(office: Office) -> None:
    office.final("diploma")
    before = office.nonce()
    assert ask(office, REVOKED, "diploma") == ask(office, REVOKED, "diploma")
    office.finish_status_changes()
    assert office.nonce() == before + 1
