"""Keys in this process that sign: an encrypted keystore file, or a development account.

Prints, logs and returns no key. Reads no password from anywhere: callers give it. eth-account is
imported where a key is used: it takes a second, and most commands sign nothing.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any  # eth-account takes and returns keystores as plain dicts

try:
    import resource
except ImportError:  # Windows, which writes no core dumps
    resource = None  # type: ignore[assignment]

from registry.chain.transactions import join_signature, signing_hash, with_signature
from registry.core.address import format_address, parse_address
from registry.errors import InvalidInputError, NotAllowedError
from registry.services.ports import SignedTransaction, UnsignedTransaction

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

DEVELOPMENT_CHAIN_ID = 31337
# The mnemonic that Anvil and its kin publish: whoever reads this has the keys.
_DEVELOPMENT_MNEMONIC = "test test test test test test test test test test test junk"
_MAX_KEYSTORE_BYTES = 64 << 10  # a keystore has about 500


class LocalSigner:
    """A key in this process's memory."""

    def __init__(self, account: "LocalAccount", *, only_chain: int | None = None) -> None:
        self._account = account
        self._only_chain = only_chain

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._account.address})"

    @property
    def address(self) -> bytes:
        """Address of the account."""
        return bytes.fromhex(self._account.address[2:])

    def sign(self, transaction: UnsignedTransaction) -> SignedTransaction:
        """Sign.

        Raises `ValueError` if another account is the sender, `NotAllowedError` if the key is a
        development key and the chain is not a development chain.
        """
        if transaction.sender != self.address:
            raise ValueError(
                f"{self!r} cannot sign for {format_address(transaction.sender)}",
            )
        signature = self.sign_hash(signing_hash(transaction), chain_id=transaction.chain_id)
        return with_signature(transaction, signature)

    def sign_hash(self, digest: bytes, *, chain_id: int) -> bytes:
        """Sign 32 bytes that mean something on chain `chain_id`, as r ‖ s ‖ v.

        Raises `NotAllowedError` if the key is a development key and that is another chain.
        """
        if self._only_chain not in {None, chain_id}:
            raise NotAllowedError(
                f"a development key, which everybody knows, signs for chain {self._only_chain} "
                f"only, not for {chain_id}"
            )
        from eth_typing import Hash32

        signed = self._account.unsafe_sign_hash(Hash32(digest))
        return join_signature(signed.v, signed.r, signed.s)


class KeystoreSigner(LocalSigner):
    """The key of an encrypted keystore file (Web3 Secret Storage, as geth and cast write it)."""

    def __init__(self, path: Path, password: str) -> None:
        """Decrypt the key. Raises `InvalidInputError`, naming the file and maybe the setting."""
        from eth_account import Account

        keystore = _read_keystore(path)
        _forbid_core_dumps()
        try:
            account = Account.from_key(Account.decrypt(keystore, password))
        except (ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as exc:
            # eth-keyfile's words for a wrong password; everything else is a wrong file.
            if "MAC mismatch" not in str(exc):
                raise InvalidInputError(f"not a keystore: {path}") from None
            raise InvalidInputError(f"wrong password for keystore {path} (password_file)") from None
        super().__init__(account)


@cache
def development_signer(index: int = 0) -> LocalSigner:
    """Return one of Anvil's accounts. It signs for the development chain only."""
    from eth_account import Account
    from eth_account.hdaccount import key_from_seed, seed_from_mnemonic

    seed = seed_from_mnemonic(_DEVELOPMENT_MNEMONIC, "")
    account = Account.from_key(key_from_seed(seed, f"m/44'/60'/0'/0/{index}"))
    return LocalSigner(account, only_chain=DEVELOPMENT_CHAIN_ID)


def create_keystore(path: Path, password: str) -> bytes:
    """Make a new key, write it encrypted for its owner's eyes only, and return its address.

    Raises `InvalidInputError`, writing nothing, if the password is empty, the file exists or
    cannot be written.
    """
    if not password:
        raise InvalidInputError("an empty password protects no keystore")
    from eth_account import Account

    account = Account.create()
    content = json.dumps(Account.encrypt(account.key, password)).encode()
    try:
        # O_EXCL: a key that exists is never overwritten, not even in a race.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as exc:
        raise InvalidInputError(f"keystore exists already: {path}") from exc
    except OSError as exc:
        raise InvalidInputError(f"cannot write keystore {path}: {exc.strerror}") from exc
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        path.unlink(missing_ok=True)
        raise InvalidInputError(f"cannot write keystore {path}: {exc.strerror}") from exc
    return bytes.fromhex(account.address[2:])


def keystore_address(path: Path) -> bytes:
    """Address that a keystore file says it is of; no password needed, and nothing proven."""
    return parse_address("0x" + str(_read_keystore(path).get("address")).removeprefix("0x"))


def _forbid_core_dumps() -> None:
    """Let a crash of this process write no file of its memory, which now holds a key."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def _read_keystore(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(_MAX_KEYSTORE_BYTES))
    except OSError as exc:
        raise InvalidInputError(f"cannot read keystore {path}: {exc.strerror}") from exc
    except ValueError:
        raise InvalidInputError(f"not a keystore: {path}") from None
    if not isinstance(content, dict):
        raise InvalidInputError(f"not a keystore: {path}")
    return content
