"""Several endpoints of one chain, asked like one: failover, or the word of k of n.

Decides which answer counts and whom to believe; what it means for a credential, it does not know.
"""

import logging
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass

from eth_utils.crypto import keccak

from registry.chain import questions, refusals
from registry.chain.crew import Crew
from registry.chain.endpoint import Endpoint, OnError, WrongChainError
from registry.chain.questions import Question
from registry.chain.quorum import Heard, agreed, hear, newest_candidates, too_few
from registry.chain.reply import Reply
from registry.chain.rpc import JsonRpcError, Rpc
from registry.errors import (
    ConflictError,
    InvalidInputError,
    TransactionRefusedError,
    UnavailableError,
)

_log = logging.getLogger(__name__)

Expect = Callable[[Sequence[Question]], None]

_SEND = "eth_sendRawTransaction"
_BLOCK = "eth_getBlockByNumber"
_TAGS = frozenset({"latest", "finalized"})
# Each node's own reckoning, equal on no two: of several the middle one counts, which no liar among
# three moves far. With one node a lie is bounded by the cap on fees and what an anchor may take.
_OWN_RECKONING = frozenset({"eth_estimateGas", "eth_feeHistory"})


@dataclass(slots=True)
class _Order:
    """Which endpoint is asked first, if one is enough."""

    first: int = 1


def ignore_errors(source: str, kind: str) -> None:
    """Do nothing with a failed question."""


class Nodes:
    """One or several endpoints of the same chain. Safe to share between threads.

    With `quorum` 1 they are asked in order until one answers, the last to answer first. With more,
    an answer counts if `quorum` endpoints give it, and "latest" is the newest block on which they
    agree. `on_error` is told the source and kind of each failed question.
    """

    def __init__(
        self,
        rpcs: Sequence[Rpc],
        *,
        chain_id: int,
        attempts: int = 1,
        quorum: int = 1,
        on_error: OnError = ignore_errors,
    ) -> None:
        if not 1 <= quorum <= len(rpcs):
            raise InvalidInputError(
                f"quorum is {quorum}, but must be from 1 to {len(rpcs)}, "
                "the number of endpoints in rpc_url"
            )
        self._endpoints = tuple(
            Endpoint(
                rpc,
                ordinal=ordinal,
                chain_id=chain_id,
                attempts=attempts,
                on_error=on_error,
            )
            for ordinal, rpc in enumerate(rpcs, start=1)
        )
        self._order = _Order()
        self._quorum = quorum
        self._crew = Crew()

    @property
    def source(self) -> str:
        """Names of the endpoints as errors show them."""
        return ", ".join(endpoint.source for endpoint in self._endpoints)

    def close(self) -> None:
        """Close all connections."""
        self._crew.close()
        for endpoint in self._endpoints:
            endpoint.close()

    def read_ahead(self) -> tuple["Nodes", Expect]:
        """The same nodes for one inquiry, and where to say what they will be asked."""
        pairs = [endpoint.read_ahead() for endpoint in self._endpoints]
        twin = copy(self)
        twin._endpoints = tuple(endpoint for endpoint, _ in pairs)  # noqa: SLF001 - our own

        def expect(foreseen: Sequence[Question]) -> None:
            for _, ahead in pairs:
                ahead.expect([self._as_put(question) for question in foreseen])

        return twin, expect

    def _as_put(self, question: Question) -> Question:
        """A question as each endpoint hears it."""
        is_number = self._quorum > 1 and question == questions.BLOCK_NUMBER
        return questions.newest_block("latest") if is_number else question

    def recheck(self) -> None:
        """Ask each endpoint for its chain id again before the next question to it."""
        for endpoint in self._endpoints:
            endpoint.recheck()

    def ask(self, method: str, *params: object) -> Reply:
        """Ask the chain.

        Raises `ConflictError` if every endpoint serves another chain, `JsonRpcError` for an error
        that is the answer, `DisagreementError` if too few endpoints say the same, and
        `UnavailableError` if none answers.
        """
        if method == _SEND:
            return self._send(params)
        if self._quorum == 1:
            return self._first_answer(method, params)
        if method in _OWN_RECKONING:
            return self._middle(method, params)
        if method == "eth_blockNumber":
            return self._newest("latest").member("number")
        if method == _BLOCK and params[0] in _TAGS:
            return self._newest(str(params[0]))
        return self._agreed(method, self._pinned(params))

    # -- one answer --------------------------------------------------------------------------

    def _first_answer(self, method: str, params: tuple[object, ...]) -> Reply:
        """Return the answer of the first endpoint that has one."""
        failures: list[UnavailableError | ConflictError] = []
        for endpoint in self._preferred():
            try:
                answer = endpoint.ask(method, *params)
            except JsonRpcError as exc:
                if refusals.is_answer(exc):
                    self._prefer(endpoint)
                    raise
                failures.append(exc)
            except (UnavailableError, WrongChainError) as exc:
                failures.append(exc)
            else:
                self._prefer(endpoint)
                return answer.reply
        raise _failure(failures)

    def _preferred(self) -> list[Endpoint]:
        first = self._order.first
        return sorted(self._endpoints, key=lambda endpoint: endpoint.ordinal != first)

    def _prefer(self, endpoint: Endpoint) -> None:
        if self._order.first != endpoint.ordinal:
            _log.warning("%s (%s) is asked first from now on", endpoint.name, endpoint.source)
            self._order.first = endpoint.ordinal

    # -- the word of several -----------------------------------------------------------------

    def _agreed(self, method: str, params: tuple[object, ...]) -> Reply:
        """Return what `quorum` endpoints say, asking no more of them than that takes."""
        heard: list[Heard] = []
        waiting = self._by_rest()
        together = self._quorum  # it takes so many at least, and then perhaps one more
        while waiting:
            asked, waiting = waiting[:together], waiting[together:]
            heard += self._crew.hear(asked, method, *params)
            reply = agreed(heard, self._quorum)
            if reply is not None:
                return reply
            together = 1
        raise self._silence_or_disagreement(method, heard)

    def _middle(self, method: str, params: tuple[object, ...]) -> Reply:
        """Return the middle of what all endpoints reckon, the higher of two.

        That it cannot be reckoned (a revert) counts if `quorum` endpoints say so.
        """
        heard = self._crew.hear(self._by_rest(), method, *params)
        reckoned = [answer.reply for answer in heard if answer.reply is not None]
        if len(reckoned) >= self._quorum:
            return sorted(reckoned, key=_height)[len(reckoned) // 2]
        agreed([answer for answer in heard if answer.refusal is not None], self._quorum)  # raises
        raise self._silence_or_disagreement(method, heard)

    def _newest(self, tag: str) -> Reply:
        """Return the newest block of which `quorum` endpoints say that they are at or past it."""
        heads = self._heads(tag)
        tried: list[Heard] = []
        for number in newest_candidates(heads, self._quorum):
            tried = [
                head if head.block_number == number else _hear_block(endpoint, hex(number))
                for endpoint, head in heads
                if head.block_number is not None and head.block_number >= number
            ]
            reply = agreed(tried, self._quorum)
            if reply is not None:
                return reply
        heard = {head.ordinal: head for _, head in heads} | {told.ordinal: told for told in tried}
        if not tried:
            agreed(list(heard.values()), self._quorum)  # raises if they agree that there is none
        raise self._silence_or_disagreement(f"{_BLOCK} {tag}", list(heard.values()))

    def _heads(self, tag: str) -> list[tuple[Endpoint, Heard]]:
        """Ask all endpoints for their newest block, those at rest only if they are needed."""
        awake = [endpoint for endpoint in self._endpoints if not endpoint.is_resting]
        resting = [endpoint for endpoint in self._endpoints if endpoint not in awake]
        question = questions.newest_block(tag)
        heads = list(zip(awake, self._crew.hear(awake, *question), strict=True))
        for endpoint in resting:
            if sum(head.meaning is not None for _, head in heads) < self._quorum:
                heads.append((endpoint, hear(endpoint, *question)))
        return heads

    def _pinned(self, params: tuple[object, ...]) -> tuple[object, ...]:
        """Name the state by the hash of the agreed head: each node has a latest of its own."""
        if not params or params[-1] != "latest":
            return params
        block_hash = self._newest("latest").member("hash").value
        return (*params[:-1], {"blockHash": block_hash, "requireCanonical": True})

    def _by_rest(self) -> list[Endpoint]:
        return sorted(self._endpoints, key=lambda endpoint: endpoint.is_resting)

    def _silence_or_disagreement(
        self, method: str, heard: Sequence[Heard]
    ) -> UnavailableError | ConflictError:
        failures = [answer.failure for answer in heard if answer.failure is not None]
        too_wide = [
            exc
            for exc in failures
            if method == "eth_getLogs"
            and isinstance(exc, UnavailableError)
            and refusals.is_range_refused(exc)
        ]
        if too_wide:
            return too_wide[0]  # for `registry.chain.logs`, which asks for fewer blocks
        if len(failures) == len(heard):
            return _failure(failures)
        for endpoint in self._endpoints:
            _log.warning("nodes disagree on %s: %s is %s", method, endpoint.name, endpoint.source)
        return too_few(method, heard, quorum=self._quorum, source=self.source)

    # -- transactions ------------------------------------------------------------------------

    def _send(self, params: tuple[object, ...]) -> Reply:
        """Send a transaction to all endpoints, those at rest only if no other takes it.

        One that takes it, or has it, is success. If none does, a refusal outweighs silence: it is
        the word of a node that looked, and an outage elsewhere must not hide that, say, the money
        is gone. It does not prove that no silent node took the transaction: callers keep it and
        look for it. Among refusals "nonce too low" outweighs the rest: that node is further on.
        """
        transaction = keccak(bytes.fromhex(str(params[0])[2:]))
        taken: Reply | None = None
        failures: list[UnavailableError | ConflictError] = []
        for endpoint in self._by_rest():
            if endpoint.is_resting and taken is not None:
                continue
            try:
                taken = _taken(endpoint, params, transaction)
            except (UnavailableError, WrongChainError) as exc:
                failures.append(exc)
        if taken is not None:
            return taken
        raise _weightiest(failures, transaction)


def _height(reply: Reply) -> tuple[int, int]:
    """Gas; or the base fee of the next block, and what was paid above it."""
    if not isinstance(reply.value, dict):
        return reply.quantity(), 0
    base_fees = reply.member("baseFeePerGas").elements()
    rewards = [block.elements() for block in reply.member("reward").elements()]
    paid = sum(reward.quantity() for block in rewards for reward in block)
    return base_fees[-1].quantity() if base_fees else 0, paid


def _hear_block(endpoint: Endpoint, name: str) -> Heard:
    return hear(endpoint, _BLOCK, name, False)  # noqa: FBT003 - JSON-RPC parameter


def _taken(endpoint: Endpoint, params: tuple[object, ...], transaction: bytes) -> Reply:
    """Send, and return the hash. Raises whatever else the endpoint says."""
    try:
        answer = endpoint.ask(_SEND, *params)
    except JsonRpcError as exc:
        if not refusals.is_known_already(exc):
            raise
        return Reply("0x" + transaction.hex(), method=_SEND, source=endpoint.source)
    if answer.meaning != transaction:
        raise answer.reply.malformed("the transaction's hash")
    return answer.reply


def _weightiest(
    failures: Sequence[UnavailableError | ConflictError], transaction: bytes
) -> UnavailableError | ConflictError:
    refused = {
        outcome.reason: exc
        for exc in reversed(failures)
        if isinstance(exc, JsonRpcError)
        and isinstance(outcome := refusals.rejection(exc, transaction), TransactionRefusedError)
    }
    if not refused:
        return _failure(failures)
    return refused.get("nonce-too-low", list(refused.values())[-1])


def _failure(
    failures: Sequence[UnavailableError | ConflictError],
) -> UnavailableError | ConflictError:
    """Return the failure that says most of why nobody answered."""
    away = [exc for exc in failures if isinstance(exc, UnavailableError)]
    if away:
        return max(away, key=_tells)
    return failures[0] if len(failures) == 1 else ConflictError("; ".join(map(str, failures)))


def _tells(failure: UnavailableError) -> int:
    """Weigh a failure: what another question may cure, then words, then silence."""
    if refusals.is_range_refused(failure):
        return 2
    return 1 if isinstance(failure, JsonRpcError) else 0
