"""`rootseal audit` at nodes, from a store, an API or a folder; and its reports."""

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.bundles import BundleWriter
from registry.core.signed_note import parse_note, parse_verifier_key
from registry.vc.notes import verify_note
from tests.anvil import Anvil
from tests.api.servers import serving
from tests.cli.conftest import ISSUER, badge, rootseal
from tests.databases import sqlite_url

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def night(mining: Anvil, folder: Path) -> Path:  # noqa: ARG001 - it anchors
    roster = b"\n".join(badge(number) for number in range(3))
    assert rootseal("add", "-", stdin=roster).code == 0
    assert rootseal("nightly", "--patience", "30").code == 0
    return folder


def codes(report: dict[str, list[dict[str, str]]]) -> list[str]:
    return [found["code"] for found in report["findings"]]


@pytest.mark.usefixtures("night")
def test_nothing_found_is_0_and_says_how_much_was_looked_at() -> None:
    ran = rootseal("audit")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Nothing found\n")
    report = rootseal("audit", "--json").json
    assert (report["verdict"], report["issuer"], codes(report)) == ("clean", ISSUER, [])
    looked = report["looked"]
    assert (looked["batches"], looked["leaves"], looked["openings"]) == (1, 3, 3)


def test_a_finding_is_1_with_its_code_and_what_to_do(night: Path) -> None:
    with sqlite3.connect(night / "rootseal-data" / "registry.db") as database:
        database.execute("UPDATE credentials SET salt = zeroblob(32)")
    ran = rootseal("audit")
    assert ran.code == 1
    assert "leaves-differ" in ran.out
    report = rootseal("audit", "--json").json
    assert set(codes(report)) == {"leaves-differ"}
    assert report["findings"][0]["advice"].startswith("restore the credentials")


@pytest.mark.usefixtures("night")
def test_an_issuer_that_anchored_nothing_is_said_to_have_anchored_nothing() -> None:
    stranger = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    report = rootseal("audit", "--issuer", stranger, "--json").json
    assert report["verdict"] == "clean"
    assert any("the issuer had anchored nothing" in limit for limit in report["limits"])


@pytest.mark.usefixtures("night")
def test_a_node_that_does_not_answer_is_3_and_no_finding() -> None:
    ran = rootseal("audit", "--json", "--rpc-url", NOWHERE)
    assert ran.code == 3
    assert ran.json["error"]["code"] == "unavailable"


def test_without_a_store_there_is_nothing_to_audit() -> None:
    assert rootseal("audit").code == 2


@pytest.mark.usefixtures("night")
@pytest.mark.parametrize("option", ["--independent", "--recompile", "--anvil"])
def test_another_tree_compiler_or_node_comes_to_the_same(option: str) -> None:
    report = rootseal("audit", option, "--json").json
    assert (report["verdict"], codes(report)) == ("clean", [])
    expected = "merkletools" if option == "--independent" else "rootseal"
    assert report["looked"]["treesBy"] == expected


@pytest.mark.usefixtures("night")
def test_a_block_may_be_named_and_gives_the_same_bytes_again() -> None:
    number = rootseal("audit", "--json").json["chains"][0]["blockNumber"]
    for folder in ("first", "second"):
        assert rootseal("audit", "--block", number, "-o", folder).code == 0
    for name in ("report.json", "report.html", "anchors.csv"):
        first, second = (Path(folder, name).read_bytes() for folder in ("first", "second"))
        assert first == second
        assert len(first) > 100
    assert rootseal("audit", "--block", 10**6).code == 3


def test_credentials_that_were_given_are_checked(night: Path) -> None:
    given = night / "given"
    given.mkdir()
    (given / "0.json").write_bytes(badge(0))
    assert rootseal("receipt", given / "0.json").code == 0
    report = rootseal("audit", "--credentials", given, "--json").json
    assert (codes(report), report["looked"]["receipts"]) == ([], 1)
    (given / "0.json").write_bytes(badge(7))
    report = rootseal("audit", "--credentials", given, "--sample", "5", "--json").json
    assert codes(report) == ["receipt-invalid"]
    assert rootseal("audit", "--credentials", night / "none").code == 2


def test_an_api_shows_what_an_auditor_needs(night: Path, mining: Anvil) -> None:
    settings = {"database": sqlite_url(night / "rootseal-data"), "rpc_url": mining.url}
    elsewhere = ("--database", "sqlite:///none.db")
    with serving(night, **settings, issuer=ISSUER) as server:
        report = rootseal("audit", "--published", server.url, *elsewhere, "--json").json
        assert (report["verdict"], codes(report)) == ("clean", [])
        assert (report["looked"]["leaves"], report["looked"]["openings"]) == (3, 0)


@pytest.fixture
def bundle(night: Path) -> Path:
    assert rootseal("export", "bundle", "bundle").code == 0
    return night / "bundle"


def test_a_bundle_is_audited_without_store_or_node(
    bundle: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = rootseal("audit", "--published", "bundle", "--json").json
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    for name in [name for name in os.environ if name.startswith("ROOTSEAL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ROOTSEAL_RPC_URL", NOWHERE)
    report = rootseal("audit", bundle, "--json").json
    assert (report["verdict"], codes(report), report["unknowns"]) == ("clean", [], [])
    assert report["looked"] == there["looked"]
    assert report["issuer"] == ISSUER
    assert rootseal("audit", bundle, "--anvil", "--json").json["verdict"] == "clean"
    assert sorted(Path.cwd().iterdir()) == []


def test_a_dumped_state_is_audited_in_a_local_node(bundle: Path) -> None:
    state = bundle / "chains" / "31337.anvil-state"
    there = ("--published", "bundle", "--rpc-url", NOWHERE, "--json")
    report = rootseal("audit", "--anvil", "--state", state, *there).json
    assert (report["verdict"], codes(report)) == ("clean", [])
    assert len(report["chains"][0]["anchors"]) == 1
    state.write_text("{}", encoding="utf-8")
    assert rootseal("audit", "--anvil", "--state", state, "--published", "bundle").code == 2


def test_a_bundles_sums_are_read_by_other_tools(bundle: Path) -> None:
    subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=bundle, check=True)


def change_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("leaves/*", change_a_byte, "file-changed"),
        ("chains/*.record.json", change_a_byte, "file-changed"),
        ("bundle.json", change_a_byte, "file-changed"),
        ("contract/CredentialRegistry.json", change_a_byte, "file-changed"),
        ("leaves/*", Path.unlink, "file-missing"),
        ("bundle.json", Path.unlink, "file-missing"),
        ("bundle.json", lambda path: path.with_name("more").touch(), "file-missing"),
    ],
)
def test_a_bundle_with_a_changed_file_is_not_judged(
    bundle: Path, name: str, change: Callable[[Path], object], code: str
) -> None:
    [path] = bundle.glob(name)
    change(path)
    ran = rootseal("audit", bundle, "--json")
    assert (ran.code, ran.json["issuer"], codes(ran.json)) == (1, None, [code])
    assert rootseal("audit", bundle, "-o", "report").code == 1
    assert code.encode() in Path("report", "report.html").read_bytes()


def resum(bundle: Path, name: str) -> None:
    """Make the sums right again, as whoever cheats would."""
    lines = (bundle / "SHA256SUMS").read_text().splitlines()
    digest = hashlib.sha256((bundle / name).read_bytes()).hexdigest()
    kept = [f"{digest}  {name}" if line.endswith(f"  {name}") else line for line in lines]
    (bundle / "SHA256SUMS").write_text("\n".join(kept) + "\n")


def test_a_bundle_whose_maker_cheats_is_found(bundle: Path) -> None:
    [leaves] = (bundle / "leaves").iterdir()
    change_a_byte(leaves)
    resum(bundle, f"leaves/{leaves.name}")
    assert codes(rootseal("audit", bundle, "--json").json) == ["root-differs"]


def test_a_bundle_of_another_contract_is_refused(bundle: Path) -> None:
    ran = rootseal("audit", bundle, "--contract", "0x" + "11" * 20, "--json")
    assert (ran.code, "--contract" in ran.json["error"]["message"]) == (2, True)


def test_a_bundle_counts_for_the_block_that_the_auditor_trusts(bundle: Path) -> None:
    block = json.loads((bundle / "bundle.json").read_bytes())["chains"][0]["blockHash"]
    report = rootseal("audit", bundle, "--block-hash", block, "--json").json
    assert any(f"{block}, which the auditor named;" in limit for limit in report["limits"])
    report = rootseal("audit", bundle, "--issuer", ISSUER, "--json").json
    assert any(f"{block}, which the auditor must know" in limit for limit in report["limits"])
    assert rootseal("audit", bundle, "--block-hash", "0x" + "07" * 32).code == 2


def test_a_state_counts_for_the_block_that_the_auditor_trusts(bundle: Path) -> None:
    """The state in a bundle may be of any block, and of any chain that its maker made up."""
    recorded = json.loads((bundle / "bundle.json").read_bytes())["chains"][0]["blockHash"]
    audited = rootseal("audit", bundle, "--anvil", "--json").json["chains"][0]["blockHash"]
    assert recorded != audited
    assert rootseal("audit", bundle, "--anvil", "--block-hash", recorded).code == 2
    assert rootseal("audit", bundle, "--anvil", "--block-hash", audited).code == 0


def test_a_name_that_is_no_text_is_reported(bundle: Path) -> None:
    (bundle / os.fsdecode(b"\xff\x1b[31m")).touch()
    assert rootseal("audit", bundle, "-o", "report").code == 1
    for name in ("report.json", "report.html"):
        data = Path("report", name).read_bytes()
        assert b"xff" in data
        assert b"\x1b" not in data
    refused = rootseal("audit", "--published", bundle)
    assert (refused.code, "\x1b" in refused.err) == (2, False)


@pytest.mark.usefixtures("night")
def test_a_bundle_with_openings_is_for_its_maker_alone() -> None:
    assert rootseal("export", "bundle", "public").code == 0
    assert rootseal("export", "bundle", "private", "--with-openings").code == 0
    assert Path("private").stat().st_mode & 0o077 == 0
    assert Path("public").stat().st_mode & 0o777 == 0o777 & ~_umask()


def _umask() -> int:
    before = os.umask(0)
    os.umask(before)
    return before


def test_openings_are_in_a_bundle_only_if_asked_for(night: Path) -> None:
    assert rootseal("export", "bundle", "public").code == 0
    assert rootseal("export", "bundle", "private", "--with-openings").code == 0
    [credential] = [
        row[0]
        for row in sqlite3.connect(night / "rootseal-data" / "registry.db").execute(
            "SELECT credential_hash FROM credentials LIMIT 1"
        )
    ]
    for folder, is_there in (("public", False), ("private", True)):
        contents = b"".join(p.read_bytes() for p in Path(folder).rglob("*") if p.is_file())
        assert (credential in contents or credential.hex().encode() in contents) is is_there
    report = rootseal("audit", "private", "--json").json
    assert (codes(report), report["looked"]["openings"]) == ([], 3)
    assert rootseal("export", "bundle", "public").code == 2


@pytest.mark.usefixtures("night")
def test_an_export_that_fails_leaves_nothing_behind() -> None:
    assert rootseal("export", "bundle", "bundle", "--rpc-url", NOWHERE).code == 3
    assert not list(Path.cwd().glob("*bundle*"))


@pytest.mark.usefixtures("night")
def test_an_export_that_is_ended_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(*_: object) -> None:
        assert list(Path.cwd().glob(".bundle.*.part"))
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(BundleWriter, "add_openings", ended)
    before = signal.getsignal(signal.SIGTERM)
    assert rootseal("export", "bundle", "bundle", "--with-openings").code == 130
    assert not list(Path.cwd().glob("*bundle*"))
    assert not list(Path.cwd().glob(".bundle*"))
    assert signal.getsignal(signal.SIGTERM) == before


def test_reports_are_signed_as_a_note(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("password").write_text("of the auditor", encoding="utf-8")
    made = rootseal("keys", "new-signing-key", "key.pem", "--password-file", "password")
    assert made.code == 0
    monkeypatch.setenv("ROOTSEAL_SIGNING_KEY", "key.pem")
    monkeypatch.setenv("ROOTSEAL_SIGNING_PASSWORD_FILE", "password")
    for folder in ("first", "second"):
        assert rootseal("audit", bundle, "-o", folder, "--sign").code == 0
    key = parse_verifier_key(rootseal("checkpoint", "--show-key").out.strip())
    data = Path("first", "SHA256SUMS.note").read_bytes()
    assert data == Path("second", "SHA256SUMS.note").read_bytes()
    note = parse_note(data)
    assert verify_note(note, [key]) == (key,)
    sums = note.text.split("\n", 1)[1]
    subprocess.run(
        ["sha256sum", "--strict", "-c", "-"], cwd="first", input=sums.encode(), check=True
    )
    assert rootseal("audit", bundle, "-o", "first").code == 0
    assert not Path("first", "SHA256SUMS.note").exists()  # which would be of other reports
    assert rootseal("audit", bundle, "-o", bundle / "report").code == 2
    assert rootseal("audit", bundle, "--sign").code == 2
    monkeypatch.delenv("ROOTSEAL_SIGNING_KEY")
    (bundle / "bundle.json").unlink()  # which it does not come to look at
    ran = rootseal("audit", bundle, "-o", "third", "--sign")
    assert (ran.code, "signing_key" in ran.err) == (2, True)
    assert not Path("third").exists()


@pytest.mark.parametrize(
    "options",
    [
        ("bundle", "--published", "http://127.0.0.1:9"),
        ("bundle", "--block", "1"),
        ("bundle", "--state", "state"),
        ("--state", "state"),
        ("--anvil", "--state", "state", "--block", "1"),
        ("--block-hash", "0x" + "07" * 32),
        ("bundle", "--issuer", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
        ("bundle", "--sample", "1"),
        ("bundle", "-o", "bundle"),
        ("bundle", "-o", "bundle/report"),
        ("nowhere",),
        ("--published", "nowhere"),
    ],
)
@pytest.mark.usefixtures("bundle")
def test_options_that_do_not_go_together_are_refused(options: tuple[str, ...]) -> None:
    assert rootseal("audit", *options).code == 2
