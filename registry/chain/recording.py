"""Records an issuer's history from nodes: all its events up to one block, and that block's state.

Asks and writes down. Judges nothing but whether an answer fits its question: what the events say,
and whether they are all, is looked at when the record is read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eth_utils.crypto import keccak

from registry.chain.contents import read_authorization_call, read_content
from registry.chain.contract import issuer_topics
from registry.chain.logs import Ask, LogReader, read_block
from registry.chain.proofs import encode_header
from registry.chain.raw_transactions import encode_mined
from registry.chain.recorded import RecordedHistory, contradictions
from registry.chain.records import (
    RECORD_TYPE,
    ChainRecord,
    ProvedWords,
    RawBlock,
    RawLog,
    RawTransaction,
    as_bytes,
)
from registry.chain.reply import Reply
from registry.chain.storage import (
    CREDENTIALS_IN_WORD,
    issuer_slots,
    operator_slot,
    seal_slot,
    status_slot,
)
from registry.chain.views import ContractViews
from registry.core.address import format_address
from registry.core.snapshot import MAX_CODE_BYTES, MAX_HEADER_BYTES, MAX_NODE_BYTES
from registry.errors import UnavailableError
from registry.services.audit.leaves import Step
from registry.services.ports import (
    MAX_STATUS_WORDS,
    Block,
    OperatorSet,
    SealAnchored,
    StatusChanged,
)

_SLOTS_AT_ONCE: Final = 512  # of one question for proofs


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which issuer, up to which block, and the sizes of batches whose statuses must be proved."""

    issuer: bytes
    block: Block
    sizes: Mapping[bytes, int]
    step: Step


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records histories of one contract through nodes."""

    ask: Ask
    logs: LogReader
    views: ContractViews
    chain_id: int

    @property
    def contract(self) -> bytes:
        """Address of the contract."""
        return self.views.contract

    def record(self, wanted: Wanted) -> ChainRecord:
        """Record an issuer's history up to `wanted.block`.

        Raises `UnavailableError` for what could not be asked, and if the block was replaced.
        """
        record = self._record(wanted)
        said = tuple(contradictions(RecordedHistory(record), self.views))
        return record.model_copy(update={"contradictions": said})

    def _record(self, wanted: Wanted) -> ChainRecord:
        answer = self.ask("eth_getBlockByHash", "0x" + wanted.block.hash.hex(), False)  # noqa: FBT003 - JSON-RPC parameter
        header = encode_header(answer)
        if len(header) > MAX_HEADER_BYTES or keccak(header) != wanted.block.hash:
            raise self._unknown("the block's header has a form that is not known")
        logs, recent = self._logs(wanted)
        transactions = self._transactions(logs, wanted.step)
        words = _words(logs, wanted)
        slots = self._slots(wanted.issuer, logs, transactions, words)
        nodes = self._proofs(slots, wanted)
        state = _at(wanted.block)
        code = self.ask("eth_getCode", format_address(self.contract), state).data()
        if len(code) > MAX_CODE_BYTES or any(len(node) > MAX_NODE_BYTES for node in nodes):
            raise self._unknown("the node answered more than a record holds")
        return ChainRecord(
            type=RECORD_TYPE,
            chain=self.chain_id,
            contract=self.contract,
            issuer=wanted.issuer,
            header=header,
            code=code or "0x",
            nodes=tuple(sorted(nodes)),
            logs=tuple(logs),
            recent=tuple(recent),
            blocks=self._blocks(logs),
            transactions=tuple(transactions),
            words=tuple(words),
            contradictions=(),
        )

    def _logs(self, wanted: Wanted) -> tuple[list[RawLog], list[RawLog]]:
        """Logs up to the block, and those after it, oldest first."""
        found: list[RawLog] = []
        head = read_block(self.ask("eth_getBlockByNumber", "latest", False))  # noqa: FBT003 - JSON-RPC parameter
        for some in self.logs.backwards(issuer_topics(wanted.issuer), first=0, last=head.number):
            found += [_raw_log(log) for log in some]
            wanted.step("events", len(found), 0)
        # Logs are asked for by number, which follows a reorganisation silently.
        name = hex(wanted.block.number)
        if read_block(self.ask("eth_getBlockByNumber", name, False)).hash != wanted.block.hash:  # noqa: FBT003 - JSON-RPC parameter
            raise self._unknown(f"block {wanted.block.number} was replaced meanwhile: try again")
        found.sort(key=lambda log: (log.block_number, log.log_index))
        logs = [log for log in found if log.block_number <= wanted.block.number]
        return logs, found[len(logs) :]

    def _blocks(self, logs: Sequence[RawLog]) -> tuple[RawBlock, ...]:
        hashes = dict.fromkeys(log.block_hash for log in logs)
        return tuple(self._block(block_hash) for block_hash in hashes)

    def _block(self, block_hash: bytes) -> RawBlock:
        answer = self.ask("eth_getBlockByHash", "0x" + block_hash.hex(), False)  # noqa: FBT003 - JSON-RPC parameter
        block, header = read_block(answer), encode_header(answer)
        if len(header) > MAX_HEADER_BYTES or keccak(header) != block_hash:
            raise self._unknown(f"the header of block {block.number} has a form that is not known")
        return RawBlock(number=block.number, hash=block.hash, time=block.time, header=header)

    def _transactions(self, logs: Sequence[RawLog], step: Step) -> list[RawTransaction]:
        hashes = list(dict.fromkeys(log.transaction_hash for log in logs))
        found = []
        for place, transaction in enumerate(hashes, 1):
            sent = self._transaction(transaction)
            if sent is not None:
                found.append(sent)
            step("transactions", place, len(hashes))
        return found

    def _transaction(self, transaction: bytes) -> RawTransaction | None:
        """A mined transaction; None if the node has forgotten it."""
        name = "0x" + transaction.hex()
        receipt = self.ask("eth_getTransactionReceipt", name)
        sent = self.ask("eth_getTransactionByHash", name)
        if receipt.is_null or sent.is_null:
            return None
        to = sent.member("to")
        return RawTransaction(
            hash=transaction,
            sender=sent.member("from").data(20),
            to=None if to.is_null else to.data(20),
            data=sent.member("input").data() or "0x",
            raw=encode_mined(sent, transaction),
            gas_used=receipt.member("gasUsed").count(),
            gas_price=receipt.member("effectiveGasPrice").count(),
        )

    def _slots(
        self,
        issuer: bytes,
        logs: Sequence[RawLog],
        transactions: Sequence[RawTransaction],
        words: Iterable[ProvedWords],
    ) -> list[bytes]:
        """Every slot that decides about the issuer, each once."""
        operators = {
            content.operator for content in _contents(logs) if isinstance(content, OperatorSet)
        }
        operators |= {sent.sender for sent in transactions}
        for sent in transactions:
            permission = read_authorization_call(
                as_bytes(sent.data), chain_id=self.chain_id, contract=self.contract
            )
            if permission is not None:
                operators.add(permission.signer)
        slots = dict.fromkeys(issuer_slots(issuer))
        slots |= dict.fromkeys(operator_slot(issuer, each) for each in sorted(operators))
        for each in words:
            slots[seal_slot(issuer, each.seal)] = None
            slots |= dict.fromkeys(
                status_slot(issuer, each.seal, word * CREDENTIALS_IN_WORD) for word in each.numbers
            )
        return list(slots)

    def _proofs(self, slots: Sequence[bytes], wanted: Wanted) -> list[bytes]:
        """Nodes that lead to slots of the contract, each once."""
        found: dict[str, None] = {}
        address, state = format_address(self.contract), _at(wanted.block)
        for start in range(0, len(slots), _SLOTS_AT_ONCE):
            keys = ["0x" + slot.hex() for slot in slots[start : start + _SLOTS_AT_ONCE]]
            proof = self.ask("eth_getProof", address, keys, state)
            parts = [proof.member("accountProof")]
            parts += [each.member("proof") for each in proof.member("storageProof").elements()]
            for part in parts:
                # Most nodes come again with every slot: they are told apart before they are read.
                found |= dict.fromkeys(str(node.value) for node in part.elements())
            wanted.step("state", min(start + _SLOTS_AT_ONCE, len(slots)), len(slots))
        return [Reply(n, method="eth_getProof", source=self.logs.source).data() for n in found]

    def _unknown(self, message: str) -> UnavailableError:
        return UnavailableError(message, source=self.logs.source)


def _words(logs: Sequence[RawLog], wanted: Wanted) -> list[ProvedWords]:
    """Which status words are to be proved: of each batch all, as long as they are not too many.

    Those that any event named are proved always.
    """
    named: dict[bytes, set[int]] = {seal: set() for seal in wanted.sizes}
    for content in _contents(logs):
        if isinstance(content, SealAnchored | StatusChanged):
            words = named.setdefault(content.seal, set())
            if isinstance(content, StatusChanged):
                words |= {index // CREDENTIALS_IN_WORD for index in content.leaf_indexes or ()}
    left = MAX_STATUS_WORDS
    found = []
    for seal, words in sorted(named.items()):
        first = -(-wanted.sizes.get(seal, 0) // CREDENTIALS_IN_WORD)
        if first > left:
            first = 0
        left -= first
        others = tuple(sorted(word for word in words if word >= first))
        found.append(ProvedWords(seal=seal, first=first, others=others))
    return found


def _contents(logs: Iterable[RawLog]) -> list[object]:
    found: list[object] = []
    for log in logs:
        try:
            found.append(read_content(log.topics, as_bytes(log.data)))
        except ValueError:  # which is told when the record is read
            continue
    return found


def _raw_log(log: Reply) -> RawLog:
    return RawLog(
        topics=tuple(topic.data(32) for topic in log.member("topics").elements()),
        data=log.member("data").data() or "0x",
        block_number=log.member("blockNumber").count(),
        block_hash=log.member("blockHash").data(32),
        transaction_hash=log.member("transactionHash").data(32),
        log_index=log.member("logIndex").count(),
    )


def _at(block: Block) -> dict[str, object]:
    return {"blockHash": "0x" + block.hash.hex(), "requireCanonical": True}
