import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.address import format_address
from registry.core.documents import Json
from registry.core.identity import (
    Account,
    ClaimedIssuer,
    WebLocation,
    accounts_in_did_document,
    accounts_in_texts,
    claimed_issuer,
    web_location,
)

OURS = bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266")
ADDRESS = format_address(OURS)
ACCOUNT = Account(1, OURS)


@pytest.mark.parametrize(
    ("did", "host", "port", "path"),
    [
        ("did:web:w3c-ccg.github.io", "w3c-ccg.github.io", 443, "/.well-known/did.json"),
        ("did:web:a.example:user:alice", "a.example", 443, "/user/alice/did.json"),
        ("did:web:a.example%3A3000:user:alice", "a.example", 3000, "/user/alice/did.json"),
        ("did:web:a.example%3a3000", "a.example", 3000, "/.well-known/did.json"),
        ("did:web:A.Example", "a.example", 443, "/.well-known/did.json"),
        ("did:web:a.example:b%20c", "a.example", 443, "/b%20c/did.json"),
    ],
)
def test_a_did_web_is_a_place(did: str, host: str, port: int, path: str) -> None:
    assert web_location(did) == WebLocation(host, port, path)


@pytest.mark.parametrize(
    "did",
    [
        "",
        "did:web:",
        "did:key:z6Mk",
        "DID:WEB:a.example",
        "did:web:localhost",
        "did:web:127.0.0.1",
        "did:web:127.1",
        "did:web:[::1]",
        "did:web:2130706433",
        "did:web:0x7f.0x1",
        "did:web:a.example%3A0",
        "did:web:a.example%3A65536",
        "did:web:a.example%3A",
        "did:web:a.example%3A80%3A80",
        "did:web:a.example:",
        "did:web:a.example::b",
        "did:web:a.example:..:b",
        "did:web:a.example:.",
        "did:web:a.example:b/c",
        "did:web:a.example/b",
        "did:web:a.example#key",
        "did:web:a.example?b",
        "did:web:me@a.example",
        "did:web:me%40a.example",
        "did:web:a..example",
        "did:web:-a.example",
        "did:web:a_b.example",
        "did:web:a.example.",
        "did:web:exämple.org",
        "did:web:a.example:b%2",
        "did:web:a.example\n",
        "did:web:" + "a" * 64 + ".example",
        "did:web:" + "a." * 130 + "example",
        "did:web:a.example:" + "b" * 2000,
    ],
)
def test_what_is_no_did_web_of_a_public_domain_is_no_place(did: str) -> None:
    assert web_location(did) is None


DID = "did:web:a.example:staff"


@pytest.mark.parametrize(
    ("issuer", "domain", "did"),
    [
        (DID, "a.example", DID),
        ({"id": DID, "name": "A"}, "a.example", DID),
        ("https://a.example/issuers/1", "a.example", None),
        ("https://a.example:8443#us", "a.example", None),
        ({"id": "https://A.EXAMPLE"}, "a.example", None),
        ({"identityProof": {"type": "DNS-TXT", "location": "a.example"}}, "a.example", None),
        ({"identityProof": {"identifier": "a.example"}}, "a.example", None),
        ({"id": "urn:uuid:1", "identityProof": {"location": "a.example"}}, "a.example", None),
        ({"id": DID, "identityProof": {"location": "a.example"}}, "a.example", DID),
        (
            {"id": "https://www.a.example/1", "identityProof": {"location": "a.example"}},
            "a.example",
            None,
        ),
        # Somebody else's word does not count for what says that it comes from a.example.
        ({"id": DID, "identityProof": {"location": "evil.example"}}, "a.example", DID),
        (
            {"id": "https://a.example", "identityProof": {"location": "b.a.example"}},
            "a.example",
            None,
        ),
        (
            {"id": "https://a.example", "identityProof": {"location": "ba.example"}},
            "a.example",
            None,
        ),
        (
            {"id": "https://ba.example", "identityProof": {"location": "a.example"}},
            "ba.example",
            None,
        ),
    ],
)
def test_a_credential_names_whom_to_ask(issuer: Json, domain: str, did: str | None) -> None:
    assert claimed_issuer({"issuer": issuer}) == ClaimedIssuer(domain, did)


@pytest.mark.parametrize(
    "issuer",
    [
        None,
        7,
        [],
        {},
        "A",
        {"id": 7},
        {"id": None, "identityProof": []},
        {"identityProof": {"location": 7}},
        {"identityProof": {"location": "localhost"}},
        {"identityProof": {"location": "10.0.0.1"}},
        {"identityProof": {"location": "a.example/b"}},
        "http://a.example",
        "https://10.0.0.1/",
        "https://localhost/",
        "https://me@a.example/",
        "https://a.example\\@evil.example/",
        "https://a.example\n.evil.example",
        "did:key:z6Mk",
        "did:pkh:eip155:1:" + ADDRESS,
    ],
)
def test_a_credential_may_name_nobody_who_can_be_asked(issuer: Json) -> None:
    assert claimed_issuer({"issuer": issuer}) is None
    assert claimed_issuer({}) is None


PKH = f"did:pkh:eip155:1:{ADDRESS}"


@pytest.mark.parametrize(
    "document",
    [
        {"verificationMethod": [{"blockchainAccountId": f"eip155:1:{ADDRESS}"}]},
        {"verificationMethod": {"blockchainAccountId": f"eip155:1:{ADDRESS.lower()}"}},
        {"verificationMethod": [7, {}, {"id": f"{PKH}#blockchainAccountId"}]},
        {"verificationMethod": [{"controller": PKH}]},
        {"controller": PKH},
        {"controller": ["did:web:b.example", PKH]},
        {"alsoKnownAs": ["https://a.example", PKH]},
    ],
)
def test_a_did_document_names_accounts(document: dict[str, Json]) -> None:
    assert accounts_in_did_document(document) == {ACCOUNT}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"alsoKnownAs": None, "controller": 7, "verificationMethod": "x"},
        {"id": PKH},
        {"service": [{"blockchainAccountId": f"eip155:1:{ADDRESS}"}]},
        {"verificationMethod": [{"blockchainAccountId": ADDRESS}]},
        {"verificationMethod": [{"blockchainAccountId": f"eip155:01:{ADDRESS}"}]},
        {"verificationMethod": [{"blockchainAccountId": f"eip155:1:{ADDRESS}0"}]},
        {"verificationMethod": [{"blockchainAccountId": f"eip155:1:{ADDRESS[:-2]}AA"}]},
        {"alsoKnownAs": [f"did:pkh:bip122:1:{ADDRESS}"]},
    ],
)
def test_what_is_no_account_of_the_document_names_none(document: dict[str, Json]) -> None:
    assert accounts_in_did_document(document) == set()


@pytest.mark.parametrize(
    "text",
    [
        f"openatts net=ethereum netId=1 addr={ADDRESS}",
        f"openatts addr={ADDRESS.lower()} netId=1 net=ethereum",
        f'"openatts net=ethereum netId=1 addr={ADDRESS}"',
        f"  openatts  net=ethereum\tnetId=1 addr={ADDRESS} dnssec=yes ",
    ],
)
def test_a_record_of_openattestation_names_an_account(text: str) -> None:
    assert accounts_in_texts(["v=spf1 -all", text]) == {ACCOUNT}


@pytest.mark.parametrize(
    "text",
    [
        "",
        '"',
        "openatts",
        f"openatts net=ethereum netId=1 address={ADDRESS}",
        f"openatts net=stellar netId=1 addr={ADDRESS}",
        f"openatts netId=1 addr={ADDRESS}",
        f"openatts net=ethereum addr={ADDRESS}",
        f"openatts net=ethereum netId=01 addr={ADDRESS}",
        f"openatts net=ethereum netId=-1 addr={ADDRESS}",
        f"openatts net=ethereum netId=1 netId=2 addr={ADDRESS}",
        f"openatts net=ethereum netId=1 addr={ADDRESS[2:]}",
        f"openatts net=ethereum netId=1 addr={ADDRESS}#",
        f"notopenatts net=ethereum netId=1 addr={ADDRESS}",
        "openatts a=dns-did; p=did:ethr:0x1#controller; v=1.0;",
    ],
)
def test_another_record_names_none(text: str) -> None:
    assert accounts_in_texts([text]) == set()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.text(), json_values)
def test_whatever_comes_is_read_as_somebody_or_nobody(text: str, value: Json) -> None:
    web_location("did:web:" + text)
    accounts_in_texts(["openatts " + text])
    for key in ("id", "identityProof"):
        claimed_issuer({"issuer": {key: value}})
    claimed_issuer({"issuer": {"identityProof": {"location": value}}})
    for key in ("alsoKnownAs", "controller", "verificationMethod"):
        accounts_in_did_document({key: value})
