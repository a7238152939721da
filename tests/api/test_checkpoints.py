"""What strangers are told of an issuer's anchors, and how little it costs the node."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import from_environment
from api.checkpoints import Checkpoints
from registry.chain import Devnet, development_signer
from registry.core.checkpoint import Checkpoint, checkpoint_over, origin_of
from registry.core.signed_note import parse_note
from registry.errors import InvalidInputError, UnavailableError
from registry.services.ports import Chain
from registry.vc.notes import verify_note
from tests.anvil import Anvil, send
from tests.api.conftest import NOBODY, Open, Site, assert_problem
from tests.api.test_issuer_documents import settings
from tests.databases import sqlite_url
from tests.rpc_proxy import Fault, RpcProxy

US = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
SOMEBODY = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
PATH = f"/v1/issuers/{US}/checkpoint"
SEALS = [bytes([0x70 + place]) * 32 for place in range(4)]


@pytest.fixture
def proxy(anvil_process: Devnet) -> Iterator[RpcProxy]:
    with RpcProxy(anvil_process.port).running() as proxy:
        yield proxy


@pytest.fixture
def site(anvil: Anvil, open_site: Open, proxy: RpcProxy) -> Site:
    assert anvil.url != proxy.url
    return open_site(proxy.url, rpc_attempts=1)


def anchor(site: Site, *seals: bytes) -> None:
    chain, signer = site.registry.chain, development_signer()
    for seal in seals:
        send(chain, signer, chain.anchor_call(signer.address, seal))


def want(chain: Chain, *seals: bytes) -> Checkpoint:
    issuer = development_signer().address
    origin = origin_of(chain_id=chain.chain_id, contract=chain.contract, issuer=issuer)
    return checkpoint_over(origin, seals)


def let_it_age(site: Site) -> None:
    """As if a minute had passed."""
    checkpoints = site.client.app.state.backend.checkpoints  # type: ignore[attr-defined]
    clock = checkpoints._clock
    checkpoints._clock = lambda: clock() + 61


def test_without_a_key_it_is_the_text_alone(site: Site) -> None:
    anchor(site, *SEALS[:2])
    answer = site.get(PATH)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert answer.text == want(site.registry.chain, *SEALS[:2]).text


def test_with_a_key_it_is_signed(anvil: Anvil, open_site: Open, tmp_path: Path) -> None:
    site = open_site(anvil.url, **settings(tmp_path))
    anchor(site, SEALS[0])
    note = parse_note(site.get(PATH).content)
    assert note.text == want(site.registry.chain, SEALS[0]).text
    signer = site.registry.note_signer
    assert signer is not None
    assert signer.name == "did:web:academy.example"
    assert verify_note(note, [signer.verifier_key]) == (signer.verifier_key,)


def test_any_issuer_has_one_and_who_has_no_final_anchor_has_none(site: Site) -> None:
    assert_problem(site.get(PATH), 404, "not-found")
    anchor(site, SEALS[0])
    assert_problem(site.get(f"/v1/issuers/{SOMEBODY}/checkpoint"), 404, "not-found")
    other = development_signer(1)
    send(site.registry.chain, other, site.registry.chain.anchor_call(other.address, SEALS[1]))
    let_it_age(site)
    assert site.get(f"/v1/issuers/{SOMEBODY}/checkpoint").status_code == 200
    assert_problem(site.get("/v1/issuers/nobody/checkpoint"), 422, "invalid-input")


def test_within_a_minute_the_chain_is_asked_once(site: Site, proxy: RpcProxy) -> None:
    anchor(site, SEALS[0])
    first = site.get(PATH)
    nobody = site.get(f"/v1/issuers/{SOMEBODY}/checkpoint")
    proxy.asked.clear()
    assert site.get(PATH).text == first.text
    assert site.get(f"/v1/issuers/{SOMEBODY}/checkpoint").status_code == nobody.status_code == 404
    assert proxy.asked == []


def test_later_only_new_events_are_read(site: Site, anvil: Anvil, proxy: RpcProxy) -> None:
    anchor(site, *SEALS[:2])
    site.get(PATH)
    anvil.mine()
    let_it_age(site)
    proxy.asked.clear()
    assert site.get(PATH).text == want(site.registry.chain, *SEALS[:2]).text
    assert "eth_getLogs" not in proxy.asked
    assert len(proxy.asked) < 12
    anchor(site, *SEALS[2:])
    let_it_age(site)
    assert site.get(PATH).text == want(site.registry.chain, *SEALS).text


def test_a_chain_that_cannot_be_asked_is_not_kept(site: Site, proxy: RpcProxy) -> None:
    anchor(site, SEALS[0])
    proxy.fail("eth_getLogs", Fault.DROP)
    assert_problem(site.get(PATH), 503, "unavailable")
    proxy.behave()
    assert site.get(PATH).status_code == 200


def test_after_an_outage_what_was_known_is_known_still(
    site: Site, anvil: Anvil, proxy: RpcProxy
) -> None:
    anchor(site, SEALS[0])
    site.get(PATH)
    let_it_age(site)
    proxy.fail("eth_getBlockByNumber", Fault.DROP)
    assert_problem(site.get(PATH), 503, "unavailable")
    proxy.behave()
    anvil.mine()
    proxy.asked.clear()
    assert site.get(PATH).status_code == 200
    assert "eth_getLogs" not in proxy.asked


def test_a_node_that_withholds_an_event_cannot_be_asked(site: Site, proxy: RpcProxy) -> None:
    anchor(site, *SEALS[:2])
    proxy.lie("eth_getLogs", lambda logs: logs[1:])
    assert_problem(site.get(PATH), 503, "unavailable")


def test_no_node_and_another_chain_are_no_404(open_site: Open, anvil: Anvil) -> None:
    assert_problem(open_site(NOBODY, rpc_attempts=1).get(PATH), 503, "unavailable")
    other = open_site(anvil.url, chain_id=1, development_account=None, issuer=US)
    assert_problem(other.get(PATH), 503, "unavailable")


def test_more_anchors_than_a_stranger_may_ask_for_are_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    anchor(site, *SEALS[:2])
    monkeypatch.setattr("api.checkpoints.MAX_ANCHORS", 1)
    assert_problem(site.get(PATH), 413, "too-large")


def test_one_log_is_read_at_a_time_and_others_do_not_wait_for_ever(
    site: Site, monkeypatch: pytest.MonkeyPatch, proxy: RpcProxy
) -> None:
    monkeypatch.setattr("api.checkpoints.WAIT_SECONDS", 0.05)
    anchor(site, SEALS[0])
    asked, go_on = threading.Event(), threading.Event()

    def hold(logs: object) -> object:
        asked.set()
        assert go_on.wait(10)
        return logs

    proxy.lie("eth_getLogs", hold)
    checkpoints, chain = Checkpoints(), site.registry.chain
    issuer = development_signer().address
    thread = threading.Thread(target=checkpoints.get, args=(chain, issuer, None))
    thread.start()
    try:
        assert asked.wait(10)
        with pytest.raises(UnavailableError, match="other logs"):
            checkpoints.get(chain, b"\7" * 20, None)
    finally:
        go_on.set()
        thread.join()
    proxy.asked.clear()
    assert checkpoints.get(chain, issuer, None) == want(chain, SEALS[0]).text.encode()
    assert proxy.asked == []


def test_who_waits_for_a_log_does_not_have_it_read_again(site: Site, proxy: RpcProxy) -> None:
    anchor(site, SEALS[0])
    checkpoints, chain = Checkpoints(), site.registry.chain
    issuer = development_signer().address
    together = threading.Barrier(2, timeout=10)

    def hold(logs: object) -> object:
        together.wait()
        return logs

    proxy.lie("eth_getLogs", hold)
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(checkpoints.get(chain, issuer, None)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    together.wait()
    for thread in threads:
        thread.join()
    assert found == [want(chain, SEALS[0]).text.encode()] * 3
    assert proxy.asked.count("eth_getLogs") == 1


def test_only_so_many_are_kept_and_first_of_all_those_who_anchored(
    site: Site, monkeypatch: pytest.MonkeyPatch, proxy: RpcProxy
) -> None:
    monkeypatch.setattr("api.checkpoints._MAX_KEPT", 1)
    anchor(site, SEALS[0])
    other, chain = development_signer(1), site.registry.chain
    send(chain, other, chain.anchor_call(other.address, SEALS[1]))
    site.get(PATH)
    for made_up in range(1, 4):
        assert site.get(f"/v1/issuers/0x{made_up:040x}/checkpoint").status_code == 404
    proxy.asked.clear()
    site.get(PATH)
    assert proxy.asked == []
    assert site.get(f"/v1/issuers/{SOMEBODY}/checkpoint").status_code == 200
    site.get(PATH)
    assert proxy.asked.count("eth_getLogs") == 2


def test_a_key_that_cannot_be_used_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings(tmp_path) | {"database": sqlite_url(tmp_path), "rpc_url": NOBODY}
    (tmp_path / "password").write_text("another\n")
    for name, value in chosen.items():
        monkeypatch.setenv(f"ROOTSEAL_{name.upper()}", str(value))
    with pytest.raises(InvalidInputError, match="another password"):
        from_environment()
