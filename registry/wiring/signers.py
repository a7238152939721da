"""The configured key: a keystore, one of AWS KMS, one behind a Web3Signer, or a development one."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from registry.errors import InvalidInputError
from registry.services.ports import Authorization, Signer
from registry.wiring.settings import DEVELOPMENT_CHAIN, Settings

# Of Anvil's accounts, by number: to name one as issuer must not load what signs.
DEVELOPMENT_ADDRESSES: Final = tuple(
    bytes.fromhex(address)
    for address in (
        "f39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "70997970c51812dc3a010c7d01b50e0d17dc79c8",
        "3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
        "90f79bf6eb2c4f870365e785982e1f101e93b906",
        "15d34aaf54267db7d7c367839aaf71a00a2c6a65",
        "9965507d1a55bcc2695c58ba16fb37d819b0a4dc",
        "976ea74026e726554db657fa54763abd0c3a0aa9",
        "14dc79964da2c08b23698b3d3cc7ca32193d9955",
        "23618e81e3f5cdf7f54c3d65f7fbc0abf5b21e8f",
        "a0ee7a142d267c1f36714e4a8f75612f20a79720",
    )
)
_KEYS: Final = ("keystore", "kms_key", "signer_url", "development_account")


def open_signer(settings: Settings, password: Callable[[Path], str]) -> Signer | None:
    """Open the key that is set; None if none is. `password` gives a keystore's.

    Raises `InvalidInputError` if several are set or one cannot be used, naming the setting.
    """
    _require_one(settings)
    if settings.keystore is not None:
        return _keystore(settings.keystore, password)
    if settings.kms_key is not None:
        return _kms(settings.kms_key)
    if settings.signer_url is not None:
        return _remote(settings)
    if settings.development_account is not None:
        return _development(settings, settings.development_account)
    return None


def address_of_key(settings: Settings) -> bytes | None:
    """Address of the key that is set, if that is told without opening it; else None.

    Raises `InvalidInputError` as `open_signer`.
    """
    if settings.keystore is not None:
        from registry.chain import keystore_address

        return keystore_address(settings.keystore)
    if settings.signer_address is not None:
        return settings.signer_address
    if settings.development_account is not None:
        _require_one(settings)
        _require_development_chains(settings)
        return DEVELOPMENT_ADDRESSES[settings.development_account]
    return None


def sign_permission(signer: Signer, wanted: Authorization) -> Authorization:
    """Sign what is `wanted`, whose signature is still empty, without asking any chain.

    Raises `InvalidInputError` for a key that signs transactions alone.
    """
    from registry.chain import KmsSigner, LocalSigner, sign_authorization

    if not isinstance(signer, LocalSigner | KmsSigner):
        raise InvalidInputError(
            "the key behind signer_url signs transactions only: print what is to be signed with "
            "--typed-data, have it signed there (eth_signTypedData), and pass the result with "
            "--signature and --signer"
        )
    return sign_authorization(signer, wanted)


def _keystore(path: Path, password: Callable[[Path], str]) -> Signer:
    from registry.chain import KeystoreSigner

    return KeystoreSigner(path, password(path))


def _kms(key: str) -> Signer:
    from registry.chain import open_kms_signer

    return open_kms_signer(key)


def _remote(settings: Settings) -> Signer:
    from registry.chain import RemoteSigner

    if settings.signer_url is None or settings.signer_address is None:
        raise InvalidInputError("signer_url needs signer_address: whose key is behind it")
    url = settings.signer_url.get_secret_value()
    return RemoteSigner(url, settings.signer_address, timeout=settings.rpc_timeout)


def _development(settings: Settings, account: int) -> Signer:
    from registry.chain import development_signer

    _require_development_chains(settings)
    return development_signer(account)


def _require_one(settings: Settings) -> None:
    named = [name for name in _KEYS if getattr(settings, name) is not None]
    if len(named) > 1:
        raise InvalidInputError(f"{' and '.join(named)} are both set: keep one")


def _require_development_chains(settings: Settings) -> None:
    others = [c.chain_id for c in settings.all_chains if c.chain_id != DEVELOPMENT_CHAIN]
    if others:
        raise InvalidInputError(
            f"development_account is for the development chain only, not chain {others[0]}: "
            "configure a keystore"
        )
