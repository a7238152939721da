"""One endpoint of a chain: who it is, asked first; and whether to ask it again.

Retries what may pass, within bounds. Knows of no other endpoint; that is `registry.chain.nodes`'.
"""

import logging
import time
from collections.abc import Callable, Hashable
from copy import copy
from dataclasses import dataclass

from tenacity import (
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from registry.chain import refusals
from registry.chain.ahead import ReadAhead
from registry.chain.meaning import meaning
from registry.chain.reply import Reply
from registry.chain.rpc import JsonRpcError, NoAnswerError, Rpc
from registry.errors import ConflictError, UnavailableError

OnError = Callable[[str, str], None]

_log = logging.getLogger(__name__)

_FIRST_WAIT = 0.2  # seconds at most before asking again; twice that the next time, and so on
_LONGEST_WAIT = 2.0
_RETRY_TIMEOUTS = 2  # no attempt begins later than this many timeouts after the first
_REST_SECONDS = 30.0  # in which an endpoint that was away is not asked, if others will do
_PASSING = frozenset({"timeout", "connection", "malformed", "http-408", "http-429"})


class WrongChainError(ConflictError):
    """The endpoint serves another chain than the configured one."""

    def __init__(self, source: str, *, served: int, configured: int) -> None:
        super().__init__(
            f"{source} serves chain {served}, configured is {configured}: "
            "correct rpc_url or chain_id"
        )
        self.served = served


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that fits its question, and what it says."""

    reply: Reply
    meaning: Hashable


@dataclass(slots=True)
class _Known:
    """What was last found out about a node, whoever asked."""

    checked: bool = False
    wrong: bool = False
    rests_until: float = 0.0


class Endpoint:
    """A connection to one node of a known chain. Safe to share between threads.

    The chain id is compared before the first question, after every failure to reach the node, and
    when told to. All methods may be asked again: the same transaction sent twice is mined once.
    A question takes three timeouts at most, however many attempts are allowed.
    """

    def __init__(
        self, rpc: Rpc, *, ordinal: int, chain_id: int, attempts: int, on_error: OnError
    ) -> None:
        self.ordinal = ordinal
        self._connection = rpc
        self._rpc: Rpc | ReadAhead = rpc
        self._chain_id = chain_id
        self._attempts = attempts
        self._on_error = on_error
        self._known = _Known()

    @property
    def name(self) -> str:
        """Name of the endpoint for strangers: its place in the settings."""
        return f"node {self.ordinal}"

    @property
    def source(self) -> str:
        """Name of the endpoint as errors show it: no user, path or query."""
        return self._rpc.source

    @property
    def is_resting(self) -> bool:
        """Whether it was away a moment ago."""
        return time.monotonic() < self._known.rests_until

    def close(self) -> None:
        """Close the connections."""
        self._rpc.close()

    def read_ahead(self) -> tuple["Endpoint", ReadAhead]:
        """The same endpoint for one inquiry, and where to say what will be asked of it."""
        twin, ahead = copy(self), ReadAhead(self._connection)
        twin._rpc = ahead  # noqa: SLF001 - our own
        return twin, ahead

    def has_answer(self, method: str, *params: object) -> bool:
        """Whether to ask this takes no journey to the node."""
        is_ahead = isinstance(self._rpc, ReadAhead) and self._rpc.has_answer((method, *params))
        return is_ahead and self._known.checked

    def recheck(self) -> None:
        """Ask for the chain id again before the next question."""
        self._known.checked = False

    def ask(self, method: str, *params: object) -> Answer:
        """Ask the node.

        Raises `JsonRpcError` for its error, `WrongChainError`, and `UnavailableError` for silence
        and for what does not fit the method.
        """
        started = time.monotonic()
        try:
            try:
                reply = self._ask_once(method, params)
            except UnavailableError as exc:
                reply = self._ask_again(exc, method, params, since=started)
        except NoAnswerError:
            self._known.rests_until = time.monotonic() + _REST_SECONDS
            raise
        self._known.rests_until = 0.0
        return Answer(reply, self._understand(method, reply))

    def _ask_again(
        self,
        failure: UnavailableError,
        method: str,
        params: tuple[object, ...],
        *,
        since: float,
    ) -> Reply:
        """Go on after a first attempt that failed, if that may help. Raises the last failure."""
        failures = [failure]

        def attempt() -> Reply:
            if failures:
                raise failures.pop()
            return self._ask_once(method, params)

        patience = max(_RETRY_TIMEOUTS * self._rpc.timeout - (time.monotonic() - since), 0.0)
        retrying = Retrying(
            stop=stop_after_attempt(self._attempts) | stop_before_delay(patience),
            wait=wait_random_exponential(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT),
            retry=retry_if_exception(lambda exc: _may_pass(exc, method)),
            reraise=True,
        )
        return retrying(attempt)

    def _ask_once(self, method: str, params: tuple[object, ...]) -> Reply:
        if not self._known.checked:
            self._check_chain()
        return self._put(method, params)

    def _check_chain(self) -> None:
        reply = self._put("eth_chainId", ())
        self._understand("eth_chainId", reply)
        served = reply.quantity()
        if served != self._chain_id:
            self._refuse(served)
        self._known.wrong = False
        self._known.checked = True

    def _refuse(self, served: int) -> None:
        error = WrongChainError(self.source, served=served, configured=self._chain_id)
        self._on_error(self.source, "wrong-chain")
        if not self._known.wrong:  # once, not at every question
            _log.error("%s is not used: %s", self.name, error)
        self._known.wrong = True
        raise error

    def _put(self, method: str, params: tuple[object, ...]) -> Reply:
        try:
            return self._rpc.ask(method, *params)
        except NoAnswerError as exc:
            self._known.checked = False  # whoever answers next may be somebody else
            self._on_error(self.source, exc.kind)
            raise
        except JsonRpcError as exc:
            if not _is_answer(exc):
                self._on_error(self.source, "rpc-error")
            raise

    def _understand(self, method: str, reply: Reply) -> Hashable:
        try:
            return meaning(method, reply)
        except UnavailableError:
            self._on_error(self.source, "malformed")
            raise


def _is_answer(error: JsonRpcError) -> bool:
    return refusals.is_answer(error) or refusals.is_known_already(error)


def _may_pass(failure: BaseException, method: str) -> bool:
    """Whether the next attempt may fare better than this one."""
    if isinstance(failure, JsonRpcError):
        return refusals.is_busy(failure)
    if not isinstance(failure, NoAnswerError):
        return False
    if method == "eth_getLogs" and refusals.is_range_refused(failure):
        return False  # fewer blocks are asked for instead
    return failure.kind in _PASSING or failure.kind.startswith("http-5")
