"""The audit of the store against the chain: each fault that a chain can have, by its own code."""

from dataclasses import replace

import pytest
from eth_utils.crypto import keccak

from registry.core.batch import BatchState
from registry.services.books import check_books
from registry.services.findings import FindingCode
from registry.services.ports import Call, CredentialStatus, Role
from tests.anvil import send, wait_mined
from tests.services.office import Office, stranger
from tests.services.planting import change_rows, codes, record, request, signed
from tests.services.test_anchoring import seal_of


def contract(office: Office) -> str:
    return "0x" + office.chain.contract.hex()


def by_another_key(office: Office, call: Call) -> None:
    """Have a call made by somebody whom the issuer appointed outside this registry."""
    assert office.signer is not None
    roles = Role.ANCHOR | Role.STATUS
    appoint = office.chain.operator_call(office.issuer, stranger().address, roles, 2**64 - 1)
    send(office.chain, office.signer, appoint)
    send(office.chain, stranger(), call)


def forget(office: Office, seal: bytes) -> None:
    """Make the contract forget that it holds a seal, which no transaction can."""
    issuers = 2  # slot of the mapping, behind the two of OpenZeppelin's EIP712
    record = int.from_bytes(keccak(office.issuer.rjust(32, b"\0") + issuers.to_bytes(32, "big")))
    seals = record + 3
    slot = "0x" + keccak(seal + seals.to_bytes(32, "big")).hex()
    office.anvil.ask("anvil_setStorageAt", contract(office), slot, "0x" + bytes(32).hex())
    assert office.chain.anchor_record(office.chain.contract, office.issuer, seal) is None


def test_a_contract_that_is_not_ours_is_found_and_not_asked(office: Office) -> None:
    office.final("diploma")
    code = str(office.anvil.ask("eth_getCode", contract(office), "latest").value)
    office.anvil.ask("anvil_setCode", contract(office), code + "00")
    assert codes(office) == [FindingCode.CONTRACT_NOT_OURS]


def test_an_anchor_that_left_the_chain_is_found_until_the_next_run(office: Office) -> None:
    batch = office.anchored("diploma")
    (anchor,) = office.store.anchors(batch.id)
    office.anvil.replace_from(anchor.block_number)
    office.anvil.ask("anvil_dropAllTransactions")
    assert codes(office) == [FindingCode.ANCHOR_MISSING]
    office.finish(batch)
    assert codes(office) == []


def test_a_final_anchor_that_left_the_chain_is_found(own_office: Office) -> None:
    office = own_office
    batch = office.final("diploma")
    (anchor,) = office.store.anchors(batch.id)
    office.anvil.replace_from(anchor.block_number)
    office.anvil.ask("anvil_dropAllTransactions")
    assert codes(office) == [FindingCode.ANCHOR_MISSING]


@pytest.mark.parametrize(
    "change",
    [
        "block_number = block_number - 1",
        "block_hash = zeroblob(32)",
        "transaction_hash = zeroblob(32)",
        "log_index = log_index + 1",
        "anchored_at = anchored_at + 1000000",
    ],
)
def test_an_anchor_that_is_elsewhere_is_found(office: Office, change: str) -> None:
    office.final("diploma")
    change_rows(office, "anchorings", change)
    assert codes(office) == [FindingCode.ANCHOR_ELSEWHERE]


def test_an_anchor_that_moved_to_another_block_is_found_until_the_next_run(
    office: Office,
) -> None:
    batch = office.anchored("diploma")
    (anchor,) = office.store.anchors(batch.id)
    (attempt,) = office.attempts(batch)
    office.anvil.replace_from(anchor.block_number)
    office.anvil.ask("anvil_dropAllTransactions")
    office.anvil.mine()
    office.chain.broadcast(attempt.raw)
    wait_mined(office.chain, attempt.transaction)
    assert codes(office) == [FindingCode.ANCHOR_ELSEWHERE]
    office.finish(batch)
    assert codes(office) == []


def test_a_batch_that_is_called_final_too_early_is_found(office: Office) -> None:
    batch = office.anchored("diploma")
    assert batch.state is BatchState.ANCHORED
    change_rows(office, "anchorings", "state = 'final'")
    change_rows(office, "batches", "state = 'final'")
    assert codes(office) == [FindingCode.NOT_FINAL]
    office.anvil.mine(3)
    assert codes(office) == []


def test_a_seal_that_was_anchored_twice_is_found(office: Office) -> None:
    assert office.signer is not None
    batch = office.final("diploma")
    forget(office, seal_of(batch))
    send(office.chain, office.signer, office.chain.anchor_call(office.issuer, seal_of(batch)))
    assert office.events(batch) == 2
    assert codes(office) == [FindingCode.ANCHORED_TWICE]


def test_an_anchor_by_a_key_that_this_registry_does_not_know_is_found(office: Office) -> None:
    office.final("diploma")
    by_another_key(office, office.chain.anchor_call(office.issuer, b"\x07" * 32))
    found = check_books(office.store, [office.chain], office.issuer)
    assert [(each.code, each.evidence["seal"]) for each in found] == [
        (FindingCode.UNKNOWN_ANCHOR, "07" * 32)
    ]


def test_two_transactions_of_a_batch_that_succeeded_are_found(office: Office) -> None:
    batch = office.sealed("diploma")
    call = office.chain.anchor_call(office.issuer, seal_of(batch))
    code = office.anvil.ask("eth_getCode", contract(office), "latest").value
    first = signed(office, call)
    record(office, batch.id, first)
    # A contract that takes anything and does nothing, for the time of one transaction.
    office.anvil.ask("anvil_setCode", contract(office), "0x00")
    office.chain.broadcast(first.raw)
    wait_mined(office.chain, first.transaction)
    office.anvil.ask("anvil_setCode", contract(office), code)
    second = signed(office, call)
    record(office, batch.id, second)
    office.chain.broadcast(second.raw)
    wait_mined(office.chain, second.transaction)
    office.finish(batch)
    assert codes(office) == [FindingCode.MINED_TWICE]


@pytest.mark.parametrize("whole", [False, True], ids=["credential", "whole seal"])
def test_a_status_that_somebody_else_set_is_found(office: Office, whole: bool) -> None:  # noqa: FBT001 - a case
    office.final("diploma", "neighbour")
    change = request(office, CredentialStatus.SUSPENDED, "diploma")
    office.finish_status_changes()
    assert codes(office) == []
    indexes = None if whole else change.leaf_indexes
    other = replace(change, status=CredentialStatus.REVOKED, leaf_indexes=indexes)
    by_another_key(office, office.chain.status_call(other))
    assert codes(office) == [FindingCode.STATUS_DIFFERS]


def test_a_change_that_is_called_done_and_was_never_made_is_found(office: Office) -> None:
    office.final("diploma")
    request(office, CredentialStatus.REVOKED, "diploma")
    change_rows(office, "status_changes", "done_at = requested_at")
    assert codes(office) == [FindingCode.STATUS_DIFFERS]


def test_a_refused_change_is_not_expected_on_the_chain(office: Office) -> None:
    office.final("diploma")
    for status in (CredentialStatus.REVOKED, CredentialStatus.ACTIVE):
        request(office, status, "diploma")
        office.finish_status_changes()
    assert codes(office) == []
    change_rows(office, "status_changes", "refusal = NULL")
    assert codes(office) == [FindingCode.STATUS_DIFFERS]
