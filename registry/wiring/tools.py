"""Tools that need no `Registry`: a development chain, new keys, the bytes of authorizations.

For edges, which may not import adapters themselves.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from registry.chain import (
    Deployment,
    Devnet,
    EvmChain,
    RemoteSigner,
    create_keystore,
    deploy,
    deterministic_address,
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
    "deploy_on_devnet",
    "development_account",
    "read_authorization",
    "recovered_signer",
    "running_devnet",
    "typed_data",
    "write_authorization",
]

_STATE_FILE: Final = "devnet.json"


@contextmanager
def running_devnet(*, port: int, state: Path, chain_id: int) -> Iterator[Devnet]:
    """Run Anvil while the context is open; `state` is the folder that keeps the chain.

    Raises as `Devnet.start`, and `InvalidInputError` if the folder cannot be made.
    """
    try:
        state.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise InvalidInputError(f"cannot make the folder {state}: {exc.strerror}") from exc
    with Devnet(port=port, state=state / _STATE_FILE, chain_id=chain_id) as devnet:
        yield devnet


def deploy_on_devnet(url: str, chain_id: int) -> Deployment:
    """Put the contract on a devnet, paid by Anvil's first account; raises as `deploy`."""
    chain = EvmChain(chain_id=chain_id, rpc_url=url, contract=deterministic_address())
    # By the node, whose account it is: the key that everybody knows signs for one chain only.
    signer = RemoteSigner(url, development_signer().address)
    try:
        return deploy(chain, signer)
    finally:
        signer.close()
        chain.close()


def development_account(settings: Settings) -> bytes:
    """Address of the Anvil account that is set, the first if none is."""
    return development_signer(settings.development_account or 0).address
