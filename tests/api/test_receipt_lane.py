"""The short way to a receipt answers as the long one does, and leaves it everything else."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Final

import httpx
import pytest

from api.gathering import Gathering
from registry.errors import UnavailableError
from tests.api.conftest import Open, Site, assert_problem

# Headers that have a request take the long way, and change nothing.
LONG: Final = {"Content-Length": "0"}
EACH: Final = ("x-request-id", "ratelimit")  # which tell requests apart


def headers_of(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in EACH}


def receipt_path(site: Site, beside: int = 0) -> str:
    [digest, *_] = site.add(*({"n": number} for number in range(1 + beside)))
    site.seal()
    return f"/v1/credentials/{digest}/receipt"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Accept-Encoding": "identity"}, id="as it is"),
        pytest.param({"Accept-Encoding": "gzip"}, id="compressed"),
        pytest.param({"If-None-Match": "*"}, id="known"),
        pytest.param({"Origin": "https://employer.example"}, id="from a page"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("beside", [0, 4_100], ids=["small", "large"])
def test_both_ways_give_one_answer(
    offline: Site,
    method: str,
    headers: dict[str, str],
    beside: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = receipt_path(offline, beside)
    short = offline.client.request(method, path, headers=headers)
    asked: list[object] = []
    monkeypatch.setattr("api.receipt_lane._find", lambda *each: asked.append(each))
    long = offline.client.request(method, path, headers=headers | LONG)
    assert asked == []  # it took the long way
    if method == "GET" and short.status_code == 200:
        assert (len(short.content) >= 1024) is (beside > 0)  # from where it is compressed
    assert (short.status_code, short.content) == (long.status_code, long.content)
    assert headers_of(short) == headers_of(long)
    for name in EACH:
        assert name in short.headers


def test_a_request_counts_once_on_either_way(open_site: Open) -> None:
    site = open_site("http://127.0.0.1:9", requests_per_minute=10)
    path = receipt_path(site)
    somebody = site.caller("192.0.2.7")
    absent = f"/v1/credentials/{'00' * 32}/receipt"
    left = [
        int(somebody.get(each).headers["ratelimit"].split("r=")[1].split(";")[0])
        for each in (path, absent, path, absent)
    ]
    assert left == [9, 8, 7, 6]
    statuses = [somebody.get(each).status_code for each in [path, absent] * 4]
    assert statuses == [200, 404, 200, 404, 200, 404, 429, 429]


def test_an_outage_is_told_by_the_endpoint(offline: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    path = receipt_path(offline)

    def down(*_: object) -> None:
        raise UnavailableError("gone", source="store")

    monkeypatch.setattr(offline.registry.store, "find_all_credentials", down)
    answer = offline.get(path)
    assert_problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0


# -- questions that come at the same time


def test_questions_that_come_meanwhile_are_asked_together() -> None:
    asked: list[list[int]] = []
    has_begun, may_answer = threading.Event(), threading.Event()

    def double(questions: Sequence[int]) -> list[int]:
        asked.append(list(questions))
        has_begun.set()
        may_answer.wait(10)
        return [2 * each for each in questions]

    async def ask_many() -> list[int]:
        gathering = Gathering(double)
        first = asyncio.create_task(gathering.ask(1))
        await asyncio.to_thread(has_begun.wait, 10)
        others = [asyncio.create_task(gathering.ask(each)) for each in (2, 3, 4)]
        gone = asyncio.create_task(gathering.ask(5))
        await asyncio.sleep(0)
        gone.cancel()
        may_answer.set()
        found = [await first, *[await each for each in others]]
        return [*found, await gathering.ask(6)]

    assert asyncio.run(ask_many()) == [2, 4, 6, 8, 12]
    assert asked == [[1], [2, 3, 4], [6]]  # not 5, of whom nobody waits for the answer


def test_a_fault_is_told_to_all_it_met_and_to_none_after_them() -> None:
    faults = [UnavailableError("gone", source="store")]

    def ask_all(questions: Sequence[int]) -> list[int]:
        if faults:
            raise faults.pop()
        return list(questions)

    async def ask() -> list[int | BaseException]:
        gathering = Gathering(ask_all)
        met = await asyncio.gather(*(gathering.ask(n) for n in range(3)), return_exceptions=True)
        return [*met, await gathering.ask(7)]

    *met, after = asyncio.run(ask())
    assert [type(each) for each in met] == [UnavailableError] * 3
    assert after == 7
