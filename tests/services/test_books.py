"""The audit finds nothing where nothing is wrong, and each planted fault by its own code."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from registry.chain import EvmChain
from registry.errors import UnavailableError
from registry.services.books import books_report, check_books
from registry.services.findings import MEANINGS, FindingCode
from registry.services.ports import CredentialStatus, Fees, Purpose
from registry.store import SqlStore
from tests.rpc_proxy import Fault, RpcProxy
from tests.services.office import Office
from tests.services.planting import (
    DEARER,
    FIRST,
    change_rows,
    change_status,
    codes,
    record,
    request,
    run_sql,
    signed,
    unsent,
    without_rules,
)
from tests.services.test_anchoring import seal_of, send_seal, take_nonce
from tests.store.builders import contents

DOC = Path(__file__).parents[2] / "docs" / "audit-findings.md"


def test_a_whole_life_leaves_nothing_to_find(office_anywhere: Office) -> None:
    office = office_anywhere
    office.final("diploma", "neighbour")
    change_status(office, CredentialStatus.SUSPENDED, "diploma")
    change_status(office, CredentialStatus.ACTIVE, "diploma")
    change_status(office, CredentialStatus.REVOKED, "diploma")
    change_status(office, CredentialStatus.ACTIVE, "diploma")  # refused
    office.final(*(f"badge {number}" for number in range(600)))
    office.sealed("waits")
    office.add([b"open"])
    assert isinstance(office.store, SqlStore)
    before = contents(office.store)
    report = books_report(office.store, [office.chain], office.issuer)
    assert report.findings == ()
    assert (report.batches, report.credentials, report.anchors) == (4, 604, 2)
    assert contents(office.store) == before


def test_a_registry_without_anything_has_nothing_wrong(office: Office) -> None:
    assert codes(office) == []


def test_a_seal_on_chain_that_the_next_run_will_see_is_right(office: Office) -> None:
    batch = office.sealed("diploma")
    send_seal(office, batch)
    assert codes(office) == []


def test_a_replacement_and_a_lost_nonce_are_right(office: Office) -> None:
    office.anvil.automine(on=False)
    batch = unsent(office, FIRST, DEARER)
    take_nonce(office, office.nonce())
    office.anvil.mine()
    office.finish(batch)
    assert len(office.attempts(batch)) == 3
    assert codes(office) == []


def test_what_is_not_done_yet_may_be_on_the_chain_or_not(office: Office) -> None:
    office.final("diploma")
    request(office, CredentialStatus.REVOKED, "diploma")
    assert codes(office) == []
    office.advance_status_changes()
    assert office.store.open_status_changes(office.issuer)
    assert codes(office) == []


@pytest.mark.parametrize(
    "method",
    ["eth_call", "eth_getTransactionReceipt", "eth_getLogs", "eth_getCode", "eth_getBlockByNumber"],
)
def test_what_cannot_be_asked_is_no_finding(
    office: Office, proxy: RpcProxy, proxied: EvmChain, method: str
) -> None:
    office.final("diploma")
    proxy.fail(method, Fault.HTTP_502)
    with pytest.raises(UnavailableError):
        check_books(office.store, [proxied], office.issuer)


# -- the store alone, with one thing changed behind its back


def test_a_changed_salt_is_found(office: Office) -> None:
    office.final("diploma", "neighbour")
    change_rows(office, "credentials", "salt = zeroblob(32) WHERE credential_hash = :hash")
    assert codes(office) == [FindingCode.LEAVES_DIFFER]


def test_a_lost_credential_is_found(office: Office) -> None:
    office.final("diploma", "neighbour")
    run_sql(office, "DELETE FROM credentials WHERE credential_hash = :hash")
    assert codes(office) == [FindingCode.LEAVES_DIFFER]


def test_a_credential_that_came_after_sealing_is_found(office: Office) -> None:
    office.final("neighbour")
    office.add([b"diploma"])
    change_rows(office, "credentials", "batch_id = 1 WHERE credential_hash = :hash")
    assert codes(office) == [FindingCode.LEAVES_DIFFER]


@pytest.mark.parametrize(
    "change", ["merkle_root = zeroblob(32)", "tree_size = 2", "seal = zeroblob(32)"]
)
def test_a_changed_head_is_found(office: Office, change: str) -> None:
    office.sealed("diploma")
    change_rows(office, "batches", change)
    assert codes(office) == [FindingCode.HEAD_DIFFERS]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("hashes = zeroblob(64) WHERE level = 1", id="hashes"),
        pytest.param("first_leaf = :high WHERE level = 0 AND tile_index = 1", id="first leaf"),
    ],
)
def test_a_tile_that_leads_proofs_astray_is_found(office: Office, change: str) -> None:
    office.sealed(*(f"badge {number}" for number in range(300)))
    change_rows(office, "tiles", change)
    assert codes(office) == [FindingCode.PROOF_DIFFERS]


def test_a_credential_in_two_batches_is_found(office: Office) -> None:
    office.final("diploma")
    office.add([b"open"])
    without_rules(office, "credentials")
    run_sql(office, "DELETE FROM credentials WHERE batch_id = 2")
    run_sql(
        office,
        "INSERT INTO credentials SELECT credential_hash, issuer, salt, canonicalization, 2, leaf,"
        " added_at FROM credentials",
    )
    assert codes(office) == [FindingCode.CREDENTIAL_ELSEWHERE]


@pytest.mark.parametrize("state", ["sealed", "anchoring", "anchored"])
def test_a_state_that_its_chains_do_not_make_is_found(office: Office, state: str) -> None:
    office.final("diploma")
    change_rows(office, "batches", f"state = '{state}'")
    assert codes(office) == [FindingCode.STATE_DIFFERS]


def test_a_state_without_chains_is_found(office: Office) -> None:
    office.sealed("diploma")
    change_rows(office, "batches", "state = 'final'")
    assert codes(office) == [FindingCode.STATE_DIFFERS]


def test_a_final_batch_without_an_anchor_is_found(office: Office) -> None:
    office.sealed("diploma")
    change_rows(office, "batches", "state = 'final'")
    run_sql(
        office,
        "INSERT INTO anchorings (batch_id, chain_id, state, reorgs) VALUES (1, 31337, 'final', 0)",
    )
    assert codes(office) == [FindingCode.ANCHOR_MISPLACED]


def test_an_anchor_of_a_batch_that_is_not_anchored_is_found(office: Office) -> None:
    office.final("diploma")
    change_rows(office, "anchorings", "state = 'anchoring'")
    change_rows(office, "batches", "state = 'anchoring'")
    assert codes(office) == [FindingCode.ANCHOR_MISPLACED]


@pytest.mark.parametrize(
    "change",
    [
        "max_fee = '1'",
        "priority_fee = '1'",
        "nonce = nonce + 1",
        "sender = zeroblob(20)",
        "transaction_hash = zeroblob(32)",
        "raw = zeroblob(100)",
    ],
)
def test_an_attempt_whose_bytes_say_something_else_is_found(office: Office, change: str) -> None:
    unsent(office, FIRST)
    change_rows(office, "attempts", change)
    assert codes(office) == [FindingCode.ATTEMPT_GARBLED]


def test_an_attempt_to_anchor_another_seal_is_found(office: Office) -> None:
    other, batch = office.sealed("other"), office.sealed("diploma")
    record(
        office, batch.id, signed(office, office.chain.anchor_call(office.issuer, seal_of(other)))
    )
    assert codes(office) == [FindingCode.ATTEMPT_OFF_TARGET]


def test_an_attempt_at_another_change_of_status_is_found(office: Office) -> None:
    office.final("diploma")
    wanted = request(office, CredentialStatus.SUSPENDED, "diploma")
    other = replace(wanted, status=CredentialStatus.REVOKED)
    transaction = signed(office, office.chain.status_call(other))
    record(office, wanted.id, transaction, purpose=Purpose.STATUS)
    assert codes(office) == [FindingCode.ATTEMPT_OFF_TARGET]


def test_two_subjects_with_one_nonce_are_found(office: Office) -> None:
    unsent(office, FIRST)
    without_rules(office, "attempts")
    other = office.sealed("other")
    call = office.chain.anchor_call(office.issuer, seal_of(other))
    record(office, other.id, signed(office, call))
    change_rows(office, "attempts", "id = rowid")
    assert codes(office) == [FindingCode.NONCE_SHARED]


def test_a_missing_replacement_is_found(office: Office) -> None:
    unsent(office, FIRST, DEARER)
    change_rows(office, "attempts", "replacement = 2 WHERE replacement = 1")
    assert codes(office) == [FindingCode.REPLACEMENT_MISNUMBERED]


@pytest.mark.parametrize(
    "cheaper",
    [
        pytest.param(replace(DEARER, max_fee=DEARER.max_fee - 1), id="max fee"),
        pytest.param(replace(DEARER, priority_fee=DEARER.priority_fee - 1), id="priority fee"),
    ],
)
def test_a_replacement_one_wei_below_the_floor_is_found(office: Office, cheaper: Fees) -> None:
    unsent(office, FIRST, cheaper)
    assert codes(office) == [FindingCode.REPLACEMENT_TOO_CHEAP]


def test_the_document_has_every_code_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|", DOC.read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(FindingCode)
    assert set(MEANINGS) == set(FindingCode)
