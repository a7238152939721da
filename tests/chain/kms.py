"""AWS KMS for tests: moto's, which signs digests as the real one does."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any  # boto3 has no annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from moto import mock_aws
from moto.kms.responses import KmsResponse
from moto.kms.utils import ECDSAPrivateKey

from registry.chain.kms import kms_client


@contextmanager
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """KMS behind boto3's own transport, with credentials that open nothing else."""
    set_environment(monkeypatch)
    _sign_digests(monkeypatch)
    with mock_aws():
        yield kms_client()


def set_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set region and credentials, and nothing from this machine."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing-secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


def new_key(client: Any, spec: str = "ECC_SECG_P256K1", usage: str = "SIGN_VERIFY") -> str:
    """Make a key and return its id."""
    made = client.create_key(KeySpec=spec, KeyUsage=usage)
    return str(made["KeyMetadata"]["KeyId"])


def _sign_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moto take a DIGEST as it is: it hashes whatever it gets, as KMS does a RAW message."""
    hashed: Callable[..., bytes] = ECDSAPrivateKey.sign
    respond: Callable[[KmsResponse], str] = KmsResponse.sign

    def sign_digest(self: ECDSAPrivateKey, message: bytes, _algorithm: str) -> bytes:
        return self.private_key.sign(message, ec.ECDSA(utils.Prehashed(SHA256())))

    def answer(self: KmsResponse) -> str:
        is_digest = self._get_param("MessageType") == "DIGEST"
        with monkeypatch.context() as patch:
            patch.setattr(ECDSAPrivateKey, "sign", sign_digest if is_digest else hashed)
            return respond(self)

    monkeypatch.setattr(KmsResponse, "sign", answer)
