"""`nightly --dry-run`: what a night would cost, before anything happens."""

from pathlib import Path

import pytest

from registry.chain import create_keystore
from tests.anvil import Anvil
from tests.cli.conftest import badge, rootseal


@pytest.fixture
def waiting(anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Anvil:
    """A chain, and three credentials that wait for the night."""
    monkeypatch.setenv("ROOTSEAL_RPC_URL", anvil.url)
    monkeypatch.setenv("ROOTSEAL_DEVELOPMENT_ACCOUNT", "0")
    rootseal("add", "-", stdin=b"\n".join(badge(number) for number in range(3)))
    return anvil


def test_it_says_gas_and_cost_and_changes_nothing(waiting: Anvil) -> None:
    head = waiting.ask("eth_blockNumber").quantity()
    ran = rootseal("nightly", "--dry-run", "--json")
    assert ran.code == 0
    [estimate] = ran.json["estimates"]
    assert (estimate["credentials"], estimate["transactions"]) == (3, 1)
    assert 60_000 < estimate["gas"] < 80_000  # the first anchor ever of an issuer
    gas, now, cap = estimate["gas"], int(estimate["feeNowWei"]), int(estimate["feeAtCapWei"])
    assert cap == 100 * 10**9
    assert (int(estimate["costNowWei"]), int(estimate["costAtCapWei"])) == (gas * now, gas * cap)
    assert int(estimate["costPerCredentialAtCapWei"]) == gas * cap // 3
    assert waiting.ask("eth_blockNumber").quantity() == head
    assert [b["state"] for b in rootseal("batches", "--json").json["batches"]] == ["open"]


def test_the_estimate_is_what_the_night_then_takes(waiting: Anvil) -> None:
    [estimate] = rootseal("nightly", "--dry-run", "--json").json["estimates"]
    rootseal("nightly", "--patience", "0")
    waiting.mine(3)
    night = rootseal("nightly", "--patience", "5", "--json").json
    used = night["batches"][0]["anchors"][0]["gasUsed"]
    assert abs(used - estimate["gas"]) < 1000


@pytest.mark.usefixtures("waiting")
def test_a_relayer_without_a_permission_yet_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    create_keystore(Path("key.json"), "correct horse")
    Path("password").write_text("correct horse")
    monkeypatch.delenv("ROOTSEAL_DEVELOPMENT_ACCOUNT")
    ran = rootseal("nightly", "--dry-run", "--keystore", "key.json", "--password-file", "password")
    assert ran.code == 0, ran.err
    assert "nothing was sealed or sent" in ran.out
    for words in ("fee now", "fee at cap", "per credential", "balance     0 coins"):
        assert words in ran.out


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize("options", [(), ("--dry-run",), ("--patience", "0")])
def test_a_night_without_a_store_is_a_wrong_path_and_not_a_quiet_night(
    options: tuple[str, ...],
) -> None:
    ran = rootseal("nightly", *options, "--database", "sqlite:///none.db")
    assert (ran.code, "there is no store" in ran.err) == (2, True)
    assert not Path("none.db").exists()
