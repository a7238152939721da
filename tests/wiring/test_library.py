"""`from registry import verify`, as a program would use it."""

import subprocess
import sys
from pathlib import Path

import pytest

import registry
from registry import Outcome, Report, Verdict, errors, verify, verify_offline
from registry.core.address import format_address
from registry.core.receipt import parse_receipt, print_receipt
from registry.core.snapshot import print_snapshot
from tests.anvil import Anvil, anvil, anvil_process, chain, open_chain, signer
from tests.rpc_proxy import RpcProxy
from tests.services.conftest import office, proxy
from tests.services.evidence import anchored_badge, badge, codes
from tests.services.office import Office, stranger

__all__ = ["anvil", "anvil_process", "chain", "office", "proxy", "signer"]

NAME = "eip155:31337"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def files(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[bytes, bytes]:
    """A credential and its receipt, in the working directory too."""
    credential = badge()
    receipt = print_receipt(anchored_badge(office, credential))
    monkeypatch.chdir(tmp_path)
    Path("badge.json").write_bytes(credential)
    Path("badge.json.receipt.json").write_bytes(receipt)
    return credential, receipt


@pytest.mark.usefixtures("files")
def test_the_documented_example_runs(anvil: Anvil, capsys: pytest.CaptureFixture[str]) -> None:
    lines = str(registry.__doc__).splitlines()
    example = "\n".join(line[4:] for line in lines if not line or line.startswith("    "))
    assert example.count("https://node.example") == example.count("eip155:1") == 1
    here = example.replace("https://node.example", anvil.url).replace("eip155:1", NAME)
    exec(here, {})  # noqa: S102 - our own text
    summary, *checks = capsys.readouterr().out.splitlines()
    assert summary.startswith("Valid. The seal stands on eip155:31337 since ")
    assert checks == [
        "format pass well-formed",
        "integrity pass hash-match",
        "inclusion pass included",
        "anchor pass anchored",
        "status pass active",
        "issuer skipped no-trust-list",
        "validity pass in-time",
        "proofs skipped no-other-proofs",
    ]


def test_issuer_and_trust_list_decide(
    files: tuple[bytes, bytes], office: Office, anvil: Anvil
) -> None:
    us, other = format_address(office.issuer), format_address(stranger().address)
    trust = f'[[issuers]]\nname = "Institute"\naddresses = ["{us}"]\n'.encode()

    def issuer_code(**options: object) -> str:
        chains = {NAME: anvil.url}
        report = verify(*files, chains=chains, **options)  # type: ignore[arg-type] # as listed
        return codes(report)["issuer"]

    assert issuer_code(issuer=us) == "expected-issuer"
    assert issuer_code(issuer=other, trust=trust) == "unexpected-issuer"
    assert issuer_code(trust=trust) == "trusted-issuer"
    assert issuer_code(trust=trust, resolve_issuer=True) == "trusted-issuer"
    assert issuer_code(finality=1, contract=None) == "no-trust-list"


def test_what_is_false_is_reported_and_not_raised(files: tuple[bytes, bytes], anvil: Anvil) -> None:
    credential, receipt = files
    chains = {NAME: anvil.url}
    assert verify(badge(name="Other"), receipt, chains=chains).verdict is Verdict.INVALID
    assert verify(credential, b"{}", chains=chains).verdict is Verdict.INVALID
    report = verify(None, receipt, chains=chains)
    assert (report.verdict, report.checks[1].outcome) == (Verdict.UNDETERMINED, Outcome.SKIPPED)


def test_what_could_not_be_asked_is_undetermined(
    files: tuple[bytes, bytes], anvil: Anvil, proxy: RpcProxy
) -> None:
    def anchor_code(chains: dict[str, str | list[str]]) -> str:
        report = verify(*files, chains=chains)
        assert isinstance(report, Report)
        assert report.verdict is Verdict.UNDETERMINED
        return codes(report)["anchor"]

    assert anchor_code({}) == "chain-not-configured"
    assert anchor_code({"eip155:1": NOWHERE}) == "chain-not-configured"
    assert anchor_code({NAME: NOWHERE}) == "chain-unavailable"
    # Of several nodes each must say the same, and so each must say something.
    assert anchor_code({NAME: [anvil.url, NOWHERE]}) in {"chain-unavailable", "nodes-disagree"}
    both: dict[str, str | list[str]] = {NAME: [anvil.url, proxy.url]}
    assert verify(*files, chains=both).verdict is Verdict.VALID


@pytest.mark.parametrize(
    "options",
    [
        {"chains": {"ethereum": NOWHERE}},
        {"chains": {NAME: []}},
        {"chains": {NAME: "not a URL"}},
        {"chains": {NAME: NOWHERE}, "contract": "0x12"},
        {"chains": {NAME: NOWHERE}, "finality": 0},
        {"chains": {}, "issuer": "0x12"},
        {"chains": {}, "trust": b""},
    ],
)
def test_a_wrong_argument_is_named(options: dict[str, object]) -> None:
    with pytest.raises(errors.InvalidInputError):
        verify(b"{}", **options)  # type: ignore[arg-type] # which is the point


def test_to_import_the_package_imports_nothing_else() -> None:
    program = (
        "import sys, registry; assert 'pydantic' not in sys.modules\n"
        "from registry import Report; assert 'web3' not in sys.modules\n"
        "from registry import verify; assert 'web3' not in sys.modules\n"
        "assert 'sqlalchemy' not in sys.modules\n"
        "assert 'dns' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_it_has_no_other_names() -> None:
    types = {"Check", "Outcome", "Report", "Verdict"}
    assert set(registry.__all__) == types | {"verify", "verify_offline"}
    assert all(getattr(registry, name) for name in registry.__all__)
    with pytest.raises(AttributeError, match="no attribute 'certify'"):
        _ = registry.certify  # type: ignore[attr-defined] # which is the point


def test_a_snapshot_is_asked_instead_of_nodes(
    files: tuple[bytes, bytes], office: Office, anvil: Anvil
) -> None:
    chain = open_chain(anvil.url)
    snapshot, block = chain.snapshot([parse_receipt(files[1])])
    chain.close()
    saved = print_snapshot(snapshot)
    trusted = "0x" + block.hash.hex()
    us = format_address(office.issuer)
    report = verify_offline(*files, snapshot=saved, block_hash=trusted, issuer=us)
    assert (report.verdict, codes(report)["issuer"]) == (Verdict.VALID, "expected-issuer")
    report = verify_offline(*files, snapshot=saved, block_hash=None)
    assert codes(report)["anchor"] == "untrusted-block"
    other = format_address(stranger().address)
    report = verify_offline(*files, snapshot=saved, block_hash=trusted, contract=other)
    assert codes(report)["anchor"] == "wrong-contract"
    for wrong in ({"block_hash": "0x1"}, {"snapshot": b"{}"}, {"contract": "0x1"}):
        arguments = {"snapshot": saved, "block_hash": trusted} | wrong
        with pytest.raises(errors.InvalidInputError):
            verify_offline(*files, **arguments)  # type: ignore[arg-type]  # as a mistake has it
