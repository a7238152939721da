"""`rootseal checkpoint`: what auditors keep, exchange, and hold against the chain."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.chain import EvmChain, development_signer
from registry.core.checkpoint import Checkpoint, checkpoint_over, origin_of
from registry.core.signed_note import parse_note, parse_verifier_key, print_note
from registry.vc.notes import NoteSigner, verify_note
from registry.vc.signing_keys import key_from_seed, pem_of_seed
from tests.anvil import Anvil, send
from tests.cli.conftest import ISSUER, rootseal

SEALS = [bytes([0x40 + place]) * 32 for place in range(3)]
AUDITOR = NoteSigner("auditor.example", key_from_seed(b"\x09" * 32))
NOWHERE = ("--rpc-url", "http://127.0.0.1:9")


@pytest.fixture
def chain(anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Iterator[EvmChain]:
    """A chain with three anchors, two of them final."""
    monkeypatch.setenv("ROOTSEAL_RPC_URL", anvil.url)
    chain, signer = anvil.chain(), development_signer()
    for seal in SEALS[:2]:
        send(chain, signer, chain.anchor_call(signer.address, seal))
    anvil.mine()
    send(chain, signer, chain.anchor_call(signer.address, SEALS[2]))
    yield chain
    chain.close()


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key to sign with."""
    Path("key.pem").write_bytes(pem_of_seed(b"\7" * 32, "secret"))
    Path("password").write_text("secret\n")
    monkeypatch.setenv("ROOTSEAL_SIGNING_KEY", "key.pem")
    monkeypatch.setenv("ROOTSEAL_SIGNING_PASSWORD_FILE", "password")


def of(chain: EvmChain, *seals: bytes, issuer: bytes | None = None) -> Checkpoint:
    address = development_signer().address if issuer is None else issuer
    origin = origin_of(chain_id=chain.chain_id, contract=chain.contract, issuer=address)
    return checkpoint_over(origin, seals)


def write(name: str, checkpoint: Checkpoint) -> str:
    Path(name).write_text(checkpoint.text, encoding="utf-8")
    return name


def sign(name: str, checkpoint: Checkpoint) -> str:
    Path(name).write_bytes(print_note(AUDITOR.sign(checkpoint.text)))
    return name


def test_without_a_key_the_text_is_printed_alone(chain: EvmChain) -> None:
    ran = rootseal("checkpoint")
    assert (ran.code, ran.out) == (0, of(chain, *SEALS[:2]).text)
    assert "Not signed" in ran.err


@pytest.mark.usefixtures("key")
def test_with_a_key_it_is_a_signed_note(chain: EvmChain) -> None:
    verifier = parse_verifier_key(rootseal("checkpoint", "--show-key").out.rstrip("\n"))
    ran = rootseal("checkpoint")
    assert (ran.code, ran.err) == (0, "")
    note = parse_note(ran.out.encode())
    assert note.text == of(chain, *SEALS[:2]).text
    assert verify_note(note, [verifier]) == (verifier,)


@pytest.mark.usefixtures("key", "chain")
def test_a_file_has_the_same_bytes() -> None:
    ran = rootseal("checkpoint", "-o", "checkpoint.txt")
    assert ran.code == 0
    assert "Wrote checkpoint.txt: 2 anchors" in ran.out
    assert Path("checkpoint.txt").read_text(encoding="utf-8") == rootseal("checkpoint").out
    shown = rootseal("checkpoint", "--json").json
    assert shown["note"] == rootseal("checkpoint").out
    assert (
        shown["verifierKey"] == rootseal("checkpoint", "--show-key", "--json").json["verifierKey"]
    )
    assert rootseal("checkpoint", "--check", "checkpoint.txt").code == 0


@pytest.mark.usefixtures("key")
def test_a_key_has_the_name_of_its_issuer_or_of_its_host_or_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def name() -> str:
        return parse_verifier_key(rootseal("checkpoint", "--show-key").out.rstrip("\n")).name

    assert name().startswith("did:key:z6Mk")
    monkeypatch.setenv("ROOTSEAL_PUBLIC_URL", "https://badges.example:8443/registry")
    assert name() == "badges.example"
    Path("issuer.toml").write_text('id = "did:web:academy.example"\nname = "Example Academy"\n')
    monkeypatch.setenv("ROOTSEAL_ISSUER_PROFILE", "issuer.toml")
    assert name() == "did:web:academy.example"


def test_without_a_key_there_is_none_to_show() -> None:
    ran = rootseal("checkpoint", "--show-key")
    assert ran.code == 2
    assert "ROOTSEAL_SIGNING_KEY" in ran.err


def test_every_older_checkpoint_fits(chain: EvmChain) -> None:
    files = [write(f"{size}.txt", of(chain, *SEALS[:size])) for size in range(3)]
    options = [part for file in files for part in ("--check", file)]
    ran = rootseal("checkpoint", *options)
    assert ran.code == 0
    assert "1.txt: consistent: its 1 anchors are the first of 2 on the chain" in ran.out
    checked = rootseal("checkpoint", *options, "--json").json["checked"]
    assert [each["outcome"] for each in checked] == ["consistent"] * 3
    assert [len(each["proof"]) for each in checked] == [0, 1, 0]


def test_one_contradiction_is_enough(chain: EvmChain) -> None:
    good = write("good.txt", of(chain, SEALS[0]))
    forged = write("forged.txt", of(chain, SEALS[1]))
    ahead = write("ahead.txt", of(chain, *SEALS))
    ran = rootseal("checkpoint", "--check", good, "--check", forged, "--check", ahead)
    assert ran.code == 1
    assert "forged.txt: other-history: " in ran.out
    assert "good.txt: consistent" in ran.out
    assert "ahead.txt: undetermined: " in ran.out


def test_more_than_is_final_is_left_open(chain: EvmChain, anvil: Anvil) -> None:
    good = write("good.txt", of(chain, SEALS[0]))
    ahead = write("ahead.txt", of(chain, *SEALS))
    assert rootseal("checkpoint", "--check", ahead, "--check", good).code == 3
    anvil.mine(2)
    assert rootseal("checkpoint", "--check", ahead, "--check", good).code == 0


def test_a_chain_that_cannot_be_asked_contradicts_nobody(chain: EvmChain) -> None:
    forged = write("forged.txt", of(chain, SEALS[1]))
    assert rootseal("checkpoint", "--check", forged, *NOWHERE).code == 3
    assert rootseal("checkpoint", *NOWHERE).code == 3
    assert rootseal("checkpoint", "--check", forged, "--chain-id", "1").code == 3


def test_who_must_have_signed_is_checked(chain: EvmChain) -> None:
    sign("signed.txt", of(chain, SEALS[0]))
    unsigned = write("unsigned.txt", of(chain, SEALS[0]))
    options = ("--verifier-key", str(AUDITOR.verifier_key), "--check")
    ran = rootseal("checkpoint", *options, "signed.txt")
    assert ran.code == 0
    assert "signed by auditor.example" in ran.out
    missing = rootseal("checkpoint", *options, unsigned)
    assert missing.code == 1
    assert "not-signed" in missing.out
    signed = Path("signed.txt").read_bytes()
    Path("changed.txt").write_bytes(signed.replace(b"\n1\n", b"\n2\n"))
    changed = rootseal("checkpoint", *options, "changed.txt")
    assert changed.code == 1
    assert "bad-signature" in changed.out


def test_a_checkpoint_of_another_log_is_wrong_use(chain: EvmChain) -> None:
    write("other.txt", of(chain, SEALS[0], issuer=b"\7" * 20))
    ran = rootseal("checkpoint", "--check", "other.txt")
    assert ran.code == 2
    assert "other.txt: the checkpoint is of another log" in ran.err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        pytest.param(("--check", "no.txt"), "there is no no.txt", id="no such file"),
        pytest.param(("--check", "bad.txt"), "bad.txt: not a checkpoint", id="no checkpoint"),
        pytest.param(("--verifier-key", "nobody"), "not an Ed25519 verifier key", id="no key"),
        pytest.param(
            ("--verifier-key", str(AUDITOR.verifier_key)), "is for --check", id="a key for nothing"
        ),
        pytest.param(
            ("--check", "bad.txt", "-o", "out.txt"), "exclude each other", id="two things at once"
        ),
        pytest.param(("--check", "bad.txt", "--show-key"), "exclude each other", id="and two more"),
    ],
)
def test_wrong_use_is_said_before_the_chain_is_asked(options: tuple[str, ...], why: str) -> None:
    Path("bad.txt").write_text(f"{ISSUER}\n1\n")
    ran = rootseal("checkpoint", *options, *NOWHERE)
    assert ran.code == 2
    assert why in ran.err
    assert not Path("out.txt").exists()
