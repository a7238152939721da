"""Relayed anchoring: signed offline by who holds no coins, taken in and paid by a relayer."""

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from registry.chain import development_signer
from registry.core.address import format_address
from registry.core.wire import format_time
from tests.anvil import Anvil
from tests.chain.kms import aws, new_key
from tests.chain.wallet import deploy_wallet
from tests.cli.conftest import Ran, badge, rootseal

NOWHERE = "http://127.0.0.1:9"  # the discard port, where nothing listens
STRANGER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


OWN = ("--development-account", "3")  # whose coins the tests take away
KEYSTORE = ("--keystore", "issuer.json", "--password-file", "password")


@dataclass(frozen=True)
class Institution:
    """Holds a key and nothing else: no coins, no node, no store."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    address: str = format_address(development_signer(3).address)

    def run(self, *words: object, key: tuple[str, ...] = OWN, **env: str) -> Ran:
        """Run a command there, with nothing but its key."""
        with self.monkeypatch.context() as offline:
            offline.chdir(self.folder)
            for name in [name for name in os.environ if name.startswith("ROOTSEAL_")]:
                offline.delenv(name)
            for name, value in {"ROOTSEAL_RPC_URL": NOWHERE, **env}.items():
                offline.setenv(name, value)
            ran = rootseal(*words, *key)
        assert not (self.folder / "rootseal-data").exists()
        return ran

    def permits(self, seal: str, *words: object) -> Path:
        """A file that permits the seal."""
        ran = self.run("authorize", seal, "--deadline", "72h", "--out", ".", "--json", *words)
        assert ran.code == 0, ran.out
        return self.folder / str(ran.json["writtenTo"][0])

    def new_keystore(self) -> str:
        """Make a key of its own and return its address."""
        (self.folder / "password").write_text("correct horse")
        made = self.run("keys", "new-keystore", *KEYSTORE[1:], "--json", key=())
        return str(made.json["address"])


@pytest.fixture
def institution(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Institution:
    found = Institution(tmp_path_factory.mktemp("institution"), monkeypatch)
    monkeypatch.setenv("ROOTSEAL_ISSUER", found.address)
    return found


def sealed() -> str:
    """Seal a batch at the relayer's and return its seal."""
    rootseal("add", "-", stdin=badge(1))
    return str(rootseal("seal", "--json").json["batch"]["seal"])


def night() -> Ran:
    return rootseal("nightly", "--patience", "30", "--json")


def balance(anvil: Anvil, address: str) -> int:
    return anvil.ask("eth_getBalance", address, "latest").quantity()


def stored() -> list[str]:
    """Everything in the relayer's store."""
    with closing(sqlite3.connect("rootseal-data/registry.db")) as database:
        return list(database.iterdump())


def in_days(days: int) -> str:
    return format_time(datetime.now(UTC) + timedelta(days=days))


def test_an_institution_without_coins_is_anchored_by_a_relayer(
    mining: Anvil, institution: Institution
) -> None:
    mining.ask("anvil_setBalance", institution.address, "0x0")
    rootseal("add", "-", stdin=badge(1))
    waiting = night()
    assert (waiting.code, waiting.json["final"]) == (3, False)
    [batch] = waiting.json["batches"]
    assert batch["state"] == "sealed"
    assert f"`rootseal authorize {batch['seal']} --chain-id 31337" in waiting.json["waiting"][0]
    file = institution.permits(batch["seal"], "--chain-id", "31337")
    taken = rootseal("relay", file)
    assert taken.code == 0, taken.err
    assert f"seal {batch['seal']} of {institution.address} on eip155:31337" in taken.out
    before = balance(mining, format_address(development_signer().address))
    done = night()
    assert (done.code, done.json["final"]) == (0, True)
    assert balance(mining, format_address(development_signer().address)) < before
    assert balance(mining, institution.address) == 0
    Path("one.json").write_bytes(badge(1))
    assert rootseal("verify", "one.json", "--issuer", institution.address).code == 0


@pytest.mark.usefixtures("mining")
def test_a_permission_is_signed_without_network_and_store(institution: Institution) -> None:
    address = institution.new_keystore()
    words = ("authorize", "ab" * 32, "--deadline", "2100-01-01", "--chain-id", "1")
    ran = institution.run(*words, key=KEYSTORE)
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert document["type"] == "rootseal/authorization@1"
    assert (document["chain"], document["seal"]) == ("eip155:1", "ab" * 32)
    assert (document["issuer"], document["signer"]) == (address,) * 2
    assert document["deadline"] == "2100-01-01T00:00:00Z"


def test_several_are_written_to_a_folder(institution: Institution) -> None:
    seals = ["ab" * 32, "cd" * 32]
    words = ("authorize", *seals, "--deadline", "72h", "--chain-id", "31337")
    assert institution.run(*words).code == 2
    assert institution.run(*words, "--out", "signed").code == 0
    names = sorted(path.name for path in (institution.folder / "signed").iterdir())
    assert names == [f"{seal}.eip155-31337.authorization.json" for seal in seals]


@pytest.mark.usefixtures("mining")
def test_an_operator_permits_in_the_issuers_name(institution: Institution) -> None:
    owner = format_address(development_signer().address)
    institution.monkeypatch.setenv("ROOTSEAL_ISSUER", owner)
    assert rootseal("operator", "add", institution.address, "--until", "never").code == 0
    file = institution.permits(sealed(), "--issuer", owner)
    document = json.loads(file.read_bytes())
    assert (document["issuer"], document["signer"]) == (owner, institution.address)
    institution.monkeypatch.setenv("ROOTSEAL_DEVELOPMENT_ACCOUNT", "1")
    assert rootseal("relay", file).code == 0
    assert night().code == 0


@pytest.mark.usefixtures("mining")
def test_a_key_in_kms_permits(institution: Institution, monkeypatch: pytest.MonkeyPatch) -> None:
    with aws(monkeypatch) as client:
        words = ("authorize", "ab" * 32, "--deadline", "72h", "--chain-id", "31337")
        ran = institution.run(*words, key=(), ROOTSEAL_KMS_KEY=new_key(client))
        assert ran.code == 0, ran.err
        document = json.loads(ran.out)
        monkeypatch.setenv("ROOTSEAL_ISSUER", document["issuer"])
        ran = institution.run(
            *("authorize", sealed(), *words[2:]), key=(), ROOTSEAL_KMS_KEY=last_key(client)
        )
    (institution.folder / "kms.json").write_text(ran.out)
    assert rootseal("relay", institution.folder / "kms.json").code == 0
    assert night().code == 0


def last_key(client: Any) -> str:
    return str(client.list_keys()["Keys"][-1]["KeyId"])


def test_a_web3signer_key_is_told_to_sign_elsewhere(institution: Institution) -> None:
    ran = institution.run(
        *("authorize", "ab" * 32, "--deadline", "72h", "--chain-id", "1"),
        key=(),
        ROOTSEAL_SIGNER_URL=NOWHERE,
        ROOTSEAL_SIGNER_ADDRESS=STRANGER,
    )
    assert ran.code == 2
    assert "--typed-data" in ran.err


# -- signed elsewhere


def typed_data_of(institution: Institution, seal: str, issuer: str) -> tuple[dict[str, Any], str]:
    """What is to be signed, and its deadline as it is typed."""
    deadline = in_days(3)
    ran = institution.run(
        *("authorize", seal, "--typed-data", "--issuer", issuer, "--chain-id", "31337"),
        *("--deadline", deadline),
        key=(),
    )
    assert ran.code == 0, ran.err
    assert f"--deadline {deadline} --signature HEX" in ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found, deadline


@pytest.mark.parametrize("kind", ["wallet", "account"])
def test_typed_data_is_signed_elsewhere(mining: Anvil, institution: Institution, kind: str) -> None:
    key = Account.create()
    address = bytes.fromhex(key.address[2:])
    if kind == "wallet":
        payer = development_signer(3).address
        address = deploy_wallet(mining, key=address, payer=payer)
    issuer = format_address(address)
    institution.monkeypatch.setenv("ROOTSEAL_ISSUER", issuer)
    seal = sealed()
    data, deadline = typed_data_of(institution, seal, issuer)
    signature = key.sign_message(encode_typed_data(full_message=data)).signature
    ran = institution.run(
        *("authorize", seal, "--chain-id", "31337", "--deadline", deadline, "--out", "."),
        *("--signer", issuer, "--signature", "0x" + bytes(signature).hex(), "--json"),
        key=(),
    )
    assert ran.code == 0, ran.out
    assert ("ERC-1271" in ran.err) == (kind == "wallet")
    file = institution.folder / ran.json["writtenTo"][0]
    assert rootseal("relay", file).code == 0
    assert night().code == 0
    assert balance(mining, issuer) == 0


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("--deadline", "72h", "--signature", "0x12"), id="signature without signer"),
        pytest.param(("--deadline", "72h", "--signer", STRANGER), id="signer without signature"),
        pytest.param(
            ("--deadline", "72h", "--signature", "0x12", "--signer", STRANGER),
            id="another deadline than signed",
        ),
        pytest.param(
            ("--deadline", "2100-01-01", "--signature", "0x1", "--signer", STRANGER), id="no bytes"
        ),
        pytest.param(
            ("--deadline", "2100-01-01", "--signature", "12" * 4097, "--signer", STRANGER),
            id="too many bytes",
        ),
        pytest.param(
            (
                *("--deadline", "2100-01-01", "--signature", "0x12", "--signer", STRANGER),
                "--typed-data",
            ),
            id="typed data and signature",
        ),
        pytest.param(("--deadline", "2020-01-01"), id="past deadline"),
        pytest.param(("--deadline", "0h"), id="no hours"),
        pytest.param(("--deadline", "soon"), id="no deadline"),
        pytest.param((), id="without deadline"),
        pytest.param(("--deadline", "72h", "--keystore", "x.json"), id="two keys"),
    ],
)
def test_wrong_use_permits_nothing(institution: Institution, words: tuple[str, ...]) -> None:
    ran = institution.run("authorize", "ab" * 32, "--chain-id", "31337", "--out", "out", *words)
    assert ran.code == 2
    assert not (institution.folder / "out").exists()


# -- what is refused


def changed(file: Path, **changes: object) -> None:
    document = json.loads(file.read_bytes())
    file.write_text(json.dumps(document | changes))


def signed_for(**changes: object) -> Callable[[Path, Institution], None]:
    """Sign for something else, and with a good signature."""

    def change(file: Path, institution: Institution) -> None:
        document = json.loads(file.read_bytes())
        wanted = {"seal": document["seal"], "--chain-id": "31337", **changes}
        seal = wanted.pop("seal")
        options = [word for option in wanted.items() for word in option]
        key: tuple[str, ...] = OWN
        if wanted["--chain-id"] != "31337":  # for which no development key signs
            institution.new_keystore()
            key = KEYSTORE
        ran = institution.run("authorize", seal, "--deadline", "72h", *options, key=key)
        assert ran.code == 0, ran.err
        file.write_text(ran.out)

    return change


def with_changes(**changes: object) -> Callable[[Path, Institution], None]:
    return lambda file, _: changed(file, **changes)


def signed_by_another(file: Path, institution: Institution) -> None:
    document = json.loads(file.read_bytes())
    words = ("--issuer", institution.address, "--deadline", "72h", "--chain-id", "31337")
    ran = institution.run("authorize", document["seal"], *words, key=("--development-account", "4"))
    file.write_text(json.dumps(json.loads(ran.out) | {"signer": institution.address}))


def cut(file: Path, _: Institution) -> None:
    file.write_bytes(file.read_bytes()[:-20])


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        pytest.param(signed_by_another, 1, "the signature would be of 0x", id="another key"),
        pytest.param(with_changes(signer=STRANGER), 2, "neither the owner", id="another signer"),
        pytest.param(with_changes(deadline=in_days(9)), 1, "InvalidSignature", id="deadline"),
        pytest.param(with_changes(deadline="2020-01-01T00:00:00Z"), 2, "is past", id="past"),
        pytest.param(with_changes(note="x"), 2, "not an authorization", id="unknown key"),
        pytest.param(with_changes(type="rootseal/authorization@2"), 2, "format 1", id="version"),
        pytest.param(with_changes(issuer=STRANGER), 2, "no batch here", id="another issuer"),
        pytest.param(signed_for(seal="ab" * 32), 2, "no batch here", id="another seal"),
        pytest.param(signed_for(**{"--chain-id": "1"}), 2, "not configured here", id="chain"),
        pytest.param(signed_for(**{"--contract": STRANGER}), 2, "ours on", id="another contract"),
        pytest.param(cut, 2, "not JSON", id="half a file"),
    ],
)
def test_what_is_not_in_order_is_not_stored(
    mining: Anvil,
    institution: Institution,
    change: Callable[[Path, Institution], None],
    code: int,
    words: str,
) -> None:
    seal = sealed()
    good = institution.permits(seal, "--chain-id", "31337")
    bad = institution.folder / "bad.json"
    bad.write_bytes(good.read_bytes())
    change(bad, institution)
    before = stored()
    ran = rootseal("relay", good, bad)
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err
    assert "bad.json" in ran.err
    assert stored() == before
    assert night().code == 3
    assert mining.ask("eth_getTransactionCount", institution.address, "latest").quantity() == 0


@pytest.mark.usefixtures("mining")
def test_no_byte_of_it_can_be_changed(institution: Institution) -> None:
    file = institution.permits(sealed(), "--chain-id", "31337")
    good, before = file.read_bytes().rstrip(b"\n"), stored()
    for place in range(3, len(good), 31):
        file.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        assert rootseal("relay", file).code in {1, 2}, good[place:]
        assert stored() == before, good[place:]
    file.write_bytes(good)
    assert rootseal("relay", file).code == 0


@pytest.mark.usefixtures("mining")
def test_a_chain_that_does_not_answer_leaves_it_for_later(institution: Institution) -> None:
    file = institution.permits(sealed(), "--chain-id", "31337")
    before = stored()
    assert rootseal("relay", file, "--rpc-url", NOWHERE).code == 3
    assert stored() == before
    assert rootseal("relay", file).code == 0


@pytest.mark.usefixtures("mining")
def test_relaying_makes_no_store(institution: Institution, folder: Path) -> None:
    file = institution.permits("ab" * 32, "--chain-id", "31337")
    assert rootseal("relay", file).code == 2
    assert not (folder / "rootseal-data").exists()
