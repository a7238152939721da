"""A development chain as one file, asked of the Anvil that runs it. Loads nothing."""

import zlib

from registry.chain.rpc import JsonRpcError, Rpc
from registry.errors import UnavailableError

MAX_STATE_BYTES = 512 << 20  # 64 MiB of packed hexadecimal, which is the most that `Rpc` reads
_GZIP = 16 + zlib.MAX_WBITS


def dump_state(rpc: Rpc) -> bytes:
    """Ask an Anvil for its chain, as `LoadedState` reads it from a file.

    With all blocks and logs, and the state of the newest block. Raises `UnavailableError` if the
    node is no Anvil or a fork, of which it would give only what was changed, or the chain is too
    large.
    """
    try:
        info = rpc.ask("anvil_nodeInfo")
        if not info.member("forkConfig").member("forkUrl").is_null:
            raise UnavailableError("is a fork, whose state lies elsewhere", source=rpc.source)
        packed = rpc.ask("anvil_dumpState").data()
    except JsonRpcError as exc:
        raise UnavailableError("is no Anvil, or none that dumps states", source=rpc.source) from exc
    return _unpack(packed, rpc.source)


def _unpack(packed: bytes, source: str) -> bytes:
    unpacking = zlib.decompressobj(_GZIP)
    try:
        state = unpacking.decompress(packed, MAX_STATE_BYTES)
    except zlib.error as exc:
        raise UnavailableError("dumped a state that is not gzip", source=source) from exc
    if not unpacking.eof:
        raise UnavailableError("dumped a state that is cut or too large", source=source)
    return state
