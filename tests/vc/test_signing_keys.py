import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from registry.errors import InvalidInputError
from registry.vc.signing_keys import did_key, key_from_pem, key_from_seed, multikey, pem_of_seed

SEED = bytes(range(32))
PASSWORD = "correct horse"
PEM = pem_of_seed(SEED, PASSWORD)


def other_pem() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def test_a_key_comes_back_from_its_file() -> None:
    key = key_from_pem(PEM, PASSWORD)
    assert key.public_jwk() == key_from_seed(SEED).public_jwk()
    assert key.sign(b"text") == key_from_seed(SEED).sign(b"text")


def test_a_file_tells_nothing_without_the_password() -> None:
    assert b"ENCRYPTED PRIVATE KEY" in PEM
    assert SEED not in PEM


@pytest.mark.parametrize(
    ("pem", "password", "words"),
    [
        (PEM, None, "give its password"),
        (PEM, "", "give its password"),
        (PEM, "wrong", "another password"),
        (b"no key", PASSWORD, "not a PEM file"),
        (b"", None, "not a PEM file"),
        (b"x" * 20_000, None, "not a PEM file"),
        (other_pem(), None, "not an Ed25519 key"),
        (other_pem(), PASSWORD, "has no password"),
    ],
)
def test_what_is_no_key_is_refused(pem: bytes, password: str | None, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as caught:
        key_from_pem(pem, password)
    assert PASSWORD not in str(caught.value)


def test_without_a_password_no_key_is_written() -> None:
    with pytest.raises(InvalidInputError, match="password"):
        pem_of_seed(SEED, "")


@pytest.mark.parametrize("seed", [b"", bytes(31), bytes(33)])
def test_a_seed_has_32_bytes(seed: bytes) -> None:
    with pytest.raises(InvalidInputError, match="32 bytes"):
        key_from_seed(seed)


def test_names_of_a_key() -> None:
    public = key_from_seed(SEED).public_key_raw()
    assert multikey(public).startswith("z6Mk")
    assert did_key(public) == f"did:key:{multikey(public)}"
