"""One message to one webhook: signed, small, over in time, and nothing secret in what it says."""

import base64
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.alerting import Webhook, read_secret
from registry.errors import InvalidInputError, UnavailableError
from tests.identity.servers import Authority
from tests.webhooks import HANG, SECRET, SECRET_TEXT, Hook, webhook

NOW = datetime(2026, 1, 31, 2, 0, 0, 500_000, tzinfo=UTC)
BODY = '{"type":"rootseal.unknown-seal","data":"ü"}'.encode()


@pytest.fixture
def hook() -> Iterator[Hook]:
    with webhook() as hook:
        yield hook


def open_webhook(hook: Hook, timeout: float = 5) -> Webhook:
    return Webhook(hook.url, SECRET, timeout=timeout)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_a_message_is_signed_and_taken(hook: Hook, status: int) -> None:
    hook.statuses = [status]
    open_webhook(hook).deliver("msg_1", BODY, now=NOW)
    [message] = hook.came
    assert message.path == "/hooks/very-secret-path?token=hidden"
    assert message.body == BODY
    assert message.id == "msg_1"
    assert message.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert message.headers["content-type"] == "application/json"
    assert message.is_signed


def test_the_signature_is_the_one_of_the_specification() -> None:
    # The example of the Standard Webhooks libraries' own tests.
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    sent = Webhook("http://127.0.0.1/", secret, timeout=1)
    headers = sent._signed("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 410, 429, 500, 503])
def test_any_other_answer_is_not_taken_and_no_redirect_is_followed(hook: Hook, status: int) -> None:
    hook.statuses = [status]
    with pytest.raises(
        UnavailableError, match=f"webhook 127.0.0.1: it answered {status}"
    ) as raised:
        open_webhook(hook).deliver("msg_1", BODY, now=NOW)
    assert len(hook.came) == 1
    assert "secret" not in str(raised.value)


def test_an_answer_that_never_ends_is_cut_off(hook: Hook) -> None:
    hook.statuses = [HANG]
    begun = time.monotonic()
    with pytest.raises(UnavailableError, match="no answer in time"):
        open_webhook(hook, timeout=0.3).deliver("msg_1", BODY, now=NOW)
    assert time.monotonic() - begun < 3


def test_nobody_there_is_could_not_ask() -> None:
    with webhook() as gone:
        url = gone.url
    with pytest.raises(UnavailableError, match="no answer") as raised:
        Webhook(url, SECRET, timeout=1).deliver("msg_1", BODY, now=NOW)
    assert "very-secret" not in str(raised.value)


def test_over_tls_only_a_certificate_to_trust_is_told_anything(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with webhook(authority.serving("localhost")) as hook:
        url = hook.url.replace("http://127.0.0.1", "https://localhost")
        trusting = Webhook(url, SECRET, timeout=5, tls=authority.trusting)
        trusting.deliver("msg_1", BODY, now=NOW)
        [message] = hook.came
        assert (message.is_signed, message.headers["host"]) == (True, f"localhost:{hook.port}")
        with pytest.raises(UnavailableError, match="certificate"):
            Webhook(url, SECRET, timeout=5).deliver("msg_2", BODY, now=NOW)
        assert len(hook.came) == 1


def test_a_server_without_tls_is_no_https(hook: Hook) -> None:
    secured = Webhook(hook.url.replace("http:", "https:"), SECRET, timeout=2)
    with pytest.raises(UnavailableError, match="no answer"):
        secured.deliver("msg_1", BODY, now=NOW)
    assert hook.came == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hooks.example/very-secret",
        "file:///very-secret",
        "hooks.example/very-secret",
        "http:///very-secret",
        "https://user:very-secret@hooks.example/",
        "http://hooks.example:very-secret/",
        "http://[very-secret/",
        "https://hooks.example/very-secret path",
        "https://hooks.example/very-secret\r\nX: y",
        "https://hooks.example/very-secret-ü",
    ],
)
def test_what_is_no_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(InvalidInputError, match="webhook_url") as raised:
        Webhook(url, SECRET, timeout=1)
    assert "very-secret" not in str(raised.value)


def test_the_secret_is_read_and_in_no_text(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET_TEXT + "\n")
    assert read_secret(file) == SECRET
    assert "very" not in repr(Webhook("https://hooks.example/very", SECRET, timeout=1))


@pytest.mark.parametrize(
    "text",
    ["", "twenty-four bytes or more, secret", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%%", "x" * 2000],
    ids=["empty", "no prefix", "nothing", "short", "no base64", "long"],
)
def test_what_is_no_secret_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    file = tmp_path / "file"
    file.write_text(text)
    with pytest.raises(InvalidInputError, match="webhook_secret_file") as raised:
        read_secret(file)
    shown = str(raised.value)
    assert not any(part in shown for part in ("twenty", "c2hv", "%%%", "xxx"))
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_secret(tmp_path / "absent")
