import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.address import format_address
from registry.core.trust import (
    MAX_ACCREDITATION,
    MAX_NAME,
    MAX_TRUST_LIST_BYTES,
    TrustedIssuer,
    parse_trust_list,
)
from registry.errors import InvalidInputError, TooLargeError

FIRST, SECOND, THIRD = (
    b"\x0a" * 20,
    bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266"),
    b"\x0c" * 20,
)
DOCS = Path(__file__).parents[2] / "docs" / "checks.md"
ADDRESS = format_address(FIRST)
LIST = f"""
[[issuers]]
name = "Nordic Institute"
addresses = ["{ADDRESS}", "{format_address(SECOND).lower()}"]
accreditation = "Accredited by the Nordic Council until 2030."
url = "https://institute.example/"

[[issuers]]
name = "Müller AG"
addresses = ["{format_address(THIRD)}"]
"""


def test_every_address_leads_to_its_issuer() -> None:
    institute = TrustedIssuer(
        "Nordic Institute",
        "Accredited by the Nordic Council until 2030.",
        "https://institute.example/",
    )
    assert parse_trust_list(LIST.encode()) == {
        FIRST: institute,
        SECOND: institute,
        THIRD: TrustedIssuer("Müller AG"),
    }


def test_the_documented_list_is_one() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    (issuer,) = parse_trust_list(example.encode()).values()
    assert issuer.name == "Nordic Institute"
    assert None not in (issuer.accreditation, issuer.url)


def test_a_list_that_was_read_does_not_change() -> None:
    with pytest.raises(TypeError):
        parse_trust_list(LIST.encode())[FIRST] = TrustedIssuer("Other")  # type: ignore[index]


def entry(name: str = '"N"', addresses: str = f'["{ADDRESS}"]', more: str = "") -> str:
    return f"[[issuers]]\nname = {name}\naddresses = {addresses}\n{more}\n"


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        pytest.param("", "Field required", "/issuers", id="empty"),
        pytest.param("issuers = []", "at least 1 item", "/issuers", id="nobody"),
        pytest.param("[issuers]", "valid tuple", "/issuers", id="a table"),
        pytest.param("issuers = [1]", "valid dictionary", "/issuers/0", id="no table"),
        pytest.param(
            "[[issuers]]\nname = 'N'", "Field required", "/issuers/0/addresses", id="none"
        ),
        pytest.param(entry(name='""'), "at least 1 character", "/issuers/0/name", id="no name"),
        pytest.param(entry(name="7"), "valid string", "/issuers/0/name", id="name a number"),
        pytest.param(
            entry(name='"' + "n" * (MAX_NAME + 1) + '"'),
            "at most 200",
            "/issuers/0/name",
            id="long",
        ),
        pytest.param(
            entry(more='accreditation = "' + "a" * (MAX_ACCREDITATION + 1) + '"'),
            "at most 1000",
            "/issuers/0/accreditation",
            id="long accreditation",
        ),
        pytest.param(entry(addresses="[]"), "at least 1", "/issuers/0/addresses", id="no address"),
        pytest.param(
            entry(addresses='["0x12"]'), "not an address", "/issuers/0/addresses/0", id="no address"
        ),
        pytest.param(
            entry(addresses='["0xf39fd6e51aad88F6F4ce6aB8827279cffFb92266"]'),
            "wrong checksum",
            "/issuers/0/addresses/0",
            id="checksum",
        ),
        pytest.param(
            entry(addresses="[1]"), "not a string", "/issuers/0/addresses/0", id="no string"
        ),
        pytest.param(
            entry() + entry(addresses=f'["{ADDRESS.lower()}"]'),
            "named twice",
            "/issuers/1/addresses/0",
            id="twice",
        ),
        pytest.param(
            entry(addresses=f'["{ADDRESS}", "{ADDRESS}"]'),
            "named twice",
            "/issuers/0/addresses/1",
            id="twice in one",
        ),
        pytest.param(entry(more="site = 'x'"), "unknown key", "/issuers/0/site", id="unknown key"),
        pytest.param(entry() + "[other]", "unknown key", "/other", id="unknown table"),
        pytest.param(
            entry(more='url = "javascript:alert(1)"'), "pattern", "/issuers/0/url", id="url"
        ),
    ],
)
def test_what_is_not_in_the_format_is_refused_with_its_place(
    text: str, message: str, place: str
) -> None:
    with pytest.raises(InvalidInputError, match=message) as caught:
        parse_trust_list(text.encode())
    assert caught.value.place == place


@pytest.mark.parametrize(
    "data",
    [
        b"issuers = ",
        b"\xff",
        b"issuers = " + b"[" * 5000,
        b"issuers = " + b"9" * 5000,
        b"a = 1\na = 2",
    ],
)
def test_what_is_no_toml_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        parse_trust_list(data)


def test_a_list_has_a_size() -> None:
    whole = LIST.encode().ljust(MAX_TRUST_LIST_BYTES)
    assert len(parse_trust_list(whole)) == 3
    with pytest.raises(TooLargeError):
        parse_trust_list(whole + b" ")


@given(st.binary(max_size=60), st.integers(0, len(LIST.encode())))
def test_whatever_comes_is_read_or_refused(noise: bytes, place: int) -> None:
    whole = LIST.encode()
    with suppress(InvalidInputError):
        parse_trust_list(whole[:place] + noise + whole[place + len(noise) :])
