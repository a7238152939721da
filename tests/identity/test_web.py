"""Fetching from a real HTTPS server that means no good."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from registry.core.identity import WebLocation
from registry.errors import UnavailableError
from registry.identity.names import Names
from registry.identity.web import MAX_BODY_BYTES, Web
from tests.identity.conftest import HOST
from tests.identity.servers import Answer, Authority, NameServer, WebServer, https

LOOPBACK = "127.0.0.1"
PATH = "/.well-known/did.json"
TIMEOUT = 5.0
SHORT = 0.3


def anywhere(_address: str) -> bool:
    """The policy of a test whose servers are on loopback."""
    return True


def web(
    authority: Authority,
    addresses: list[str] | None = None,
    *,
    timeout: float = TIMEOUT,
    may_connect: Callable[[str], bool] = anywhere,
) -> Web:
    found = [LOOPBACK] if addresses is None else addresses
    return Web(
        lambda _host: found, timeout=timeout, tls=authority.trusting, may_connect=may_connect
    )


def place(site: WebServer, host: str = HOST, path: str = PATH) -> WebLocation:
    return WebLocation(host, site.port, path)


def refused(client: Web, location: WebLocation, message: str) -> None:
    with pytest.raises(UnavailableError, match=message) as caught:
        client.fetch(location)
    assert LOOPBACK not in str(caught.value)


def test_a_document_is_fetched_with_a_request_that_says_little(
    authority: Authority, site: WebServer
) -> None:
    site.say(PATH, b"{}")
    assert web(authority).fetch(place(site)) == b"{}"
    head, *lines = site.requests[0].decode().strip().split("\r\n")
    assert head == f"GET {PATH} HTTP/1.1"
    assert sorted(lines) == [
        "Accept-Encoding: identity",
        "Accept: application/did+json, application/json",
        f"Host: {HOST}:{site.port}",
        "User-Agent: rootseal",
    ]


@pytest.mark.parametrize("status", [b"404 Not Found", b"410 Gone"])
def test_that_there_is_no_document_is_an_answer(
    authority: Authority, site: WebServer, status: bytes
) -> None:
    site.paths[PATH] = b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n"
    assert web(authority).fetch(place(site)) is None


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}", "answered 500"),
        (b"HTTP/1.1 204 Nothing\r\n\r\n", "answered 204"),
        (b"", "no answer that can be read"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "no answer that can be read"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "no answer that can be read"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2**17, "no answer that can be read"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 2000, "no answer that can be read"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno\r\n",
            "no answer that can be read",
        ),
    ],
)
def test_what_is_no_answer_is_none(
    authority: Authority, site: WebServer, answer: bytes, message: str
) -> None:
    site.paths[PATH] = answer
    refused(web(authority), place(site), message)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(authority: Authority, site: WebServer, status: int) -> None:
    goal = f"https://{HOST}:{site.port}/elsewhere"
    site.paths[PATH] = f"HTTP/1.1 {status} Away\r\nLocation: {goal}\r\n\r\n".encode()
    site.say("/elsewhere", b"{}")
    refused(web(authority), place(site), f"answered {status}")
    assert site.connections == 1


def test_a_document_of_the_largest_size_is_read_and_none_above(
    authority: Authority, site: WebServer
) -> None:
    site.say(PATH, b" " * MAX_BODY_BYTES)
    assert web(authority).fetch(place(site)) == b" " * MAX_BODY_BYTES
    site.say(PATH, b" " * (MAX_BODY_BYTES + 1))
    refused(web(authority), place(site), "more than 65536 bytes")


def test_an_endless_document_is_not_read_to_its_end(authority: Authority, site: WebServer) -> None:
    sent = []

    def endless(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for number in range(1000):
            line.sendall(b" " * MAX_BODY_BYTES)
            sent.append(number)

    site.paths[PATH] = endless
    refused(web(authority), place(site), "more than 65536 bytes")
    assert len(sent) < 500  # what buffers hold is sent, and no more


def test_a_packed_document_is_not_unpacked(authority: Authority, site: WebServer) -> None:
    bomb = gzip.compress(bytes(10**7))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    site.paths[PATH] = head + bomb
    assert web(authority).fetch(place(site)) == bomb


def dripping(before: bytes, drop: bytes) -> Answer:
    def answer(line: socket.socket) -> None:
        line.sendall(before)
        for _ in range(100):
            line.sendall(drop)
            time.sleep(SHORT / 10)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(dripping(b"", b"H"), id="status"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\n", b"X: x\r\n"), id="headers"),
        pytest.param(dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="continue"),
        pytest.param(
            dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b" "), id="body"
        ),
    ],
)
def test_an_answer_in_drops_is_cut_off_in_time(
    authority: Authority, site: WebServer, answer: Answer
) -> None:
    site.paths[PATH] = answer
    started = time.monotonic()
    refused(web(authority, timeout=SHORT), place(site), "no answer in time")
    assert time.monotonic() - started < SHORT + 1


@pytest.fixture
def mute() -> Iterator[WebServer]:
    """Accepts connections and says nothing, not even TLS, but for a byte now and then."""
    with socket.create_server((LOOPBACK, 0)) as server:
        ended = threading.Event()

        def drip() -> None:
            line, _ = server.accept()
            # A TLS record that announces more than ever comes.
            line.sendall(b"\x16\x03\x03\x40\x00")
            while not ended.wait(SHORT / 10):
                try:
                    line.sendall(b"\x02")
                except OSError:
                    break
            line.close()

        thread = threading.Thread(target=drip)
        thread.start()
        yield WebServer(port=server.getsockname()[1])
        ended.set()
        thread.join()


def test_a_handshake_in_drops_is_cut_off_in_time(authority: Authority, mute: WebServer) -> None:
    started = time.monotonic()
    refused(web(authority, timeout=SHORT), place(mute), "no answer in time")
    assert time.monotonic() - started < SHORT + 1


def test_a_certificate_of_another_host_is_refused(authority: Authority, site: WebServer) -> None:
    site.say(PATH, b"{}")
    refused(web(authority), place(site, "other.example"), "certificate")
    assert site.requests == []


def test_a_certificate_out_of_date_is_refused(authority: Authority) -> None:
    with https(authority.serving(HOST, is_expired=True)) as site:
        refused(web(authority), place(site), "certificate")
    assert site.requests == []


def test_a_certificate_of_an_unknown_authority_is_refused(site: WebServer) -> None:
    client = Web(lambda _host: [LOOPBACK], timeout=TIMEOUT, may_connect=anywhere)
    refused(client, place(site), "certificate")
    assert site.requests == []


def test_an_address_inside_is_not_connected_to(authority: Authority, site: WebServer) -> None:
    site.say(PATH, b"{}")
    client = Web(lambda _host: [LOOPBACK], timeout=TIMEOUT, tls=authority.trusting)
    refused(client, place(site), "no public address")
    assert site.connections == 0


def test_one_address_inside_among_others_is_enough_to_refuse(
    authority: Authority, site: WebServer
) -> None:
    client = web(authority, [LOOPBACK, "127.0.0.2"], may_connect=lambda a: a == LOOPBACK)
    refused(client, place(site), "no public address")
    assert site.connections == 0


def test_a_host_without_an_address_looks_like_one_inside(
    authority: Authority, site: WebServer
) -> None:
    refused(web(authority, []), place(site), "no public address")


def test_the_next_address_is_tried_where_one_is_dead(authority: Authority, site: WebServer) -> None:
    site.say(PATH, b"{}")
    assert web(authority, ["127.0.0.3", LOOPBACK]).fetch(place(site)) == b"{}"


def test_a_host_that_is_down_could_not_be_asked(authority: Authority) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
    refused(web(authority), WebLocation(HOST, port, PATH), "no connection")


def test_a_proxy_of_the_environment_is_not_used(
    authority: Authority, site: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    site.say(PATH, b"{}")
    assert web(authority).fetch(place(site)) == b"{}"


def test_a_second_answer_of_dns_leads_nowhere(authority: Authority, names: NameServer) -> None:
    outside, inside = "127.0.0.1", "127.0.0.2"
    tls = authority.serving(HOST)
    with https(tls, address=outside) as good, https(tls, address=inside, port=good.port) as bad:
        good.say(PATH, b"{}")
        names.know(HOST, "A", [outside], [inside])
        client = Web(
            Names(timeout=TIMEOUT, resolver=names.resolver).addresses,
            timeout=TIMEOUT,
            tls=authority.trusting,
            may_connect=lambda address: address == outside,
        )
        assert client.fetch(place(good)) == b"{}"
        assert sorted(names.questions) == [(HOST, "A"), (HOST, "AAAA")]
        refused(client, place(good), "no public address")
    assert (good.connections, bad.connections) == (1, 0)
