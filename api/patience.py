"""How long a request may take: bodies that trickle in, work that gets stuck, and their endings.

A thread cannot be interrupted: work that is given up goes on unseen until its own limits end it.
"""

import asyncio
import logging
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import RETRY_SECONDS, SlowBodyError, problem_response

_log = logging.getLogger(__name__)

MIN_RATE: Final = 8 * 1024  # bytes a second: else one byte in each pause would hold on for years
LINGER_SECONDS: Final = 10.0  # to read and drop what a refused caller still sends
WORK_SECONDS: Final = 600.0  # for what changes something: sealing a million takes minutes
_LOOK_SECONDS: Final = 1.0  # between looks at a request that waits for its caller

_GIVEN_UP: Final = (
    "This took too long and was given up. That says nothing; a change that was asked for may still "
    "be carried out."
)
_running: Final[set[asyncio.Task[None]]] = set()  # the loop itself keeps no hold of its tasks


class BrokenOffError(Exception):
    """An answer stopped in its middle: the server breaks the connection."""


class Patience:
    """Middleware that gives a request up after `seconds` without progress.

    408 if the caller is to blame, and the connection closes; 503 if we are. An answer that is
    given before its request was read to the end closes the connection, but waits a little for the
    caller to finish: whoever is cut off in the middle of sending never reads the answer.
    """

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and watch."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Exchange(self._app, scope, receive, send, self._seconds).run()


class _Exchange:
    """One request and its answer."""

    def __init__(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, seconds: float
    ) -> None:
        self._app, self._scope = app, scope
        self._receive, self._send = receive, send
        self._seconds = seconds
        reads = scope["method"] in {"GET", "HEAD"} or "authorization" not in Headers(scope=scope)
        self._work_seconds = seconds if reads else max(seconds, WORK_SECONDS)
        self._clock = asyncio.get_running_loop().time
        self._is_body_left = _has_body(scope)
        self._received, self._waited = 0, 0.0
        self._has_begun = self._is_given_up = False
        self._is_with_caller = False  # while we wait for the network, not for ourselves
        self._last_move = self._clock()

    async def run(self) -> None:
        """Run the app until it is done, or gets stuck."""
        task = asyncio.create_task(self._run_app())
        _running.add(task)
        task.add_done_callback(_running.discard)
        try:
            while not task.done() and not self._is_stuck():
                rest = self._last_move + self._work_seconds - self._clock()
                await asyncio.wait({task}, timeout=rest if rest > 0 else _LOOK_SECONDS)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if task.done():
            task.result()
        else:
            await self._give_up()

    async def _run_app(self) -> None:
        try:
            await self._app(self._scope, self.receive, self.send)
        except Exception:
            if not self._is_given_up:
                raise
            _log.warning("work that was given up failed", exc_info=True)

    def _is_stuck(self) -> bool:
        return not self._is_with_caller and self._clock() - self._last_move >= self._work_seconds

    async def _give_up(self) -> None:
        self._is_given_up = True
        if self._has_begun:
            raise BrokenOffError("no progress in the middle of an answer")
        response = problem_response(
            503,
            "timeout",
            _GIVEN_UP,
            instance=self._scope["path"],
            headers={"Retry-After": str(RETRY_SECONDS)},
        )
        await response(self._scope, self._receive, self._send)

    async def receive(self) -> Message:
        """The next piece of the body. Raises `SlowBodyError` if it does not come."""
        if not self._is_body_left:
            return await self._receive()  # until the caller goes away
        started = self._clock()
        allowed = min(self._seconds, self._seconds + self._received / MIN_RATE - self._waited)
        self._is_with_caller = True
        try:
            async with asyncio.timeout(max(allowed, 0)):
                message = await self._receive()
        except TimeoutError as exc:
            raise SlowBodyError(self._seconds, MIN_RATE) from exc
        finally:
            self._move()
        self._waited += self._last_move - started
        self._received += len(message.get("body", b""))
        self._is_body_left = message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Pass a piece of the answer on; its last one not before the request was read."""
        if self._is_given_up:
            return
        if message["type"] == "http.response.start":
            self._has_begun = True
            if self._is_body_left:
                MutableHeaders(scope=message)["Connection"] = "close"
        self._is_with_caller = True
        try:
            if self._is_body_left and _is_last(message):
                await self._send({**message, "more_body": True})
                await self._linger()
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await self._send(message)
        finally:
            self._move()

    async def _linger(self) -> None:
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while self._is_body_left:
                    self._is_body_left = (await self._receive()).get("more_body", False)
        except TimeoutError:
            self._is_body_left = False

    def _move(self) -> None:
        self._is_with_caller = False
        self._last_move = self._clock()


def _is_last(message: Message) -> bool:
    return message["type"] == "http.response.body" and not message.get("more_body", False)


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
