"""Logs on stderr: lines of JSON for programs, or text for a person.

Only structlog's place, but that the API tells it which request is being answered. Everything below
the edge logs with the standard library: a constant event, and fields in `extra`.
"""

import logging
import re
import sys
import time
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import structlog

_REQUESTS: Final = "api.requests"
_OWN_NAME: Final = re.compile(r"[0-9a-f]{16}|None", re.ASCII)  # of a request
_LOGGERS: Final = ("registry", "api", "uvicorn")
_SAYS_ONCE: Final = frozenset({"registry.services.watching", "registry.services.monitoring"})
_REPEAT_SECONDS: Final = 600.0
_MAX_REMEMBERED: Final = 1000  # events, so that a long run's memory does not grow
_HIDDEN: Final = "(hidden)"
_SECRET_NAMES: Final = re.compile(
    r"^(raw|key|mnemonic|authorization|(.*_)?(password|passphrase|secret|private_key|api_key))$",
    re.IGNORECASE,
)
# What has no place in any text: a signed transaction, a key that is called one, a key of our API,
# and the user and password of a URL.
_SECRET_TEXTS: Final = re.compile(
    r"\b(?:0x)?[0-9a-f]{200,}\b"
    r"|(?<=key)[\"'=:\s]+(?:0x)?[0-9a-f]{64}\b"
    r"|(?<=password|passwort)\s*[=:]\s*\S+"
    r"|\brootseal_[0-9a-f]+_\w+"
    r"|(?<=://)[^/@\s]+(?=@)",
    re.IGNORECASE,
)

Event = MutableMapping[str, Any]  # Any: structlog's own type of what is logged


def log_to_stderr(level: int, *, as_json: bool) -> None:
    """Log what is of `level` or above to stderr from now on, replacing what was set before.

    Above DEBUG, an event with the same fields is logged once in ten minutes.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(as_json=as_json))
    if level > logging.DEBUG:
        handler.addFilter(OnceInAWhile(time.monotonic))
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # each fault is answered, too
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level)


class OnceInAWhile(logging.Filter):
    """Lets an event pass unless it did a short while ago: what is retried each second is one.

    Numbers in its `detail` are left out of the comparison. What worker and monitor themselves
    say is never held back: they say each thing once, and again when it comes again.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._passed: dict[tuple[object, ...], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record passes."""
        if not record.name.startswith(("registry.services", "registry.chain")):
            return True
        if record.name in _SAYS_ONCE:
            return True
        key, now = _identity(record), self._clock()
        last = self._passed.pop(key, None)
        is_repeat = last is not None and now - last < _REPEAT_SECONDS
        self._passed[key] = last if is_repeat and last is not None else now
        if len(self._passed) > _MAX_REMEMBERED:
            del self._passed[next(iter(self._passed))]
        return not is_repeat


_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def _identity(record: logging.LogRecord) -> tuple[object, ...]:
    fields = {name: str(value) for name, value in vars(record).items() if name not in _STANDARD}
    if "detail" in fields:
        fields["detail"] = re.sub(r"[0-9]+", "#", fields["detail"])
    return (record.name, record.getMessage(), *sorted(fields.items()))


def hide_secrets(_logger: object, _method: str, event: Event) -> Event:
    """Blank out what looks like a secret: a last line of defence, for none should come here."""
    return {name: _without_secrets(name, value) for name, value in event.items()}


def _without_secrets(name: str, value: Any) -> Any:  # noqa: ANN401 - as logged
    if _SECRET_NAMES.match(name):
        return _HIDDEN
    match value:
        case str():
            return _SECRET_TEXTS.sub(_HIDDEN, value)
        case dict():
            return {str(key): _without_secrets(str(key), item) for key, item in value.items()}
        case list() | tuple():
            return [_without_secrets("", item) for item in value]
        case bool() | int() | float() | None:
            return value
    return _SECRET_TEXTS.sub(_HIDDEN, str(value))


class _Lines(logging.Formatter):
    """Lines of JSON. The one of every request is written here, for which `every` takes long."""

    def __init__(self, every: logging.Formatter) -> None:
        super().__init__()
        self._every = every

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        if record.name != _REQUESTS or record.exc_info:
            return self._every.format(record)
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        # The one field that a caller writes.
        if _OWN_NAME.fullmatch(str(fields.get("request_id"))) is None:
            fields = dict(hide_secrets(None, "", fields))
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")
        line = {
            **fields,
            "event": record.getMessage(),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": moment.replace("+00:00", "Z"),
        }
        return orjson.dumps(line).decode()


def _formatter(*, as_json: bool) -> logging.Formatter:
    every = _every(as_json=as_json)
    return _Lines(every) if as_json else every


def _every(*, as_json: bool) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,  # the request that a line belongs to
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # As text, and without the values of variables, which structlog's own would show.
            structlog.processors.format_exc_info,
            _drop_colours,
            hide_secrets,
            _as_json if as_json else _as_text(),
        ],
    )


def _drop_colours(_logger: object, _method: str, event: Event) -> Event:
    event.pop("color_message", None)  # uvicorn's, for a formatter of its own
    return event


def _as_text() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        repr_native_str=True,  # no value can begin a line or move the cursor
        exception_formatter=structlog.dev.plain_traceback,
    )


_as_json = structlog.processors.JSONRenderer()
