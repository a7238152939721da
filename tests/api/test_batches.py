import pytest

from registry.core.tree import seal_hash
from registry.services.ports import Scope
from tests.api.conftest import Site, assert_problem
from tests.oracle import merkletools_tree

US = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def test_sealing_answers_with_the_batch_and_its_place(offline: Site) -> None:
    offline.add({"n": 1}, {"n": 2})
    answer = offline.post("/v1/batches", headers=offline.bearer(Scope.SEAL))
    assert answer.status_code == 201
    batch = answer.json()
    assert (batch["state"], batch["treeSize"], batch["issuer"]) == ("sealed", 2, US)
    found = offline.get(answer.headers["location"]).json()
    assert found == {"seal": batch["seal"], "batches": [batch]}


def test_there_is_nothing_to_seal_twice(offline: Site) -> None:
    headers = offline.bearer(Scope.SEAL)
    assert_problem(offline.post("/v1/batches", headers=headers), 409, "nothing-to-seal")
    offline.add({"n": 1})
    assert offline.post("/v1/batches", headers=headers).status_code == 201
    assert_problem(offline.post("/v1/batches", headers=headers), 409, "nothing-to-seal")
    assert len(offline.get("/v1/batches").json()["batches"]) == 1


def test_batches_come_newest_first_page_by_page(offline: Site) -> None:
    seals = []
    for number in range(5):
        offline.add({"n": number})
        seals.append(offline.seal())
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = offline.get("/v1/batches", params={"limit": "2", **cursor}).json()
        seen += [batch["seal"] for batch in page["batches"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == seals[::-1]


def test_batches_are_chosen_by_state_and_issuer(offline: Site) -> None:
    offline.add({"n": 1})
    offline.seal()
    offline.add({"n": 2})

    def states(**params: str) -> list[str]:
        answer = offline.get("/v1/batches", params=params)
        return [batch["state"] for batch in answer.json()["batches"]]

    assert states() == ["open", "sealed"]
    assert states(state="sealed") == ["sealed"]
    assert states(state="final") == []
    assert states(issuer=US) == ["open", "sealed"]
    assert states(issuer="0x70997970C51812dc3A010C7d01b50e0d17dc79C8") == []


def test_a_final_batch_shows_where_it_is_anchored(site: Site) -> None:
    [digest] = site.add({"n": 1})
    seal = site.seal()
    site.anchor()
    [batch] = site.get(f"/v1/batches/{seal}", params={"issuer": US}).json()["batches"]
    receipt = site.get(f"/v1/credentials/{digest}/receipt").json()
    assert batch["state"] == "final"
    assert [{**anchor, "issuer": US} for anchor in batch["anchors"]] == receipt["anchors"]


def test_from_the_leaves_anyone_can_compute_the_seal(offline: Site) -> None:
    offline.add(*({"n": number} for number in range(5_000)))  # more than one chunk
    seal = offline.seal()
    [batch] = offline.get(f"/v1/batches/{seal}").json()["batches"]
    answer = offline.get(f"/v1/batches/{seal}/leaves")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    leaves = [bytes.fromhex(line) for line in answer.text.splitlines()]
    assert len(leaves) == 5_000
    assert leaves == sorted(leaves)
    root = merkletools_tree(leaves).get_merkle_root()
    assert root == batch["merkleRoot"]
    assert seal_hash(merkle_root=bytes.fromhex(root), tree_size=5_000).hex() == seal
    known = {"If-None-Match": answer.headers["etag"]}
    assert offline.get(f"/v1/batches/{seal}/leaves", headers=known).status_code == 304


@pytest.mark.parametrize("path", ["/v1/batches/{}", "/v1/batches/{}/leaves"])
def test_an_unknown_seal_is_not_found(offline: Site, path: str) -> None:
    assert_problem(offline.get(path.format("ab" * 32)), 404, "not-found")
    problem = assert_problem(offline.get(path.format("zz" * 32)), 422, "invalid-input")
    assert problem["place"] == "/path/seal"


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("limit=0", "/query/limit"),
        ("limit=101", "/query/limit"),
        ("limit=x", "/query/limit"),
        ("state=lost", "/query/state"),
        ("cursor=-1", "/query/cursor"),
        ("cursor=99999999999999999999", "/query/cursor"),
        ("issuer=us", "/query/issuer"),
    ],
)
def test_a_faulty_question_is_refused_with_its_place(offline: Site, query: str, place: str) -> None:
    problem = assert_problem(offline.get(f"/v1/batches?{query}"), 422, "invalid-input")
    assert problem["place"] == place
