"""Several endpoints asked at once: the slowest decides how long it takes, and not the sum."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from registry.chain.endpoint import Endpoint
from registry.chain.quorum import Heard, hear

_THREADS: Final = 32  # for all who ask at once; a further question waits for one of them


class Crew:
    """Threads that ask, begun when they are first needed. Safe to share between threads."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="rootseal-node")

    def hear(self, endpoints: Sequence[Endpoint], method: str, *params: object) -> list[Heard]:
        """Ask each endpoint, and return what they say in the same order."""
        far = [each for each in endpoints if not each.has_answer(method, *params)]
        # The first is asked from here: one journey takes no thread, and none is taken for nothing.
        others = {
            endpoint: self._pool.submit(hear, endpoint, method, *params) for endpoint in far[1:]
        }
        here = {
            endpoint: hear(endpoint, method, *params)
            for endpoint in endpoints
            if endpoint not in others
        }
        return [
            here[endpoint] if endpoint in here else others[endpoint].result()
            for endpoint in endpoints
        ]

    def close(self) -> None:
        """End the threads, once they have their answers."""
        self._pool.shutdown(wait=False)
