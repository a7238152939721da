"""What the pages say of the chain, remembered for as long as it may be: final facts for good.

A chain that does not answer is left alone for a moment, so that no page waits for it again and
again. Whatever could not be asked is said to be so.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import Any, Final, TypeAlias, TypeVar

from registry.core.batch import BatchState
from registry.errors import ConflictError, TooLargeError, UnavailableError
from registry.services.exploring import StatusCounts, cost_of, count_statuses
from registry.services.ports import Batch, Chain, IssuerRecord, MinedTransaction, OnChain

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

FRESH_SECONDS: Final = 60.0  # what may change is asked again after that
SILENT_SECONDS: Final = 15.0  # how long a chain that did not answer is left alone
BUDGET_SECONDS: Final = 2.0  # for the costs on one page; the next view goes on
COUNTING_SECONDS: Final = 5.0  # to wait for another count, of which there is one at a time
MAX_FACTS: Final = 20_000  # some 10 MB


class NotAsked(StrEnum):
    """Why there is no fact. None of them means zero, or no."""

    UNAVAILABLE = "unavailable"  # the chain did not answer, or not so that one could rely on it
    UNKNOWN = "unknown"  # the node does not have it any more, or not there
    NO_NODE = "no-node"  # this registry asks no node of that chain
    TOO_MANY = "too-many"  # more credentials than are asked for here
    LATER = "later"  # others are being asked for; look again


Cost: TypeAlias = MinedTransaction | NotAsked
Counts: TypeAlias = StatusCounts | NotAsked


@dataclass(frozen=True, slots=True)
class _Fact:
    value: Any  # Any: each key has values of one type
    until: float


class ChainFacts:
    """Asks chains, for many threads at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._facts: OrderedDict[Hashable, _Fact] = OrderedDict()
        self._silent_until: dict[int, float] = {}
        self._lock = Lock()
        self._counting = Lock()

    def costs(
        self, chains: Mapping[int, Chain], wanted: Iterable[OnChain | None]
    ) -> list[Cost | None]:
        """What each anchor cost; None where there is none. Takes some seconds at most."""
        ends = self._clock() + BUDGET_SECONDS
        return [None if each is None else self._cost(chains, each, ends) for each in wanted]

    def counts(self, chains: Mapping[int, Chain], batch: Batch, on_chain: OnChain) -> Counts | None:
        """Statuses of a batch's credentials; None where it has no anchor."""
        anchor, head = on_chain.anchor, batch.head
        if anchor is None or head is None:
            return None

        def ask(chain: Chain) -> StatusCounts | None:
            return count_statuses(chain, anchor, batch.issuer, head)

        if not self._counting.acquire(timeout=COUNTING_SECONDS):
            return NotAsked.LATER
        try:
            key = ("counts", anchor, batch.issuer, head.seal)
            return self._ask(chains, anchor.chain_id, key, ask, FRESH_SECONDS)
        finally:
            self._counting.release()

    def issuer(self, chain: Chain, issuer: bytes) -> IssuerRecord | NotAsked:
        """What the contract says of an issuer."""

        def ask(chain: Chain) -> IssuerRecord:
            if not chain.is_genuine(chain.contract):
                raise UnavailableError("the address does not run our contract", source="chain")
            return chain.issuer_record(issuer)

        key = ("issuer", chain.chain_id, issuer)
        return self._ask({chain.chain_id: chain}, chain.chain_id, key, ask, FRESH_SECONDS)

    def _cost(self, chains: Mapping[int, Chain], on_chain: OnChain, ends: float) -> Cost | None:
        anchor = on_chain.anchor
        if anchor is None:
            return None
        is_final = on_chain.state is BatchState.FINAL
        return self._ask(
            chains,
            anchor.chain_id,
            ("cost", anchor),
            lambda chain: cost_of(chain, anchor),
            float("inf") if is_final else FRESH_SECONDS,
            ends=ends,
        )

    def _ask(
        self,
        chains: Mapping[int, Chain],
        chain_id: int,
        key: Hashable,
        ask: Callable[[Chain], _T | None],
        seconds: float,
        *,
        ends: float = float("inf"),
    ) -> _T | NotAsked:
        now = self._clock()
        known = self._known(key, now)
        if known is not None:
            value: _T | NotAsked = known.value
            return value
        chain = chains.get(chain_id)
        if chain is None:
            return NotAsked.NO_NODE
        if now >= ends or now < self._silent_until.get(chain_id, now):
            return NotAsked.LATER if now >= ends else NotAsked.UNAVAILABLE
        try:
            answer = ask(chain)
        except TooLargeError:
            return NotAsked.TOO_MANY
        except (UnavailableError, ConflictError) as exc:
            _log.warning("could not ask chain %s: %s", chain_id, exc)
            self._silent_until[chain_id] = self._clock() + SILENT_SECONDS
            return NotAsked.UNAVAILABLE
        found = NotAsked.UNKNOWN if answer is None else answer
        lasting = FRESH_SECONDS if answer is None else seconds
        self._remember(key, _Fact(found, self._clock() + lasting))
        return found

    def _known(self, key: Hashable, now: float) -> _Fact | None:
        with self._lock:
            fact = self._facts.get(key)
        return None if fact is None or fact.until <= now else fact

    def _remember(self, key: Hashable, fact: _Fact) -> None:
        with self._lock:
            self._facts[key] = fact
            self._facts.move_to_end(key)
            while len(self._facts) > MAX_FACTS:
                self._facts.popitem(last=False)
