import json
import shutil
from pathlib import Path

import pytest

from tests.anvil import Anvil
from tests.cli.conftest import CORPUS, ISSUER, badge, rootseal
from tests.oracle import merkletools_accepts

NOWHERE = "http://127.0.0.1:9"  # the discard port, where nothing listens
OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


@pytest.fixture
def night(mining: Anvil, folder: Path) -> Path:  # noqa: ARG001 - it anchors
    """A folder whose `badge.json` and `diploma.pdf` are anchored for good."""
    shutil.copy(CORPUS / "simple.json", folder / "badge.json")
    (folder / "diploma.pdf").write_bytes(b"%PDF-1.7 a diploma")
    roster = b"\n".join(badge(n) for n in range(20))
    assert rootseal("add", "badge.json", "diploma.pdf", "-", stdin=roster).code == 0
    ran = rootseal("nightly", "--patience", "30", "--json")
    assert ran.code == 0, ran.err
    [batch] = ran.json["batches"]
    assert (ran.json["final"], batch["state"], batch["treeSize"]) == (True, "final", 22)
    [anchor] = batch["anchors"]
    assert anchor["gasUsed"] > 0
    assert int(anchor["costWei"]) > 0
    return folder


def seal_of_night() -> str:
    return str(rootseal("batches", "--json").json["batches"][0]["seal"])


def test_receipt_and_chain_are_enough(night: Path) -> None:
    assert rootseal("receipt", "badge.json", "diploma.pdf").code == 0
    shutil.rmtree(night / "rootseal-data")
    for name in ("badge.json", "diploma.pdf"):
        ran = rootseal("verify", name, "--issuer", ISSUER)
        assert ran.code == 0, ran.out
        assert ran.out.startswith(f"VALID  {name}\n")
    assert not (night / "rootseal-data").exists()


def test_a_changed_credential_is_invalid(night: Path) -> None:
    rootseal("receipt", "diploma.pdf")
    (night / "diploma.pdf").write_bytes(b"%PDF-1.7 A diploma")
    ran = rootseal("verify", "diploma.pdf", "--json")
    assert ran.code == 1
    assert ran.json["verdict"] == "invalid"
    checks = {check["name"]: check["outcome"] for check in ran.json["checks"]}
    assert (checks["integrity"], checks["anchor"]) == ("fail", "pass")


@pytest.mark.usefixtures("night")
def test_a_neighbours_receipt_is_invalid() -> None:
    rootseal("receipt", "diploma.pdf")
    assert rootseal("verify", "badge.json", "--receipt", "diploma.pdf.receipt.json").code == 1


@pytest.mark.usefixtures("night")
def test_another_issuer_than_expected_is_invalid() -> None:
    assert rootseal("verify", "badge.json", "--issuer", OTHER).code == 1


def test_an_embedded_receipt_travels_with_the_credential(night: Path) -> None:
    assert rootseal("receipt", "--embed", "badge.json").code == 0
    sealed = json.loads((night / "badge.sealed.json").read_bytes())
    original = json.loads((night / "badge.json").read_bytes())
    assert sealed["proof"][:-1] == original["proof"]
    assert rootseal("verify", "badge.sealed.json", "--no-store").code == 0


@pytest.mark.usefixtures("night")
def test_bytes_take_no_embedded_receipt() -> None:
    assert rootseal("receipt", "--embed", "diploma.pdf").code == 2


@pytest.mark.usefixtures("night")
def test_the_store_gives_the_receipt_if_asked() -> None:
    assert rootseal("verify", "badge.json").code == 0
    assert rootseal("verify", "badge.json", "--no-store").code == 3
    digest = rootseal("status", "badge.json", "--json").json["credentials"][0]["credentialHash"]
    assert rootseal("verify", "--hash", digest).code == 0


@pytest.mark.usefixtures("night")
def test_an_unreachable_chain_decides_nothing() -> None:
    rootseal("receipt", "badge.json")
    ran = rootseal("verify", "badge.json", "--rpc-url", NOWHERE, "--json")
    assert ran.code == 3
    assert ran.json["verdict"] == "undetermined"
    status = rootseal("status", "badge.json", "--rpc-url", NOWHERE, "--json")
    assert status.code == 3
    assert status.json["credentials"][0]["status"] == "unknown"


@pytest.mark.usefixtures("mining")
def test_a_night_without_a_chain_is_finished_by_the_next_run() -> None:
    rootseal("add", "-", stdin=badge(1))
    ran = rootseal("nightly", "--patience", "0", "--rpc-url", NOWHERE)
    assert ran.code == 3
    assert "run the same command again" in ran.err
    pending = rootseal("receipt", "--path", find_hash())
    assert pending.code == 0
    assert rootseal("nightly", "--patience", "30").code == 0
    again = rootseal("nightly", "--json")
    assert (again.code, again.json) == (
        0,
        {"final": True, "batches": [], "changes": [], "waiting": []},
    )
    assert rootseal("issuer", "show", "--json").json["anchorCount"] == 1


def find_hash() -> str:
    Path("one.json").write_bytes(badge(1))
    [found] = rootseal("status", "one.json", "--json").json["credentials"]
    return str(found["credentialHash"])


def test_no_patience_is_not_final_yet(anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOTSEAL_RPC_URL", anvil.url)
    monkeypatch.setenv("ROOTSEAL_DEVELOPMENT_ACCOUNT", "0")
    rootseal("add", "-", stdin=badge(1))
    ran = rootseal("nightly", "--patience", "0", "--json")
    assert (ran.code, ran.json["final"]) == (3, False)
    assert rootseal("anchor", "--no-wait").code == 0
    pending = rootseal("receipt", find_hash(), "--json").json["receipts"][0]
    assert pending["pending"]
    assert rootseal("verify", "one.json").code == 3


@pytest.mark.usefixtures("night")
def test_generic_verifiers_take_the_path() -> None:
    found = rootseal("receipt", "--path", "badge.json").json
    assert merkletools_accepts(found["path"], found["credentialHash"], found["seal"])


@pytest.mark.usefixtures("night")
def test_suspended_reinstated_revoked() -> None:
    rootseal("receipt", "badge.json", "diploma.pdf")
    ran = rootseal("suspend", "badge.json", "--reason", "certificate-hold", "--json")
    assert (ran.code, ran.json["changes"][0]["state"]) == (0, "final")
    assert "suspended" in rootseal("verify", "badge.json").out
    assert rootseal("verify", "diploma.pdf").code == 0
    assert rootseal("reinstate", "badge.json").code == 0
    assert rootseal("verify", "badge.json").code == 0
    assert rootseal("revoke", "badge.json").code == 0
    assert rootseal("verify", "badge.json").code == 1
    refused = rootseal("reinstate", "badge.json", "--json")
    assert (refused.code, refused.json["changes"][0]["state"]) == (1, "refused")
    assert rootseal("verify", "badge.json").code == 1


@pytest.mark.usefixtures("night")
def test_a_whole_batch_is_revoked_by_its_seal() -> None:
    assert rootseal("revoke", "--seal", seal_of_night()).code == 0
    assert rootseal("verify", "diploma.pdf").code == 1


def test_all_receipts_of_a_batch_are_exported(night: Path) -> None:
    ran = rootseal("export", "receipts", "out", "--seal", seal_of_night(), "--json")
    assert (ran.code, ran.json["written"]) == (0, 22)
    receipts = sorted((night / "out").iterdir())
    assert len(receipts) == 22
    assert rootseal("verify", "--receipt", receipts[0], "--hash", receipts[0].name[:64]).code == 0


def test_an_unsealed_credential_has_no_receipt() -> None:
    Path("one.json").write_bytes(badge(1))
    rootseal("add", "one.json")
    ran = rootseal("receipt", "one.json", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (1, "not-sealed")
    assert not Path("one.json.receipt.json").exists()
