import json
import struct
from hashlib import sha256

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from registry.core.canonical import Canonicalization, credential_hash, document_hash, jcs_bytes
from registry.core.documents import Json, parse_document, parse_json
from registry.errors import InvalidInputError
from tests.core.strategies import documents_of, finite_floats, json_values, safe_integers, texts

ASCII = st.text(st.characters(max_codepoint=127))
FAST = documents_of(st.one_of(st.none(), st.booleans(), safe_integers, texts), ASCII)


@given(value=json_values)
def test_gives_the_bytes_of_the_reference_library(value: Json) -> None:
    assert jcs_bytes(value) == rfc8785.dumps(value)


@given(number=finite_floats)
def test_prints_every_double_as_the_reference_library_and_so_that_it_reads_back(
    number: float,
) -> None:
    assert jcs_bytes(number) == rfc8785.dumps(number)
    assert float(jcs_bytes(number)) == number


@given(value=FAST)
def test_the_fast_path_gives_the_bytes_of_the_reference_library(value: Json) -> None:
    assert orjson.dumps(value, option=orjson.OPT_SORT_KEYS) == rfc8785.dumps(value)
    assert jcs_bytes(value) == rfc8785.dumps(value)


@given(value=json_values)
def test_canonical_bytes_read_back_to_the_same_value(value: Json) -> None:
    assert parse_json(jcs_bytes(value)) == value


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("ffefffffffffffff", "-1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555554", "333333333.33333325"),
        ("41b3de4355555555", "333333333.3333333"),
        ("41b3de4355555556", "333333333.3333334"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_prints_the_numbers_of_rfc_8785_appendix_b(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert jcs_bytes(number) == text.encode()


def test_prints_the_document_of_rfc_8785_section_3_2_2() -> None:
    value: Json = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert (
        jcs_bytes(value)
        == (
            '{"literals":[null,true,false],'
            '"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
            '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
        ).encode()
    )


def test_sorts_the_keys_of_rfc_8785_section_3_2_3_by_utf16_units() -> None:
    in_order = ["\r", "1", "\x80", "ö", "€", "😀", "\ufb33"]
    assert list(json.loads(jcs_bytes(dict.fromkeys(reversed(in_order))))) == in_order


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("\x00\x1f\x7f", '"\\u0000\\u001f\x7f"', id="control characters"),
        pytest.param("\b\t\n\f\r", '"\\b\\t\\n\\f\\r"', id="short escapes"),
        pytest.param('"\\/', '"\\"\\\\/"', id="quote, backslash, slash"),
        pytest.param("\u2028\u2029é", '"\u2028\u2029é"', id="no other escapes"),
        pytest.param("e\u0301", '"e\u0301"', id="no normalisation"),
        pytest.param({}, "{}", id="empty object"),
        pytest.param([], "[]", id="empty list"),
        pytest.param({"": {"b": 1, "a": [True, None]}}, '{"":{"a":[true,null],"b":1}}', id="nest"),
        pytest.param({"aa": 1, "a": 2, "B": 3}, '{"B":3,"a":2,"aa":1}', id="prefix and case"),
        pytest.param({"\ufb33": 1, "😀": 2}, '{"😀":2,"\ufb33":1}', id="key beyond the BMP"),
        pytest.param([1.0, -0.0, 1e16], "[1,0,10000000000000000]", id="whole doubles"),
    ],
)
def test_prints_one_form(value: Json, text: str) -> None:
    assert jcs_bytes(value) == text.encode()


COLLIDING = (b"bloknihmiildhgdd", b"bbcdjifjmoijkepn")


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("\ud800", id="lone surrogate"),
        pytest.param({"\ud800": 1}, id="lone surrogate in a key"),
        pytest.param([2**53], id="integer too large"),
        pytest.param([-(2**53), 0.5], id="integer too small beside a double"),
        pytest.param(float("nan"), id="NaN"),
        pytest.param(float("inf"), id="infinity"),
    ],
)
def test_refuses_values_that_no_parser_gave(value: Json) -> None:
    with pytest.raises(InvalidInputError, match="RFC 8785"):
        jcs_bytes(value)


def test_the_hash_leaves_out_the_top_level_proof_only() -> None:
    inner: dict[str, Json] = {"proof": 1}
    document: dict[str, Json] = {"z": inner, "a": 1}
    want = sha256(b'{"a":1,"z":{"proof":1}}').digest()
    assert document_hash(document) == want
    assert document_hash({**document, "proof": [{"type": "x"}]}) == want
    assert document_hash({**document, "Proof": 1}) != want


def test_jcs_hashes_the_meaning_and_raw_the_bytes() -> None:
    compact, spaced = b'{"a":1}', b'{ "a": 1, "proof": [] }\n'
    jcs, raw = Canonicalization.JCS, Canonicalization.RAW
    assert credential_hash(compact, jcs) == credential_hash(spaced, jcs)
    assert credential_hash(spaced, raw) == sha256(spaced).digest()
    assert credential_hash(b"%PDF-1.7 \xff", raw) == sha256(b"%PDF-1.7 \xff").digest()


def test_jcs_refuses_a_file_that_is_not_json() -> None:
    with pytest.raises(InvalidInputError, match="not JSON"):
        credential_hash(b"%PDF-1.7", Canonicalization.JCS)


@given(document=st.dictionaries(texts, json_values), proof=json_values)
def test_no_proof_changes_the_hash(document: dict[str, Json], proof: Json) -> None:
    assert document_hash({**document, "proof": proof}) == document_hash(
        {key: value for key, value in document.items() if key != "proof"}
    )


def test_keys_that_orjson_takes_for_one_another_are_told_apart() -> None:
    """Its memory of keys compares hashes (XXH3, 64 bits) and not the keys."""
    one, other = (b'{"id":"urn:uuid:7d1c","%s":"x"}' % key for key in COLLIDING)
    assert outcome(one) == slowly(one)
    assert outcome(other) == slowly(other) != outcome(one)
    assert outcome(one) == slowly(one)


@given(value=documents_of(json_values, texts))
def test_plain_text_is_hashed_as_a_strict_parser_reads_it(value: dict[str, Json]) -> None:
    for text in (orjson.dumps(value), json.dumps(value).encode(), jcs_bytes(value)):
        assert outcome(text) == slowly(text)


@given(value=documents_of(st.one_of(safe_integers, ASCII), ASCII), data=st.data())
def test_damaged_text_is_hashed_or_refused_as_a_strict_parser_does(
    value: dict[str, Json], data: st.DataObject
) -> None:
    text = bytearray(orjson.dumps(value))
    at = data.draw(st.integers(0, len(text) - 1))
    text[at:at] = data.draw(
        st.sampled_from([b'"', b",", b"}", b" ", b"0", b"-", b".", b"e", b"{}"])
    )
    assert outcome(bytes(text)) == slowly(bytes(text))


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b'{"a":-0}',
        b'{"a":9007199254740992}',
        b'{"a":-9007199254740993}',
        b'{"a":18446744073709551616}',
        b'{"a":1.0}',
        b'{"proof":9007199254740993,"a":""}',
        b'{"proof":{"b":[1e+20]},"a":""}',
        b'{"proof":1.5,"a":""}',
        b'{"a": 1e1}',  # as long when printed: {"a":10.0}
        b'{"a" :1e1}',
        b'{"a":\n1e1}',
        b'{"a":[ 1e1]}',
        b'{"a":["", 1e1]}',
        b'{"a":"1" ,"b":1e1}',
        b'{"a": "","a":""}',
        b'{"a":"\\u001F"}',
        b'{"pr\\u006fof":"", "a":""}',
        b'{"a":1e3}',
        b'{"a":1E400}',
        b'{"a":null}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\u0041"}',
        b'{"\xc3\xa9":1,"\xef\xac\xb3":2,"\xf0\x9f\x98\x80":3}',
        b'{"a":"\xff"}',
        b'\xef\xbb\xbf{"a":1}',
        b' {"a":1}',
        b'{"a":1}\n',
        b'[{"a":1}]',
        b'"a"',
        b"",
        b'{"proof":1,"a":[0.5],"proof":2}',
        b'{"a":' + b"[" * 63 + b"]" * 63 + b"}",
        b'{"a":' + b"[" * 64 + b"]" * 64 + b"}",
        b'{"a":"' + b"x" * (4 << 20) + b'"}',
    ],
)
def test_text_that_parsers_read_in_several_ways_is_read_strictly(text: bytes) -> None:
    assert outcome(text) == slowly(text)


@pytest.mark.parametrize("number", [b"1.0", b"-1.0", b"1e+16", b"-2e+16", b"9.0", b"0.0"])
@pytest.mark.parametrize(
    "before",
    [
        b'{"a":',
        b'{"a":[',
        b'{"a":["x",',
        b'{"a":["",',
        b'{"a":[1,',
        b'{"a":[{},',
        b'{"a":[[],',
        b'{"a":[null,',
        b'{"a":[true,',
        b'{"a":"#.","b":',
    ],
)
def test_no_number_with_a_fraction_is_overlooked(before: bytes, number: bytes) -> None:
    text = before + number + (b"]" if b"[" in before else b"") + b"}"
    assert orjson.dumps(orjson.loads(text)) == text  # printed by orjson, but not as RFC 8785 does
    assert outcome(text) == slowly(text)


def outcome(text: bytes) -> bytes | str:
    try:
        return credential_hash(text, Canonicalization.JCS)
    except InvalidInputError as exc:
        return str(exc)


def slowly(text: bytes) -> bytes | str:
    """By the strict parser and the reference library alone."""
    try:
        document = parse_document(text)
        without = {key: value for key, value in document.items() if key != "proof"}
        return sha256(rfc8785.dumps(without)).digest()
    except InvalidInputError as exc:
        return str(exc)
