"""Chain adapter: an EVM chain, its keys and its devnet behind the `Chain` and `Signer` protocols.

The only layer that knows web3 and eth-account. Decides nothing about anchoring.
"""

from registry.chain.artifact import artifact, deterministic_address, runtime_matches
from registry.chain.deploy import Deployment, deploy
from registry.chain.devnet import Devnet, find_anvil
from registry.chain.evm import ChainOptions, EvmChain, Finality
from registry.chain.keys import (
    DEVELOPMENT_CHAIN_ID,
    KeystoreSigner,
    LocalSigner,
    create_keystore,
    development_signer,
    keystore_address,
)

__all__ = [
    "DEVELOPMENT_CHAIN_ID",
    "ChainOptions",
    "Deployment",
    "Devnet",
    "EvmChain",
    "Finality",
    "KeystoreSigner",
    "LocalSigner",
    "artifact",
    "create_keystore",
    "deploy",
    "deterministic_address",
    "development_signer",
    "find_anvil",
    "keystore_address",
    "runtime_matches",
]
