import json
import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account

from registry.chain import KeystoreSigner, create_keystore, development_signer
from registry.chain.transactions import recover
from registry.core.address import format_address
from registry.errors import InvalidInputError, NotAllowedError
from registry.services.ports import Fees, UnsignedTransaction

PASSWORD = "correct horse"
# Published with the mnemonic; the first account of every Anvil.
DEVELOPMENT_KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
FIRST_ACCOUNTS = [
    "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
]


@pytest.fixture(scope="module")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    path = tmp_path_factory.mktemp("keys") / "key.json"
    return path, create_keystore(path, PASSWORD)


def unsigned(sender: bytes, chain_id: int = 31337) -> UnsignedTransaction:
    return UnsignedTransaction(
        chain_id=chain_id,
        sender=sender,
        nonce=3,
        to=b"\7" * 20,
        data=b"\1\2",
        gas=50_000,
        fees=Fees(max_fee=20, priority_fee=2),
    )


def test_a_new_keystore_opens_with_its_password_and_signs(keystore: tuple[Path, bytes]) -> None:
    path, address = keystore
    signer = KeystoreSigner(path, PASSWORD)
    signed = signer.sign(unsigned(address, chain_id=1))
    assert signer.address == address
    assert Account.recover_transaction(signed.raw) == format_address(address)


def test_a_new_keystore_is_for_its_owner_only_and_holds_no_plain_key(
    keystore: tuple[Path, bytes],
) -> None:
    path, _ = keystore
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(json.loads(path.read_text())) == {"address", "crypto", "id", "version"}


def test_a_keystore_is_never_overwritten(keystore: tuple[Path, bytes]) -> None:
    path, _ = keystore
    before = path.read_bytes()
    with pytest.raises(InvalidInputError, match=r"exists already: .*key\.json"):
        create_keystore(path, PASSWORD)
    assert path.read_bytes() == before


def test_a_keystore_needs_a_password(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="empty password"):
        create_keystore(tmp_path / "key.json", "")
    assert not list(tmp_path.iterdir())


def test_a_keystore_needs_its_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot write keystore"):
        create_keystore(tmp_path / "absent" / "key.json", PASSWORD)


def test_a_wrong_password_names_file_and_setting_and_not_the_password(
    keystore: tuple[Path, bytes],
) -> None:
    path, _ = keystore
    wanted = rf"wrong password for keystore {re.escape(str(path))} \(password_file\)$"
    with pytest.raises(InvalidInputError, match=wanted) as caught:
        KeystoreSigner(path, "wrong horse")
    assert "horse" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="nothing"),
        pytest.param("{", id="malformed JSON"),
        pytest.param("[]", id="an array"),
        pytest.param("{}", id="no members"),
        pytest.param('{"version": 9}', id="an unknown version"),
        pytest.param('{"version": 3, "crypto": 1}', id="a number for the crypto"),
        pytest.param('{"version": 3, "crypto": {"kdf": "rot13"}}', id="an unknown derivation"),
        pytest.param("\udcff", id="no UTF-8"),
    ],
)
def test_what_is_no_keystore_names_the_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "odd.json"
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(InvalidInputError, match=r"not a keystore: .*odd\.json"):
        KeystoreSigner(path, PASSWORD)


def test_a_keystore_that_is_not_there_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"cannot read keystore .*none\.json"):
        KeystoreSigner(tmp_path / "none.json", PASSWORD)


@pytest.mark.parametrize("index", [0, 1])
def test_development_accounts_are_those_of_anvil(index: int) -> None:
    assert format_address(development_signer(index).address) == FIRST_ACCOUNTS[index]


def test_a_development_key_signs_for_no_other_chain() -> None:
    signer = development_signer()
    with pytest.raises(NotAllowedError, match="not for 1"):
        signer.sign(unsigned(signer.address, chain_id=1))


def test_a_development_key_signs_no_digest_for_another_chain() -> None:
    signer = development_signer()
    assert recover(b"\5" * 32, signer.sign_hash(b"\5" * 32, chain_id=31337)) == signer.address
    with pytest.raises(NotAllowedError, match="not for 1"):
        signer.sign_hash(b"\5" * 32, chain_id=1)


def test_a_signer_signs_for_no_other_sender() -> None:
    signer = development_signer()
    with pytest.raises(ValueError, match="cannot sign for"):
        signer.sign(replace(unsigned(signer.address), sender=b"\7" * 20))


def test_a_signer_shows_its_address_and_never_its_key() -> None:
    signer = development_signer()
    shown = f"{signer}{signer!r}{signer.sign(unsigned(signer.address))!r}"
    assert DEVELOPMENT_KEY not in shown.lower()
    assert repr(signer) == str(signer) == f"LocalSigner({FIRST_ACCOUNTS[0]})"


def test_the_hash_of_a_signed_transaction_is_the_chains() -> None:
    signer = development_signer()
    signed = signer.sign(unsigned(signer.address))
    assert signed.raw[0] == 2  # EIP-1559
    assert signed.unsigned == unsigned(signer.address)
    assert len(signed.transaction) == 32
