"""A real server with nights, badges and a stranger's document on it, for the pages' tests."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from registry.chain import Devnet, deploy, development_signer
from registry.core.address import format_address
from registry.core.canonical import Canonicalization, document_hash
from registry.core.documents import parse_document
from registry.services.hashing import Submission
from registry.services.intake import add_credentials
from registry.services.publishing import publish
from registry.wiring import Registry, load_settings
from tests.anvil import open_chain
from tests.api.servers import serving
from tests.api.test_credential_page import nasty
from tests.databases import sqlite_url

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PUBLIC = "https://badges.example"
_LARGE = 40  # credentials of a batch whose tree is not drawn whole


@dataclass(frozen=True)
class ExplorerSite:
    """Where it is, and what is on it."""

    url: str
    paths: Mapping[str, str]

    def at(self, name: str) -> str:
        return self.url + self.paths[name]


@contextmanager
def explorer_site(folder: Path) -> Iterator[ExplorerSite]:
    """Three nights, the last not final; two published badges, one of them hostile."""
    with Devnet(block_time=None) as devnet:
        chain = open_chain(devnet.url)
        deploy(chain, development_signer())
        chain.close()
        settings = {"database": sqlite_url(folder), "rpc_url": devnet.url, "finality": "1"}
        paths = _fill(Registry(load_settings({}, **settings, development_account="0")))
        with serving(folder, **settings, public_url=PUBLIC) as server:
            yield ExplorerSite(server.url, paths)


def _fill(registry: Registry) -> dict[str, str]:
    badge = parse_document((EXAMPLES / "cloud-certificate.json").read_bytes())
    hostile = parse_document(json.dumps(nasty()).encode())
    small = _night(registry, [badge, hostile, {"n": 1}])
    large = _night(registry, [{"n": n, "night": 2} for n in range(_LARGE)])
    _add(registry, [{"n": 3}])
    waiting = registry.store.seal_open_batch(registry.issuer, now=datetime.now(UTC))
    assert waiting is not None
    for document in (badge, hostile):
        data = json.dumps(document).encode()
        publish(registry.store, registry.issuer, data, now=datetime.now(UTC))
    paths = {
        "explorer": "/explore",
        "issuer": f"/explore/issuers/{format_address(registry.issuer)}",
        "batch": f"/explore/batches/{small}",
        "small tree": f"/explore/batches/{small}/{document_hash(badge).hex()}",
        "large tree": f"/explore/batches/{large}/{document_hash({'n': 0, 'night': 2}).hex()}",
        "badge": f"/c/{document_hash(badge).hex()}",
        "hostile": f"/c/{document_hash(hostile).hex()}",
        "unpublished": f"/c/{document_hash({'n': 1}).hex()}",
        "waiting": f"/c/{document_hash({'n': 3}).hex()}",
        "nothing": "/explore/nothing",
    }
    registry.close()
    return paths


def _night(registry: Registry, documents: Sequence[Mapping[str, object]]) -> str:
    _add(registry, documents)
    batch = registry.store.seal_open_batch(registry.issuer, now=datetime.now(UTC))
    assert batch is not None
    assert batch.head is not None
    assert registry.nightly.anchor(registry.issuer, patience=timedelta(seconds=20)).is_final
    return batch.head.seal.hex()


def _add(registry: Registry, documents: Sequence[Mapping[str, object]]) -> None:
    submissions = [
        Submission(str(place), json.dumps(document).encode(), Canonicalization.JCS)
        for place, document in enumerate(documents)
    ]
    add_credentials(
        registry.store,
        registry.issuer,
        submissions,
        now=datetime.now(UTC),
    )
