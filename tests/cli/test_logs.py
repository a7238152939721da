import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from registry.cli.logs import OnceInAWhile, log_to_stderr

KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
Written = Callable[[], str]
LOGGER = logging.getLogger("registry.services.test")


@pytest.fixture
def stderr(capsys: pytest.CaptureFixture[str]) -> Written:
    """What is written to stderr, asked for once."""
    return lambda: capsys.readouterr().err


def logged(stderr: Written) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stderr().splitlines()]


def test_a_line_of_json_has_event_fields_time_level_and_logger(stderr: Written) -> None:
    log_to_stderr(logging.INFO, as_json=True)
    LOGGER.info("batch moved", extra={"batch": 7, "state": "final"})
    [line] = logged(stderr)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "batch moved",
        "batch": 7,
        "state": "final",
        "level": "info",
        "logger": "registry.services.test",
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"key": KEY},
        {"password": "correct horse"},
        {"keystore_password": "correct horse"},
        {"secret": b"correct horse"},
        {"raw": b"\x02\xf8correct horse"},
        {"private_key": "0x" + KEY},
        {"fields": {"key": KEY}},
        {"detail": f"private key: 0x{KEY}"},
        {"detail": f"key={KEY}"},
        {"detail": "sent 0x02" + KEY * 4},
        {"detail": "http://user:correct horse@node".replace(" ", "-")},
        {"detail": "rootseal_0123456789abcdef_correct-horse"},
        {"lines": [f"key {KEY}"]},
    ],
    ids=lambda fields: next(iter(fields)),
)
@pytest.mark.parametrize("as_json", [True, False], ids=["json", "text"])
def test_what_looks_like_a_secret_is_hidden(
    stderr: Written, fields: dict[str, object], *, as_json: bool
) -> None:
    log_to_stderr(logging.INFO, as_json=as_json)
    LOGGER.info("something", extra=fields)
    text = stderr()
    assert "(hidden)" in text
    assert KEY not in text
    assert "correct" not in text


@pytest.mark.parametrize(
    "name", ["0123456789abcdef", "deploy-7", "rootseal_0123456789abcdef_correct-horse", None]
)
def test_the_line_of_a_request_is_as_any_other(stderr: Written, name: str | None) -> None:
    """It is written by a shorter way."""
    fields = {"method": "GET", "route": "/v1/x", "status": 200, "seconds": 0.1, "request_id": name}
    log_to_stderr(logging.INFO, as_json=True)
    for logger in ("api.requests", "api.others"):
        logging.getLogger(logger).info("request", extra=fields)
    ours, others = logged(stderr)
    assert ours.keys() == others.keys()
    assert len(ours["timestamp"]) == len(others["timestamp"])
    del ours["timestamp"], others["timestamp"]
    assert ours == others | {"logger": "api.requests"}
    assert "correct" not in str(ours)


def test_hashes_and_transactions_are_no_secrets(stderr: Written) -> None:
    log_to_stderr(logging.INFO, as_json=True)
    LOGGER.info("attempt sent", extra={"transaction": "0x" + KEY, "seal": KEY})
    assert stderr().count(KEY) == 2


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "text"])
def test_a_traceback_shows_no_values(stderr: Written, *, as_json: bool) -> None:
    log_to_stderr(logging.INFO, as_json=as_json)
    hidden = "correct" + "horse"
    try:
        int("x" * len(hidden))
    except ValueError:
        LOGGER.exception("a bug")
    text = stderr()
    assert "ValueError: invalid literal" in text
    assert hidden not in text


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "text"])
def test_no_value_begins_a_line_of_its_own(stderr: Written, *, as_json: bool) -> None:
    log_to_stderr(logging.INFO, as_json=as_json)
    LOGGER.warning("refused", extra={"detail": "x\nERROR forged\x1b[2J"})
    text = stderr()
    assert len(text.splitlines()) == 1
    assert "\x1b[2J" not in text


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def record(event: str, *, name: str = "registry.services.nightly", **fields: object) -> Any:
    made = logging.makeLogRecord({"name": name, "msg": event, "levelno": logging.INFO})
    vars(made).update(fields)
    return made


def test_what_is_tried_each_second_is_logged_once_in_ten_minutes() -> None:
    clock = Seconds()
    filtering = OnceInAWhile(clock)
    assert filtering.filter(record("could not ask", detail="node 1: 3 times"))
    clock.now = 599.0
    assert not filtering.filter(record("could not ask", detail="node 1: 4 times"))
    clock.now = 600.0
    assert filtering.filter(record("could not ask", detail="node 1: 5 times"))


def test_other_events_and_other_fields_pass() -> None:
    filtering = OnceInAWhile(Seconds())
    assert filtering.filter(record("attempt sent", nonce=1))
    assert filtering.filter(record("attempt sent", nonce=2))
    assert filtering.filter(record("attempt replaced", nonce=1))


def test_what_the_worker_and_the_api_say_always_passes() -> None:
    filtering = OnceInAWhile(Seconds())
    for name in ("registry.services.watching", "api.problems", "uvicorn.access"):
        assert filtering.filter(record("held up", name=name))
        assert filtering.filter(record("held up", name=name))


def test_no_more_than_a_thousand_events_are_remembered() -> None:
    filtering = OnceInAWhile(Seconds())
    for number in range(1001):
        filtering.filter(record("attempt sent", nonce=number))
    assert filtering.filter(record("attempt sent", nonce=0))
    assert not filtering.filter(record("attempt sent", nonce=1000))


def test_all_of_it_is_logged_with_vv(stderr: Written) -> None:
    log_to_stderr(logging.DEBUG, as_json=True)
    for _ in range(2):
        LOGGER.debug("asked")
    assert len(logged(stderr)) == 2
