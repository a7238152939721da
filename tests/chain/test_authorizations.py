import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from registry.chain import EvmChain, LocalSigner, deterministic_address, development_signer
from registry.chain.authorizations import (
    authorization_hash,
    read_authorization,
    recovered_signer,
    sign_authorization,
    typed_data,
    write_authorization,
)
from registry.chain.contract import encode_call
from registry.chain.kms import KmsSigner
from registry.errors import InvalidInputError, NotAllowedError, TransactionRefusedError
from registry.services.ports import Authorization, Call, Role
from tests.anvil import Anvil, send
from tests.chain.kms import aws, new_key
from tests.chain.wallet import deploy_wallet

SEAL = b"\5" * 32
OTHER = b"\7" * 20
LAST_SECOND = 253402300799  # of the year 9999
addresses = st.binary(min_size=20, max_size=20)
permissions = st.builds(
    Authorization,
    issuer=addresses,
    seal=st.binary(min_size=32, max_size=32),
    chain_id=st.integers(1, 2**63 - 37),
    contract=addresses,
    deadline=st.integers(0, LAST_SECOND),
    signer=addresses,
    signature=st.binary(min_size=1, max_size=200),
)


def permission(signer: bytes, *, issuer: bytes | None = None, **changes: Any) -> Authorization:
    """Ask for a permission to anchor, still without its signature."""
    values: dict[str, Any] = {
        "issuer": signer if issuer is None else issuer,
        "seal": SEAL,
        "chain_id": 31337,
        "contract": deterministic_address(),
        "deadline": LAST_SECOND,
        "signer": signer,
        "signature": b"",
    }
    return Authorization(**(values | changes))


def relay(chain: EvmChain, authorization: Authorization) -> None:
    """Send it, paid by an account that has no part in it."""
    data = encode_call(
        "anchorWithSignature",
        authorization.issuer,
        authorization.seal,
        authorization.deadline,
        authorization.signer,
        authorization.signature,
    )
    call = Call(to=authorization.contract, data=data, label="relay")
    assert send(chain, development_signer(9), call).succeeded


def own_key() -> LocalSigner:
    return LocalSigner(Account.from_key(b"\x11" * 32))


@given(wanted=permissions)
def test_the_hash_is_that_of_the_typed_data(wanted: Authorization) -> None:
    message = encode_typed_data(full_message=json.loads(json.dumps(typed_data(wanted))))
    expected = keccak(b"\x19" + message.version + message.header + message.body)
    assert authorization_hash(wanted) == expected


@given(authorization=permissions)
def test_the_file_holds_all_of_it(authorization: Authorization) -> None:
    assert read_authorization(write_authorization(authorization)) == authorization


def test_the_file_says_the_deadline_as_a_time() -> None:
    made = permission(OTHER, deadline=1769824800, signature=b"\1")
    deadline = json.loads(write_authorization(made))["deadline"]
    assert deadline == "2026-01-31T02:00:00Z"


@pytest.mark.parametrize("deadline", [LAST_SECOND + 1, 2**63, 2**256 - 1])
def test_a_deadline_that_is_no_date_is_refused(deadline: int) -> None:
    with pytest.raises(InvalidInputError, match=str(deadline)):
        write_authorization(permission(OTHER, deadline=deadline, signature=b"\1"))


def test_a_file_from_elsewhere_is_read_strictly() -> None:
    printed = write_authorization(permission(OTHER, signature=b"\1"))
    with pytest.raises(InvalidInputError, match="format 1"):
        read_authorization(printed.replace(b'"deadline"', b'"Deadline"'))


def test_an_account_that_signed_is_recovered() -> None:
    signer = own_key()
    made = sign_authorization(signer, permission(signer.address))
    assert recovered_signer(made) == signer.address
    assert replace(made, signature=b"") == permission(signer.address)


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": OTHER},
        {"seal": b"\6" * 32},
        {"chain_id": 1},
        {"contract": OTHER},
        {"deadline": 0},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_changed_permission_is_nobodys(changes: dict[str, Any]) -> None:
    signer = own_key()
    made = sign_authorization(signer, permission(signer.address))
    assert recovered_signer(replace(made, **changes)) != signer.address


@pytest.mark.parametrize("signature", [b"", b"\1" * 64, b"\1" * 65, b"\1" * 66, b"\0" * 65])
def test_what_no_account_can_have_signed_has_no_signer(signature: bytes) -> None:
    with pytest.raises(ValueError):
        recovered_signer(permission(OTHER, signature=signature))


def test_a_key_signs_for_no_other_signer() -> None:
    with pytest.raises(ValueError, match="cannot sign for"):
        sign_authorization(own_key(), permission(OTHER))


def test_a_development_key_permits_nothing_on_another_chain() -> None:
    signer = development_signer()
    with pytest.raises(NotAllowedError, match="not for 1"):
        sign_authorization(signer, permission(signer.address, chain_id=1))


@pytest.mark.parametrize("deadline", [LAST_SECOND, 2**256 - 1], ids=["a date", "no end"])
def test_the_contract_takes_what_a_local_key_signed(chain: EvmChain, deadline: int) -> None:
    signer = own_key()
    relay(chain, sign_authorization(signer, permission(signer.address, deadline=deadline)))
    assert chain.anchor_record(chain.contract, signer.address, SEAL) is not None


def test_the_contract_takes_what_a_kms_key_signed(
    chain: EvmChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    with aws(monkeypatch) as client:
        signer = KmsSigner(new_key(client), client=client)
        made = sign_authorization(signer, permission(signer.address))
    assert recovered_signer(made) == signer.address
    relay(chain, made)
    assert chain.anchor_record(chain.contract, signer.address, SEAL) is not None


def test_the_contract_takes_what_an_operator_signed(chain: EvmChain, signer: LocalSigner) -> None:
    operator = own_key()
    until = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
    send(chain, signer, chain.operator_call(signer.address, operator.address, Role.ANCHOR, until))
    relay(chain, sign_authorization(operator, permission(operator.address, issuer=signer.address)))
    assert chain.anchor_record(chain.contract, signer.address, SEAL) is not None
    assert chain.anchor_record(chain.contract, operator.address, SEAL) is None


def test_the_contract_takes_what_a_wallet_accepts(anvil: Anvil, chain: EvmChain) -> None:
    key = own_key()
    wallet = deploy_wallet(anvil, key=key.address, payer=development_signer().address)
    wanted = permission(wallet)
    signature = key.sign_hash(authorization_hash(wanted), chain_id=wanted.chain_id)
    made = read_authorization(write_authorization(replace(wanted, signature=signature)))
    assert recovered_signer(made) == key.address != wallet
    relay(chain, made)
    assert chain.anchor_record(chain.contract, wallet, SEAL) is not None


def _altered(made: Authorization) -> Authorization:
    return replace(made, seal=b"\6" * 32)


def _for_another_contract(made: Authorization) -> Authorization:
    signed = sign_authorization(own_key(), replace(made, contract=OTHER, signature=b""))
    return replace(signed, contract=made.contract)


def _for_another_chain(made: Authorization) -> Authorization:
    signed = sign_authorization(own_key(), replace(made, chain_id=1, signature=b""))
    return replace(signed, chain_id=made.chain_id)


@pytest.mark.parametrize("change", [_altered, _for_another_contract, _for_another_chain])
def test_the_contract_and_we_agree_on_what_is_forged(
    chain: EvmChain, change: Callable[[Authorization], Authorization]
) -> None:
    signer = own_key()
    forged = change(sign_authorization(signer, permission(signer.address)))
    assert recovered_signer(forged) != signer.address
    with pytest.raises(TransactionRefusedError, match="InvalidSignature"):
        relay(chain, forged)
    for seal in (SEAL, forged.seal):
        assert chain.anchor_record(chain.contract, signer.address, seal) is None
