"""A development chain of one's own: Anvil, found, started, waited for and stopped.

Stops only the process that it started. Never used for anything of value.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from registry.chain.keys import DEVELOPMENT_CHAIN_ID
from registry.chain.origins import Fork, Origin
from registry.chain.rpc import Rpc, without_secrets
from registry.errors import ConflictError, InvalidInputError, UnavailableError

_HOST = "127.0.0.1"
_START_SECONDS = 20.0
_STOP_SECONDS = 20.0  # writing the state of a large chain takes a while
_POLL_SECONDS = 0.02
_MAX_READ = 64 << 10  # bytes of Anvil's last words
_MAX_SAID = 500  # characters of Anvil's last words that are shown
_PACKAGED = "node_modules/@foundry-rs/anvil-*/bin/anvil"
_REPOSITORY = Path(__file__).resolve().parents[2]


def find_anvil() -> Path:
    """Find Anvil: $ANVIL, then PATH, then what npm installed beside the sources.

    Not in the working folder, which may be a bundle of strangers. Raises `InvalidInputError` if
    there is none.
    """
    named = os.environ.get("ANVIL")
    if named is not None:
        if shutil.which(named) is None:
            raise InvalidInputError(f"ANVIL names no program: {named}")
        return Path(named)
    on_path = shutil.which("anvil")
    if on_path is not None:
        return Path(on_path)
    packaged = sorted(_REPOSITORY.glob(_PACKAGED))
    if packaged:
        return packaged[0]
    raise InvalidInputError("no anvil: set ANVIL, put it on PATH (foundryup), or run npm ci")


class Devnet:
    """An Anvil that runs while the context is open.

    `block_time` is in whole seconds; None mines a block for each transaction. With `state` the
    chain is read from that file and written to it in the end. Blocks are final two blocks later.
    With an `origin` it is the chain of others: nothing is mined, and its file is never written.
    """

    def __init__(
        self,
        *,
        port: int | None = None,
        block_time: int | None = 1,
        state: Path | None = None,
        anvil: Path | None = None,
        chain_id: int = DEVELOPMENT_CHAIN_ID,
        origin: Origin | None = None,
    ) -> None:
        if origin is not None and state is not None:
            raise ValueError("a chain of others is not written to a file")
        self._anvil = find_anvil() if anvil is None else anvil
        self.port = _free_port() if port is None else port
        self._block_time = block_time
        self._state = state
        self._chain_id = chain_id
        self._origin = origin
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the chain answers."""
        return f"http://{_HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return None if self._process is None else self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start Anvil and wait until it answers.

        Raises `ConflictError` if the port is taken or the origin is another chain,
        `UnavailableError` if Anvil does not start.
        """
        if self._process is not None:
            raise ConflictError(f"the devnet at {self.url} is running already")
        _require_free(self.port)
        # An empty folder for a chain of others: Anvil reads settings in the one it starts in.
        with tempfile.TemporaryFile() as errors, tempfile.TemporaryDirectory() as folder:
            self._process = self._launch(errors, Path(folder))
            try:
                self._wait(errors)
            except BaseException:
                self.stop()
                raise

    def stop(self) -> None:
        """Stop Anvil and let it write its state. Does nothing if it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise UnavailableError(
                "did not stop when asked and was killed: its state is not saved", source="anvil"
            ) from None

    def wait(self) -> int:
        """Wait until Anvil ends by itself and return its exit code."""
        if self._process is None:
            raise ConflictError("the devnet is not running")
        return self._process.wait()

    def _launch(self, errors: IO[bytes], folder: Path) -> subprocess.Popen[bytes]:
        if self._origin is not None:
            self._origin.configure(folder)
        try:
            # A session of its own: Ctrl-C reaches us alone, and we end Anvil in good order.
            return subprocess.Popen(  # noqa: S603 - the program the user chose
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
                cwd=None if self._origin is None else folder,
            )
        except OSError as exc:
            raise UnavailableError(
                f"cannot start {self._anvil}: {exc.strerror}", source="anvil"
            ) from exc

    def _command(self) -> list[str]:
        # Its place is kept when it starts in another folder.
        program = self._anvil.absolute() if len(self._anvil.parts) > 1 else self._anvil
        command = [str(program), "--silent", "--host", _HOST, "--port", str(self.port)]
        command += ["--slots-in-an-epoch", "1"]
        # A fork has the chain id of its node, so that it cannot pass for another chain.
        if not isinstance(self._origin, Fork):
            command += ["--chain-id", str(self._chain_id)]
        if self._origin is not None:
            return command + self._origin.arguments
        if self._block_time is not None:
            command += ["--block-time", str(self._block_time)]
        if self._state is not None:
            command += ["--state", str(self._state)]
        return command

    def _wait(self, errors: IO[bytes]) -> None:
        rpc = Rpc(self.url, timeout=_START_SECONDS)
        deadline = time.monotonic() + _START_SECONDS
        try:
            while (chain_id := self._answer(rpc, errors)) is None:
                if time.monotonic() > deadline:
                    raise UnavailableError(
                        f"no answer within {_START_SECONDS:.0f} s", source=self.url
                    )
                time.sleep(_POLL_SECONDS)
        finally:
            rpc.close()
        if chain_id != self._chain_id:
            raise ConflictError(f"that is chain {chain_id}, not {self._chain_id}")

    def _answer(self, rpc: Rpc, errors: IO[bytes]) -> int | None:
        """The chain id, or None as long as there is no answer."""
        try:
            answered = rpc.ask("eth_chainId").quantity()
        except UnavailableError:
            answered = None
        # Looked at last: what answers on the port of a dead process is somebody else's.
        if self._process is None or self._process.poll() is not None:
            errors.seek(0)
            raise UnavailableError(
                f"ended at once: {self._said(errors.read(_MAX_READ))}", source="anvil"
            )
        return answered

    def _said(self, words: bytes) -> str:
        text = words.decode(errors="replace").strip()
        if isinstance(self._origin, Fork):
            text = without_secrets(text, self._origin.url)
        return text[:_MAX_SAID]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as exc:
            raise ConflictError(f"port {port} is taken: {exc.strerror}") from exc
