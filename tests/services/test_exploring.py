import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.chain import EvmChain
from registry.core.tiles import TreeHead
from registry.errors import TooLargeError, UnavailableError
from registry.services.exploring import (
    LANES,
    MAX_WORDS,
    cost_of,
    count_statuses,
    counted,
)
from registry.services.ports import Anchor, Batch, CredentialStatus, StatusChange
from tests.anvil import send
from tests.rpc_proxy import Fault, RpcProxy
from tests.services.office import Office

ACTIVE, SUSPENDED, REVOKED = CredentialStatus
SIZE = 130  # two words, the second nearly empty


@pytest.fixture
def batch(office: Office) -> Batch:
    return office.anchored(*(f"diploma {number}" for number in range(SIZE)))


def head_of(batch: Batch) -> TreeHead:
    assert batch.head is not None
    return batch.head


def anchor_of(office: Office, batch: Batch) -> Anchor:
    (anchor,) = office.store.anchors(batch.id)
    return anchor


def set_status(office: Office, batch: Batch, status: CredentialStatus, *indexes: int) -> None:
    """By the issuer himself, past the registry; without indexes, of the whole seal."""
    change = StatusChange(
        id=1,
        issuer=batch.issuer,
        seal=head_of(batch).seal,
        leaf_indexes=indexes or None,
        status=status,
        reason=0,
        requested_at=batch.opened_at,
        done_at=None,
        refusal=None,
    )
    assert office.signer is not None
    send(office.chain, office.signer, office.chain.status_call(change))


def counts(office: Office, batch: Batch) -> tuple[int, int, int]:
    found = count_statuses(office.chain, anchor_of(office, batch), batch.issuer, head_of(batch))
    assert found is not None
    assert found.block_number == office.chain.head().number
    return found.active, found.suspended, found.revoked


def test_statuses_are_counted_as_they_hold(office: Office, batch: Batch) -> None:
    assert counts(office, batch) == (SIZE, 0, 0)
    set_status(office, batch, REVOKED, 0, 127, 128)
    set_status(office, batch, SUSPENDED, 5, 129)
    assert counts(office, batch) == (SIZE - 5, 2, 3)
    # Beyond the batch, which the contract does not know the size of.
    set_status(office, batch, REVOKED, SIZE, SIZE + 1, 255)
    assert counts(office, batch) == (SIZE - 5, 2, 3)
    set_status(office, batch, SUSPENDED)
    assert counts(office, batch) == (0, SIZE - 3, 3)
    set_status(office, batch, REVOKED)
    assert counts(office, batch) == (0, 0, SIZE)


def test_an_anchor_that_the_node_does_not_know_is_no_count(office: Office, batch: Batch) -> None:
    anchor, head = anchor_of(office, batch), head_of(batch)
    unknown = TreeHead(head.tree_size, head.merkle_root, b"\x01" * 32)
    assert count_statuses(office.chain, anchor, batch.issuer, unknown) is None


def test_an_outage_is_no_count(
    office: Office, batch: Batch, proxied: EvmChain, proxy: RpcProxy
) -> None:
    anchor = anchor_of(office, batch)
    proxy.fail("eth_call", Fault.HTTP_500)
    with pytest.raises(UnavailableError):
        count_statuses(proxied, anchor, batch.issuer, head_of(batch))


def test_a_word_that_no_contract_writes_is_no_count(
    office: Office, batch: Batch, proxied: EvmChain, proxy: RpcProxy
) -> None:
    anchor = anchor_of(office, batch)
    proxy.lie("eth_call", lambda value: value if len(value) > 66 else "0x" + "ff" * 32)
    with pytest.raises(UnavailableError, match="word of statuses"):
        count_statuses(proxied, anchor, batch.issuer, head_of(batch))


def test_more_than_can_be_asked_for_is_said(office: Office, batch: Batch) -> None:
    head = head_of(batch)
    huge = TreeHead(LANES * MAX_WORDS + 1, head.merkle_root, head.seal)
    with pytest.raises(TooLargeError):
        count_statuses(office.chain, anchor_of(office, batch), batch.issuer, huge)


def test_the_cost_is_what_the_transaction_paid(office: Office, batch: Batch) -> None:
    anchor = anchor_of(office, batch)
    cost = cost_of(office.chain, anchor)
    assert cost is not None
    assert 40_000 < cost.gas_used < 80_000
    assert cost.gas_price > 0
    office.anvil.replace_from(anchor.block_number)
    assert cost_of(office.chain, anchor) is None


@given(st.lists(st.sampled_from(CredentialStatus), min_size=1, max_size=400))
def test_every_lane_of_the_batch_counts_and_no_other(statuses: list[CredentialStatus]) -> None:
    lanes = sum(status << (2 * place) for place, status in enumerate(statuses))
    words = [(lanes >> (256 * word)) & (2**256 - 1) for word in range(5)]
    for size in (len(statuses), 1 + len(statuses) // 2):
        held = statuses[:size]
        assert counted(words, size) == (held.count(SUSPENDED), held.count(REVOKED))
