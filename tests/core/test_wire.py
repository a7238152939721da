from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from registry.core.wire import (
    FROM_JSON,
    Address,
    Chain,
    EthHash,
    Hash,
    Time,
    WireModel,
    format_time,
    parse_hash,
    parse_time,
)
from registry.errors import InvalidInputError
from tests.core.strategies import hashes


class Sample(WireModel):
    """One value of each kind."""

    some_hash: Hash = b"\x9f" * 32
    eth_hash: EthHash = b"\x9f" * 32
    address: Address = b"\xf3" * 20
    chain: Chain = 1
    time: Time = datetime(2026, 1, 31, 2, tzinfo=UTC)


def test_prints_camel_case_and_text() -> None:
    assert Sample().model_dump() == {
        "someHash": "9f" * 32,
        "ethHash": "0x" + "9f" * 32,
        "address": "0xF3F3f3F3F3F3F3f3f3F3F3F3f3f3f3F3f3F3f3F3",
        "chain": "eip155:1",
        "time": "2026-01-31T02:00:00Z",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("some_hash", bytes(31), id="short hash"),
        pytest.param("eth_hash", bytes(33), id="long transaction hash"),
        pytest.param("address", bytes(32), id="address of 32 bytes"),
        pytest.param("chain", 0, id="chain 0"),
        pytest.param("chain", 2**63, id="chain beyond 64 bits"),
        pytest.param("time", datetime(2026, 1, 31), id="time without a zone"),  # noqa: DTZ001 - the point
        pytest.param("some_hash", 5, id="number as hash"),
        pytest.param("time", "2026-01-31", id="date as time"),
        pytest.param("more", 1, id="unknown name"),
    ],
)
def test_refuses_to_be_built_of_wrong_values(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate({field: value})


@pytest.mark.parametrize("value", [1, True, 1.0, None])
def test_a_chain_from_json_is_text(value: object) -> None:
    with pytest.raises(ValidationError, match="not a string"):
        Sample.model_validate({"chain": value}, context=FROM_JSON)


def test_is_immutable() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Sample().chain = 2


def test_errors_do_not_repeat_the_input() -> None:
    with pytest.raises(ValidationError) as caught:
        Sample.model_validate({"more": "secret"})
    assert "secret" not in str(caught.value)


@given(value=hashes)
def test_reads_the_hashes_it_prints(value: bytes) -> None:
    assert parse_hash(value.hex()) == value


def test_refuses_a_hash_with_its_place() -> None:
    with pytest.raises(InvalidInputError, match="not a hash") as caught:
        parse_hash("9F" * 32, place="/salt")
    assert caught.value.place == "/salt"


@given(time=st.datetimes(timezones=st.just(UTC)))
def test_reads_the_times_it_prints(time: datetime) -> None:
    assert parse_time(format_time(time)) == time.replace(microsecond=0)


def test_prints_times_in_utc_and_whole_seconds() -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    time = datetime(2026, 1, 31, 7, 30, 5, 999999, tzinfo=east)
    assert format_time(time) == "2026-01-31T02:00:05Z"
    assert Sample(time=time).time == datetime(2026, 1, 31, 2, 0, 5, tzinfo=UTC)


def test_prints_early_years_with_four_digits() -> None:
    assert format_time(datetime(33, 4, 3, tzinfo=UTC)) == "0033-04-03T00:00:00Z"


def test_prints_no_time_without_a_zone() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        format_time(datetime(2026, 1, 31))  # noqa: DTZ001 - the point


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T02:00:00",
        "2026-01-31T02:00:00z",
        "2026-01-31 02:00:00Z",
        "2026-01-31T02:00:00.0Z",
        "2026-01-31T02:00:00+00:00",
        "2026-01-31T02:00:00Z\n",
        "2026-02-29T02:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T02:00:60Z",
        "0000-01-31T02:00:00Z",
        "\u0662026-01-31T02:00:00Z",
    ],
)
def test_reads_no_other_spelling_of_a_time(text: str) -> None:
    with pytest.raises(ValueError):
        parse_time(text)


def test_the_schema_shows_the_spelling() -> None:
    assert TypeAdapter(Hash).json_schema()["pattern"] == "^[0-9a-f]{64}$"
    assert TypeAdapter(Chain).json_schema()["pattern"] == "^eip155:[1-9][0-9]{0,18}$"
    assert TypeAdapter(Time).json_schema()["format"] == "date-time"
