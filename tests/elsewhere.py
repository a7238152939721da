"""A registry behind its API in a process of its own, with a back door for tests."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from registry.services.api_keys import create_api_key
from registry.services.ports import Scope
from registry.wiring import Registry, load_settings
from tests.api.servers import serving
from tests.databases import sqlite_url


@dataclass
class Elsewhere:
    """A running registry, and the settings that it has."""

    url: str
    settings: dict[str, str]

    @contextmanager
    def registry(self, account: int) -> Iterator[Registry]:
        """Its store and chain, for the issuer that is one of Anvil's accounts."""
        more = {"development_account": str(account), "poll_seconds": "0.01"}
        registry = Registry(load_settings({}, **self.settings, **more))
        yield registry
        registry.close()


@contextmanager
def elsewhere(folder: Path, rpc_url: str) -> Iterator[Elsewhere]:
    """Start one."""
    settings = {"database": sqlite_url(folder), "rpc_url": rpc_url, "finality": "1"}
    many = dict.fromkeys(("requests_per_minute", "key_requests_per_minute"), "10000")
    with serving(folder, **settings, **many) as server:
        yield Elsewhere(server.url, settings)


def key_of(registry: Registry, issuer: bytes) -> str:
    """A new API key that may do everything."""
    return create_api_key(
        registry.store,
        issuer,
        frozenset(Scope),
        now=datetime.now(UTC),
        expires_at=None,
        random_bytes=secrets.token_bytes,
    )[1]


def night(registry: Registry) -> None:
    """Anchor what is sealed, until it is final."""
    assert registry.nightly.run(registry.issuer, patience=timedelta(seconds=20)).is_final
