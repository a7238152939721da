"""Whom `rootseal verify` takes an address for: the trust list's word."""

import json
from pathlib import Path

import pytest

from tests.anvil import Anvil
from tests.cli.conftest import ISSUER, badge, rootseal
from tests.identity.conftest import HOST, names
from tests.identity.servers import NameServer

__all__ = ["names"]

OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def trust(address: str, name: str = "Nordic Institute") -> str:
    accredited = 'accreditation = "By the council."'
    text = f'[[issuers]]\nname = "{name}"\naddresses = ["{address}"]\n{accredited}\n'
    Path("trust.toml").write_text(text, encoding="utf-8")
    return "trust.toml"


@pytest.fixture
def anchored(mining: Anvil) -> Anvil:
    Path("badge.json").write_bytes(badge(1))
    assert rootseal("add", "badge.json").code == 0
    assert rootseal("nightly").code == 0
    return mining


def issuer_check(*arguments: str) -> dict[str, object]:
    report = rootseal("verify", "badge.json", "--json", *arguments).json
    (found,) = (check for check in report["checks"] if check["name"] == "issuer")
    assert isinstance(found, dict)
    return found


@pytest.mark.usefixtures("anchored")
def test_the_list_decides_wherever_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert issuer_check()["code"] == "no-trust-list"
    found = issuer_check("--trust", trust(ISSUER))
    assert found["code"] == "trusted-issuer"
    assert found["evidence"] == {
        "issuer": ISSUER,
        "name": "Nordic Institute",
        "accreditation": "By the council.",
    }
    assert issuer_check("--trust", trust(OTHER))["code"] == "untrusted-issuer"
    monkeypatch.setenv("ROOTSEAL_TRUST_LIST", trust(ISSUER))
    assert issuer_check()["code"] == "trusted-issuer"


@pytest.mark.usefixtures("anchored")
def test_the_settings_table_counts_beside_the_list() -> None:
    table = f'[trust]\n"The table\'s" = "{ISSUER}"\n'
    Path("rootseal.toml").write_text(table, encoding="utf-8")
    assert issuer_check("--trust", trust(OTHER))["evidence"] == {
        "issuer": ISSUER,
        "name": "The table's",
    }
    found = issuer_check("--trust", trust(ISSUER))["evidence"]
    assert isinstance(found, dict)
    assert found["name"] == "Nordic Institute"


@pytest.mark.parametrize("command", [("verify", "badge.json", "--trust", "trust.toml"), ("serve",)])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "trust list trust.toml cannot be read: No such file"),
        ("[[issuers]]\nname = 'N'\n", "trust list trust.toml: not a trust list: Field required"),
    ],
)
def test_a_list_that_cannot_be_read_stops_the_command(
    command: tuple[str, ...], text: str | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("badge.json").write_bytes(badge(1))
    if text is not None:
        Path("trust.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("ROOTSEAL_TRUST_LIST", "trust.toml")
    ran = rootseal(*command)
    assert ran.code == 2
    assert message in ran.err


def test_the_issuers_domain_is_asked_only_on_demand(
    mining: Anvil, names: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = names.resolver
    # Which name server this machine asks is no setting of ours.
    monkeypatch.setattr("registry.identity.names.dns.resolver.Resolver", lambda: resolver)
    names.know(HOST, "TXT", [f'"openatts net=ethereum netId=31337 addr={ISSUER}"'])
    Path("badge.json").write_text(json.dumps({"issuer": f"https://{HOST}/1"}), encoding="utf-8")
    assert rootseal("add", "badge.json", "--rpc-url", mining.url).code == 0
    assert rootseal("nightly").code == 0
    assert issuer_check()["code"] == "no-trust-list"
    assert issuer_check("--resolve-issuer", "--trust", trust(ISSUER))["code"] == "trusted-issuer"
    assert issuer_check("--resolve-issuer", "--issuer", ISSUER)["code"] == "expected-issuer"
    assert names.questions == []
    assert issuer_check("--resolve-issuer")["evidence"] == {"issuer": ISSUER, "domain": HOST}
    monkeypatch.setenv("ROOTSEAL_RESOLVE_ISSUERS", "true")
    assert issuer_check()["code"] == "dns-issuer"
