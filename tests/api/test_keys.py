from datetime import UTC, datetime, timedelta

import pytest

from registry.services.ports import Scope
from tests.api.conftest import Site, assert_problem

HASH = "ab" * 32
CALLS = [
    pytest.param("POST", "/v1/credentials", Scope.ADD, id="add"),
    pytest.param("POST", "/v1/batches", Scope.SEAL, id="seal"),
    pytest.param("POST", "/v1/status-changes", Scope.STATUS, id="status"),
    pytest.param("GET", "/v1/status-changes/1", Scope.STATUS, id="status change"),
]
BODIES: dict[str, dict[str, object]] = {
    "/v1/credentials": {"credential": {"n": 2}},
    "/v1/status-changes": {"hashes": [HASH], "status": "revoked"},
}


@pytest.fixture
def waiting(offline: Site) -> Site:
    """A site with one credential that could be sealed."""
    offline.add({"n": 1})
    return offline


def unchanged(site: Site) -> bool:
    return site.open_count() == 1 and site.registry.store.open_status_changes() == []


@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
@pytest.mark.parametrize("fault", ["none", "scheme", "text", "unknown", "wrong secret"])
def test_without_a_good_key_nothing_happens(
    waiting: Site, method: str, path: str, scope: Scope, fault: str
) -> None:
    key_id, text = waiting.key(scope)
    given = {
        "none": None,
        "scheme": f"Basic {text}",
        "text": "Bearer hello",
        "unknown": f"Bearer rootseal_{'0' * 16}_{'0' * 64}",
        "wrong secret": f"Bearer rootseal_{key_id}_{'0' * 64}",
    }[fault]
    headers = {} if given is None else {"Authorization": given}
    answer = waiting.client.request(method, path, json=BODIES.get(path), headers=headers)
    assert_problem(answer, 401, "not-allowed")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert unchanged(waiting)


@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
def test_a_revoked_key_opens_nothing(waiting: Site, method: str, path: str, scope: Scope) -> None:
    key_id, text = waiting.key(scope)
    waiting.registry.store.revoke_api_key(key_id, now=datetime.now(UTC))
    headers = {"Authorization": f"Bearer {text}"}
    answer = waiting.client.request(method, path, json=BODIES.get(path), headers=headers)
    assert_problem(answer, 401, "not-allowed")
    assert unchanged(waiting)


@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
def test_an_expired_key_opens_nothing(waiting: Site, method: str, path: str, scope: Scope) -> None:
    _, text = waiting.key(scope, expires_in=timedelta(seconds=-1))
    headers = {"Authorization": f"Bearer {text}"}
    answer = waiting.client.request(method, path, json=BODIES.get(path), headers=headers)
    assert_problem(answer, 401, "not-allowed")
    assert unchanged(waiting)


@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
def test_a_key_opens_only_what_it_is_for(
    waiting: Site, method: str, path: str, scope: Scope
) -> None:
    headers = waiting.bearer(*(other for other in Scope if other is not scope))
    answer = waiting.client.request(method, path, json=BODIES.get(path), headers=headers)
    assert_problem(answer, 403, "scope-missing")
    assert unchanged(waiting)
