"""An issuer's history as a record tells it: implements `registry.services.ports.History`.

Believes of state only what the record proves under its block's hash. Whether that block is the
chain's, whoever made the record asked, and whoever reads it must know from elsewhere.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from eth_utils.crypto import keccak

from registry.chain.artifact import artifact
from registry.chain.code_match import Built, compare_code, expected_immutables
from registry.chain.contents import account_behind, read_authorization_call, read_content
from registry.chain.proofs import Account, MissingProofError, ProofNodes, read_header
from registry.chain.raw_transactions import read_call, sender_of
from registry.chain.records import ChainRecord, RawBlock, RawLog, RawTransaction, as_bytes
from registry.chain.storage import (
    CREDENTIALS_IN_WORD,
    issuer_slots,
    operator_slot,
    read_anchor,
    read_issuer,
    read_operator,
    seal_slot,
    status_slot,
)
from registry.chain.views import LOWER_BITS, ContractViews
from registry.core.wire import MAX_COUNT
from registry.errors import ConflictError, InvalidInputError, VerificationError
from registry.services.ports import (
    AnchorRecord,
    Block,
    CodeMatch,
    Event,
    IssuerRecord,
    OperatorRecord,
    SealAnchored,
    Sent,
    StatusChanged,
    Way,
)


class RecordedHistory:
    """See the module. `built` is what the contract's code is compared with, our build if None.

    Raises `InvalidInputError` for a record whose header is none.
    """

    def __init__(self, record: ChainRecord, *, built: Built | None = None) -> None:
        self.record = record
        self._built: Built = artifact() if built is None else built
        self.block: Block
        self.block, self._state_root = read_header(record.header)
        self._nodes = ProofNodes(record.nodes)
        self._blocks = {block.hash: block for block in record.blocks}
        self._transactions = {sent.hash: sent for sent in record.transactions}
        self._read: dict[bytes, Sent | None] = {}

    @property
    def chain_id(self) -> int:
        """EIP-155 id of the chain."""
        return self.record.chain

    @property
    def contract(self) -> bytes:
        """Address of the contract."""
        return self.record.contract

    @property
    def issuer(self) -> bytes:
        """Whose history it is."""
        return self.record.issuer

    # -- events ------------------------------------------------------------------------------

    def events(self) -> Sequence[Event]:
        """The issuer's events, oldest first, as the nodes tell them.

        Raises `VerificationError` with reason `not-an-event` for one that the contract cannot
        have made, that is in no block of the record, or that is out of order or there twice.
        """
        for earlier, later in pairwise(self.record.logs):
            if _place(earlier) >= _place(later):
                raise _not_an_event(later, "it is not behind the one before it")
        return [self._event(log) for log in self.record.logs]

    def _event(self, log: RawLog) -> Event:
        block = self._blocks.get(log.block_hash)
        if block is None or block.number != log.block_number or not _is_sound(block):
            raise _not_an_event(log, "it is in no block that is known")
        if not self._is_ours(log):
            raise _not_an_event(log, "it is of another issuer")
        try:
            content = read_content(log.topics, as_bytes(log.data))
        except (ValueError, InvalidInputError) as exc:
            raise _not_an_event(log, str(exc)) from exc
        return Event(
            content=content,
            block_number=log.block_number,
            block_hash=log.block_hash,
            time=block.time,
            transaction=log.transaction_hash,
            log_index=log.log_index,
        )

    def _is_ours(self, log: RawLog) -> bool:
        return log.topics[1:2] == (self.issuer.rjust(32, b"\0"),)

    def unsettled(self) -> Iterator[StatusChanged]:
        """Status changes after the block, which what is published may know of already."""
        for log in self.record.recent:
            if log.block_number <= self.block.number or not self._is_ours(log):
                continue
            try:
                content = read_content(log.topics, as_bytes(log.data))
            except (ValueError, InvalidInputError):
                continue  # it excuses nothing
            if isinstance(content, StatusChanged):
                yield content

    def sent(self, transaction: bytes) -> Sent | None:
        """The transaction of an event; None if the nodes do not have it."""
        if transaction not in self._read:  # a signature takes some milliseconds
            found = self._transactions.get(transaction)
            self._read[transaction] = None if found is None else self._sent(found)
        return self._read[transaction]

    def _sent(self, found: RawTransaction) -> Sent:
        proved = None
        to, data = found.to, as_bytes(found.data)
        call = None
        if found.raw is not None and keccak(found.raw) == found.hash:
            call = read_call(found.raw)
        if found.raw is not None and call is not None:
            proved = sender_of(found.raw)
            to, data = call
        is_direct = to == self.contract
        permission = None
        if is_direct:
            permission = read_authorization_call(
                data, chain_id=self.chain_id, contract=self.contract
            )
        way = Way.CONTRACT
        if is_direct:
            way = Way.CALL if permission is None else Way.SIGNATURE
        sender = found.sender if proved is None else proved
        return Sent(
            transaction=found.hash,
            sender=sender,
            way=way,
            actor=_actor(way, sender, None if permission is None else permission.signer),
            is_proved=proved is not None,
            gas_used=found.gas_used,
            gas_price=found.gas_price,
            authorization=permission,
            recovered=None if permission is None else account_behind(permission),
        )

    # -- state -------------------------------------------------------------------------------

    @cached_property
    def code(self) -> bytes:
        """The contract's code."""
        code = as_bytes(self.record.code)
        account = self._account
        if account is None:
            if code:
                raise _not_proved("the code")
            return b""
        if keccak(code) != account.code_hash:
            raise _not_proved("the code")
        return code

    def match_code(self) -> CodeMatch:
        """How the code compares with the published build, for this chain and address."""
        values = expected_immutables(self._built, chain_id=self.chain_id, address=self.contract)
        return compare_code(self.code, self._built, immutables=values)

    def issuer_record(self) -> IssuerRecord:
        """Owner and anchor count."""
        owned, pending = (self._slot(slot, "the issuer") for slot in issuer_slots(self.issuer))
        try:
            return read_issuer(owned, pending, self.issuer)
        except ValueError as exc:
            raise _not_proved("the issuer") from exc

    def anchor_record(self, seal: bytes) -> AnchorRecord | None:
        """Record of a seal; None if it was never anchored."""
        try:
            record = read_anchor(self._slot(seal_slot(self.issuer, seal), "a seal"))
        except ValueError as exc:
            raise _not_proved("a seal") from exc
        if record is not None and record.sequence > MAX_COUNT:  # no report could carry it
            raise _not_proved("a seal")
        return record

    def operator_record(self, operator: bytes) -> OperatorRecord:
        """Roles of an operator."""
        try:
            return read_operator(self._slot(operator_slot(self.issuer, operator), "an operator"))
        except ValueError as exc:
            raise _not_proved("an operator") from exc

    def status_word(self, seal: bytes, word: int) -> int:
        """Own statuses of the 128 credentials from leaf 128·`word` on."""
        slot = status_slot(self.issuer, seal, word * CREDENTIALS_IN_WORD)
        statuses = self._slot(slot, "a word of statuses")
        if statuses & (statuses >> 1) & LOWER_BITS:  # both bits of a lane: no status
            raise _not_proved("a word of statuses")
        return statuses

    def status_words(self, seal: bytes) -> Iterable[int]:
        """Which words of a seal are proved."""
        return self._words.get(seal, ())

    @cached_property
    def _words(self) -> dict[bytes, list[int]]:
        return {each.seal: each.numbers for each in self.record.words}

    def contradictions(self) -> Iterator[str]:
        """Where nodes, asked by a call, said other than the state that is proved."""
        return iter(self.record.contradictions)

    @cached_property
    def _account(self) -> Account | None:
        try:
            return self._nodes.account(self._state_root, self.contract)
        except MissingProofError as exc:
            raise _not_proved("the contract") from exc

    def _slot(self, slot: bytes, what: str) -> int:
        account = self._account
        if account is None:
            raise _not_proved(what)
        try:
            return self._nodes.slot(account.storage_root, slot)
        except MissingProofError as exc:
            raise _not_proved(what) from exc


def contradictions(history: RecordedHistory, views: ContractViews) -> Iterator[str]:
    """Ask by calls what is proved already: a node that says otherwise lies in one of them."""
    at = history.block
    try:
        proved = history.issuer_record()
        seals = _seals(history)
        records = {seal: history.anchor_record(seal) for seal in seals}
    except VerificationError:
        return  # that the state is not proved is found when the record is read
    if views.issuer_record(history.issuer, at=at) != proved:
        yield f"issuerOf in block {at.number} is not what the block's state proves"
    for seal, record in records.items():
        try:
            said = views.anchor_record(history.contract, history.issuer, seal, at=at)
        except ConflictError:
            said = None
        if said != record:
            yield (
                f"anchorOf of seal {seal.hex()} in block {at.number} is not what the block's "
                "state proves"
            )


def _seals(history: RecordedHistory) -> list[bytes]:
    anchored = (event.content for event in history.events())
    return sorted({each.seal for each in anchored if isinstance(each, SealAnchored)})


def _actor(way: Way, sender: bytes, signer: bytes | None) -> bytes | None:
    match way:
        case Way.CALL:
            return sender
        case Way.SIGNATURE:
            return signer
    return None


def _place(log: RawLog) -> tuple[int, int]:
    return log.block_number, log.log_index


def _is_sound(block: RawBlock) -> bool:
    """Whether number and time are those of the header."""
    try:
        read, _ = read_header(block.header)
    except InvalidInputError:
        return False
    return (read.hash, read.number, read.time) == (block.hash, block.number, block.time)


def _not_an_event(log: RawLog, why: str) -> VerificationError:
    return VerificationError(
        f"event {log.log_index} of block {log.block_number} is none of the contract: {why}",
        reason="not-an-event",
    )


def _not_proved(what: str) -> VerificationError:
    return VerificationError(f"the proof does not prove {what}", reason="not-proved")
