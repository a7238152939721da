import pytest

from registry.services.ports import Scope
from registry.services.status import MAX_INDEXES
from tests.api.conftest import Site, assert_problem

URL = "/v1/status-changes"


def test_a_change_is_stored_and_carried_out_at_night(site: Site) -> None:
    digest, _ = site.add({"n": 1}, {"n": 2})
    seal = site.seal()
    site.anchor()
    headers = site.bearer(Scope.STATUS)
    body = {"hashes": [digest], "status": "revoked", "reason": "privilege-withdrawn"}
    answer = site.post(URL, json=body, headers=headers)
    assert answer.status_code == 202
    [change] = answer.json()["changes"]
    receipt = site.get(f"/v1/credentials/{digest}/receipt").json()
    assert change["leafIndexes"] == [receipt["leafIndex"]]
    assert (change["seal"], change["reason"]) == (seal, "privilege-withdrawn")
    assert change["doneAt"] is None
    assert site.post(URL, json=body, headers=headers).json()["changes"] == [change]
    site.anchor()
    done = site.get(f"{URL}/{change['id']}", headers=headers).json()
    assert done["doneAt"] is not None
    assert done["refusal"] is None


def test_what_is_revoked_stays_revoked_and_the_refusal_is_told(site: Site) -> None:
    site.add({"n": 1})
    seal = site.seal()
    site.anchor()
    headers = site.bearer(Scope.STATUS)
    for status in ("revoked", "active"):
        answer = site.post(URL, json={"seal": seal, "status": status}, headers=headers)
        assert answer.status_code == 202
        site.anchor()
    [change] = answer.json()["changes"]
    assert change["leafIndexes"] is None
    assert site.get(f"{URL}/{change['id']}", headers=headers).json()["refusal"]


def test_what_is_not_anchored_has_no_status(offline: Site) -> None:
    digest, *_ = offline.add({"n": 1})
    headers = offline.bearer(Scope.STATUS)
    body = {"hashes": [digest], "status": "revoked"}
    assert_problem(offline.post(URL, json=body, headers=headers), 409, "conflict")
    body = {"seal": offline.seal(), "status": "revoked"}
    assert_problem(offline.post(URL, json=body, headers=headers), 409, "conflict")
    assert offline.registry.store.open_status_changes() == []


def test_an_unknown_credential_is_not_found(offline: Site) -> None:
    body = {"hashes": ["ab" * 32], "status": "revoked"}
    answer = offline.post(URL, json=body, headers=offline.bearer(Scope.STATUS))
    assert_problem(answer, 404, "not-found")


def test_an_unknown_change_is_not_found(offline: Site) -> None:
    answer = offline.get(f"{URL}/1", headers=offline.bearer(Scope.STATUS))
    assert_problem(answer, 404, "not-found")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        pytest.param({"status": "revoked"}, "/", id="of nothing"),
        pytest.param({"hashes": [], "status": "revoked"}, "/hashes", id="of none"),
        pytest.param(
            {"hashes": ["ab" * 32] * (MAX_INDEXES + 1), "status": "active"}, "/hashes", id="many"
        ),
        pytest.param({"hashes": ["x"], "status": "active"}, "/hashes/0", id="no hash"),
        pytest.param({"seal": "ab" * 32, "status": "lost"}, "/status", id="status"),
        pytest.param({"seal": "ab" * 32}, "/status", id="no status"),
        pytest.param(
            {"seal": "ab" * 32, "status": "active", "reason": "why"}, "/reason", id="reason"
        ),
    ],
)
def test_a_faulty_request_is_refused_with_its_place(
    offline: Site, body: dict[str, object], place: str
) -> None:
    answer = offline.post(URL, json=body, headers=offline.bearer(Scope.STATUS))
    assert assert_problem(answer, 422, "invalid-input")["place"] == place
    assert offline.registry.store.open_status_changes() == []


def test_other_types_of_bodies_are_refused(offline: Site) -> None:
    answer = offline.post(URL, content=b"{}", headers=offline.bearer(Scope.STATUS))
    assert_problem(answer, 415, "unsupported-media-type")
