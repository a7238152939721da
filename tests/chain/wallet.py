"""A contract wallet on the test chain: contracts/test/SignatureWallet.sol, compiled here."""

import importlib.util
from functools import cache
from pathlib import Path

import solcx

from registry.chain import deterministic_address
from registry.core.address import format_address, parse_address
from tests.anvil import Anvil

ROOT = Path(__file__).parents[2]
SOURCE = "contracts/test/SignatureWallet.sol"


def deploy_wallet(anvil: Anvil, *, key: bytes, payer: bytes) -> bytes:
    """Deploy a wallet that accepts the signatures of `key`; return its address."""
    arguments = key.rjust(32, b"\0") + deterministic_address().rjust(32, b"\0")
    request = {"from": format_address(payer), "data": "0x" + (_code() + arguments).hex()}
    transaction = anvil.ask("eth_sendTransaction", request).value
    receipt = anvil.ask("eth_getTransactionReceipt", transaction)
    while receipt.is_null:  # automine takes a moment
        receipt = anvil.ask("eth_getTransactionReceipt", transaction)
    return parse_address(str(receipt.member("contractAddress").value))


@cache
def _code() -> bytes:
    """Compile as `scripts/build_contracts.py` compiles the contract; needs Node and npm's solc."""
    spec = importlib.util.spec_from_file_location("build", ROOT / "scripts/build_contracts.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    profile = build.read_profile()
    sources = build.collect_sources(SOURCE, profile["remappings"])
    wanted = {SOURCE: {"SignatureWallet": ["evm.bytecode"]}}
    output = solcx.compile_standard(
        {
            "language": "Solidity",
            "sources": {path: {"content": text} for path, text in sources.items()},
            "settings": {**build.compiler_settings(profile), "outputSelection": wanted},
        },
        solc_binary=ROOT / profile["solc"],
    )
    compiled = output["contracts"][SOURCE]["SignatureWallet"]
    return bytes.fromhex(compiled["evm"]["bytecode"]["object"])
