import secrets
import shutil
import warnings
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from api.app import create_app
from registry.services.api_keys import create_api_key
from registry.services.ports import Scope
from registry.store import open_store
from registry.wiring import Registry, load_settings
from tests.anvil import Anvil, anvil, anvil_process
from tests.databases import sqlite_url

with warnings.catch_warnings():
    # The test client asks for a successor of httpx that is not out yet.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

__all__ = ["anvil", "anvil_process"]

NOBODY = "http://127.0.0.1:9"  # the discard port: nothing listens


class Site:
    """An API with its registry, asked over HTTP."""

    def __init__(self, registry: Registry, client: TestClient) -> None:
        self.registry = registry
        self.client = client
        self.get = client.get
        self.post = client.post
        self.issuer = registry.issuer

    def key(self, *scopes: Scope, expires_in: timedelta | None = None) -> tuple[str, str]:
        """Make a key; its id and text."""
        now = datetime.now(UTC)
        key, text = create_api_key(
            self.registry.store,
            self.issuer,
            frozenset(scopes),
            now=now,
            expires_at=None if expires_in is None else now + expires_in,
            random_bytes=secrets.token_bytes,
        )
        return key.id, text

    def bearer(self, *scopes: Scope) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key(*scopes or tuple(Scope))[1]}"}

    def caller(self, address: str) -> TestClient:
        """Somebody else, who asks from an address."""
        return TestClient(self.client.app, client=(address, 50000))

    def add(self, *documents: Mapping[str, object]) -> list[str]:
        """Add credentials; their hashes."""
        answer = self.post(
            "/v1/credentials", json={"credentials": documents}, headers=self.bearer()
        )
        assert answer.status_code == 200, answer.text
        hashes: list[str] = answer.json()["hashes"]
        return hashes

    def seal(self) -> str:
        answer = self.post("/v1/batches", headers=self.bearer())
        assert answer.status_code == 201, answer.text
        seal: str = answer.json()["seal"]
        return seal

    def anchor(self) -> None:
        night = self.registry.nightly.anchor(self.issuer, patience=timedelta(seconds=20))
        assert night.is_final

    def open_count(self) -> int:
        return self.registry.store.open_count(self.issuer)


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    """Every problem has one shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    problem: dict[str, object] = answer.json()
    assert problem["type"] == f"urn:rootseal:problem:{code}"
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"] == answer.request.url.path
    assert problem["requestId"] == answer.headers["x-request-id"]
    assert set(problem) <= {
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "code",
        "place",
        "errors",
        "requestId",
    }
    return problem


class Open(Protocol):
    """Opens a site on a node and, if it is not the test's own, another folder's store."""

    def __call__(self, rpc_url: str, folder: Path | None = None, **settings: object) -> Site: ...


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables, made once: making them takes longer than most tests."""
    folder = tmp_path_factory.mktemp("empty")
    open_store(sqlite_url(folder)).close()
    [file] = folder.iterdir()
    return file


@pytest.fixture
def open_site(tmp_path: Path, empty_database: Path) -> Iterator[Open]:
    """Opens sites on one store, each with the node of its choice."""
    shutil.copy(empty_database, tmp_path)
    opened: list[TestClient] = []

    def open_one(rpc_url: str, folder: Path | None = None, **settings: object) -> Site:
        database = sqlite_url(tmp_path if folder is None else folder)
        chosen: dict[str, object] = {
            "database": database,
            "rpc_url": rpc_url,
            "development_account": 0,
            "finality": 1,
            "poll_seconds": 0.01,
        }
        registry = Registry(load_settings({}, **chosen | settings))
        client = TestClient(create_app(registry))
        opened.append(client.__enter__())
        return Site(registry, client)

    yield open_one
    for client in opened:
        client.__exit__()


@pytest.fixture
def offline(open_site: Open) -> Site:
    """A site whose chain does not answer."""
    return open_site(NOBODY)


@pytest.fixture
def site(open_site: Open, anvil: Anvil) -> Site:
    """A site with a real chain."""
    return open_site(anvil.url)
