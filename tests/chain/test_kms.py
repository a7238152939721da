import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.awsrequest import (  # type: ignore[import-untyped]  # has no annotations
    AWSResponse,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from eth_account import Account
from eth_keys.datatypes import PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from registry.chain.kms import KmsSigner, _recoverable, kms_client, open_kms_signer
from registry.chain.transactions import CURVE_ORDER, decode_signed, split_signature
from registry.core.address import format_address
from registry.errors import InvalidInputError, NotAllowedError, RootsealError, UnavailableError
from tests.chain.kms import aws, new_key, set_environment
from tests.chain.test_transactions import a_transaction

DIGEST = b"\5" * 32
SECRET = "session-token-of-the-operator"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr("registry.chain.kms._TRIES", 1)  # botocore waits between them
    with aws(monkeypatch) as client:
        yield client


@pytest.fixture
def signer(client: Any) -> KmsSigner:
    return KmsSigner(new_key(client), client=client)


def test_a_transaction_is_signed_by_the_keys_account(signer: KmsSigner) -> None:
    unsigned = a_transaction(sender=signer.address)
    signed = signer.sign(unsigned)
    assert Account.recover_transaction(signed.raw) == format_address(signer.address)
    assert decode_signed(signed.raw) == signed.unsigned == unsigned


def test_every_signature_has_the_lower_s(signer: KmsSigner) -> None:
    for _ in range(20):  # KMS gives either with equal odds
        _, _, s = split_signature(signer.sign_hash(DIGEST, chain_id=1))
        assert s <= CURVE_ORDER // 2


def test_a_key_goes_by_its_id_its_arn_or_an_alias(client: Any, signer: KmsSigner) -> None:
    key_id = signer._key_id
    client.create_alias(AliasName="alias/issuer", TargetKeyId=key_id)
    arn = client.describe_key(KeyId=key_id)["KeyMetadata"]["Arn"]
    for name in (arn, "alias/issuer"):
        other = KmsSigner(name, client=client)
        assert other.address == signer.address
        unsigned = a_transaction(sender=signer.address)
        assert decode_signed(other.sign(unsigned).raw) == unsigned


def test_a_signer_signs_for_no_other_sender(signer: KmsSigner) -> None:
    with pytest.raises(ValueError, match="cannot sign for"):
        signer.sign(a_transaction())


def test_shows_its_kind_and_address_only(signer: KmsSigner) -> None:
    assert repr(signer) == str(signer) == f"KmsSigner({format_address(signer.address)})"


@pytest.mark.parametrize(
    ("spec", "usage"),
    [
        ("ECC_NIST_P256", "SIGN_VERIFY"),
        ("RSA_2048", "SIGN_VERIFY"),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
    ],
)
def test_a_key_of_another_spec_is_refused_at_the_start(client: Any, spec: str, usage: str) -> None:
    with pytest.raises(InvalidInputError, match=r"kms_key .* ECC_SECG_P256K1"):
        KmsSigner(new_key(client, spec, usage), client=client)


@pytest.mark.parametrize("key_id", ["00000000-0000-0000-0000-000000000000", "alias/none", "?", ""])
def test_a_key_that_is_not_there_names_the_setting(client: Any, key_id: str) -> None:
    with pytest.raises(InvalidInputError, match="kms_key"):
        KmsSigner(key_id, client=client)


def refusing(code: str, status: int = 400) -> Callable[..., AWSResponse]:
    body = json.dumps({"__type": code, "message": f"no, {SECRET}"}).encode()
    return answering(body, status)


def answering(body: bytes, status: int = 200) -> Callable[..., AWSResponse]:
    def answer(request: Any, **_: object) -> AWSResponse:
        return Answer(request.url, status, {}, body)

    return answer


class Answer(AWSResponse):  # type: ignore[misc]  # botocore has no annotations
    """What a server answered, in botocore's words."""

    def __init__(self, url: str, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__(url, status, headers, None)
        self._content = body


def failing(client: Any, operation: str, answer: Callable[..., AWSResponse | None]) -> None:
    client.meta.events.register_first(f"before-send.kms.{operation}", answer)


REFUSALS = [
    pytest.param(refusing("NotFoundException"), InvalidInputError, id="no such key"),
    pytest.param(refusing("DisabledException"), InvalidInputError, id="disabled"),
    pytest.param(refusing("KMSInvalidStateException"), InvalidInputError, id="pending deletion"),
    pytest.param(refusing("InvalidKeyUsageException"), InvalidInputError, id="wrong usage"),
    pytest.param(refusing("AccessDeniedException"), NotAllowedError, id="denied"),
    pytest.param(refusing("ExpiredTokenException"), NotAllowedError, id="expired credentials"),
    pytest.param(refusing("InvalidSignatureException"), NotAllowedError, id="wrong credentials"),
    pytest.param(refusing("UnrecognizedClientException"), NotAllowedError, id="unknown client"),
    pytest.param(refusing("ThrottlingException"), UnavailableError, id="throttled"),
    pytest.param(refusing("KMSInternalException", 500), UnavailableError, id="internal error"),
    pytest.param(refusing("KeyUnavailableException", 500), UnavailableError, id="key unavailable"),
    pytest.param(refusing("SomethingNewException"), UnavailableError, id="something new"),
    pytest.param(answering(b"", 503), UnavailableError, id="HTTP 503"),
    pytest.param(answering(b"<html>", 502), UnavailableError, id="HTTP 502 of a proxy"),
    pytest.param(answering(b"", 200), UnavailableError, id="nothing"),
    pytest.param(answering(b"<html>"), UnavailableError, id="no JSON"),
    pytest.param(answering(b"[]"), UnavailableError, id="an array"),
    pytest.param(answering(b"{}"), UnavailableError, id="an empty object"),
    pytest.param(answering(b'{"PublicKey":"?","Signature":"?"}'), UnavailableError, id="no base64"),
    pytest.param(answering(b'{"PublicKey":1,"Signature":1}'), UnavailableError, id="a number"),
]


@pytest.mark.parametrize("operation", ["GetPublicKey", "Sign"])
@pytest.mark.parametrize(("answer", "error"), REFUSALS)
def test_every_failure_has_its_error_and_names_the_setting(
    client: Any,
    signer: KmsSigner,
    operation: str,
    answer: Callable[..., AWSResponse],
    error: type[RootsealError],
) -> None:
    failing(client, operation, answer)
    with pytest.raises(error, match="kms_key") as caught:
        KmsSigner(signer._key_id, client=client).sign(a_transaction(sender=signer.address))
    assert type(caught.value) is error


def test_a_fault_that_passes_is_not_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    with aws(monkeypatch) as client:
        signer = KmsSigner(new_key(client), client=client)
        faults = [refusing("KMSInternalException", 500)]

        def once(request: Any, **_: object) -> AWSResponse | None:
            return faults.pop()(request) if faults else None

        failing(client, "Sign", once)
        assert signer.sign_hash(DIGEST, chain_id=1)
        assert faults == []


def test_awss_words_about_credentials_are_not_repeated(client: Any, signer: KmsSigner) -> None:
    failing(client, "Sign", refusing("InvalidSignatureException"))
    with pytest.raises(NotAllowedError) as caught:
        signer.sign_hash(DIGEST, chain_id=1)
    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_service_that_is_not_there_could_not_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:1")
    with pytest.raises(UnavailableError, match=r"kms_key.*EndpointConnectionError"):
        open_kms_signer("alias/issuer")


def test_no_credentials_are_the_callers_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(InvalidInputError, match=r"kms_key: .*credentials"):
        open_kms_signer("alias/issuer")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AWS_DEFAULT_REGION", ""),
        ("AWS_DEFAULT_REGION", "no region"),
        ("AWS_ENDPOINT_URL_KMS", "nonsense"),
        ("AWS_PROFILE", "nobody"),
    ],
)
def test_a_wrong_configuration_is_the_callers_fault(
    client: Any, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    assert client
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidInputError, match="kms_key"):
        kms_client()


def test_without_boto3_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(InvalidInputError, match=r"kms_key needs .* 'rootseal\[aws\]'"):
        kms_client()


KEY = PrivateKey(b"\x11" * 32)
ADDRESS = KEY.public_key.to_canonical_address()
SIGNATURE = KEY.sign_msg_hash(DIGEST)
R, S = SIGNATURE.r, SIGNATURE.s
DER = encode_dss_signature(R, S)


@pytest.mark.parametrize("s", [S, CURVE_ORDER - S], ids=["low", "high"])
def test_both_signatures_that_fit_are_the_same_one(s: int) -> None:
    found = _recoverable(encode_dss_signature(R, s), DIGEST, ADDRESS)
    assert split_signature(found) == (27 + SIGNATURE.v, R, S)


@given(secret=st.integers(1, CURVE_ORDER - 1), digest=st.binary(min_size=32, max_size=32))
def test_any_signature_is_recovered(secret: int, digest: bytes) -> None:
    key = PrivateKey(secret.to_bytes(32, "big"))
    made = key.sign_msg_hash(digest)
    der = encode_dss_signature(made.r, made.s)
    found = _recoverable(der, digest, key.public_key.to_canonical_address())
    assert split_signature(found) == (27 + made.v, made.r, made.s)


@pytest.mark.parametrize(
    "der",
    [
        pytest.param(None, id="none"),
        pytest.param("30", id="text"),
        pytest.param(b"", id="nothing"),
        pytest.param(DER[:-1], id="a byte less"),
        pytest.param(DER + b"\0", id="a byte more"),
        pytest.param(b"\x31" + DER[1:], id="a set"),
        pytest.param(DER[:1] + bytes([DER[1] + 1]) + DER[2:], id="a wrong length"),
        pytest.param(DER[:2] + b"\3" + DER[3:], id="no integer"),
        pytest.param(DER[:3] + b"\x7f" + DER[4:], id="an integer beyond the end"),
        pytest.param(b"\x30\0", id="an empty sequence"),
        pytest.param(b"\x30\2\2\0", id="an empty integer"),
        pytest.param(encode_dss_signature(R, 0), id="s is zero"),
        pytest.param(encode_dss_signature(CURVE_ORDER, S), id="r is the order"),
        pytest.param(encode_dss_signature(R, CURVE_ORDER), id="s is the order"),
        pytest.param(encode_dss_signature(5, S), id="r on no point"),
        pytest.param(encode_dss_signature(R, S + 1), id="of another key"),
        pytest.param(encode_dss_signature(2**300, S), id="too long"),
    ],
)
def test_what_is_no_signature_of_the_key_is_refused(der: object) -> None:
    with pytest.raises(ValueError):
        _recoverable(der, DIGEST, ADDRESS)


def test_a_signature_of_another_digest_is_not_used(client: Any, signer: KmsSigner) -> None:
    other = signer.sign_hash(b"\6" * 32, chain_id=1)
    _, r, s = split_signature(other)

    class Liar:
        """Signs something else."""

        get_public_key = staticmethod(client.get_public_key)

        @staticmethod
        def sign(**_: object) -> dict[str, Any]:
            return {"Signature": encode_dss_signature(r, s)}

    with pytest.raises(UnavailableError, match=r"kms_key.*not that of the key"):
        KmsSigner(signer._key_id, client=Liar()).sign_hash(DIGEST, chain_id=1)
