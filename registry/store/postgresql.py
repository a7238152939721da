"""How connections to PostgreSQL are made, so that a host that went away is noticed on both sides.

What a URL says itself, as `?connect_timeout=3`, counts before what is said here. It knows no table.
"""

from typing import Any, Final

from sqlalchemy import URL, Engine, ExceptionContext, event
from sqlalchemy.pool import ConnectionPoolEntry

# A host that lost its power sends no farewell: without these, a request would wait for it as long
# as the system's TCP does, which is two hours.
_OPTIONS: Final[dict[str, int]] = {
    "connect_timeout": 10,  # seconds, for each host
    "keepalives_idle": 30,  # seconds of silence until the other side is asked whether it lives
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds in which what was sent must have arrived
}
# The same seen from the server: whose client vanished, holds its locks no longer than a minute.
_SESSION: Final = (
    "SELECT set_config('tcp_keepalives_idle', '30', false),"
    " set_config('tcp_keepalives_interval', '10', false),"
    " set_config('tcp_keepalives_count', '3', false),"
    " set_config('tcp_user_timeout', '30000', false),"
    # An intake waits while its batch is sealed, and sealing for intakes; not for ever: each that
    # waits takes a thread and a connection from everybody else. An outage for the caller.
    " set_config('lock_timeout', '60s', false),"
    # What was acknowledged must outlast a crash, whatever the server's own default; a stricter one
    # (remote_apply, say) is kept.
    " set_config('synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'),"
    " false)"
)
# Of class 25, which the driver takes for mistakes of ours.
READ_ONLY: Final = "25006"  # a standby, or a primary that became one
IDLE_TOO_LONG: Final = "25P03"  # idle_in_transaction_session_timeout, where the server has it


def connect_options(url: URL) -> dict[str, Any]:  # Any: libpq's options are text and numbers
    """Options for libpq that the URL leaves open.

    Of several hosts (`?host=a:5432&host=b:5432`) the one is taken that can be written to.
    """
    options: dict[str, Any] = dict(_OPTIONS)
    if isinstance(url.query.get("host"), tuple):
        options["target_session_attrs"] = "read-write"
    return {name: value for name, value in options.items() if name not in url.query}


def hosts(url: URL) -> str | None:
    """Where the server is, for messages: one host, or several with their ports."""
    named = url.query.get("host")
    if isinstance(named, tuple):
        return ",".join(named)
    return url.host


def prepare_engine(engine: Engine) -> None:
    """Set up each connection, and leave a server that can no longer be written to."""
    event.listen(engine, "connect", _set_session)
    event.listen(engine, "handle_error", _leave_read_only)


def sqlstate_of(error: BaseException | None) -> str | None:
    """The server's code of an error; None if it is not the server's."""
    code = getattr(error, "sqlstate", None)
    return code if isinstance(code, str) else None


def _set_session(connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's
    connection.execute(_SESSION)
    connection.commit()


def _leave_read_only(context: ExceptionContext) -> None:
    """Give up all connections of the pool: the next are made where one can write."""
    if sqlstate_of(context.original_exception) == READ_ONLY:
        context.is_disconnect = True
