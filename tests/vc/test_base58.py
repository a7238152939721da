import pytest
from hypothesis import given
from hypothesis import strategies as st
from openvc.multibase import b58btc_decode, b58btc_encode

from registry.errors import InvalidInputError
from registry.vc import base58


@given(data=st.binary(max_size=300))
def test_others_write_and_read_the_same(data: bytes) -> None:
    assert base58.encode(data) == b58btc_encode(data)
    assert base58.decode(base58.encode(data)) == data


@given(text=st.text("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", max_size=99))
def test_others_read_the_same_of_any_text(text: str) -> None:
    assert base58.decode(text) == b58btc_decode(text)


@pytest.mark.parametrize("text", ["0", "O", "I", "l", "é", "abc def", "2" * 8_001])
def test_what_is_no_base58_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        base58.decode(text)
