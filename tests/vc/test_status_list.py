from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openbadgeslib.ob3.status import decode_encoded_list
from openvc.status import check_credential_status

from registry.core.rdf import rdfc_bytes, require_exact
from registry.errors import InvalidInputError
from registry.vc.status_list import (
    LIST_SIZE,
    encoded_list,
    is_set,
    status_entry,
    status_list_credential,
)
from tests.vc.badge import badge

URL = "https://academy.example/status-lists/0"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
places = st.sets(st.integers(0, LIST_SIZE - 1), max_size=20)


def listed(*withdrawn: int, is_plain: bool = False) -> dict[str, Any]:
    return status_list_credential(
        URL,
        "did:web:academy.example",
        withdrawn,
        valid_from=NOW,
        valid_until=NOW + timedelta(minutes=5),
        is_plain=is_plain,
    )


@given(withdrawn=places, other=st.integers(0, LIST_SIZE - 1), is_plain=st.booleans())
def test_the_bits_that_are_set_are_read_and_no_others(
    withdrawn: set[int],
    other: int,
    is_plain: bool,  # noqa: FBT001 - drawn
) -> None:
    encoded = encoded_list(withdrawn, is_plain=is_plain)
    assert all(is_set(encoded, place) for place in withdrawn)
    assert is_set(encoded, other) == (other in withdrawn)


@pytest.mark.parametrize("is_plain", [False, True])
def test_others_read_it(is_plain: bool) -> None:  # noqa: FBT001 - a case
    encoded = encoded_list([7, LIST_SIZE - 1], is_plain=is_plain)
    assert encoded.startswith("H4s" if is_plain else "uH4s")
    bits = decode_encoded_list(encoded)
    assert len(bits) * 8 == LIST_SIZE
    assert (bits[0], bits[-1]) == (0b00000001, 0b00000001)


@pytest.mark.parametrize(("place", "wanted"), [(7, True), (8, False)])
def test_a_credential_finds_its_place(place: int, wanted: bool) -> None:  # noqa: FBT001 - a case
    credential = badge(credentialStatus=status_entry(URL, place))
    found = check_credential_status(credential, resolve_status_list=lambda _: listed(7))
    assert (found.revoked, found.suspended) == (wanted, False)


def test_the_same_places_make_the_same_bytes() -> None:
    assert listed(3, 1) == listed(1, 3)


def test_a_list_can_be_signed() -> None:
    assert b"BitstringStatusList" in rdfc_bytes(listed(1))
    require_exact(listed(1))


@pytest.mark.parametrize("place", [-1, LIST_SIZE])
def test_beyond_the_list_there_is_no_place(place: int) -> None:
    with pytest.raises(InvalidInputError, match="not a status list"):
        is_set(encoded_list([], is_plain=False), place)


@pytest.mark.parametrize("encoded", ["", "u", "zH4s", "uAAAA", "!!"])
def test_what_is_no_list_is_refused(encoded: str) -> None:
    with pytest.raises(InvalidInputError, match="not a status list"):
        is_set(encoded, 0)
