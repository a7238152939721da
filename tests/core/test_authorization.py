import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from registry.core.address import MAX_CHAIN_ID
from registry.core.authorization import (
    AUTHORIZATION_TYPE,
    MAX_AUTHORIZATION_BYTES,
    MAX_SIGNATURE_BYTES,
    AuthorizationDocument,
    parse_authorization,
    print_authorization,
)
from registry.core.canonical import jcs_bytes
from registry.errors import InvalidInputError, TooLargeError

addresses = st.binary(min_size=20, max_size=20)
authorizations = st.builds(
    AuthorizationDocument,
    type=st.just(AUTHORIZATION_TYPE),
    chain=st.integers(1, MAX_CHAIN_ID),
    contract=addresses,
    issuer=addresses,
    seal=st.binary(min_size=32, max_size=32),
    deadline=st.datetimes(timezones=st.just(UTC)),
    signer=addresses,
    signature=st.binary(min_size=1, max_size=MAX_SIGNATURE_BYTES),
)


def an_authorization(signature: bytes = b"\x1b" * 65) -> AuthorizationDocument:
    return AuthorizationDocument(
        type=AUTHORIZATION_TYPE,
        chain=31337,
        contract=b"\1" * 20,
        issuer=b"\xaa" * 20,
        seal=b"\5" * 32,
        deadline=datetime(2026, 1, 31, 2, tzinfo=UTC),
        signer=b"\xbb" * 20,
        signature=signature,
    )


PRINTED = print_authorization(an_authorization())
DOCUMENT: dict[str, Any] = json.loads(PRINTED)


def written(**changes: object) -> bytes:
    return json.dumps({**DOCUMENT, **changes}).encode()


@given(authorization=authorizations)
def test_parsing_undoes_printing(authorization: AuthorizationDocument) -> None:
    printed = print_authorization(authorization)
    assert len(printed) <= MAX_AUTHORIZATION_BYTES
    assert parse_authorization(printed) == authorization
    assert printed == jcs_bytes(json.loads(printed))


def test_has_the_form_that_is_documented() -> None:
    assert DOCUMENT == {
        "type": "rootseal/authorization@1",
        "chain": "eip155:31337",
        "contract": "0x0101010101010101010101010101010101010101",
        "issuer": "0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa",
        "seal": "05" * 32,
        "deadline": "2026-01-31T02:00:00Z",
        "signer": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB",
        "signature": "0x" + "1b" * 65,
    }


def test_every_changed_byte_is_refused_or_changes_the_authorization() -> None:
    unnoticed = []
    for place, byte in enumerate(PRINTED):
        for other in {byte ^ 0x20, byte ^ 1, byte ^ 0x80, *b'019afAZ \n"{]:,-.\x00\xff'} - {byte}:
            changed = PRINTED[:place] + bytes([other]) + PRINTED[place + 1 :]
            try:
                same = parse_authorization(changed) == an_authorization()
            except InvalidInputError:
                continue
            if same:
                unnoticed.append((place, changed))
    assert unnoticed == []


@pytest.mark.parametrize("key", sorted(DOCUMENT))
def test_every_key_is_required(key: str) -> None:
    rest = {name: value for name, value in DOCUMENT.items() if name != key}
    with pytest.raises(InvalidInputError) as caught:
        parse_authorization(json.dumps(rest).encode())
    assert caught.value.place == f"/{key}"


@pytest.mark.parametrize("key", sorted(DOCUMENT))
@pytest.mark.parametrize("value", [None, True, 1, 1.5, "1", [], {}, ""], ids=repr)
def test_no_key_takes_a_value_of_another_kind(key: str, value: object) -> None:
    with pytest.raises(InvalidInputError, match="not an authorization of format 1") as caught:
        parse_authorization(written(**{key: value}))
    assert caught.value.place == f"/{key}"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        pytest.param({"more": 1}, "/more", id="an unknown key"),
        pytest.param({"type": "rootseal/authorization@2"}, "/type", id="format 2"),
        pytest.param({"seal": "0x" + "05" * 32}, "/seal", id="seal with 0x"),
        pytest.param({"issuer": "0x" + "aa" * 20}, "/issuer", id="address without checksum"),
        pytest.param({"deadline": "2026-01-31T02:00:00+00:00"}, "/deadline", id="time with +00:00"),
        pytest.param({"deadline": "2026-01-31T02:00:00.5Z"}, "/deadline", id="half a second"),
        pytest.param({"signature": "0x"}, "/signature", id="empty signature"),
        pytest.param({"signature": "1b" * 65}, "/signature", id="signature without 0x"),
        pytest.param({"signature": "0x1B"}, "/signature", id="signature in upper case"),
        pytest.param({"signature": "0x1b1"}, "/signature", id="half a byte"),
        pytest.param({"signature": "0x1b\n"}, "/signature", id="signature with a line end"),
        pytest.param({"signature": "0x" + "1b" * 4097}, "/signature", id="signature too long"),
    ],
)
def test_no_other_spelling_is_taken(changes: dict[str, object], place: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_authorization(written(**changes))
    assert caught.value.place == place


@pytest.mark.parametrize("length", [1, MAX_SIGNATURE_BYTES])
def test_signatures_of_wallets_may_be_short_or_long(length: int) -> None:
    longest = an_authorization(b"\1" * length)
    assert parse_authorization(print_authorization(longest)) == longest


@pytest.mark.parametrize("signature", [b"", b"\1" * (MAX_SIGNATURE_BYTES + 1)], ids=len)
def test_our_own_code_cannot_build_what_it_would_not_read(signature: bytes) -> None:
    with pytest.raises(ValidationError):
        an_authorization(signature)


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b'{"type":', b"\xff", b"{}{}"])
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        parse_authorization(data)


def test_a_file_beyond_the_limit_is_not_parsed() -> None:
    padded = PRINTED + b" " * (MAX_AUTHORIZATION_BYTES - len(PRINTED))
    assert parse_authorization(padded) == an_authorization()
    with pytest.raises(TooLargeError, match="limit is 16384"):
        parse_authorization(padded + b" ")


@given(data=st.binary())
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        parse_authorization(data)
