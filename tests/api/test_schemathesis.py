"""Schemathesis asks the whole API whatever its OpenAPI document allows, and what it does not.

In-process, on a real chain and a store with real batches, whose hashes and seals are among what it
asks for. A request takes some 10 ms, so there is a short form; ROOTSEAL_LONG_TESTS=1 asks at least
10,000 times.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi import FastAPI
from schemathesis import SerializationContext, openapi, serializer
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import Request
from schemathesis.python.asgi import shutdown_lifespans

from api.app import create_app
from api.bodies import NDJSON
from registry.core.address import format_address
from registry.services.ports import Scope
from registry.wiring import Registry, load_settings
from tests.anvil import Anvil
from tests.api.conftest import Open, Site
from tests.api.wallet import new_wallet
from tests.api.wallet_site import hand_out, offer_code
from tests.api.wallet_site import settings as wallet_settings
from tests.databases import sqlite_url

IS_LONG: Final = os.environ.get("ROOTSEAL_LONG_TESTS") == "1"
BADGES: Final = [{"name": f"Badge {number}"} for number in range(5)]

# JSON Schema cannot say how exactly a number must be carried, nor that an address has a checksum.
_MAY_REFUSE: Final = {
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "422"]
    }
}
# Nothing is to be had but that something could not be asked: 503 with a report.
_UNDETERMINED: Final = {
    "positive_data_acceptance": {"expected-statuses": ["2xx", "404", "415", "422", "503"]},
    "not_a_server_error": {"expected-statuses": ["2xx", "4xx", "503"]},
}
# Nobody guesses a code or a secret, and a schema cannot say what a redirect URI is.
_MAY_REFUSE_WALLETS: Final = {
    "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "401", "403"]}
}
WALLETS: Final = "^/(ims|oauth)/"
_FILE_TYPE: Final = r"violates `type` at /properties/(credential|receipt) "
OPERATIONS: Final = [
    {"include-path-regex": "^/v1/(credentials|batches|issuers)", "checks": _MAY_REFUSE},
    {"include-path": "/v1/verify", "checks": _UNDETERMINED},
    {"include-path-regex": WALLETS, "checks": _MAY_REFUSE_WALLETS},
]

# Half of what is asked for is there to be found.
FOUND: Final = {
    place: {"dictionary": name, "probability": 0.5}
    for name, places in {
        "hashes": ("path.hash", "body.hash", "body.hashes[*]"),
        "seals": ("path.seal",),
        "addresses": ("path.address", "query.issuer", "body.issuer"),
        "changes": ("path.id",),
    }.items()
    for place in places
}


@serializer(NDJSON)
def one_line(_context: SerializationContext, value: Any) -> bytes:
    """A stream of one credential."""
    return value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n"


@dataclass
class World:
    """An app behind which there is something to find."""

    app: FastAPI
    site: Site
    known: Mapping[str, list[str] | list[int]]


@pytest.fixture
def world(open_site: Open, anvil: Anvil, tmp_path: Path) -> Iterator[World]:
    for_wallets = wallet_settings(tmp_path)
    site = open_site(anvil.url, **for_wallets)
    hashes = site.add(*BADGES)
    seals = [site.seal()]
    site.anchor()
    hashes += site.add({"name": "Sealed, not anchored"})
    seals.append(site.seal())
    hashes += site.add({"name": "Not sealed"})
    settings = load_settings(
        {},
        database=sqlite_url(tmp_path),
        rpc_url=anvil.url,
        development_account=0,
        finality=1,
        requests_per_minute=10**9,
        key_requests_per_minute=10**9,
        **for_wallets,
    )
    known: dict[str, list[str] | list[int]] = {
        "hashes": hashes,
        "seals": seals,
        "addresses": [format_address(site.issuer)],
        "changes": [1, 2],
    }
    yield World(create_app(Registry(settings)), site, known)
    shutdown_lifespans()


@dataclass
class Outcome:
    """What came of a run."""

    requests: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def ask(
    world: World, examples: int, headers: Mapping[str, str], *, only: str | None = None
) -> Outcome:
    """Run every phase over every operation, with so many examples each in the longest.

    `only` is a pattern of paths.
    """
    others = [] if only is None else [{"exclude-path-regex": only, "enabled": False}]
    config = {
        "continue-on-failure": True,
        "workers": 1,
        "seed": 4,
        "cache": {"enabled": False},
        "suppress-health-check": ["all"],  # among them how long it takes
        "dictionaries": {name: {"values": values} for name, values in world.known.items()},
        "operations": [*OPERATIONS, *others],
        "output": {"sanitization": {"enabled": False}},
        "generation": {"max-examples": examples, "deterministic": True, "database": "none"},
        "parameters": FOUND,
        "headers": dict(headers),
    }
    schema = openapi.from_asgi(
        "/openapi.json", world.app, config=SchemathesisConfig.from_dict(config)
    )
    outcome = Outcome()
    for event in from_schema(schema).execute():
        note(event, outcome)
    return outcome


def note(event: events.EngineEvent, outcome: Outcome) -> None:
    if isinstance(event, events.NonFatalError):
        outcome.failures.append(f"{event.label}: {event.value}")
    if isinstance(event, events.FatalError):
        raise event.exception
    if not isinstance(event, events.ScenarioFinished):
        return
    for interaction in event.recorder.interactions.values():
        outcome.requests += 1
        if interaction.response is not None:
            outcome.answers[interaction.response.status_code] += 1
    for case, checks in event.recorder.checks.items():
        failed = [check.failure_info for check in checks if check.failure_info is not None]
        told = [f"{found.failure}\n{found.code_sample}" for found in failed]
        request = event.recorder.interactions[case].request
        outcome.failures += [each for each in told if not is_file(request, each)]


def is_file(request: Request, failure: str) -> bool:
    """Whether the failure is that a file was a number: on the wire it is bytes, as any other."""
    kind = "".join(request.headers.get("Content-Type", [""]))
    return kind.startswith("multipart/") and re.search(_FILE_TYPE, failure) is not None


@pytest.mark.parametrize(
    ("scopes", "examples", "least"),
    [
        pytest.param(tuple(Scope), 850 if IS_LONG else 25, 8_000 if IS_LONG else 700, id="key"),
        pytest.param((), 120 if IS_LONG else 10, 2_000 if IS_LONG else 400, id="no key"),
    ],
)
def test_every_answer_is_documented_and_none_is_a_failure(
    world: World, scopes: tuple[Scope, ...], examples: int, least: int
) -> None:
    outcome = ask(world, examples, world.site.bearer(*scopes) if scopes else {})
    print(f"\n{outcome.requests} requests: {dict(outcome.answers)}")  # noqa: T201 - to measure
    assert "\n\n".join(outcome.failures) == ""
    assert outcome.requests >= least
    # What there is was found, and what there is not was not.
    assert {200, 404, 405, 422, 503} <= set(outcome.answers)
    assert {201, 202, 409} <= set(outcome.answers) or not scopes


def test_a_wallet_is_answered_as_it_is_documented(world: World) -> None:
    hand_out(world.site, 1, 2, 3)
    wallet = new_wallet(world.site.client)
    wallet.connect(offer_code(world.site))
    headers = {"Authorization": f"Bearer {wallet.tokens['access_token']}"}
    outcome = ask(world, 600 if IS_LONG else 30, headers, only=WALLETS)
    print(f"\n{outcome.requests} requests: {dict(outcome.answers)}")  # noqa: T201 - to measure
    assert "\n\n".join(outcome.failures) == ""
    assert {200, 201, 400, 401, 405} <= set(outcome.answers)
