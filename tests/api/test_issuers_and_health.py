from fastapi.testclient import TestClient

from api.app import create_app
from registry.wiring import Registry, load_settings
from tests.anvil import Anvil
from tests.api.conftest import Open, Site, assert_problem

US = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
SOMEBODY = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def test_an_issuer_is_shown_with_anchors_and_batches(site: Site) -> None:
    site.add({"n": 1})
    seal = site.seal()
    site.anchor()
    issuer = site.get(f"/v1/issuers/{US.lower()}").json()
    assert (issuer["address"], issuer["owner"], issuer["pendingOwner"]) == (US, US, None)
    assert (issuer["chain"], issuer["anchorCount"]) == ("eip155:31337", 1)
    assert [batch["seal"] for batch in issuer["batches"]] == [seal]


def test_somebody_who_never_anchored_has_no_anchors(site: Site) -> None:
    issuer = site.get(f"/v1/issuers/{SOMEBODY}").json()
    assert (issuer["anchorCount"], issuer["batches"], issuer["name"]) == (0, [], None)


def test_a_chain_that_does_not_answer_is_not_a_zero(offline: Site) -> None:
    answer = offline.get(f"/v1/issuers/{US}")
    problem = assert_problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert "127.0.0.1" not in str(problem)


def test_a_contract_that_is_not_ours_is_not_asked(site: Site, anvil: Anvil) -> None:
    contract = "0x" + site.registry.chain.contract.hex()
    anvil.ask("anvil_setCode", contract, "0x00")
    assert_problem(site.get(f"/v1/issuers/{US}"), 503, "unavailable")


def test_a_misspelt_address_is_refused(offline: Site) -> None:
    answer = offline.get(f"/v1/issuers/{US[:-1]}7")
    assert assert_problem(answer, 422, "invalid-input")["place"] == "/path/address"


def test_the_process_is_up_whatever_the_chain_does(offline: Site) -> None:
    assert offline.get("/healthz").json() == {"status": "up"}


def test_ready_when_store_chain_and_contract_answer(site: Site) -> None:
    answer = site.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert [probe["ok"] for probe in answer.json()["probes"]] == [True, True, True, True]
    assert answer.json()["oldestUnanchoredSeconds"] is None
    site.add({"n": 1})
    assert 0 <= site.get("/readyz").json()["oldestUnanchoredSeconds"] < 60


def test_not_ready_without_a_chain(offline: Site) -> None:
    answer = offline.get("/readyz")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    probes = {probe["name"]: probe["ok"] for probe in answer.json()["probes"]}
    assert probes == {"store": True, "chain": False, "contract": False, "anchoring": True}
    assert "127.0.0.1" not in answer.text


def test_not_ready_while_the_second_chain_is_silent(site: Site) -> None:
    silent = {"chain_id": 31338, "rpc_url": "http://127.0.0.1:9"}
    settings = load_settings(
        {},
        database=site.registry.settings.database.get_secret_value(),
        rpc_url=site.registry.settings.rpc_url.get_secret_value(),
        development_account=0,
        chains=[silent],
    )
    with TestClient(create_app(Registry(settings))) as client:
        answer = client.get("/readyz")
    assert answer.status_code == 503
    probes = {probe["name"]: probe["ok"] for probe in answer.json()["probes"]}
    assert probes == {"store": True, "chain": False, "contract": False, "anchoring": True}


def test_not_ready_with_another_contract(open_site: Open, anvil: Anvil) -> None:
    site = open_site(anvil.url)
    anvil.ask("anvil_setCode", "0x" + site.registry.chain.contract.hex(), "0x00")
    probes = {probe["name"]: probe["ok"] for probe in site.get("/readyz").json()["probes"]}
    assert probes == {"store": True, "chain": True, "contract": False, "anchoring": True}


def test_not_ready_on_another_chain(site: Site, anvil: Anvil) -> None:
    anvil.ask("anvil_setChainId", 1)
    try:
        probes = {probe["name"]: probe["ok"] for probe in site.get("/readyz").json()["probes"]}
        assert_problem(site.get(f"/v1/issuers/{US}"), 503, "unavailable")
    finally:
        anvil.ask("anvil_setChainId", 31337)
    assert (probes["store"], probes["chain"]) == (True, False)
