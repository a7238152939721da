"""What is configured wrongly stops a night before anything is sealed or sent, and is named."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.chain import create_keystore, development_signer
from registry.services.ports import Role
from registry.store import open_store
from tests.anvil import Anvil, send
from tests.cli.conftest import ISSUER, badge, rootseal
from tests.store.builders import contents

RIGHT = "correct horse"
SetUp = Callable[[Anvil, pytest.MonkeyPatch], None]


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for workers in (1, 2):
            ran = rootseal("serve", "--port", port, "--workers", workers)
            assert ran.code == 2
            assert f"cannot listen on 127.0.0.1, port {port}: Address already in use" in ran.err


def keystore(monkeypatch: pytest.MonkeyPatch, password: str = RIGHT) -> bytes:
    address = create_keystore(Path("key.json"), RIGHT)
    Path("password").write_text(password)
    monkeypatch.delenv("ROOTSEAL_DEVELOPMENT_ACCOUNT", raising=False)
    monkeypatch.setenv("ROOTSEAL_KEYSTORE", "key.json")
    monkeypatch.setenv("ROOTSEAL_PASSWORD_FILE", "password")
    return address


def wrong_password(_anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    keystore(monkeypatch, password="wrong horse")


def wrong_chain(_anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    keystore(monkeypatch)
    monkeypatch.setenv("ROOTSEAL_CHAIN_ID", "1")


def no_contract(_anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOTSEAL_CONTRACT", "0x" + "12" * 20)


def expired_operator(anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    operator = keystore(monkeypatch)
    chain, owner = anvil.chain(), development_signer()
    head = int(chain.head().time.timestamp())
    send(chain, owner, chain.operator_call(owner.address, operator, Role.ANCHOR, head + 60))
    anvil.ask("anvil_setBalance", "0x" + operator.hex(), hex(10**18))
    anvil.ask("evm_increaseTime", 120)
    anvil.mine()
    chain.close()


def cap_below_base_fee(_anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOTSEAL_FEE_CAP_GWEI", "0.000000001")


def clock_in_the_past(anvil: Anvil, _monkeypatch: pytest.MonkeyPatch) -> None:
    anvil.ask("evm_increaseTime", 3 * 86400)  # the chain's clock runs on: ours is behind
    anvil.mine()


def no_key(_anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROOTSEAL_DEVELOPMENT_ACCOUNT")


def two_keys(_anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOTSEAL_KMS_KEY", "alias/rootseal")


def quorum_of_too_many(_anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOTSEAL_RPC_QUORUM", "2")


def nameless_remote_key(_anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROOTSEAL_DEVELOPMENT_ACCOUNT")
    monkeypatch.setenv("ROOTSEAL_SIGNER_URL", "http://127.0.0.1:9")


def cap_of_nothing(_anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOTSEAL_FEE_CAP_GWEI", "0.0000000001")


def lease_of_no_time(_anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOTSEAL_LEASE_SECONDS", "14")  # less than an answer may take


def unknown_zone(_anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOTSEAL_TIME_ZONE", "Mars/Olympus")


CASES: dict[str, tuple[SetUp, int, str]] = {
    "wrong password": (wrong_password, 2, "password_file"),
    "wrong chain": (wrong_chain, 1, "chain_id"),
    "no contract": (no_contract, 1, "contract"),
    "expired operator": (expired_operator, 2, "keystore"),
    "cap below base fee": (cap_below_base_fee, 3, "fee_cap_gwei"),
    "cap below a wei": (cap_of_nothing, 2, "fee_cap_gwei"),
    "clock in the past": (clock_in_the_past, 1, "clock"),
    "no key": (no_key, 2, "keystore"),
    "two keys": (two_keys, 2, "kms_key"),
    "quorum of too many": (quorum_of_too_many, 2, "rpc_quorum"),
    "a remote key without its address": (nameless_remote_key, 2, "signer_address"),
    "a lease shorter than an answer": (lease_of_no_time, 2, "lease_seconds"),
    "an unknown time zone": (unknown_zone, 2, "time_zone"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_setting_stops_the_night_and_is_named(
    anvil: Anvil, folder: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    stops(anvil, folder, monkeypatch, case, before=[], command="nightly")


@pytest.mark.parametrize("case", ["clock in the past", "expired operator", "no contract"])
def test_a_wrong_setting_stops_what_is_sealed_already_too(
    anvil: Anvil, folder: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    stops(anvil, folder, monkeypatch, case, before=["seal"], command="anchor")


def stops(
    anvil: Anvil,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    case: str,
    *,
    before: list[str],
    command: str,
) -> None:
    """Assert that the command refuses the case, names the setting, and changes nothing."""
    set_up, code, named = CASES[case]
    monkeypatch.setenv("ROOTSEAL_RPC_URL", anvil.url)
    monkeypatch.setenv("ROOTSEAL_DEVELOPMENT_ACCOUNT", "0")
    assert rootseal("add", "-", stdin=badge(1)).code == 0
    for word in before:
        assert rootseal(word).code == 0
    set_up(anvil, monkeypatch)
    store = open_store(f"sqlite:///{folder / 'rootseal-data' / 'registry.db'}")
    found = contents(store), sent_by_anybody(anvil)
    ran = rootseal(command, "--patience", "0")
    assert (ran.code, named in ran.err) == (code, True), ran.err
    assert (contents(store), sent_by_anybody(anvil)) == found
    store.close()


def sent_by_anybody(anvil: Anvil) -> list[int]:
    """Transactions of every key that the cases use, mined or pending."""
    accounts = [ISSUER]
    if Path("key.json").exists():
        accounts.append("0x" + json.loads(Path("key.json").read_text())["address"])
    return [anvil.ask("eth_getTransactionCount", a, "pending").quantity() for a in accounts]


def test_a_wrong_setting_keeps_its_exit_code_though_somebody_waits_too_long(
    anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROOTSEAL_RPC_URL", anvil.url)
    monkeypatch.setenv("ROOTSEAL_ALARM_HOURS", "0.000000001")
    assert rootseal("add", "-", stdin=badge(1)).code == 0
    keystore(monkeypatch, password="wrong horse")
    ran = rootseal("nightly", "--patience", "0")
    assert ran.code == 2
