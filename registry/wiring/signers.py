"""The configured key: a keystore, one of AWS KMS, one behind a Web3Signer, or a development one."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from registry.errors import InvalidInputError
from registry.services.ports import Authorization, Signer
from registry.wiring.settings import DEVELOPMENT_CHAIN, Settings

_KEYS: Final = ("keystore", "kms_key", "signer_url", "development_account")


def open_signer(settings: Settings, password: Callable[[Path], str]) -> Signer | None:
    """Open the key that is set; None if none is. `password` gives a keystore's.

    Raises `InvalidInputError` if several are set or one cannot be used, naming the setting.
    """
    named = [name for name in _KEYS if getattr(settings, name) is not None]
    if len(named) > 1:
        raise InvalidInputError(f"{' and '.join(named)} are both set: keep one")
    if settings.keystore is not None:
        return _keystore(settings.keystore, password)
    if settings.kms_key is not None:
        return _kms(settings.kms_key)
    if settings.signer_url is not None:
        return _remote(settings)
    if settings.development_account is not None:
        return _development(settings, settings.development_account)
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

    others = [c.chain_id for c in settings.all_chains if c.chain_id != DEVELOPMENT_CHAIN]
    if others:
        raise InvalidInputError(
            f"development_account is for the development chain only, not chain {others[0]}: "
            "configure a keystore"
        )
    return development_signer(account)
