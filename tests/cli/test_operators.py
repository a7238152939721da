"""Operators: appointed, listed, expired and cut off from the command line, on every chain."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from registry.chain import Devnet
from registry.chain.rpc import Rpc
from registry.core.wire import format_time
from tests.anvil import Anvil
from tests.cli.conftest import ISSUER, Ran, badge, rootseal

OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"  # Anvil's second account
NOWHERE = "http://127.0.0.1:9"  # the discard port, where nothing listens
SECOND_CHAIN = 424242


def operators(*options: object) -> list[dict[str, object]]:
    ran = rootseal("operator", "list", "--json", *options)
    assert ran.code == 0, ran.out
    found: list[dict[str, object]] = ran.json["operators"]
    return found


def in_seconds(seconds: int) -> str:
    return format_time(datetime.now(UTC) + timedelta(seconds=seconds))


def nonce(rpc: Rpc, address: str = ISSUER) -> object:
    return rpc.ask("eth_getTransactionCount", address, "latest").value


def night_by_operator() -> Ran:
    return rootseal("nightly", "--development-account", "1", "--patience", "30", "--json")


@pytest.mark.usefixtures("mining")
def test_an_operator_anchors_until_it_is_cut_off() -> None:
    ran = rootseal("operator", "add", OTHER, "--until", "never")
    assert ran.code == 0, ran.err
    assert f"{OTHER} may anchor until never (mined in block" in ran.out
    [found] = operators()
    assert found == {
        "chain": "eip155:31337",
        "operator": OTHER,
        "roles": ["anchor"],
        "until": "never",
        "state": "active",
    }
    rootseal("add", "-", stdin=badge(1))
    assert night_by_operator().code == 0
    ran = rootseal("operator", "remove", OTHER)
    assert ran.code == 0, ran.err
    assert f"{OTHER} is cut off; what it anchored stays (mined in block" in ran.out
    [found] = operators()
    assert (found["roles"], found["until"], found["state"]) == ([], None, "cut off")
    rootseal("add", "-", stdin=badge(2))
    ran = night_by_operator()
    assert (ran.code, ran.json["batches"][0]["state"]) == (3, "sealed")
    assert "may not anchor" in ran.json["waiting"][0]
    assert rootseal("issuer", "show", "--json").json["anchorCount"] == 1


def test_what_is_so_already_sends_nothing(mining: Anvil) -> None:
    until = in_seconds(3600)
    add = ("operator", "add", OTHER, "--role", "anchor", "--role", "status", "--until", until)
    assert rootseal(*add, "--json").json["chains"][0]["transaction"] is not None
    before = nonce(mining.rpc)
    again = rootseal(*add, "--json")
    assert (again.code, again.json["chains"][0]["transaction"]) == (0, None)
    assert "so already" in rootseal(*add).out
    assert nonce(mining.rpc) == before
    [found] = operators()
    assert (found["roles"], found["until"]) == (["anchor", "status"], until)
    assert rootseal("operator", "remove", OTHER).code == 0
    assert "so already" in rootseal("operator", "remove", OTHER).out


def test_an_expired_operator_is_listed_and_refused_before_anything_is_sealed(
    mining: Anvil,
) -> None:
    assert rootseal("operator", "add", OTHER, "--until", in_seconds(120)).code == 0
    mining.ask("evm_increaseTime", 300)
    mining.mine()
    assert operators()[0]["state"] == "expired"
    rootseal("add", "-", stdin=badge(1))
    before = nonce(mining.rpc, OTHER)
    ran = night_by_operator()
    assert (ran.code, ran.json["error"]["code"]) == (2, "not-allowed")
    assert "rootseal operator add" in ran.json["error"]["message"]
    assert "keystore" in ran.json["error"]["message"]
    assert rootseal("batches", "--json").json["batches"][0]["state"] == "open"
    assert nonce(mining.rpc, OTHER) == before


def test_anybody_but_the_owner_is_told_who_that_is(mining: Anvil) -> None:
    before = nonce(mining.rpc, OTHER)
    for words in (("add", OTHER, "--until", "never"), ("remove", OTHER)):
        ran = rootseal("operator", *words, "--development-account", "1")
        assert ran.code == 2
        assert f"which is {ISSUER}" in ran.err
    assert (operators(), nonce(mining.rpc, OTHER)) == ([], before)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("add", OTHER), id="no end given"),
        pytest.param(("add", OTHER, "--until", "2020-01-01"), id="over already"),
        pytest.param(("add", OTHER, "--until", "soon"), id="no date"),
        pytest.param(("add", "0x12", "--until", "never"), id="no address"),
        pytest.param(("add", ISSUER, "--until", "never"), id="the owner"),
        pytest.param(("add", OTHER, "--until", "never", "--role", "owner"), id="no such role"),
        pytest.param(("remove", "0x" + "00" * 20, "--rpc-url", "ftp://x"), id="no node"),
    ],
)
def test_wrong_use_appoints_nobody(mining: Anvil, words: tuple[str, ...]) -> None:
    before = nonce(mining.rpc)
    assert rootseal("operator", *words).code == 2
    assert (operators(), nonce(mining.rpc)) == ([], before)


# -- several chains


@dataclass(frozen=True)
class Pair:
    """Two chains, the second without the contract at first, and an owner with coins on both."""

    first: Anvil
    second: Rpc
    second_url: str

    def configure(self, second_url: str | None = None) -> None:
        url = self.second_url if second_url is None else second_url
        Path("rootseal.toml").write_text(
            f'keystore = "owner.json"\npassword_file = "password"\nrpc_attempts = 1\n'
            f'[[chains]]\nchain_id = {SECOND_CHAIN}\nrpc_url = "{url}"\n'
        )


@pytest.fixture(scope="module")
def second_process() -> Iterator[Devnet]:
    with Devnet(block_time=None, chain_id=SECOND_CHAIN) as devnet:
        yield devnet


@pytest.fixture
def pair(mining: Anvil, second_process: Devnet, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    monkeypatch.delenv("ROOTSEAL_DEVELOPMENT_ACCOUNT")
    monkeypatch.delenv("ROOTSEAL_ISSUER")
    rpc = Rpc(second_process.url)
    snapshot = rpc.ask("evm_snapshot").value
    Path("password").write_text("correct horse")
    made = rootseal("keys", "new-keystore", "owner.json", "--password-file", "password", "--json")
    for each in (mining.rpc, rpc):
        each.ask("anvil_setBalance", made.json["address"], hex(10**19))
    found = Pair(mining, rpc, second_process.url)
    found.configure()
    yield found
    assert rpc.ask("evm_revert", snapshot).value is True
    rpc.close()


@pytest.mark.usefixtures("pair")
def test_deploy_and_operators_are_for_every_configured_chain() -> None:
    ran = rootseal("deploy", "--json")
    assert ran.code == 0, ran.out
    first, second = ran.json["deployments"]
    assert (first["chain"], first["transaction"]) == ("eip155:31337", None)
    assert second["chain"] == f"eip155:{SECOND_CHAIN}"
    assert second["transaction"] is not None
    assert first["contract"] == second["contract"]
    assert rootseal("operator", "add", OTHER, "--until", "never").code == 0
    assert [row["chain"] for row in operators()] == ["eip155:31337", f"eip155:{SECOND_CHAIN}"]
    assert rootseal("operator", "remove", OTHER, "--chain-id", SECOND_CHAIN).code == 0
    assert [row["state"] for row in operators()] == ["active", "cut off"]
    [only] = operators("--chain-id", "31337")
    assert only["chain"] == "eip155:31337"


@pytest.mark.usefixtures("pair")
def test_a_chain_without_the_contract_is_refused_and_the_other_done() -> None:
    ran = rootseal("operator", "add", OTHER, "--until", "never", "--json")
    assert ran.code == 1
    assert [done["chain"] for done in ran.json["chains"]] == ["eip155:31337"]
    failed = ran.json["failed"][f"eip155:{SECOND_CHAIN}"]
    assert "does not run our contract" in failed["message"]
    [row] = operators("--chain-id", "31337")
    assert row["state"] == "active"


def test_a_chain_that_does_not_answer_is_said_and_may_be_tried_again(pair: Pair) -> None:
    assert rootseal("deploy").code == 0
    pair.configure(second_url=NOWHERE)
    ran = rootseal("operator", "add", OTHER, "--until", "never")
    assert ran.code == 3
    assert "eip155:31337: " in ran.out
    assert f"eip155:{SECOND_CHAIN}: not done: " in ran.out
    listed = rootseal("operator", "list", "--json")
    assert (listed.code, len(listed.json["operators"])) == (3, 1)
    assert list(listed.json["failed"]) == [f"eip155:{SECOND_CHAIN}"]
    pair.configure()
    again = rootseal("operator", "add", OTHER, "--until", "never", "--json")
    assert again.code == 0
    assert [done["transaction"] is None for done in again.json["chains"]] == [True, False]
    assert [row["state"] for row in operators()] == ["active", "active"]


@pytest.mark.usefixtures("pair")
def test_the_options_of_the_first_chain_are_not_for_another() -> None:
    ran = rootseal("deploy", "--chain-id", SECOND_CHAIN, "--rpc-url", NOWHERE)
    assert ran.code == 2
    assert "--rpc-url is for the first of the chains" in ran.err
