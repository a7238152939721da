"""What a block's header proves of accounts and storage: Merkle-Patricia proofs (Yellow Paper, D).

Whatever is found under a hash was hashed to it: nodes that were changed are not found, so that a
proof can be incomplete, but not false.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final  # a node's RLP is lists of lists

import rlp  # type: ignore[import-untyped]  # has no annotations
from eth_utils.crypto import keccak
from rlp.exceptions import RLPException  # type: ignore[import-untyped]  # as rlp
from rlp.sedes import CountableList, binary  # type: ignore[import-untyped]  # as rlp
from trie.hexary import HexaryTrie

from registry.chain.reply import Reply
from registry.core.wire import MAX_COUNT
from registry.errors import InvalidInputError
from registry.services.ports import Block

# In their order (EIPs 1559, 4895, 4844, 4788, 7685); from baseFeePerGas on a fork may lack them.
_NUMBERS: Final = frozenset(
    {
        *("difficulty", "number", "gasLimit", "gasUsed", "timestamp"),
        *("baseFeePerGas", "blobGasUsed", "excessBlobGas"),
    }
)
_OLDEST: Final = (
    *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot"),
    *("logsBloom", "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData"),
    *("mixHash", "nonce"),
)
_LATER: Final = (
    *("baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas"),
    *("parentBeaconBlockRoot", "requestsHash"),
)
_STATE_ROOT, _NUMBER, _TIME = (_OLDEST.index(n) for n in ("stateRoot", "number", "timestamp"))
_NOTHING: Final = b""


class MissingProofError(Exception):
    """The nodes at hand do not lead there."""


@dataclass(frozen=True, slots=True)
class Account:
    """What the state says of an account."""

    storage_root: bytes
    code_hash: bytes


def encode_header(block: Reply) -> bytes:
    """A header as it is hashed, from a node's JSON. Raises `UnavailableError`.

    Of a fork whose headers have other fields the hash of this is not the block's.
    """
    names = [*_OLDEST, *(name for name in _LATER if not block.member(name).is_null)]
    return bytes(rlp.encode([_field(block, name) for name in names]))


def read_header(header: bytes) -> tuple[Block, bytes]:
    """The block whose header this is, and its state root. Raises `InvalidInputError`."""
    try:
        fields = rlp.decode(header, CountableList(binary))
        number, seconds = (int.from_bytes(fields[place], "big") for place in (_NUMBER, _TIME))
        block = Block(number, bytes(keccak(header)), datetime.fromtimestamp(seconds, UTC))
    except (RLPException, RecursionError, ValueError, IndexError, OverflowError, OSError) as exc:
        raise InvalidInputError("not a block's header", place="/header") from exc
    if number > MAX_COUNT:  # no report could carry it
        raise InvalidInputError("not a block's header", place="/header")
    return block, fields[_STATE_ROOT]


class _Trie(HexaryTrie):
    """A trie that decodes each node once: paths to neighbouring slots share most of theirs."""

    def __init__(self, nodes: Mapping[bytes, bytes], root: bytes) -> None:
        super().__init__(nodes, root)
        self._decoded: dict[bytes, Any] = {}

    def get_node(self, node_hash: bytes) -> Any:  # noqa: ANN401 - as the library has it
        """As the library's."""
        if node_hash not in self._decoded:
            self._decoded[node_hash] = super().get_node(node_hash)  # type: ignore[no-untyped-call] # untyped
        return self._decoded[node_hash]


class ProofNodes:
    """Nodes of tries, from which what they prove is read."""

    def __init__(self, nodes: Iterable[bytes]) -> None:
        self._nodes: Mapping[bytes, bytes] = {bytes(keccak(node)): node for node in nodes}
        self._tries: dict[bytes, _Trie] = {}

    def account(self, state_root: bytes, address: bytes) -> Account | None:
        """An account; None if it is proved that there is none. Raises `MissingProofError`."""
        value = self._value(state_root, address)
        if value == _NOTHING:
            return None
        fields: Any = self._decoded(value)
        if not isinstance(fields, list) or len(fields) != 4:
            raise MissingProofError
        return Account(storage_root=fields[2], code_hash=fields[3])

    def slot(self, storage_root: bytes, slot: bytes) -> int:
        """A storage slot, zero if it is proved to be unset. Raises `MissingProofError`."""
        value = self._value(storage_root, slot)
        if value == _NOTHING:
            return 0
        word = self._decoded(value)
        if not isinstance(word, bytes) or len(word) > 32:
            raise MissingProofError
        return int.from_bytes(word, "big")

    def _value(self, root: bytes, key: bytes) -> bytes:
        try:
            # Keys are hashed, so that nobody can choose where in the trie a key stands.
            if root not in self._tries:
                self._tries[root] = _Trie(self._nodes, root)
            return bytes(self._tries[root].get(bytes(keccak(key))))
        except Exception as exc:  # the library has no error of its own for nodes that are none
            raise MissingProofError from exc

    @staticmethod
    def _decoded(value: bytes) -> Any:  # noqa: ANN401 - RLP is of any shape
        try:
            return rlp.decode(value)
        except (RLPException, RecursionError) as exc:
            raise MissingProofError from exc


def _field(block: Reply, name: str) -> bytes:
    member = block.member(name)
    if name not in _NUMBERS:
        return member.data()
    number = member.quantity()
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
