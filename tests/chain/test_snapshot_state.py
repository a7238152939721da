"""What a snapshot answers is what the contract answers, and only ours is believed."""

from datetime import UTC, datetime

import pytest

from registry.chain import DEVELOPMENT_CHAIN_ID, EvmChain, LocalSigner, SnapshotState, artifact
from registry.chain.snapshots import take_snapshot
from registry.chain.storage import seal_slot, status_slot
from registry.core.address import format_address
from registry.errors import UnavailableError
from registry.services.ports import CredentialStatus, StatusChange
from tests.anvil import Anvil, send

SEAL, UNUSED = b"\x11" * 32, b"\x22" * 32
LEAVES = (0, 1, 62, 63, 64, 65, 126, 127, 128, 191, 192, 255, 256, 2**40 - 1)


def taken(anvil: Anvil, chain: EvmChain, slots: list[bytes]) -> SnapshotState:
    """The newest block in a snapshot, of which the slots are asked."""
    head = chain.head()
    snapshot, block = take_snapshot(
        anvil.ask,
        chain_id=DEVELOPMENT_CHAIN_ID,
        contract=chain.contract,
        number=head.number,
        slots=slots,
        source="test",
    )
    assert block == head
    return SnapshotState(snapshot, contract=chain.contract, trusted=head.hash)


def withdraw(
    chain: EvmChain,
    signer: LocalSigner,
    status: CredentialStatus,
    leaves: tuple[int, ...] | None,
) -> None:
    change = StatusChange(
        id=1,
        issuer=signer.address,
        seal=SEAL,
        leaf_indexes=leaves,
        status=status,
        reason=0,
        requested_at=datetime(2026, 1, 1, tzinfo=UTC),
        done_at=None,
        refusal=None,
    )
    assert send(chain, signer, chain.status_call(change)).succeeded


@pytest.mark.parametrize("whole", [None, CredentialStatus.SUSPENDED, CredentialStatus.REVOKED])
def test_it_says_of_each_leaf_what_the_contract_says(
    anvil: Anvil, chain: EvmChain, signer: LocalSigner, whole: CredentialStatus | None
) -> None:
    assert send(chain, signer, chain.anchor_call(signer.address, b"\x33" * 32)).succeeded
    assert send(chain, signer, chain.anchor_call(signer.address, SEAL)).succeeded
    withdraw(chain, signer, CredentialStatus.REVOKED, (0, 63, 127, 128, 192))
    withdraw(chain, signer, CredentialStatus.SUSPENDED, (64, 126, 255))
    if whole is not None:
        withdraw(chain, signer, whole, None)
    slots = [status_slot(signer.address, SEAL, leaf) for leaf in LEAVES]
    state = taken(anvil, chain, [seal_slot(signer.address, SEAL), *slots])
    asked = (chain.contract, signer.address, SEAL)
    assert state.anchor_record(*asked) == chain.anchor_record(*asked)
    said = [state.credential_status(*asked, leaf) for leaf in LEAVES]
    assert said == [chain.credential_status(*asked, leaf) for leaf in LEAVES]
    assert len(set(said)) == {None: 3, CredentialStatus.SUSPENDED: 2}.get(whole, 1)


def test_a_seal_that_was_never_anchored_is_proved_so(
    anvil: Anvil, chain: EvmChain, signer: LocalSigner
) -> None:
    assert send(chain, signer, chain.anchor_call(signer.address, SEAL)).succeeded
    state = taken(anvil, chain, [seal_slot(signer.address, UNUSED)])
    assert state.anchor_record(chain.contract, signer.address, UNUSED) is None
    assert chain.anchor_record(chain.contract, signer.address, UNUSED) is None


def test_other_code_in_the_contracts_place_is_not_believed(
    anvil: Anvil, chain: EvmChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proved as it is, with our chain's id in its place: but it could have written anything."""
    code = bytearray(chain.code(chain.contract))
    assert not any(place.start <= 5 < place.stop for place in artifact().immutables)
    code[5] ^= 1
    anvil.ask("anvil_setCode", format_address(chain.contract), "0x" + code.hex())
    anvil.mine()
    with pytest.raises(UnavailableError, match="do not prove"):
        taken(anvil, chain, [seal_slot(b"\0" * 20, SEAL)])
    monkeypatch.setattr(SnapshotState, "require", lambda _self, _slots: None)
    state = taken(anvil, chain, [seal_slot(b"\0" * 20, SEAL)])
    assert state.head() == chain.head()
    assert not state.is_genuine(chain.contract)


def test_our_code_is_believed(anvil: Anvil, chain: EvmChain) -> None:
    assert taken(anvil, chain, [seal_slot(b"\0" * 20, SEAL)]).is_genuine(chain.contract)
