import json
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.documents import (
    MAX_DEPTH,
    MAX_DOCUMENT_BYTES,
    MAX_PLACE_CHARACTERS,
    Json,
    json_pointer,
    parse_document,
    parse_json,
)
from registry.errors import InvalidInputError, TooLargeError
from tests.core.strategies import json_values, without_lone_surrogates

LARGEST = 2**53 - 1


def refusal(data: bytes) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        parse_json(data)
    return caught.value


@given(value=json_values)
def test_reads_what_the_json_module_writes(value: Json) -> None:
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(json.dumps(value, ensure_ascii=False, indent=1).encode()) == value


@given(
    data=st.one_of(
        st.binary(),
        st.text('[]{}",:\\0123456789.eE+-tfn \ud800u').map(
            lambda text: text.encode("utf-8", "surrogatepass")
        ),
    )
)
def test_any_bytes_are_read_or_refused_with_a_printable_place(data: bytes) -> None:
    try:
        parse_json(data)
    except InvalidInputError as exc:
        place = exc.place
    else:
        return
    assert place is not None
    assert place.isprintable()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("9007199254740991", LARGEST, id="largest safe integer"),
        pytest.param("-9007199254740991", -LARGEST, id="smallest safe integer"),
        pytest.param("-0", 0, id="minus zero is zero"),
        pytest.param("0.1", 0.1, id="a decimal that a double prints back"),
        pytest.param("9007199254740991.0", 2.0**53 - 1, id="largest safe integer as a double"),
        pytest.param("1e21", 1e21, id="first that is printed with an exponent"),
        pytest.param("1e23", 1e23, id="exponent"),
        pytest.param("1.50E+2", 150.0, id="trailing zero and sign"),
        pytest.param("5e-324", 5e-324, id="smallest double"),
        pytest.param("1.7976931348623157e308", 1.7976931348623157e308, id="largest double"),
        pytest.param("0e400", 0.0, id="zero with a large exponent"),
        pytest.param("1" + "0" * 500 + "e-500", 1.0, id="long but exact"),
        pytest.param('"\\ud83d\\ude00"', "😀", id="escaped surrogate pair"),
        pytest.param('"[{\\"]"', '[{"]', id="brackets and quotes in a string"),
    ],
)
def test_carries_exactly_what_a_double_can(text: str, value: Json) -> None:
    found = parse_json(text.encode())
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        pytest.param('{"a":1,"a":1}', "duplicate key", "/a", id="duplicate key"),
        pytest.param('{"a":1,"\\u0061":1}', "duplicate", "/a", id="duplicate key in disguise"),
        pytest.param('{"a":[0,{"b":{},"b":{}}]}', "duplicate", "/a/1/b", id="nested duplicate"),
        pytest.param('{"a/b":{"~":0,"~":0}}', "duplicate", "/a~1b/~0", id="escaped pointer"),
        pytest.param("9007199254740992", "integer beyond", "/", id="integer one too large"),
        pytest.param("-9007199254740992", "integer beyond", "/", id="integer one too small"),
        pytest.param("[10000000000000000000]", "integer beyond", "/0", id="20 digits"),
        pytest.param("[" + "9" * 5000 + "]", "integer beyond", "/0", id="5000 digits"),
        pytest.param("1e16", "integer beyond", "/", id="large integer with an exponent"),
        pytest.param("[9007199254740992.0]", "integer beyond", "/0", id="large integer with .0"),
        pytest.param("-999999999999999900000.0", "integer beyond", "/", id="last in digits"),
        pytest.param('{"a":NaN}', "NaN is not JSON", "/a", id="NaN"),
        pytest.param('[0,"",Infinity]', "Infinity is not JSON", "/2", id="infinity"),
        pytest.param("[-Infinity]", "-Infinity is not JSON", "/0", id="minus infinity"),
        pytest.param('{"a":1e400}', "double does not carry", "/a", id="overflow"),
        pytest.param("-1e400", "double does not carry", "/", id="negative overflow"),
        pytest.param("1e-400", "double does not carry", "/", id="underflow"),
        pytest.param("1e999999999999999999999999", "double does not", "/", id="huge exponent"),
        pytest.param("1e-99999999999999999999999", "double does not", "/", id="tiny exponent"),
        pytest.param("333333333.33333329", "double does not", "/", id="decimal cut off"),
        pytest.param("9007199254740993.0", "double does not", "/", id="odd beyond 2^53"),
        pytest.param("0.10000000000000000000001", "double does not", "/", id="too many digits"),
        pytest.param('["\\ud800"]', "lone surrogate", "/0", id="lone high surrogate"),
        pytest.param('["\\ude00\\ud83d"]', "lone surrogate", "/0", id="pair the wrong way"),
        pytest.param('{"\\udfff":0}', "lone surrogate", "/\\udfff", id="lone surrogate in a key"),
        pytest.param('{"é":["\\ud800x"]}', "lone surrogate", "/é/0", id="place with an accent"),
        pytest.param("\ufeff{}", "not JSON", "line 1, column 1", id="byte order mark"),
        pytest.param("{} {}", "not JSON", "line 1, column 4", id="trailing garbage"),
        pytest.param('{"a":\n01}', "not JSON", "line 2, column 2", id="leading zero"),
        pytest.param("", "not JSON", "line 1, column 1", id="empty"),
        pytest.param('"\n"', "not JSON", "line 1, column 2", id="raw control character"),
    ],
)
def test_refuses_with_the_place(text: str, message: str, place: str) -> None:
    error = refusal(text.encode())
    assert message in str(error)
    assert error.place == place


@pytest.mark.parametrize(
    ("data", "place"),
    [
        pytest.param(b'"\xff"', "byte 1", id="stray byte"),
        pytest.param(b'{"a":"\xc3"}', "byte 6", id="cut sequence"),
        pytest.param(b'"\xed\xa0\x80"', "byte 1", id="surrogate in UTF-8"),
        pytest.param(b'["\xc0\xaf"]', "byte 2", id="overlong form"),
        pytest.param(b"\xff\xfe{\x00}\x00", "byte 0", id="UTF-16"),
    ],
)
def test_refuses_what_is_not_utf8_with_the_byte(data: bytes, place: str) -> None:
    error = refusal(data)
    assert "not UTF-8" in str(error)
    assert error.place == place


@pytest.mark.parametrize("text", ["[]", '"{}"', "1", "null", "true"])
def test_a_document_is_an_object(text: str) -> None:
    with pytest.raises(InvalidInputError, match="JSON object"):
        parse_document(text.encode())


def nested(depth: int) -> bytes:
    return b'{"[":' * (depth - 1) + b"[]" + b"}" * (depth - 1)


def test_reads_down_to_the_depth_limit_and_no_further() -> None:
    assert isinstance(parse_json(nested(MAX_DEPTH)), dict)
    with pytest.raises(TooLargeError, match="deeper than 64") as caught:
        parse_json(nested(MAX_DEPTH + 1))
    assert caught.value.place == f"byte {MAX_DEPTH * 5}"


def test_many_shallow_brackets_are_not_depth() -> None:
    shallow = [[{"a": "[" * 100}]] * 100
    assert parse_json(json.dumps(shallow).encode()) == shallow


def test_reads_up_to_the_size_limit_and_no_further() -> None:
    full = b'"' + b"a" * (MAX_DOCUMENT_BYTES - 2) + b'"'
    assert isinstance(parse_json(full), str)
    with pytest.raises(TooLargeError, match=str(MAX_DOCUMENT_BYTES)):
        parse_json(full + b" ")


MEGABYTE = 2**20


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"[" + b"[]," * 65 + b'"\\' * MEGABYTE, id="unfinished strings"),
        pytest.param(b"[" + b"{}," * 65 + b'"' * 2 * MEGABYTE, id="quotes only"),
        pytest.param(b'"' + b'\\"' * MEGABYTE, id="escaped quotes"),
        pytest.param(b"1" * MEGABYTE, id="digits"),
        pytest.param(b"0." + b"1" * MEGABYTE, id="decimals"),
        pytest.param(b"1e" + b"9" * MEGABYTE, id="exponent"),
        pytest.param(b"1e-" + b"9" * MEGABYTE, id="negative exponent"),
        pytest.param(
            b'{"' + b"k" * MEGABYTE + b'":[' + b"0," * (MEGABYTE // 4) + b"NaN]}",
            id="many items below a long key",
        ),
    ],
)
def test_refuses_bombs_in_linear_time(data: bytes) -> None:
    start = process_time()
    refusal(data)
    assert process_time() - start < 5


@given(keys=st.lists(st.text(st.characters())))
def test_a_pointer_is_printable_and_short(keys: list[str]) -> None:
    pointer = json_pointer(keys)
    assert pointer.isprintable()
    assert pointer.startswith("/")


def test_a_long_pointer_is_cut() -> None:
    assert json_pointer(["a" * MAX_PLACE_CHARACTERS]).endswith("a…")
    assert json_pointer(["a" * (MAX_PLACE_CHARACTERS - 1)]).endswith("aa")


@given(text=st.text(st.characters()))
def test_a_string_is_read_unless_it_has_a_lone_surrogate(text: str) -> None:
    data = json.dumps([text]).encode()
    if without_lone_surrogates(text):
        assert parse_json(data) == [text]
    elif json.loads(data) == [text]:
        assert refusal(data).place == "/0"
