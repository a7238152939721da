"""Lists of what is withdrawn, read from a real chain."""

import pytest

from registry.core.canonical import Canonicalization, credential_hash
from registry.errors import UnavailableError
from registry.services.ports import CredentialStatus, StatusEntry
from registry.services.status_lists import withdrawn_places
from registry.vc.status_list import LIST_SIZE
from tests.anvil import Anvil, send
from tests.rpc_proxy import Fault, RpcProxy
from tests.services.office import Office, stranger
from tests.services.test_status import ACTIVE, REVOKED, SUSPENDED, ask, ask_whole

NAMES = [f"badge {number}" for number in range(300)]  # three words of the contract


def hash_of(name: str) -> bytes:
    return credential_hash(name.encode(), Canonicalization.RAW)


def place_of(number: int) -> int:
    """Places do not follow the order of anything else."""
    return number * 7 % 300


def listed(office: Office, *, first: int = 0) -> None:
    office.store.reserve_positions(office.issuer, first + 300)
    office.store.put_status_entries(
        office.issuer,
        [StatusEntry(first + place_of(n), hash_of(name)) for n, name in enumerate(NAMES)],
    )


def places(office: Office, number: int = 0) -> set[int]:
    chains = {office.chain.chain_id: office.chain}
    return set(withdrawn_places(office.store, chains, office.issuer, number))


def change(office: Office, status: CredentialStatus, *numbers: int) -> None:
    for number in numbers:
        ask(office, status, NAMES[number])
    office.finish_status_changes()


def test_each_withdrawn_credential_is_in_the_list_and_no_other(office: Office) -> None:
    listed(office)
    office.final(*NAMES)
    assert places(office) == set()
    change(office, REVOKED, 5, 299)
    change(office, SUSPENDED, 17)
    assert places(office) == {place_of(5), place_of(299), place_of(17)}
    change(office, ACTIVE, 17)
    assert places(office) == {place_of(5), place_of(299)}
    assert places(office, 1) == set()


def test_what_is_not_anchored_or_not_even_added_is_not_withdrawn(office: Office) -> None:
    listed(office)
    assert places(office) == set()
    office.add([NAMES[0].encode()])
    assert places(office) == set()
    office.store.seal_open_batch(office.issuer, now=office.anchoring.sending.clock())
    assert places(office) == set()


def test_a_list_ends_where_the_next_begins(office: Office) -> None:
    listed(office, first=LIST_SIZE - 100)
    office.final(*NAMES)
    low = next(n for n in range(300) if place_of(n) == 99)
    high = next(n for n in range(300) if place_of(n) == 100)
    change(office, REVOKED, low, high)
    assert (places(office, 0), places(office, 1)) == ({LIST_SIZE - 1}, {0})


def test_a_withdrawn_seal_withdraws_all_of_its_credentials(office: Office) -> None:
    listed(office)
    batch = office.final(*NAMES[:200])
    office.final(*NAMES[200:])
    ask_whole(office, batch, SUSPENDED)
    office.finish_status_changes()
    assert places(office) == {place_of(number) for number in range(200)}


def test_a_change_made_past_this_registry_counts(office: Office) -> None:
    listed(office)
    office.final(*NAMES)
    (wanted,) = ask(office, REVOKED, NAMES[1])
    assert office.signer is not None
    send(office.chain, office.signer, office.chain.status_call(wanted))
    assert office.store.open_status_changes() == [wanted]
    assert places(office) == {place_of(1)}


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.RPC_ERROR, Fault.NULL])
@pytest.mark.parametrize("method", ["eth_call", "eth_getBlockByNumber", "eth_getCode"])
def test_a_chain_that_cannot_be_asked_gives_no_list(
    office: Office, proxy: RpcProxy, method: str, fault: Fault
) -> None:
    listed(office)
    office.final(*NAMES)
    change(office, REVOKED, 1)
    proxy.fail(method, fault)
    with pytest.raises(UnavailableError):
        places(office.with_chain(office.anvil.chain(proxy.url)))


def test_a_node_that_does_not_know_the_anchor_gives_no_list(office: Office, anvil: Anvil) -> None:
    listed(office)
    batch = office.final(*NAMES)
    (standing,) = office.store.on_chains(batch.id)
    assert standing.anchor is not None
    anvil.replace_from(standing.anchor.block_number)
    anvil.ask("anvil_dropAllTransactions")
    anvil.mine(10)
    with pytest.raises(UnavailableError, match="does not know the anchor"):
        places(office)


def test_without_a_node_of_its_chain_there_is_no_list(office: Office) -> None:
    listed(office)
    office.final(*NAMES)
    with pytest.raises(UnavailableError, match="no node"):
        withdrawn_places(office.store, {}, office.issuer, 0)


def test_another_issuers_credentials_are_in_no_list_of_ours(office: Office) -> None:
    listed(office)
    office.final(*NAMES)
    change(office, REVOKED, 1)
    chains = {office.chain.chain_id: office.chain}
    assert withdrawn_places(office.store, chains, stranger().address, 0) == frozenset()
