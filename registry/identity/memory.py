"""Remembers answers for a while, and failures for a shorter one."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final, Generic, TypeVar

from registry.errors import UnavailableError

ANSWER_SECONDS: Final = 3600.0
FAILURE_SECONDS: Final = 60.0
MAX_REMEMBERED: Final = 256  # the least lately asked one goes first

_T = TypeVar("_T")


class Memory(Generic[_T]):
    """`ask`, but each key at most once in a while. Threads may share it."""

    def __init__(self, ask: Callable[[str], _T], *, clock: Callable[[], float]) -> None:
        self._ask = ask
        self._clock = clock
        self._lock = Lock()
        self._known: OrderedDict[str, tuple[float, _T | UnavailableError]] = OrderedDict()

    def __call__(self, key: str) -> _T:
        """The answer for a key. Raises `UnavailableError`, now or still."""
        known = self._recalled(key)
        if known is None:
            known = self._asked(key)
            self._keep(key, known)
        answer = known[1]
        if isinstance(answer, UnavailableError):
            # A new one each time: raised again, the same one would grow a traceback.
            raise UnavailableError(answer.message, source=answer.source)
        return answer

    def _recalled(self, key: str) -> tuple[float, _T | UnavailableError] | None:
        with self._lock:
            known = self._known.get(key)
            if known is None or self._clock() >= known[0]:
                return None
            self._known.move_to_end(key)
            return known

    def _asked(self, key: str) -> tuple[float, _T | UnavailableError]:
        # Without the lock: a slow issuer must not hold up the questions to others.
        try:
            return self._clock() + ANSWER_SECONDS, self._ask(key)
        except UnavailableError as exc:
            return self._clock() + FAILURE_SECONDS, exc.with_traceback(None)

    def _keep(self, key: str, known: tuple[float, _T | UnavailableError]) -> None:
        with self._lock:
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > MAX_REMEMBERED:
                self._known.popitem(last=False)
