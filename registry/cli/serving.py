"""`rootseal serve`: the API."""

import asyncio
import ctypes
import logging
import multiprocessing
import os
import platform
import signal
import socket
import sys
import threading
import time
from math import ceil
from types import FrameType
from typing import Annotated, Any, Final, cast

import typer
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import multiprocess

from registry.cli.command import REFUSED
from registry.cli.session import Session
from registry.errors import InvalidInputError, RootsealError

_log = logging.getLogger(__name__)

_KEEP_ALIVE_SECONDS: Final = 5  # for the next request on a connection
_HEAD_BYTES: Final = 16 * 1024  # request line and headers
# Of mallopt(3): M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX.
_MALLOC: Final = {-1: 1024 * 1024, -3: 64 * 1024, -8: 2}
_START_SECONDS: Final = 120  # for a worker to begin
_AGAIN_SECONDS: Final = 5  # until a worker ends that cannot begin, where others serve
_STUCK_SECONDS: Final = 30  # without an answer from one that has begun
_PING_SECONDS: Final = 0.5  # until it is looked again whether a worker runs at all
_EXIT_SECONDS: Final = 2  # beyond the patience with requests that run
_LOOK_SECONDS: Final = 0.1  # whether it is to end at once


def serve(
    session: Session,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    drain: Annotated[
        int,
        typer.Option(
            min=0,
            max=600,
            metavar="SECONDS",
            help="Answer on after SIGTERM, while callers move on.",
        ),
    ] = 0,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that answer, on the same port.")
    ] = 1,
) -> None:
    """Serve the API until Ctrl-C or SIGTERM.

    On either it takes nothing new, finishes what runs (for up to the setting request_timeout), and
    exits with 0. Limits on requests are counted for each process by itself, and so are failed
    questions to nodes in /metrics.

    With several workers, one that dies is replaced, and SIGHUP replaces them one by one, each when
    its successor answers: for a new version, or new settings in the file.

    With --drain it first answers for so long as before, but closes each connection with its next
    answer, and /healthz says 503, so that a load balancer sends the next request elsewhere.

    What happens is logged to stderr, as JSON unless that is a terminal.

    Example: rootseal serve --port 8000
    """
    # Checked here, so that a wrong setting is a message and not a server that fails to start.
    _ = session.registry.trusted
    _require_free(host, port)
    patience = ceil(session.settings.request_timeout)
    # The server reads the environment: that is how this run's options reach it.
    os.environ.update({f"ROOTSEAL_{n.upper()}": text for n, text in session.overrides.items()})
    # By name: api and registry.cli are siblings and do not import each other. The log is set up
    # already, for uvicorn too.
    config = _Config(
        "api.app:from_environment",
        factory=True,
        http="api.protocol:Protocol",
        ws="none",
        host=host,
        port=port,
        log_config=None,
        access_log=False,  # it shows queries; the API has its own
        server_header=False,
        reset_contextvars=True,  # or a connection's later requests are logged under the first's id
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=patience,
        h11_max_incomplete_event_size=_HEAD_BYTES,
        workers=workers,
        timeout_worker_healthcheck=_START_SECONDS,
        drain=drain,
        last_seconds=patience + _EXIT_SECONDS,
        logs_json=session.logs_json,
    )
    # The server gives the signal on when it has ended: that is then an end as it should be.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    if not (_serve_alone(config) if workers == 1 else _serve_together(config)):
        raise typer.Exit(REFUSED)


def _require_free(host: str, port: int) -> None:
    """Raises `InvalidInputError` if nothing can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as exc:
        raise InvalidInputError(
            f"cannot listen on {host}, port {port}: {exc.strerror}; name others with --host and "
            "--port"
        ) from exc


def _serve_alone(config: "_Config") -> bool:
    """Serve until a signal; whether it ever began."""
    _give_memory_back()
    server = _Server(config)
    server.run()
    return server.started


def _serve_together(config: "_Config") -> bool:
    """Have workers serve until a signal; whether they could."""
    # The supervisor has no other way to be told what its workers are.
    multiprocess.Process = _Worker  # type: ignore[misc]
    supervisor = _Supervisor(config, sockets=[config.bind_socket()])
    supervisor.run()
    return all(worker.exitcode != STARTUP_FAILURE for worker in supervisor.processes)


class _Config(uvicorn.Config):
    """What every process of a server is told, and does before it begins."""

    def __init__(
        self,
        app: str,
        *,
        drain: float,
        last_seconds: float,
        logs_json: bool,
        **options: Any,  # noqa: ANN401 - as uvicorn has them
    ) -> None:
        self.has_served = False  # whether any process of the server has
        self.drain = drain
        self.last_seconds = last_seconds
        self._level = logging.getLogger("registry").level
        self._logs_json = logs_json
        super().__init__(app, **options)

    def configure_logging(self) -> None:
        """Prepare a worker, of which uvicorn asks this first; the command itself is prepared."""
        if multiprocessing.parent_process() is not None:
            # Here and not above: importing structlog takes a quarter of a second.
            from registry.cli.logs import log_to_stderr  # noqa: PLC0415

            log_to_stderr(self._level, as_json=self._logs_json)
            _give_memory_back()
        super().configure_logging()  # which silences uvicorn's own lines: they show queries


class _Server(uvicorn.Server):
    """Ends a while after its draining: a thread that waits for a node cannot be interrupted."""

    def __init__(self, config: _Config) -> None:
        super().__init__(config)
        self.loop: asyncio.AbstractEventLoop | None = None
        self._drain_seconds = config.drain
        self._last_moment = threading.Timer(config.last_seconds, _cut_off)
        self._last_moment.daemon = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin, from when on the loop must turn."""
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let callers go, and finish what runs. What does not end is safe, as at a power cut."""
        await self._drain()
        self._last_moment.start()
        await super().shutdown(sockets)

    async def _drain(self) -> None:
        """Answer on, but keep no connection.

        An idle connection that is closed may lose the request that is on its way on it, and a
        socket that listens no more, those that nobody has accepted yet.
        """
        if self._drain_seconds == 0:
            return
        _log.info("draining", extra={"seconds": self._drain_seconds})
        # Every protocol adds these to an answer, and ends the connection after such a one.
        self.server_state.default_headers += [(b"connection", b"close")]
        self.lifespan.state["draining"] = True  # what requests find in their scope's state
        end = asyncio.get_running_loop().time() + self._drain_seconds
        # A second Ctrl-C sets `force_exit`, of which nothing else tells.
        while asyncio.get_running_loop().time() < end and not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_SECONDS)


class _Worker(multiprocess.Process):
    """A process that serves as one alone does."""

    _has_answered = False
    has_served = False

    @property
    def server(self) -> _Server:
        """The server, made in the process itself."""
        if self._server is None:
            self._server = _Server(cast("_Config", self.config))
        return cast("_Server", self._server)

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve; what is configured wrongly is told in a line, and not tried for ever."""
        try:
            super().target(sockets)
        except RootsealError as exc:
            _log.critical("cannot start: %s", exc)
            if not cast("_Config", self.config).has_served:
                sys.exit(STARTUP_FAILURE)
            # The others go on as they began, and another such one is tried after a while.
            time.sleep(_AGAIN_SECONDS)
            sys.exit(1)

    def pong(self) -> None:
        """Answer when the server's loop turns: this thread alone would answer for a stuck one."""
        self.child_conn.recv()
        if self.server.loop is not None:
            turned = threading.Event()
            self.server.loop.call_soon_threadsafe(turned.set)
            turned.wait()
        self.child_conn.send(self.server.started)

    def is_alive(self, timeout: float = 5) -> bool:
        """Whether it runs, and answers in time: one that ended is not waited for."""
        until = time.monotonic() + (_STUCK_SECONDS if self._has_answered else timeout)
        while self.process.is_alive():
            has_begun = self._healthcheck(_PING_SECONDS)
            if has_begun is not None:
                self._has_answered = True
                self.has_served |= has_begun
                return True
            if time.monotonic() > until:
                return False
        return False


class _Supervisor(multiprocess.Multiprocess):
    """Workers on one socket; they, too, end a while after they are told to."""

    def __init__(self, config: _Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        seconds = config.drain + config.last_seconds
        self._last_moment = threading.Timer(seconds, self._cut_off)
        self._last_moment.daemon = True
        # At once, and not when all are replaced that SIGHUP has it replace.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        # In a thread, since what the signal interrupts may hold the lock of the event.
        threading.Thread(target=self.should_exit.set).start()

    def keep_subprocess_alive(self) -> None:
        """Replace workers that ended; from when one has served, none of them ends the others."""
        super().keep_subprocess_alive()
        config = cast("_Config", self.config)
        config.has_served |= any(cast("_Worker", each).has_served for each in self.processes)

    def terminate_all(self) -> None:
        """Have all finish what runs."""
        self._last_moment.start()
        super().terminate_all()

    def _cut_off(self) -> None:
        _log.warning("stopped while something was still running")
        for worker in self.processes:
            worker.process.kill()


def _give_memory_back() -> None:
    """Let glibc return what a large body took, instead of keeping pieces of it in every thread.

    Other libraries of C do not have this, and do not need it.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    mallopt = ctypes.CDLL(None).mallopt
    for option, value in _MALLOC.items():
        mallopt(option, value)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _cut_off() -> None:
    _log.warning("stopped while something was still running")
    os._exit(0)
