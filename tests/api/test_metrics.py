"""`/metrics` and the alarm in `/readyz`, with what real work left in the store."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from api.access import current_time
from registry.services.ports import CredentialStatus
from registry.wiring.metrics import FundsWatch, Metrics
from tests.anvil import Anvil
from tests.api.conftest import Open, Site

Labels = tuple[tuple[str, str], ...]
Samples = dict[tuple[str, Labels], float]


def samples(text: str) -> Samples:
    """Every sample by name and labels; `_created` ones aside."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def scraped(site: Site) -> Samples:
    answer = site.get("/metrics")
    assert answer.status_code == 200
    return samples(answer.text)


def at(site: Site, moment: datetime) -> None:
    """Let the site go by another time."""
    site.client.app.dependency_overrides[current_time] = lambda: moment  # type: ignore[attr-defined]  # ASGI apps have no type for it


def states(found: Samples) -> dict[str, float]:
    return {key[1][0][1]: value for key, value in found.items() if key[0] == "rootseal_batches"}


def test_metrics_count_what_was_done_by_whomever(site: Site) -> None:
    found = scraped(site)
    assert found["rootseal_oldest_unanchored_seconds", ()] == 0
    assert set(states(found).values()) == {0}
    site.add({"n": 1})
    assert scraped(site)["rootseal_oldest_unanchored_seconds", ()] > 0
    site.seal()
    site.anchor()
    site.add({"n": 2})
    found = scraped(site)
    assert states(found) == {"open": 1, "sealed": 0, "anchoring": 0, "anchored": 0, "final": 1}
    assert found["rootseal_attempts_total", (("purpose", "anchor"),)] == 1
    assert found["rootseal_attempts_total", (("purpose", "status"),)] == 0
    assert found["rootseal_replacements_total", (("purpose", "anchor"),)] == 0
    assert found["rootseal_reorgs_total", ()] == 0
    assert found["rootseal_alarm", ()] == 0


def test_metrics_are_text_that_nobody_keeps_and_need_no_key(site: Site) -> None:
    answer = site.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


def test_a_node_that_does_not_answer_is_counted_by_its_host(open_site: Open) -> None:
    site = open_site("http://user:hidden@127.0.0.1:9/secret-path?key=secret")
    site.get("/readyz")
    text = site.get("/metrics").text
    found = samples(text)
    [(name, labels)] = [key for key in found if key[0] == "rootseal_rpc_errors_total"]
    assert labels == (("endpoint", "http://127.0.0.1:9"), ("kind", "connection"))
    assert found[name, labels] > 0
    assert "hidden" not in text
    assert "secret" not in text


def test_a_store_that_does_not_answer_leaves_its_metrics_out(site: Site, tmp_path: Path) -> None:
    site.get("/readyz")
    site.registry.store.close()
    for file in tmp_path.glob("registry.db*"):
        file.unlink()
    (tmp_path / "registry.db").mkdir()
    assert not [key for key in scraped(site) if not key[0].startswith("rootseal_rpc")]
    shutil.rmtree(tmp_path / "registry.db")


# -- the alarm


def probes(answer: httpx.Response) -> dict[str, bool]:
    return {probe["name"]: probe["ok"] for probe in answer.json()["probes"]}


def test_a_credential_that_waits_too_long_is_not_ready(site: Site) -> None:
    site.add({"n": 1})
    now = datetime.now(UTC)
    at(site, now + timedelta(hours=26) - timedelta(minutes=5))
    assert site.get("/readyz").status_code == 200
    at(site, now + timedelta(hours=26) + timedelta(minutes=5))
    answer = site.get("/readyz")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert probes(answer) == {"store": True, "chain": True, "contract": True, "anchoring": False}
    assert "alarm_hours" in answer.json()["probes"][3]["detail"]


def test_the_alarm_is_over_when_it_is_anchored(site: Site) -> None:
    site.add({"n": 1})
    at(site, datetime.now(UTC) + timedelta(days=3))
    assert site.get("/readyz").status_code == 503
    site.seal()
    site.anchor()
    assert site.get("/readyz").status_code == 200


def test_the_alarm_is_a_metric(site: Site) -> None:
    site.registry.settings = site.registry.settings.model_copy(update={"alarm_hours": 1e-9})
    assert scraped(site)["rootseal_alarm", ()] == 0
    site.add({"n": 1})
    assert scraped(site)["rootseal_alarm", ()] == 1


def test_a_revocation_that_waits_too_long_is_not_ready(site: Site) -> None:
    [found] = site.add({"n": 1})
    site.seal()
    site.anchor()
    assert scraped(site)["rootseal_oldest_open_status_change_seconds", ()] == 0
    now = datetime.now(UTC)
    site.registry.statuses.request(
        site.issuer, [bytes.fromhex(found)], CredentialStatus.REVOKED, reason=0, now=now
    )
    at(site, now + timedelta(hours=25))
    assert site.get("/readyz").status_code == 200
    at(site, now + timedelta(hours=27))
    answer = site.get("/readyz")
    assert (answer.status_code, probes(answer)["anchoring"]) == (503, False)
    assert scraped(site)["rootseal_oldest_open_status_change_seconds", ()] > 0
    site.anchor()
    assert site.get("/readyz").status_code == 200


# -- funds, which the worker shows


def funds(watch: FundsWatch) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in watch.collect()
        for sample in family.samples
    }


class Seconds:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_funds_are_shown_in_wei_and_in_nights(site: Site, anvil: Anvil) -> None:
    clock = Seconds()
    watch = FundsWatch(site.registry, clock=clock)
    assert funds(watch) == {}
    anvil.ask("anvil_setBalance", "0x" + site.issuer.hex(), hex(10**18))
    watch.refresh()
    found = funds(watch)
    account = ("address", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
    assert found["rootseal_balance_wei", (account, ("chain", "eip155:31337"))] == 10**18
    nights = found["rootseal_nights_left", (("chain", "eip155:31337"),)]
    market = site.registry.chain.fee_market()
    cost = 10**18 / nights / (market.base_fee + market.priority_fee)
    assert 50_000 < cost < 110_000  # gas of one anchor, with the margin of a limit


def test_funds_are_asked_for_once_a_minute(site: Site, anvil: Anvil) -> None:
    clock = Seconds()
    watch = FundsWatch(site.registry, clock=clock)
    watch.refresh()
    before = funds(watch)
    anvil.ask("anvil_setBalance", "0x" + site.issuer.hex(), hex(10**18))
    clock.now = 59.0
    watch.refresh()
    assert funds(watch) == before
    clock.now = 61.0
    watch.refresh()
    assert funds(watch) != before


def test_funds_that_cannot_be_asked_are_absent_and_old_ones_too(offline: Site, site: Site) -> None:
    silent = FundsWatch(offline.registry, clock=Seconds())
    silent.refresh()
    assert funds(silent) == {}
    clock = Seconds()
    watch = FundsWatch(site.registry, clock=clock)
    watch.refresh()
    assert funds(watch) != {}
    clock.now = 301.0
    assert funds(watch) == {}


def test_a_key_without_the_right_to_anchor_has_no_nights(site: Site, open_site: Open) -> None:
    stranger = open_site(str(site.registry.settings.rpc_url.get_secret_value()))
    stranger.registry.issuer = bytes(19) + b"\x01"
    watch = FundsWatch(stranger.registry, clock=Seconds())
    watch.refresh()
    assert {key[0] for key in funds(watch)} == {"rootseal_balance_wei"}


def test_metrics_are_served_over_http_by_themselves(site: Site) -> None:
    metrics = Metrics(site.registry, lambda: site.registry.store)
    with metrics.served("127.0.0.1", 0):
        pass  # listened, and let go of the port
    assert b"rootseal_alarm 0.0" in metrics.text()
