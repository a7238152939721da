"""Wiring: reads the settings and puts stores, chains, keys and services together.

The only package that knows which adapter stands behind a Protocol. Adapters are imported where
they are first used: SQLAlchemy and web3 take a second each, and most commands need one of them.
"""

import os
import secrets
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from registry.core.address import format_address
from registry.core.receipt import Receipt
from registry.core.snapshot import Snapshot
from registry.core.trust import TrustList
from registry.errors import InvalidInputError
from registry.services.alarm import overdue_by
from registry.services.anchoring import Anchoring
from registry.services.authorizing import Relaying
from registry.services.nightly import Nightly
from registry.services.operators import Operators, Submit
from registry.services.ports import (
    Authorization,
    Block,
    Chain,
    ChainState,
    IssuerDirectory,
    Signer,
    Store,
)
from registry.services.receipts import receipt_of
from registry.services.sending import Sending
from registry.services.status import StatusService
from registry.services.verification import Verification
from registry.wiring.one_off import ONE_OFF_PATIENCE, OneOff
from registry.wiring.settings import ChainSettings, Settings, load_settings
from registry.wiring.signers import address_of_key, open_signer, sign_permission
from registry.wiring.trust import trusted_issuers

if TYPE_CHECKING:
    from registry.badges.achievements import IssuerProfile
    from registry.chain import Deployment, EvmChain
    from registry.services.issuer_documents import IssuerDocuments
    from registry.services.issuing import Signatory, StatusLists
    from registry.services.wallets.offers import HolderNames
    from registry.vc.notes import NoteSigner
    from registry.verifier import Configuration

__all__ = ["Registry", "Settings", "load_settings"]

AskPassword = Callable[[Path], str]
OnRpcError = Callable[[str, str], None]  # an endpoint's name, and the kind of its failure
_GWEI = 10**9
_PRIVATE_FOLDER = 0o700  # it holds salts and signed transactions


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


def _ignore(_source: str, _kind: str) -> None:
    pass


class Registry:
    """One process's registry: everything is opened when it is first used, and closed by `close`."""

    def __init__(
        self,
        settings: Settings,
        *,
        ask_password: AskPassword | None = None,
        on_rpc_error: OnRpcError = _ignore,
    ) -> None:
        self.settings = settings
        self.on_rpc_error = on_rpc_error
        self._ask_password = ask_password

    @cached_property
    def store(self) -> Store:
        """The store, made if it is not there yet and migrated to this version."""
        from registry.store import open_store

        file = self.settings.database_file
        if file is not None:
            make_folder(file.parent)
        return open_store(
            self.settings.database.get_secret_value(),
            connections=self.settings.database_connections,
        )

    @property
    def has_store(self) -> bool:
        """Whether there is a store to look into; a server's is taken to be there."""
        file = self.settings.database_file
        return file is None or file.exists()

    @cached_property
    def chains(self) -> Mapping[int, "EvmChain"]:
        """The configured chains, the first one first; nothing is asked yet."""
        return {chain.chain_id: self._open(chain) for chain in self.settings.all_chains}

    @property
    def chain(self) -> Chain:
        """The first of the configured chains."""
        return self._first

    @property
    def _first(self) -> "EvmChain":
        return self.chains[self.settings.chain_id]

    def _open(self, chain: ChainSettings) -> "EvmChain":
        from registry.chain import ChainOptions, EvmChain, deterministic_address

        return EvmChain(
            chain_id=chain.chain_id,
            rpc_url=chain.rpc_urls,
            contract=chain.contract or deterministic_address(),
            options=ChainOptions(
                finality=chain.finality,
                max_fee=int(chain.fee_cap_gwei * _GWEI),
                timeout=self.settings.rpc_timeout,
                attempts=self.settings.rpc_attempts,
                quorum=chain.rpc_quorum,
            ),
            on_error=self.on_rpc_error,
        )

    @cached_property
    def signer(self) -> Signer | None:
        """The configured key, or None if none is. Raises `InvalidInputError`."""
        return open_signer(self.settings, self.password)

    @cached_property
    def issuer(self) -> bytes:
        """The issuer to act for. Raises `InvalidInputError` if neither it nor a key is set."""
        told = self.settings.issuer or address_of_key(self.settings)
        if told is not None:
            return told
        if self.signer is None:
            raise InvalidInputError(
                "no issuer: set issuer (ROOTSEAL_ISSUER), or a keystore or development_account"
            )
        return self.signer.address

    @cached_property
    def anchorings(self) -> tuple[Anchoring, ...]:
        """What moves batches to final, on each chain."""
        return tuple(self._anchoring(chain) for chain in self.chains.values())

    def _anchoring(self, chain: Chain) -> Anchoring:
        replace_after = timedelta(seconds=self.settings.replace_after)
        sending = Sending(self.store, chain, self.signer, utc_now, replace_after)
        return Anchoring(self.store, chain, sending)

    @cached_property
    def nightly(self) -> Nightly:
        """The nightly job."""
        return Nightly(
            store=self.store,
            anchorings=self.anchorings,
            holder=_run_name(),
            lease_time=timedelta(seconds=self.settings.lease_seconds),
            clock=utc_now,
            sleep=time.sleep,
            poll_seconds=self.settings.poll_seconds,
        )

    def overdue(self) -> timedelta | None:
        """How long somebody has waited, if too long (`alarm_hours`), as `overdue_by`."""
        limit = timedelta(hours=self.settings.alarm_hours)
        return overdue_by(self.store, now=utc_now(), limit=limit)

    @cached_property
    def statuses(self) -> StatusService:
        """Status changes."""
        return StatusService(self.store)

    @cached_property
    def trusted(self) -> TrustList:
        """Whom a verification trusts; raises as `trusted_issuers`."""
        return trusted_issuers(self.settings)

    @cached_property
    def page_configuration(self) -> "Configuration":
        """What the verifier's page begins with; raises as `trusted_issuers`."""
        from registry.wiring.verifier_page import page_configuration

        return page_configuration(self.settings, self.trusted)

    @cached_property
    def directory(self) -> IssuerDirectory | None:
        """Where issuers are asked whose an address is; None unless `resolve_issuers` is set."""
        if not self.settings.resolve_issuers:
            return None
        from registry.identity import OnlineDirectory

        return OnlineDirectory(timeout=self.settings.rpc_timeout)

    def verification(self, *, with_store: bool) -> Verification:
        """A verifier; `with_store` lets it look receipts up."""
        return self._verification(self.chains, with_store=with_store)

    def offline_verification(
        self, snapshot: bytes, trusted_block: bytes | None, *, with_store: bool
    ) -> Verification:
        """A verifier that asks a snapshot file instead of nodes; none is asked for anything.

        Raises `InvalidInputError` for a file that is no snapshot.
        """
        from registry.wiring.snapshots import open_snapshot

        contracts = {each.chain_id: each.contract for each in self.settings.all_chains}
        state = open_snapshot(snapshot, trusted_block, contracts.get)
        return self._verification({state.chain_id: state}, with_store=with_store)

    def _verification(self, chains: Mapping[int, ChainState], *, with_store: bool) -> Verification:

        def find(credential_hash: bytes) -> Receipt:
            return receipt_of(self.store, credential_hash)

        return Verification(
            chains=chains,
            trusted=self.trusted,
            clock=utc_now,
            find_receipt=find if with_store else None,
            directory=self.directory,
        )

    def snapshot(self, receipts: Iterable[Receipt]) -> tuple[Snapshot, Block]:
        """The first chain's final state about `receipts`; raises as `EvmChain.snapshot`."""
        return self._first.snapshot(receipts)

    def deploy(self, chain_id: int) -> "Deployment":
        """Put the contract on a configured chain, or find it; raises as `registry.chain.deploy`."""
        from registry.chain import deploy

        return deploy(
            self.chains[chain_id],
            self.payer,
            patience=ONE_OFF_PATIENCE,
            replace_after=self.settings.replace_after,
        )

    @property
    def payer(self) -> Signer:
        """The configured key. Raises `InvalidInputError` if none is."""
        if self.signer is None:
            raise InvalidInputError("no key to pay with: set keystore, kms_key or signer_url")
        return self.signer

    def operators(self, chain_id: int) -> Operators:
        """The issuer's operators on a configured chain."""
        return Operators(self.chains[chain_id], self.issuer, utc_now)

    @property
    def submit(self) -> Submit:
        """Sends one-off calls with the configured key. Raises `InvalidInputError` without one."""
        return OneOff(self.payer, replace_after=self.settings.replace_after)

    def sign_permission(self, wanted: Authorization) -> Authorization:
        """Sign an authorization with the configured key; raises as `signers.sign_permission`."""
        return sign_permission(self.payer, wanted)

    @cached_property
    def issuer_profile(self) -> "IssuerProfile":
        """Who issues badges; raises as `issuers.issuer_profile`."""
        from registry.wiring.issuers import issuer_profile

        return issuer_profile(self.settings)

    @cached_property
    def signatory(self) -> "Signatory":
        """With what badges and status lists are signed; raises as `issuers.signing_key`."""
        from registry.services.issuing import Signatory
        from registry.wiring.issuers import signing_key

        return Signatory(self.issuer_profile.id, signing_key(self.settings))

    @cached_property
    def note_signer(self) -> "NoteSigner | None":
        """What signs checkpoints; None without a signing key. Raises as `issuers.note_signer`."""
        if self.settings.signing_key is None:
            return None
        from registry.wiring.issuers import note_signer

        return note_signer(self.settings)

    @cached_property
    def holder_names(self) -> "HolderNames":
        """Makes names of holders for their addresses; raises as `signatory`."""
        from registry.services.wallets.offers import HolderNames

        return HolderNames.of(self.issuer, self.signatory.key)

    @property
    def status_lists(self) -> "StatusLists":
        """Where the issuer's status lists are. Raises `InvalidInputError` without a public URL."""
        from registry.services.issuing import StatusLists

        if self.settings.public_url is None:
            raise InvalidInputError(
                "public_url (ROOTSEAL_PUBLIC_URL) is not set: badges say where their status list "
                "is; or issue them with --without-status-list"
            )
        address = format_address(self.issuer)
        return StatusLists(f"{self.settings.public_url.rstrip('/')}/v1/issuers/{address}")

    @property
    def signs_badges(self) -> bool:
        """Whether it is set who issues badges here, and with which key."""
        return self.settings.issuer_profile is not None and self.settings.signing_key is not None

    @cached_property
    def issuer_documents(self) -> "IssuerDocuments":
        """What the issuer of badges publishes; raises as what it is made of."""
        from registry.chain import sender_key
        from registry.services.issuer_documents import IssuerDocuments

        return IssuerDocuments(
            store=self.store,
            chains=self.chains,
            issuer=self.issuer,
            profile=self.issuer_profile,
            signatory=self.signatory,
            lists=self.status_lists,
            key_of=sender_key,
        )

    @cached_property
    def relaying(self) -> Relaying:
        """What takes authorizations for the nightly job."""
        from registry.chain import recovered_signer

        return Relaying(self.store, self.chains, utc_now, recovered_signer)

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
        if "chains" in self.__dict__:
            for chain in self.chains.values():
                chain.close()


def make_folder(folder: Path) -> None:
    """Make a folder that only this user may enter. Raises `InvalidInputError`."""
    try:
        folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    except OSError as exc:
        raise InvalidInputError(f"cannot make the folder {folder}: {exc.strerror}") from exc


def _run_name() -> str:
    """A name for this run's leases: where to look for it, and different from any other's."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
