"""Tools that need no `Registry`: a development chain, new keys, the bytes of authorizations.

For edges, which may not import adapters themselves.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from registry.chain import (
    Devnet,
    create_keystore,
    development_signer,
    read_authorization,
    recovered_signer,
    typed_data,
    write_authorization,
)
from registry.errors import InvalidInputError
from registry.wiring.settings import DEVELOPMENT_CHAIN, Settings

__all__ = [
    "DEVELOPMENT_CHAIN",
    "create_keystore",
    "development_account",
    "read_authorization",
    "recovered_signer",
    "running_devnet",
    "typed_data",
    "write_authorization",
]

_STATE_FILE: Final = "devnet.json"


@contextmanager
def running_devnet(*, port: int, state: Path) -> Iterator[Devnet]:
    """Run Anvil while the context is open; `state` is the folder that keeps the chain.

    Raises as `Devnet.start`, and `InvalidInputError` if the folder cannot be made.
    """
    try:
        state.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise InvalidInputError(f"cannot make the folder {state}: {exc.strerror}") from exc
    with Devnet(port=port, state=state / _STATE_FILE) as devnet:
        yield devnet


def development_account(settings: Settings) -> bytes:
    """Address of the Anvil account that is set, the first if none is."""
    return development_signer(settings.development_account or 0).address
