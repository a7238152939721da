"""Relayed anchoring: what is taken in, what is refused, and who pays in the end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from eth_account import Account

from registry.chain import (
    EvmChain,
    KmsSigner,
    LocalSigner,
    authorization_hash,
    deterministic_address,
    recovered_signer,
    sign_authorization,
)
from registry.core.address import format_address
from registry.core.batch import BatchState
from registry.errors import (
    ConflictError,
    InvalidInputError,
    NeedsAuthorizationError,
    NotAllowedError,
    NotFoundError,
    RootsealError,
    UnavailableError,
    VerificationError,
)
from registry.services.authorizing import Relaying
from registry.services.nightly import Night
from registry.services.ports import Authorization, Batch, Role
from tests.anvil import Anvil, send, wait_mined
from tests.chain.kms import aws, new_key
from tests.chain.wallet import deploy_wallet
from tests.rpc_proxy import Fault, RpcProxy
from tests.services.office import PATIENCE, Office, stranger, utc_now

NEVER = 2**64 - 1


def coinless() -> LocalSigner:
    """An institution's key, which holds no coins anywhere."""
    return LocalSigner(Account.from_key(b"\x11" * 32))


@pytest.fixture
def office(office: Office) -> Office:
    """A relayer's: it pays for an institution whose key is elsewhere."""
    return replace(office, issuer=coinless().address, signer=stranger())


def relaying(office: Office) -> Relaying:
    return Relaying(office.store, {office.chain.chain_id: office.chain}, utc_now, recovered_signer)


def wanted(office: Office, batch: Batch, **changes: Any) -> Authorization:
    """Ask for a permission to anchor a batch, still without its signature."""
    assert batch.head is not None
    values: dict[str, Any] = {
        "issuer": office.issuer,
        "seal": batch.head.seal,
        "chain_id": office.chain.chain_id,
        "contract": office.chain.contract,
        "deadline": int((utc_now() + timedelta(hours=72)).timestamp()),
        "signer": office.issuer,
        "signature": b"",
    }
    return Authorization(**(values | changes))


def permitted(office: Office, batch: Batch, **changes: Any) -> Authorization:
    return sign_authorization(coinless(), wanted(office, batch, **changes))


def taken(office: Office, batch: Batch) -> list[Authorization]:
    assert batch.head is not None
    return office.store.authorizations(office.issuer, batch.head.seal, office.chain.chain_id)


def anchored_by_relay(office: Office, batch: Batch) -> None:
    """The relayer's night pays, and the institution's balance stays at nothing."""
    assert office.signer is not None
    before = office.chain.balance(office.signer.address)
    night = office.nightly.run(office.issuer, patience=PATIENCE)
    assert (night.is_final, office.events(batch)) == (True, 1)
    assert office.chain.balance(office.signer.address) < before
    assert office.chain.balance(coinless().address) == 0


def test_a_relayer_pays_for_an_institution_without_coins(office_anywhere: Office) -> None:
    office = replace(office_anywhere, issuer=coinless().address, signer=stranger())
    batch = office.sealed("diploma")
    made = permitted(office, batch)
    relaying(office).take({"a.json": made})
    assert taken(office, batch) == [made]
    anchored_by_relay(office, batch)


def test_the_same_again_changes_nothing(office: Office) -> None:
    batch = office.sealed("diploma")
    made = permitted(office, batch)
    for _ in range(2):
        relaying(office).take({"a.json": made})
    assert taken(office, batch) == [made]


def test_a_wallet_permits_by_its_own_rules(office: Office) -> None:
    wallet = deploy_wallet(office.anvil, key=coinless().address, payer=stranger().address)
    office = replace(office, issuer=wallet)
    batch = office.sealed("diploma")
    asked = wanted(office, batch, signer=wallet)
    signature = coinless().sign_hash(authorization_hash(asked), chain_id=asked.chain_id)
    relaying(office).take({"a.json": replace(asked, signature=signature)})
    anchored_by_relay(office, batch)


def test_a_wallet_that_says_no_is_heard(office: Office) -> None:
    wallet = deploy_wallet(office.anvil, key=stranger(7).address, payer=stranger().address)
    office = replace(office, issuer=wallet)
    batch = office.sealed("diploma")
    asked = wanted(office, batch, signer=wallet)
    signature = coinless().sign_hash(authorization_hash(asked), chain_id=asked.chain_id)
    with pytest.raises(VerificationError, match="InvalidSignature"):
        relaying(office).take({"a.json": replace(asked, signature=signature)})
    assert taken(office, batch) == []


def test_a_key_in_kms_permits(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with aws(monkeypatch) as client:
        key = KmsSigner(new_key(client), client=client)
        office = replace(office, issuer=key.address)
        batch = office.sealed("diploma")
        made = sign_authorization(key, wanted(office, batch))
    relaying(office).take({"a.json": made})
    anchored_by_relay(office, batch)


# -- operators permit too


def appoint(office: Office, operator: bytes, roles: Role, until: int) -> None:
    """The institution's owner, with coins for once."""
    owner = coinless()
    office.anvil.ask("anvil_setBalance", format_address(owner.address), hex(10**18))
    send(office.chain, owner, office.chain.operator_call(office.issuer, operator, roles, until))
    office.anvil.ask("anvil_setBalance", format_address(owner.address), "0x0")


def by_operator(office: Office, batch: Batch, operator: LocalSigner) -> Authorization:
    return sign_authorization(operator, wanted(office, batch, signer=operator.address))


def test_an_operator_who_may_anchor_permits(office: Office) -> None:
    batch, operator = office.sealed("diploma"), stranger(7)
    appoint(office, operator.address, Role.ANCHOR, NEVER)
    relaying(office).take({"a.json": by_operator(office, batch, operator)})
    anchored_by_relay(office, batch)


@pytest.mark.parametrize(
    ("roles", "lasts"),
    [
        pytest.param(None, 0, id="never appointed"),
        pytest.param(Role.STATUS, 3600, id="for statuses only"),
        pytest.param(Role(0), 3600, id="cut off"),
        pytest.param(Role.ANCHOR, 5, id="expired"),
    ],
)
def test_whoever_may_not_anchor_may_not_permit(
    office: Office, roles: Role | None, lasts: int
) -> None:
    batch, operator = office.sealed("diploma"), stranger(7)
    if roles is not None:
        until = int(office.chain.head().time.timestamp()) + lasts
        appoint(office, operator.address, roles, until)
        office.anvil.ask("evm_increaseTime", 10)
        office.anvil.mine()
    with pytest.raises(NotAllowedError, match="neither the owner of"):
        relaying(office).take({"a.json": by_operator(office, batch, operator)})
    assert taken(office, batch) == []


def test_a_permission_that_became_void_gives_way_to_a_good_one(office: Office) -> None:
    batch, operator = office.sealed("diploma"), stranger(7)
    appoint(office, operator.address, Role.ANCHOR, NEVER)
    void = sign_authorization(
        operator,
        wanted(
            office,
            batch,
            signer=operator.address,
            deadline=int((utc_now() + timedelta(days=90)).timestamp()),
        ),
    )
    relaying(office).take({"void.json": void})
    appoint(office, operator.address, Role(0), 0)
    relaying(office).take({"good.json": permitted(office, batch)})
    assert len(taken(office, batch)) == 2
    anchored_by_relay(office, batch)


# -- what is refused


def _of_another_key(made: Authorization) -> Authorization:
    asked = replace(made, signature=b"", signer=stranger(8).address)
    return replace(sign_authorization(stranger(8), asked), signer=made.signer)


def _forged(made: Authorization) -> Authorization:
    return replace(made, signature=made.signature[:-2] + b"\0" + made.signature[-1:])


def _later(made: Authorization) -> Authorization:
    return replace(made, deadline=made.deadline + 1)


def _signed_again(**changes: Any) -> Callable[[Authorization], Authorization]:
    def change(made: Authorization) -> Authorization:
        return sign_authorization(coinless(), replace(made, signature=b"", **changes))

    return change


def _deadline_in(seconds: int) -> Callable[[Authorization], Authorization]:
    def change(made: Authorization) -> Authorization:
        deadline = int(utc_now().timestamp()) + seconds
        return sign_authorization(coinless(), replace(made, signature=b"", deadline=deadline))

    return change


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        pytest.param(_of_another_key, VerificationError, "would be of 0x", id="another key"),
        pytest.param(_forged, VerificationError, "InvalidSignature", id="a changed signature"),
        pytest.param(_later, VerificationError, "InvalidSignature", id="a changed deadline"),
        pytest.param(
            _signed_again(seal=b"\6" * 32), NotFoundError, "no batch here", id="another seal"
        ),
        pytest.param(_signed_again(chain_id=1), InvalidInputError, "eip155:1", id="another chain"),
        pytest.param(
            _signed_again(contract=b"\7" * 20), InvalidInputError, "0x0707", id="another contract"
        ),
        pytest.param(_deadline_in(-1), InvalidInputError, "deadline is past", id="past deadline"),
        pytest.param(_deadline_in(300), InvalidInputError, "too soon", id="deadline too soon"),
    ],
)
def test_what_the_contract_would_refuse_is_not_taken(
    office: Office,
    change: Callable[[Authorization], Authorization],
    error: type[RootsealError],
    words: str,
) -> None:
    batch = office.sealed("diploma")
    good = permitted(office, batch)
    bad = change(good)
    with pytest.raises(error, match=words) as caught:
        relaying(office).take({"good.json": good, "bad.json": bad})
    assert "bad.json" in str(caught.value)
    assert taken(office, batch) == []
    assert office.store.authorizations(bad.issuer, bad.seal, bad.chain_id) == []


def test_another_issuers_seal_is_not_taken(office: Office) -> None:
    batch = office.sealed("diploma")
    key = stranger(7)
    made = sign_authorization(key, wanted(office, batch, issuer=key.address, signer=key.address))
    with pytest.raises(NotFoundError, match=format_address(key.address)):
        relaying(office).take({"a.json": made})
    assert office.store.authorizations(key.address, made.seal, made.chain_id) == []


def test_a_seal_that_is_anchored_needs_none(office: Office) -> None:
    batch = office.sealed("diploma")
    made = permitted(office, batch)
    call = office.chain.relayed_anchor_call(made)
    send(office.chain, stranger(), call)
    with pytest.raises(ConflictError, match="anchored on eip155:31337 already"):
        relaying(office).take({"a.json": made})
    assert taken(office, batch) == []


def test_a_contract_that_is_not_ours_judges_nothing(office: Office, anvil: Anvil) -> None:
    chain = EvmChain(chain_id=office.chain.chain_id, rpc_url=anvil.url, contract=stranger().address)
    office = office.with_chain(chain)
    batch = office.sealed("diploma")
    with pytest.raises(ConflictError, match="does not run our contract"):
        relaying(office).take({"a.json": permitted(office, batch)})
    assert taken(office, batch) == []
    chain.close()


@pytest.mark.parametrize(
    "method", ["eth_getBlockByNumber", "eth_getCode", "eth_call", "eth_estimateGas"]
)
def test_an_outage_takes_nothing(
    office: Office, proxy: RpcProxy, proxied: EvmChain, method: str
) -> None:
    office = office.with_chain(proxied)
    batch = office.sealed("diploma")
    proxy.fail(method, Fault.HTTP_502)
    with pytest.raises(UnavailableError):
        relaying(office).take({"a.json": permitted(office, batch)})
    proxy.behave()
    assert taken(office, batch) == []


# -- nights without a permission


def test_without_a_permission_the_night_says_what_is_needed(office: Office) -> None:
    office.add([b"diploma"])
    before, looks = office.nonce(), list[Night]()
    night = office.nightly.run(office.issuer, patience=PATIENCE, on_progress=looks.append)
    assert looks == [night]  # it waits for no person
    (batch,) = night.batches
    assert batch.head is not None
    assert (night.is_final, batch.state) == (False, BatchState.SEALED)
    (reason,) = night.waiting
    assert f"`rootseal authorize {batch.head.seal.hex()} --chain-id 31337" in reason
    assert "`rootseal relay FILE`" in reason
    assert (office.attempts(batch), office.nonce()) == ([], before)
    relaying(office).take({"a.json": permitted(office, batch)})
    anchored_by_relay(office, batch)


def test_one_batch_without_a_permission_holds_up_no_other(office: Office) -> None:
    first, second = office.sealed("one"), office.sealed("two")
    relaying(office).take({"a.json": permitted(office, second)})
    night = office.nightly.run(office.issuer, patience=PATIENCE)
    assert (night.is_final, len(night.waiting)) == (False, 1)
    assert [batch.state for batch in night.batches] == [BatchState.SEALED, BatchState.FINAL]
    assert (office.events(first), office.events(second)) == (0, 1)


def test_a_permission_about_to_end_is_not_used(office: Office) -> None:
    batch = office.sealed("diploma")
    soon = int((utc_now() + timedelta(minutes=9)).timestamp())
    office.store.put_authorization(permitted(office, batch, deadline=soon), now=utc_now())
    with pytest.raises(NeedsAuthorizationError) as caught:
        office.advance(batch)
    assert batch.head is not None
    assert (caught.value.seal, caught.value.chain_id) == (batch.head.seal, 31337)
    assert office.attempts(batch) == []


def test_a_relayed_anchor_is_found_again_after_a_reorganisation(office: Office) -> None:
    batch = office.sealed("diploma")
    relaying(office).take({"a.json": permitted(office, batch)})
    batch = office.advance(batch)
    (attempt,) = office.attempts(batch)
    wait_mined(office.chain, attempt.transaction)
    batch = office.advance(batch)
    (anchor,) = office.store.anchors(batch.id)
    office.anvil.replace_from(anchor.block_number)
    office.anvil.ask("anvil_dropAllTransactions")
    office.finish(office.advance(batch))
    assert office.events(batch) == 1
    assert deterministic_address() == anchor.contract
