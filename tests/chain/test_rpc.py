import base64
import gzip
import http.client
import inspect
import logging
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import certifi
import pytest
import urllib3

from registry.chain.rpc import JsonRpcError, Rpc, endpoint_name
from registry.errors import InvalidInputError, UnavailableError
from tests import rpc_proxy
from tests.rpc_proxy import Fault, RpcProxy

SECRET = "0123456789abcdef"


def foreign_exceptions() -> list[type[Exception]]:
    """Every exception that urllib3 and http.client define, whatever they add later."""
    found = {
        kind
        for module in (urllib3.exceptions, http.client)
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception)
        and not issubclass(kind, Warning)
        and kind.__module__.split(".")[0] in {"urllib3", "http"}
    }
    assert len(found) > 30
    return sorted(found, key=lambda kind: kind.__qualname__)


@pytest.mark.parametrize(
    "kind",
    [
        *foreign_exceptions(),
        OSError,
        ConnectionResetError,
        TimeoutError,
        UnicodeDecodeError,
        ValueError,
    ],
)
def test_every_foreign_exception_is_ours(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    rpc = Rpc("http://127.0.0.1:9")

    def fail(*_: object) -> None:
        raise kind.__new__(kind)

    monkeypatch.setattr(rpc._provider._wire, "post", fail)
    with pytest.raises(UnavailableError):
        rpc.ask("eth_chainId")
    rpc.close()


def test_a_bug_is_not_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    rpc = Rpc("http://127.0.0.1:9")

    def fail(*_: object) -> None:
        raise AttributeError("a bug")

    monkeypatch.setattr(rpc._provider._wire, "post", fail)
    with pytest.raises(AttributeError):
        rpc.ask("eth_chainId")
    rpc.close()


def test_a_refused_connection_is_unavailable_and_shows_no_secret() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        rpc = Rpc(f"http://user:{SECRET}@127.0.0.1:{port}/v3/{SECRET}?key={SECRET}")
        with pytest.raises(UnavailableError) as caught:
            rpc.ask("eth_chainId")
    assert str(caught.value).startswith(f"http://127.0.0.1:{port}: eth_chainId")
    assert SECRET not in f"{caught.value}{caught.value!r}{rpc!r}"
    assert caught.value.__suppress_context__
    rpc.close()


def test_a_node_that_echoes_the_key_is_censored(proxy: RpcProxy) -> None:
    rpc = Rpc(f"{proxy.url}/v3/{SECRET}")
    with pytest.raises(JsonRpcError) as caught:
        rpc.ask(f"no_method_{SECRET}")
    assert SECRET not in caught.value.text
    rpc.close()


def test_we_log_neither_address_nor_transaction(
    proxy: RpcProxy, caplog: pytest.LogCaptureFixture
) -> None:
    rpc = Rpc(f"{proxy.url}/v3/{SECRET}")
    with caplog.at_level(logging.DEBUG), pytest.raises(JsonRpcError):
        rpc.ask("eth_sendRawTransaction", "0x5ec3e7")
    rpc.close()
    ours = [record for record in caplog.records if not record.name.startswith("urllib3")]
    assert all(SECRET not in text for text in map(logging.LogRecord.getMessage, ours))
    assert all("5ec3e7" not in record.getMessage() for record in caplog.records)


def test_an_error_of_json_rpc_sent_as_http_400_is_the_nodes_word(
    proxy: RpcProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b'{"error": {"code": -32602, "message": "10 blocks at most"}}'
    monkeypatch.setitem(rpc_proxy._BODY, Fault.HTTP_400, body)
    proxy.fail("eth_getLogs", Fault.HTTP_400)
    rpc = Rpc(proxy.url)
    with pytest.raises(JsonRpcError, match="10 blocks at most"):
        rpc.ask("eth_getLogs", {})
    rpc.close()


def test_an_answer_beyond_the_limit_is_not_read(
    proxy: RpcProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.chain.wire.MAX_ANSWER_BYTES", 10)
    rpc = Rpc(proxy.url)
    with pytest.raises(UnavailableError, match="answer too large"):
        rpc.ask("eth_chainId")
    rpc.close()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://eth.example/v3/key", "https://eth.example"),
        ("https://me:secret@eth.example:8443/?key=1", "https://eth.example:8443"),
        ("http://[::1]:8545", "http://[::1]:8545"),
    ],
)
def test_an_endpoint_is_named_without_its_secrets(url: str, name: str) -> None:
    assert endpoint_name(url) == name


@pytest.mark.parametrize("url", ["", "eth.example", "ftp://eth.example", "http://", "http://a:b"])
def test_an_endpoint_that_is_none_is_the_callers_fault(url: str) -> None:
    with pytest.raises(InvalidInputError, match="RPC endpoint"):
        Rpc(url)


class Listener(BaseHTTPRequestHandler):
    """A node that remembers the headers of each question."""

    seen: ClassVar[list[dict[str, str]]] = []

    def do_POST(self) -> None:
        self.seen.append({name.lower(): value for name, value in self.headers.items()})
        self.rfile.read(int(self.headers["Content-Length"]))
        body = gzip.compress(b'{"jsonrpc":"2.0","id":1,"result":"0x1"}')
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


def test_a_password_comes_from_the_address_alone_and_no_proxy_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    Listener.seen.clear()
    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    port = server.server_address[1]
    try:
        for user in ("", "me:p%40ss@"):
            rpc = Rpc(f"http://{user}127.0.0.1:{port}/v3/{SECRET}")
            assert rpc.ask("eth_chainId").quantity() == 1  # gzip is read, too
            rpc.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    without, having = Listener.seen
    assert "authorization" not in without
    assert having["authorization"] == "Basic " + base64.b64encode(b"me:p@ss").decode()


def test_only_authorities_of_certifi_are_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The authorities are certifi's; the system's, which others may write, count for nothing."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    pool = Rpc("https://127.0.0.1:9")._provider._wire._pool
    assert isinstance(pool, urllib3.HTTPSConnectionPool)
    assert pool.ca_certs == certifi.where()
    assert pool.cert_reqs is None  # urllib3's own: CERT_REQUIRED
    pool.close()
