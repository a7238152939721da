import json
from typing import Any

import pytest

from registry.core.address import format_address
from registry.core.identity import Account
from registry.errors import UnavailableError
from registry.identity import OnlineDirectory
from registry.identity.names import Names
from registry.identity.web import Web
from tests.identity.conftest import HOST
from tests.identity.servers import Authority, NameServer, WebServer

ACCOUNT = Account(1, b"\x0a" * 20)
ADDRESS = format_address(ACCOUNT.address)
RECORD = f'"openatts net=ethereum netId=1 addr={ADDRESS}"'


@pytest.fixture
def directory(authority: Authority, names: NameServer) -> OnlineDirectory:
    names.know(HOST, "A", ["127.0.0.1"])
    resolving = Names(timeout=2, resolver=names.resolver)
    web = Web(
        resolving.addresses, timeout=2, tls=authority.trusting, may_connect=lambda _address: True
    )
    return OnlineDirectory(timeout=2, names=resolving, web=web)


def document(did: str, **changes: Any) -> bytes:
    named = {"id": did, "alsoKnownAs": [f"did:pkh:eip155:1:{ADDRESS}"]}
    return json.dumps({**named, **changes}).encode()


@pytest.mark.parametrize(
    ("suffix", "path"), [("", "/.well-known/did.json"), (":staff:1", "/staff/1/did.json")]
)
def test_a_did_web_is_asked_at_its_place_and_once(
    directory: OnlineDirectory, site: WebServer, suffix: str, path: str
) -> None:
    did = f"did:web:{HOST}%3A{site.port}{suffix}"
    site.say(path, document(did))
    assert directory.accounts_of_did(did) == directory.accounts_of_did(did) == {ACCOUNT}
    assert site.connections == 1


def test_that_there_is_no_document_means_no_accounts(
    directory: OnlineDirectory, site: WebServer
) -> None:
    assert directory.accounts_of_did(f"did:web:{HOST}%3A{site.port}") == set()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>Welcome", "unreadable"),
        (b"[]", "unreadable"),
        (b'{"id": 1, "id": 2}', "unreadable"),
        (b"[" * 60000, "unreadable"),
        (document("did:web:other.example"), "another DID"),
        (b"{}", "another DID"),
    ],
)
def test_what_is_no_document_of_the_did_is_no_answer(
    directory: OnlineDirectory, site: WebServer, body: bytes, message: str
) -> None:
    site.say("/.well-known/did.json", body)
    with pytest.raises(UnavailableError, match=message):
        directory.accounts_of_did(f"did:web:{HOST}%3A{site.port}")


def test_a_domain_is_asked_for_its_records_once(
    directory: OnlineDirectory, names: NameServer
) -> None:
    names.know(HOST, "TXT", ["v=spf1", RECORD], ["v=spf1"])
    assert directory.accounts_of_domain(HOST) == directory.accounts_of_domain(HOST) == {ACCOUNT}
    assert directory.accounts_of_domain("nobody.example") == set()


def test_as_it_is_configured_it_connects_to_nothing_inside(
    names: NameServer, site: WebServer
) -> None:
    names.know(HOST, "A", ["127.0.0.1"])
    directory = OnlineDirectory(timeout=2, names=Names(timeout=2, resolver=names.resolver))
    with pytest.raises(UnavailableError, match="no public address"):
        directory.accounts_of_did(f"did:web:{HOST}%3A{site.port}")
    assert site.connections == 0
