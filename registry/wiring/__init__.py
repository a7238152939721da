"""Wiring: reads the settings and puts stores, chains, keys and services together.

The only package that knows which adapter stands behind a Protocol. Adapters are imported where
they are first used: SQLAlchemy and web3 take a second each, and most commands need one of them.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from registry.core.receipt import Receipt
from registry.errors import InvalidInputError
from registry.services.anchoring import Anchoring, Nightly
from registry.services.ports import Chain, Signer, Store
from registry.services.receipts import receipt_of
from registry.services.sending import Sending
from registry.services.status import StatusService
from registry.services.verification import Verification
from registry.wiring.settings import Settings, load_settings

if TYPE_CHECKING:
    from registry.chain import Deployment, EvmChain

__all__ = ["Registry", "Settings", "load_settings"]

AskPassword = Callable[[Path], str]
_GWEI = 10**9
_PRIVATE_FOLDER = 0o700  # it holds salts and signed transactions


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


class Registry:
    """One process's registry: everything is opened when it is first used, and closed by `close`."""

    def __init__(self, settings: Settings, *, ask_password: AskPassword | None = None) -> None:
        self.settings = settings
        self._ask_password = ask_password

    @cached_property
    def store(self) -> Store:
        """The store, made if it is not there yet and migrated to this version."""
        from registry.store import open_store

        file = self.settings.database_file
        if file is not None:
            _make_folder(file.parent)
        return open_store(self.settings.database.get_secret_value())

    @property
    def has_store(self) -> bool:
        """Whether there is a store to look into; a server's is taken to be there."""
        file = self.settings.database_file
        return file is None or file.exists()

    @cached_property
    def chain(self) -> Chain:
        """The configured chain; nothing is asked yet."""
        return self._evm

    @cached_property
    def _evm(self) -> "EvmChain":
        from registry.chain import ChainOptions, EvmChain, deterministic_address

        settings = self.settings
        return EvmChain(
            chain_id=settings.chain_id,
            rpc_url=settings.rpc_url.get_secret_value(),
            contract=settings.contract or deterministic_address(),
            options=ChainOptions(
                finality=settings.finality,
                max_fee=int(settings.fee_cap_gwei * _GWEI),
                timeout=settings.rpc_timeout,
            ),
        )

    @cached_property
    def signer(self) -> Signer | None:
        """The configured key, or None if none is. Raises `InvalidInputError`."""
        from registry.chain import KeystoreSigner, development_signer

        settings = self.settings
        if settings.keystore is not None and settings.development_account is not None:
            raise InvalidInputError("keystore and development_account are both set: keep one")
        if settings.keystore is not None:
            return KeystoreSigner(settings.keystore, self.password(settings.keystore))
        if settings.development_account is None:
            return None
        if not settings.is_development_chain:
            raise InvalidInputError(
                f"development_account is for the development chain only, not chain "
                f"{settings.chain_id}: configure a keystore"
            )
        return development_signer(settings.development_account)

    @cached_property
    def issuer(self) -> bytes:
        """The issuer to act for. Raises `InvalidInputError` if neither it nor a key is set."""
        from registry.chain import keystore_address

        if self.settings.issuer is not None:
            return self.settings.issuer
        if self.settings.keystore is not None:
            return keystore_address(self.settings.keystore)
        if self.signer is None:
            raise InvalidInputError(
                "no issuer: set issuer (ROOTSEAL_ISSUER), or a keystore or development_account"
            )
        return self.signer.address

    @cached_property
    def sending(self) -> Sending:
        """Sends transactions with the configured key."""
        return Sending(self.store, self.chain, self.signer, utc_now)

    @cached_property
    def nightly(self) -> Nightly:
        """The nightly job."""
        anchoring = Anchoring(self.store, self.chain, self.sending)
        return Nightly(self.store, anchoring, utc_now, time.sleep, self.settings.poll_seconds)

    @cached_property
    def statuses(self) -> StatusService:
        """Status changes."""
        return StatusService(self.store)

    def verification(self, *, with_store: bool) -> Verification:
        """A verifier; `with_store` lets it look receipts up."""
        trusted = {address: name for name, address in self.settings.trust.items()}

        def find(credential_hash: bytes) -> Receipt:
            return receipt_of(self.store, credential_hash)

        return Verification(
            chains={self.settings.chain_id: self.chain},
            trusted=trusted,
            clock=utc_now,
            find_receipt=find if with_store else None,
        )

    def deploy(self) -> "Deployment":
        """Put the contract on the chain, or find it there; raises as `registry.chain.deploy`."""
        from registry.chain import deploy

        if self.signer is None:
            raise InvalidInputError("no key: set keystore or development_account to pay with")
        return deploy(self._evm, self.signer)

    @staticmethod
    def now() -> datetime:
        """The time by which this registry goes."""
        return utc_now()

    def password(self, keystore: Path) -> str:
        """Password of a keystore: from the file that is set, or asked for."""
        path = self.settings.password_file
        if path is not None:
            try:
                return path.read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as exc:
                raise InvalidInputError(f"password_file {path} cannot be read: {exc}") from exc
        if self._ask_password is None:
            raise InvalidInputError("password_file (ROOTSEAL_PASSWORD_FILE) is not set")
        return self._ask_password(keystore)

    def close(self) -> None:
        """Close what was opened."""
        if "store" in self.__dict__:
            self.store.close()
        if "_evm" in self.__dict__:
            self._evm.close()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    except OSError as exc:
        raise InvalidInputError(f"cannot make the folder {folder}: {exc.strerror}") from exc
