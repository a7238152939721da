"""A key in AWS KMS that signs: it never leaves there, and CloudTrail keeps record of its use.

The only module that knows boto3, which comes with `pip install 'rootseal[aws]'`. Messages name the
setting `kms_key`, and repeat AWS's words only where they cannot hold credentials.
"""

from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar  # Any: boto3 has no annotations

from registry.chain.transactions import (
    CURVE_ORDER,
    join_signature,
    recover,
    signing_hash,
    with_signature,
)
from registry.core.address import format_address
from registry.errors import InvalidInputError, NotAllowedError, RootsealError, UnavailableError
from registry.services.ports import SignedTransaction, UnsignedTransaction

_T = TypeVar("_T")

_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 10
_TRIES: Final = 3
_MAX_MESSAGE: Final = 300  # characters of AWS's message that are shown

# A SubjectPublicKeyInfo of secp256k1 with an uncompressed point (RFC 5480): DER has one spelling.
_KEY_PREFIX: Final = bytes.fromhex("3056301006072a8648ce3d020106052b8104000a03420004")
_POINT_BYTES: Final = 64

_WRONG_KEY: Final = frozenset(
    {
        "NotFoundException",
        "InvalidArnException",
        "ValidationException",
        "InvalidKeyUsageException",
        "UnsupportedOperationException",
        "DisabledException",
        "KMSInvalidStateException",  # pending deletion, or its material is gone
    }
)
_DENIED: Final = "AccessDeniedException"
# AWS's words for these may repeat the request, with a session's token in it.
_WRONG_CREDENTIALS: Final = frozenset(
    {
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
# Of boto3's own configuration: found before anybody is asked.
_WRONG_CONFIGURATION: Final = frozenset(
    {
        "ConfigNotFound",
        "ConfigParseError",
        "InvalidConfigError",
        "InvalidRegionError",
        "NoCredentialsError",
        "NoRegionError",
        "ParamValidationError",
        "PartialCredentialsError",
        "ProfileNotFound",
    }
)
# What botocore's parser stumbles with over JSON of another shape than it expects.
_UNREADABLE: Final = (ValueError, TypeError, AttributeError, LookupError)


class KmsClient(Protocol):
    """What is used of boto3's client."""

    def get_public_key(self, *, KeyId: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Return the public key, in DER."""

    def sign(
        self,
        *,
        KeyId: str,  # noqa: N803 - AWS's names
        Message: bytes,  # noqa: N803
        MessageType: str,  # noqa: N803
        SigningAlgorithm: str,  # noqa: N803
    ) -> dict[str, Any]:
        """Return a signature, in DER."""


class KmsSigner:
    """An asymmetric KMS key of spec ECC_SECG_P256K1."""

    def __init__(self, key_id: str, *, client: KmsClient) -> None:
        """Ask KMS for the public key; `key_id` is an id, an ARN or an alias.

        Raises `InvalidInputError` for a key that is not there or of another spec,
        `NotAllowedError` if AWS does not let us, `UnavailableError` if it cannot be asked.
        """
        self._key_id = key_id
        self._client = client
        answer = _ask(lambda: client.get_public_key(KeyId=key_id))
        self._address = _address(key_id, answer.get("PublicKey"))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({format_address(self._address)})"

    @property
    def address(self) -> bytes:
        """Address of the account."""
        return self._address

    def sign(self, transaction: UnsignedTransaction) -> SignedTransaction:
        """Sign; every time with another signature, and so another hash of the transaction.

        Raises `ValueError` if another account is the sender, and what the constructor raises.
        """
        if transaction.sender != self.address:
            raise ValueError(f"{self!r} cannot sign for {format_address(transaction.sender)}")
        signature = self.sign_hash(signing_hash(transaction), chain_id=transaction.chain_id)
        return with_signature(transaction, signature)

    def sign_hash(self, digest: bytes, *, chain_id: int) -> bytes:  # noqa: ARG002 - DigestSigner
        """Sign 32 bytes, as r ‖ s ‖ v. Raises as the constructor."""
        answer = _ask(
            lambda: self._client.sign(
                KeyId=self._key_id,
                Message=digest,
                MessageType="DIGEST",  # or else it would be hashed again
                SigningAlgorithm="ECDSA_SHA_256",
            )
        )
        try:
            return _recoverable(answer.get("Signature"), digest, self._address)
        except ValueError as exc:
            raise _unavailable(f"the signature is not that of the key asked for ({exc})") from exc


def open_kms_signer(key_id: str) -> KmsSigner:
    """Connect to KMS and return the key. Raises as `kms_client` and `KmsSigner` do."""
    return KmsSigner(key_id, client=kms_client())


def kms_client() -> KmsClient:
    """Connect to KMS with the credentials and region of the environment, as boto3 finds them.

    Raises `InvalidInputError` if boto3 is not installed or lacks a region; asks nobody yet.
    """
    try:
        import boto3  # type: ignore[import-untyped]  # noqa: PLC0415 - optional, and slow
        from botocore.config import Config  # type: ignore[import-untyped]  # noqa: PLC0415
    except ImportError as exc:
        raise InvalidInputError("kms_key needs boto3: pip install 'rootseal[aws]'") from exc
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _TRIES},
    )

    def connect() -> KmsClient:
        try:
            client: KmsClient = boto3.Session().client("kms", config=config)
        except ValueError as exc:  # an endpoint that is no URL
            raise InvalidInputError(f"kms_key: {exc}") from None
        return client

    return _ask(connect)


def _ask(question: Callable[[], _T]) -> _T:
    """Ask boto3, and turn what it raises into errors of ours."""
    # Here and not above: only who uses KMS has botocore.
    from botocore.exceptions import (  # type: ignore[import-untyped]  # noqa: PLC0415
        BotoCoreError,
        ClientError,
    )
    from botocore.parsers import (  # type: ignore[import-untyped]  # noqa: PLC0415
        ResponseParserError,
    )

    try:
        return question()
    except ClientError as exc:
        error = exc.response.get("Error", {})
        refusal = _refusal(str(error.get("Code")), str(error.get("Message"))[:_MAX_MESSAGE])
    except (BotoCoreError, ResponseParserError, *_UNREADABLE) as exc:
        refusal = _failure(exc)
    # Not chained: boto's exceptions carry requests and answers, and with them credentials.
    raise refusal


def _refusal(code: str, message: str) -> RootsealError:
    """Return the error for what AWS answered."""
    if code in _WRONG_KEY:
        return InvalidInputError(f"kms_key: AWS says {code}: {message}")
    if code == _DENIED:
        return NotAllowedError(f"kms_key: AWS says {code}: {message}")
    if code in _WRONG_CREDENTIALS:
        return NotAllowedError(f"kms_key: AWS does not accept these credentials ({code})")
    return _unavailable(f"AWS says {code}")


def _failure(exc: Exception) -> RootsealError:
    """Return the error for no answer, or none that can be read."""
    name = type(exc).__name__
    if name in _WRONG_CONFIGURATION:
        return InvalidInputError(f"kms_key: {exc}")
    return _unavailable(f"no answer ({name})")


def _unavailable(message: str) -> UnavailableError:
    return UnavailableError(message, source="AWS KMS (kms_key)")


def _address(key_id: str, public_key: object) -> bytes:
    if not isinstance(public_key, bytes) or not public_key:
        raise _unavailable("answered without a public key")
    point = public_key.removeprefix(_KEY_PREFIX)
    if len(point) != _POINT_BYTES or not public_key.startswith(_KEY_PREFIX):
        raise InvalidInputError(f"kms_key {key_id} is not a key of spec ECC_SECG_P256K1")
    # Here, as in `transactions`.
    from eth_keys.datatypes import PublicKey  # noqa: PLC0415

    return PublicKey(point).to_canonical_address()


def _recoverable(signature: object, digest: bytes, address: bytes) -> bytes:
    """The 65 bytes of a DER signature, with the v that leads to `address`."""
    r, s = _read_der(signature)
    s = min(s, CURVE_ORDER - s)  # KMS gives either; nodes take the lower one only (EIP-2)
    for v in (27, 28):
        found = join_signature(v, r, s)
        if recover(digest, found) == address:
            return found
    raise ValueError("it is of another key")


def _read_der(signature: object) -> tuple[int, int]:
    """Two positive numbers of at most 32 bytes each, as SEQUENCE { INTEGER, INTEGER }."""
    if not isinstance(signature, bytes) or signature[:1] != b"\x30" or len(signature) > 72:
        raise ValueError("no signature")
    r, rest = _read_integer(signature[2:])
    s, rest = _read_integer(rest)
    if signature[1] != len(signature) - 2 or rest:
        raise ValueError("malformed")
    return r, s


def _read_integer(data: bytes) -> tuple[int, bytes]:
    size = data[1] if len(data) > 1 else 0
    digits = data[2 : 2 + size]
    if data[:1] != b"\x02" or not 0 < len(digits) == size:
        raise ValueError("malformed")
    number = int.from_bytes(digits, "big", signed=True)
    if not 0 < number < CURVE_ORDER:
        raise ValueError("out of range")
    return number, data[2 + size :]
