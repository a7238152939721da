"""How answers travel, whatever they say: HEAD, ETag, caching, gzip, CORS and guarding headers."""

import gzip
from collections.abc import Iterator
from typing import Final

import pytest

from api.delivery import FINAL, LIST, PENDING, SETTLED
from tests.api.conftest import Open, Site, assert_problem

PLAIN: Final = {"Accept-Encoding": "identity"}
GZIP: Final = {"Accept-Encoding": "gzip"}


@pytest.fixture
def paths(site: Site) -> dict[str, str]:
    """A path of each kind behind which there is something."""
    digest = site.add(*({"n": number} for number in range(40)))[0]
    seal = site.seal()
    site.anchor()
    body = {"hashes": [digest], "status": "suspended", "reason": "certificate-hold"}
    change = site.post("/v1/status-changes", json=body, headers=site.bearer()).json()
    pending = site.add({"n": "pending"})[0]
    sealed = site.seal()
    return {
        "receipt": f"/v1/credentials/{digest}/receipt",
        "pending receipt": f"/v1/credentials/{pending}/receipt",
        "batches": "/v1/batches",
        "seal": f"/v1/batches/{seal}",
        "pending seal": f"/v1/batches/{sealed}",
        "leaves": f"/v1/batches/{seal}/leaves",
        "issuer": f"/v1/issuers/0x{site.issuer.hex()}",
        "change": f"/v1/status-changes/{change['changes'][0]['id']}",
    }


CACHED: Final = {
    "receipt": FINAL,
    "pending receipt": PENDING,
    "batches": LIST,
    "seal": SETTLED,
    "pending seal": PENDING,
    "leaves": FINAL,
    "issuer": PENDING,
    "change": "private, no-cache",
}


def test_each_resource_is_cached_by_its_finality(site: Site, paths: dict[str, str]) -> None:
    headers = site.bearer()
    for name, path in paths.items():
        assert site.get(path, headers=headers).headers["cache-control"] == CACHED[name], name


def test_each_get_has_an_etag_and_is_not_sent_twice(site: Site, paths: dict[str, str]) -> None:
    for name, path in paths.items():
        headers = site.bearer() | PLAIN
        first = site.get(path, headers=headers)
        assert first.status_code == 200, name
        known = {"If-None-Match": f'"other", {first.headers["etag"]}'}
        again = site.get(path, headers=headers | known)
        assert (again.status_code, again.content) == (304, b""), name
        for kept in ("etag", "cache-control", "x-request-id"):
            assert kept in again.headers, name
        assert "content-length" not in again.headers
        changed = site.get(path, headers=headers | {"If-None-Match": '"other"'})
        assert changed.content == first.content


def test_every_get_answers_head_the_same_without_a_body(site: Site, paths: dict[str, str]) -> None:
    others = {name: f"/{name}" for name in ("healthz", "readyz", "metrics", "openapi.json")}
    for name, path in (paths | others).items():
        headers = site.bearer() | PLAIN
        full, head = site.get(path, headers=headers), site.client.head(path, headers=headers)
        assert (head.status_code, head.content) == (200, b""), name
        for same in ("content-type", "content-length", "etag", "cache-control"):
            if name != "metrics" or same not in {"content-length", "etag"}:
                assert head.headers.get(same) == full.headers.get(same), (name, same)


def test_head_of_what_is_missing_is_missing(offline: Site) -> None:
    assert offline.client.head(f"/v1/batches/{'ab' * 32}").status_code == 404
    assert offline.client.head("/v1/verify").status_code == 405


def test_head_reads_no_more_than_it_must(offline: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    offline.add({"n": 1})
    seal = offline.seal()
    read = []

    def endless(_batch: object) -> Iterator[bytes]:
        while True:
            read.append(1)
            yield bytes(32)

    monkeypatch.setattr(offline.registry.store, "leaves", endless)
    assert offline.client.head(f"/v1/batches/{seal}/leaves").status_code == 200
    assert len(read) < 100_000


def test_problems_are_never_kept(offline: Site) -> None:
    answer = offline.get(f"/v1/batches/{'ab' * 32}")
    assert_problem(answer, 404, "not-found")
    assert "etag" not in answer.headers


def test_what_is_worth_it_is_compressed(site: Site, paths: dict[str, str]) -> None:
    for name in ("leaves", "issuer"):
        plain = site.get(paths[name], headers=PLAIN)
        with site.client.stream("GET", paths[name], headers=GZIP) as packed:
            raw = b"".join(packed.iter_raw())
        assert packed.headers["content-encoding"] == "gzip", name
        assert gzip.decompress(raw) == plain.content
        assert packed.headers["etag"] == f"W/{plain.headers['etag']}"
        for answer in (plain, packed):
            assert "Accept-Encoding" in answer.headers["vary"]
        for etag in (plain.headers["etag"], packed.headers["etag"]):
            known = site.get(paths[name], headers=GZIP | {"If-None-Match": etag})
            assert known.status_code == 304


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("*", True),
        ("GZIP", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("*, gzip;q=0", False),
        ("*;q=0", False),
        ("xgzip", False),
        ("br", False),
        ("", False),
    ],
)
def test_compression_is_for_those_who_take_it(
    offline: Site,
    accepted: str,
    is_packed: bool,  # noqa: FBT001 - a case of the table
) -> None:
    answer = offline.get("/openapi.json", headers={"Accept-Encoding": accepted})
    assert ("content-encoding" in answer.headers) is is_packed
    assert answer.json()["openapi"]


def test_what_is_tiny_is_sent_as_it_is(offline: Site) -> None:
    assert "content-encoding" not in offline.get("/v1/batches", headers=GZIP).headers


READING: Final = [("GET", "/v1/batches"), ("HEAD", "/v1/batches"), ("POST", "/v1/verify")]
WRITING: Final = [
    ("POST", "/v1/credentials"),
    ("POST", "/v1/batches"),
    ("POST", "/v1/status-changes"),
    ("DELETE", "/v1/batches"),
    ("GET", "/metrics"),
]


def asks(method: str) -> dict[str, str]:
    """What a browser asks first."""
    return {
        "Origin": "https://employer.example",
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type",
    }


@pytest.mark.parametrize(("method", "path"), READING)
def test_pages_of_others_may_read(offline: Site, method: str, path: str) -> None:
    allowed = offline.client.options(path, headers=asks(method))
    assert allowed.status_code == 204
    assert method in allowed.headers["access-control-allow-methods"].split(", ")
    assert "authorization" not in allowed.headers["access-control-allow-headers"].lower()
    origin = {"Origin": "https://employer.example"}
    body = b"{}" if method == "POST" else None
    answer = offline.client.request(method, path, content=body, headers=origin)
    for given in (allowed, answer):
        assert given.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in given.headers
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"ETag", "Retry-After", "X-Request-Id"} <= set(exposed)


@pytest.mark.parametrize(("method", "path"), WRITING)
def test_pages_of_others_may_do_nothing_else(offline: Site, method: str, path: str) -> None:
    refused = offline.client.options(path, headers=asks(method))
    answer = offline.client.request(method, path, headers={"Origin": "https://employer.example"})
    for given in (refused, answer):
        assert not any(name.startswith("access-control-") for name in given.headers)
    assert_problem(refused, 405, "method-not-allowed")


@pytest.mark.parametrize("path", ["/v1/batches", "/nothing", "/v1/batches/x", "/healthz"])
def test_every_answer_is_guarded(offline: Site, path: str) -> None:
    headers = offline.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_a_refusal_is_readable_from_other_sites(open_site: Open) -> None:
    site = open_site("http://127.0.0.1:9", requests_per_minute=1)
    site.get("/v1/batches")
    refused = site.get("/v1/batches")
    assert_problem(refused, 429, "too-many-requests")
    assert refused.headers["access-control-allow-origin"] == "*"
