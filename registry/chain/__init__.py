"""Chain adapter: an EVM chain, its keys and its devnet behind the `Chain` and `Signer` protocols.

The only layer that knows web3 and eth-account. Decides nothing about anchoring.
"""

from registry.chain.artifact import (
    artifact,
    artifact_bytes,
    compiler_input,
    deterministic_address,
    runtime_matches,
)
from registry.chain.authorizations import (
    DigestSigner,
    authorization_hash,
    read_authorization,
    recovered_signer,
    sign_authorization,
    typed_data,
    write_authorization,
)
from registry.chain.code_match import compare_code, expected_immutables
from registry.chain.compiling import CompiledContract, compile_input
from registry.chain.deploy import Deployment, deploy
from registry.chain.devnet import Devnet, find_anvil
from registry.chain.dumping import dump_state
from registry.chain.endpoint import OnError
from registry.chain.evm import ChainOptions, EvmChain
from registry.chain.keys import (
    DEVELOPMENT_CHAIN_ID,
    KeystoreSigner,
    LocalSigner,
    create_keystore,
    development_signer,
    keystore_address,
)
from registry.chain.kms import KmsSigner, open_kms_signer
from registry.chain.origins import Fork, LoadedState
from registry.chain.recorded import RecordedHistory
from registry.chain.records import ChainRecord, parse_record, print_record
from registry.chain.remote_signer import RemoteSigner
from registry.chain.rpc import Rpc
from registry.chain.snapshots import SnapshotState
from registry.chain.state import Finality
from registry.chain.transactions import sender_key

__all__ = [
    "DEVELOPMENT_CHAIN_ID",
    "ChainOptions",
    "ChainRecord",
    "CompiledContract",
    "Deployment",
    "Devnet",
    "DigestSigner",
    "EvmChain",
    "Finality",
    "Fork",
    "KeystoreSigner",
    "KmsSigner",
    "LoadedState",
    "LocalSigner",
    "OnError",
    "RecordedHistory",
    "RemoteSigner",
    "Rpc",
    "SnapshotState",
    "artifact",
    "artifact_bytes",
    "authorization_hash",
    "compare_code",
    "compile_input",
    "compiler_input",
    "create_keystore",
    "deploy",
    "deterministic_address",
    "development_signer",
    "dump_state",
    "expected_immutables",
    "find_anvil",
    "keystore_address",
    "open_kms_signer",
    "parse_record",
    "print_record",
    "read_authorization",
    "recovered_signer",
    "runtime_matches",
    "sender_key",
    "sign_authorization",
    "typed_data",
    "write_authorization",
]
