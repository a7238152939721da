import tracemalloc
from ipaddress import IPv6Address
from typing import Final

import httpx
import pytest
from limits import RateLimitItemPerMinute
from limits.strategies import SlidingWindowCounterRateLimiter

from api import limits
from api.limits import BoundedMemory, counted_address
from registry.services.ports import ApiKey, Scope, Store
from tests.api.conftest import NOBODY, Open, Site, assert_problem

LIMIT: Final = 5
KEY_LIMIT: Final = 20
WRONG: Final = f"Bearer rootseal_{'0' * 16}_{'0' * 64}"
LIST: Final = "/v1/batches"


@pytest.fixture
def limited(open_site: Open) -> Site:
    return open_site(NOBODY, requests_per_minute=LIMIT, key_requests_per_minute=KEY_LIMIT)


def assert_refused(answer: httpx.Response) -> None:
    assert_problem(answer, 429, "too-many-requests")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert ";r=0;" in answer.headers["ratelimit"]


def test_an_address_is_told_how_much_is_left_and_then_refused(limited: Site) -> None:
    one = limited.caller("192.0.2.1")
    for left in reversed(range(LIMIT)):
        answer = one.get(LIST)
        assert answer.status_code == 200
        assert answer.headers["ratelimit-policy"] == f'"address";q={LIMIT};w=60'
        assert answer.headers["ratelimit"].startswith(f'"address";r={left};t=')
    assert_refused(one.get(LIST))
    assert limited.caller("192.0.2.2").get(LIST).status_code == 200


def test_refused_requests_change_nothing_and_are_not_counted(limited: Site) -> None:
    one, headers = limited.caller("192.0.2.1"), limited.bearer(Scope.ADD)
    for number in range(KEY_LIMIT + 3):
        one.post("/v1/credentials", json={"credential": {"n": number}}, headers=headers)
    assert limited.open_count() == KEY_LIMIT


@pytest.mark.parametrize("path", ["/nothing", "/v1/batches/xyz", "/openapi.json"])
def test_every_answer_counts(limited: Site, path: str) -> None:
    one = limited.caller("192.0.2.1")
    for _ in range(LIMIT):
        one.get(path)
    assert_refused(one.get(path))


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/", "/verifier/x.js"])
def test_some_paths_are_never_refused(limited: Site, path: str) -> None:
    one = limited.caller("192.0.2.1")
    for _ in range(LIMIT + 2):
        answer = one.get(path)
        assert answer.status_code != 429
        assert "ratelimit" not in answer.headers


def test_a_key_is_counted_by_itself_wherever_it_is_used(limited: Site) -> None:
    headers = limited.bearer()
    callers = [limited.caller(f"192.0.2.{number}") for number in range(3)]
    for number in range(KEY_LIMIT):
        answer = callers[number % 3].get(LIST, headers=headers)
        assert answer.headers["ratelimit"].startswith(f'"key";r={KEY_LIMIT - number - 1};')
    assert_refused(callers[0].get(LIST, headers=headers))
    assert callers[0].get(LIST).status_code == 200
    assert callers[0].get(LIST, headers=limited.bearer()).status_code == 200


def test_a_wrong_key_counts_for_its_address_and_spends_nobody_elses(limited: Site) -> None:
    one = limited.caller("192.0.2.1")
    key_id, text = limited.key(Scope.STATUS)
    for _ in range(LIMIT):
        stolen = {"Authorization": f"Bearer rootseal_{key_id}_{'0' * 64}"}
        assert one.get(LIST, headers=stolen).status_code == 200
    assert_refused(one.get(LIST))
    owner = limited.caller("192.0.2.2").get(LIST, headers={"Authorization": f"Bearer {text}"})
    assert owner.headers["ratelimit"].startswith(f'"key";r={KEY_LIMIT - 1};')


def test_who_guessed_too_often_has_no_key_looked_at(
    limited: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = limited.caller("192.0.2.1")
    for _ in range(LIMIT):
        assert_problem(one.post(LIST, headers={"Authorization": WRONG}), 401, "not-allowed")
    looked_up = spy(limited.registry.store, monkeypatch)
    assert_refused(one.post(LIST, headers={"Authorization": WRONG}))
    assert_refused(one.post(LIST, headers=limited.bearer()))  # nor is a right one told apart
    assert looked_up == []


def spy(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the keys that are looked up from now on."""
    asked: list[str] = []
    find = store.api_key

    def api_key(key_id: str) -> ApiKey | None:
        asked.append(key_id)
        return find(key_id)

    monkeypatch.setattr(store, "api_key", api_key)
    return asked


def test_many_readers_at_an_address_do_not_shut_out_its_keys(limited: Site) -> None:
    one = limited.caller("192.0.2.1")
    for _ in range(LIMIT + 1):
        one.get(LIST)
    assert one.get(LIST, headers=limited.bearer()).status_code == 200


def test_time_passes(limited: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    one = limited.caller("192.0.2.1")
    start = 1_800_000_007.5  # in the middle of one of the library's minutes
    monkeypatch.setattr("time.time", lambda: start)
    for _ in range(LIMIT):
        one.get(LIST)
    wait = int(one.get(LIST).headers["retry-after"])
    monkeypatch.setattr("time.time", lambda: start + wait - 1)  # a second too early
    assert one.get(LIST).status_code == 429
    monkeypatch.setattr("time.time", lambda: start + wait)
    assert one.get(LIST).status_code == 200


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        (("192.0.2.1", 1), "192.0.2.1"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::"),
        (("2001:db8:1:2::", 1), "2001:db8:1:2::"),
        (("::ffff:192.0.2.1", 1), "192.0.2.1"),
        (("fe80::1%eth0", 1), "fe80::"),
        (("not an address", 1), "unknown"),
        (("", 1), "unknown"),
        (None, "unknown"),
    ],
)
def test_what_counts_as_one_address(client: tuple[str, int] | None, counted: str) -> None:
    assert counted_address(client) == counted


def test_a_network_of_addresses_is_one_caller(limited: Site) -> None:
    for number in range(LIMIT):
        assert limited.caller(str(IPv6Address(2**126 + number))).get(LIST).status_code == 200
    assert_refused(limited.caller(str(IPv6Address(2**126 + 2**64 - 1))).get(LIST))
    assert limited.caller(str(IPv6Address(2**126 + 2**64))).get(LIST).status_code == 200


def test_no_number_of_addresses_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_COUNTERS", 1000)
    memory = BoundedMemory()
    limiter, limit = SlidingWindowCounterRateLimiter(memory), RateLimitItemPerMinute(LIMIT)
    for number in range(2000):
        limiter.hit(limit, "address", str(number))
    tracemalloc.start()
    for number in range(2000, 6000):
        limiter.hit(limit, "address", str(number))
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(memory.storage) == len(memory.expirations) == 1000
    assert len(memory.locks) <= 1000
    assert grown < 500_000
    assert limiter.get_window_stats(limit, "address", "5999").remaining == LIMIT - 1


def test_counters_end_when_their_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = BoundedMemory()
    limiter, limit = SlidingWindowCounterRateLimiter(memory), RateLimitItemPerMinute(LIMIT)
    monkeypatch.setattr("time.time", lambda: 1000.0)
    for number in range(10):
        limiter.hit(limit, "address", str(number))
    monkeypatch.setattr("time.time", lambda: 2000.0)
    limiter.hit(limit, "address", "10")
    assert len(memory.storage) == 1
