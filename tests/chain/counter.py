"""A tiny contract with an immutable, as the compiler is given it."""

import json
from typing import Any

COUNTER = """
// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;
contract Counter {
    uint256 private immutable _start;
    uint256 private _count;
    constructor(uint256 start) { _start = start; }
    function count() external returns (uint256) { return _start + ++_count; }
}
"""
PLAIN = {"bytecodeHash": "none", "appendCBOR": False}
WITH_HASH = {"bytecodeHash": "ipfs", "appendCBOR": True}


def counter(text: str = COUNTER, *, metadata: dict[str, Any] = PLAIN, **more: Any) -> bytes:
    wanted = {"*": {"": ["ast"], "*": ["evm.bytecode", "evm.deployedBytecode"]}}
    given = {
        "language": "Solidity",
        "sources": {"Counter.sol": {"content": text}},
        "settings": {"metadata": metadata, "outputSelection": wanted},
    }
    return json.dumps(given | more).encode()
