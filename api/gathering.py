"""Questions to the store that come at the same time, asked together.

A thread for each would have them wait for one another: for the interpreter after every row, and
for connections. One thread asks for all that came while it was asking for those before. A question
that comes alone waits for nobody.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Final, Generic, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

_AT_ONCE: Final = 128  # questions; some milliseconds, in which those after them wait
_Q = TypeVar("_Q")
_A = TypeVar("_A")


class Gathering(Generic[_Q, _A]):
    """Asks `ask_all` for the answers to questions, in their order. For one event loop."""

    def __init__(self, ask_all: Callable[[Sequence[_Q]], Sequence[_A]]) -> None:
        self._ask_all = ask_all
        self._waiting: list[tuple[_Q, asyncio.Future[_A]]] = []
        self._turns: asyncio.Task[None] | None = None
        self._thread = CapacityLimiter(1)

    async def ask(self, question: _Q) -> _A:
        """The answer. Raises what `ask_all` raises, as all that were asked with it."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[_A] = loop.create_future()
        self._waiting.append((question, answer))
        if self._turns is None:
            # In no request's context: it works for many, and what it logs is of none of them.
            self._turns = loop.create_task(self._take_turns(), context=Context())
        return await answer

    async def _take_turns(self) -> None:
        try:
            while self._waiting:
                # Nobody waits any more for what is done: its caller went away, or gave it up.
                waiting = [each for each in self._waiting if not each[1].done()]
                self._waiting = waiting[_AT_ONCE:]
                await self._answer(waiting[:_AT_ONCE])
        finally:
            self._turns = None

    async def _answer(self, asked: list[tuple[_Q, asyncio.Future[_A]]]) -> None:
        questions = [question for question, _ in asked]
        try:
            found = await run_sync(self._ask_all, questions, limiter=self._thread)
        except BaseException as exc:
            for _, answer in asked:
                if not answer.done():
                    answer.set_exception(exc)
            if not isinstance(exc, Exception):
                raise
            return
        for (_, answer), value in zip(asked, found, strict=True):
            if not answer.done():
                answer.set_result(value)
