"""The client against a real server on a real chain."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from registry.client import Client
from registry.core.canonical import Canonicalization, document_hash
from registry.core.receipt import Receipt, print_receipt
from registry.core.report import Verdict
from registry.core.tree import leaf_hash
from registry.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    UnavailableError,
)
from registry.services.api_keys import create_api_key
from registry.services.ports import Scope
from registry.wiring import Registry, load_settings
from tests.anvil import Anvil, anvil, anvil_process
from tests.api.servers import serving
from tests.databases import sqlite_url

__all__ = ["anvil", "anvil_process"]

# Much more than what is on its way when a server refuses it.
MANY = [b'{"n": %d, "more": "%s"}' % (number, b"x" * 1000) for number in range(50_000)]
JCS, RAW = Canonicalization.JCS, Canonicalization.RAW


@dataclass
class There:
    """A registry behind its API, with its back door."""

    client: Client
    registry: Registry
    url: str

    def night(self) -> None:
        nightly = self.registry.nightly
        assert nightly.run(self.registry.issuer, patience=timedelta(seconds=20)).is_final


@pytest.fixture
def there(tmp_path: Path, anvil: Anvil) -> Iterator[There]:
    settings = {"database": sqlite_url(tmp_path), "rpc_url": anvil.url, "finality": "1"}
    more = {"development_account": "0", "poll_seconds": "0.01"}
    registry = Registry(load_settings({}, **settings, **more))
    key, text = create_api_key(
        registry.store,
        registry.issuer,
        frozenset(Scope),
        now=datetime.now(UTC),
        expires_at=None,
        random_bytes=secrets.token_bytes,
    )
    assert key.issuer == registry.issuer
    with serving(tmp_path, **settings) as server, Client(server.url, api_key=text) as client:
        yield There(client, registry, server.url)
    registry.close()


def test_an_issuer_and_a_verifier_need_nothing_else(there: There) -> None:
    client, issuer = there.client, there.registry.issuer
    badges = [b'{"n": %d}' % number for number in range(3)]
    pdf = b"%PDF"
    assert client.seal() is None
    added = client.add_lines(badges)
    assert (added.new, added.known) == (3, 0)
    assert client.add_hashes([sha256(pdf).digest()], RAW).new == 1
    assert client.add_lines(iter([badges[0] + b"\r\n"])).known == 1
    sealed = client.seal()
    assert sealed is not None
    assert sealed.seal is not None
    assert (sealed.tree_size, sealed.state, sealed.issuer) == (4, "sealed", issuer)
    there.night()

    hashes = [*(document_hash({"n": number}) for number in range(3)), sha256(pdf).digest()]
    receipts = list(client.receipts(hashes))
    assert [client.receipt(digest, issuer=issuer) for digest in hashes] == receipts
    leaves = list(client.leaves(sealed.seal))
    for digest, receipt in zip(hashes, receipts, strict=True):
        assert isinstance(receipt, Receipt)
        assert leaves[receipt.leaf_index] == leaf_hash(salt=receipt.salt, credential_hash=digest)
    [batch] = client.batches_with_seal(sealed.seal)
    assert (batch.state, batch.anchors[0].chain) == ("final", 31337)
    assert list(client.batches()) == [batch]
    assert client.issuer(issuer).anchor_count == 1

    saved = print_receipt(receipts[0])  # type: ignore[arg-type]  # checked above
    assert client.verify(badges[0], saved).verdict is Verdict.VALID
    assert client.verify(pdf).verdict is Verdict.VALID
    assert client.verify(credential_hash=hashes[1], issuer=issuer).verdict is Verdict.VALID
    assert client.verify(badges[1], saved).verdict is Verdict.INVALID
    assert client.verify(receipt=saved).verdict is Verdict.UNDETERMINED
    with pytest.raises(InvalidInputError, match="nothing to verify"):
        client.verify()

    [change] = client.change_status("revoked", hashes=hashes[:2], reason="superseded")
    assert (change.status, change.reason, change.done_at) == ("revoked", "superseded", None)
    there.night()
    assert client.status_change(change.id).done_at is not None
    assert client.verify(badges[0], saved).verdict is Verdict.INVALID
    [whole] = client.change_status("suspended", seal=sealed.seal)
    assert whole.leaf_indexes is None


def test_receipts_come_in_their_order_with_what_is_not_there(there: There) -> None:
    client = there.client
    known = [document_hash({"n": number}) for number in range(70)]  # more than come at once
    client.add_hashes(known, JCS)
    client.seal()
    client.add_lines([b'{"open": 1}'])
    unknown, waiting = bytes(32), document_hash({"open": 1})
    asked = [unknown, *known, waiting, *reversed(known), unknown]
    answers = list(client.receipts(asked))
    assert len(answers) == len(asked)
    for digest, answer in zip(asked, answers, strict=True):
        if digest == unknown:
            assert isinstance(answer, NotFoundError)
        elif digest == waiting:
            assert isinstance(answer, ConflictError)
            assert answer.reason == "not-sealed"  # type: ignore[attr-defined]  # RefusedError
        else:
            assert isinstance(answer, Receipt)
            assert answer.credential_hash == digest
            assert answer.is_pending
    nobodys = client.receipts(known[:1], issuer=b"\x01" * 20)
    assert isinstance(next(nobodys), NotFoundError)
    assert list(client.receipts([])) == []


def test_batches_are_paged_to_the_last(there: There) -> None:
    for number in range(5):
        there.client.add_lines([b'{"n": %d}' % number])
        there.client.seal()
    found = list(there.client.batches(limit=2))
    assert len({batch.seal for batch in found}) == 5
    assert found == list(there.client.batches())
    assert list(there.client.batches(issuer=b"\x01" * 20)) == []


def test_what_the_server_refuses_is_said_with_its_place(there: There) -> None:
    client = there.client
    with pytest.raises(InvalidInputError, match="line 2"):
        client.add_lines([b'{"n": 1}', b"{"])
    assert client.seal() is None
    with pytest.raises(NotFoundError):
        client.receipt(bytes(32))
    with pytest.raises(NotFoundError):
        client.batches_with_seal(bytes(32))
    with pytest.raises(NotFoundError):
        list(client.leaves(bytes(32)))
    with pytest.raises(InvalidInputError):
        client.change_status("revoked")
    with pytest.raises(NotFoundError):
        client.status_change(999)


def test_what_needs_a_key_says_so(there: There) -> None:
    for key in (None, "rootseal_wrong_key"):
        with Client(there.url, api_key=key) as nobody:
            with pytest.raises(NotAllowedError):
                nobody.seal()
            with pytest.raises(NotAllowedError):
                # Much more than what is on its way when the server refuses.
                nobody.add_lines(
                    b'{"n": %d, "more": "%s"}' % (n, b"x" * 1000) for n in range(50_000)
                )
            with pytest.raises(NotAllowedError):
                nobody.change_status("revoked", seal=bytes(32))
    assert there.registry.store.open_count(there.registry.issuer) == 0


def test_a_stream_that_breaks_off_adds_nothing(there: There) -> None:
    def broken() -> Iterator[bytes]:
        for number in range(5000):
            yield b'{"n": %d}' % number
        raise RuntimeError("the roster's disk went away")

    with pytest.raises(RuntimeError):
        there.client.add_lines(broken())
    assert there.registry.store.open_count(there.registry.issuer) == 0


def test_a_server_that_is_not_there_says_nothing() -> None:
    client = Client("http://127.0.0.1:9", timeout=1)
    with pytest.raises(UnavailableError):
        client.receipt(bytes(32))
    client.close()
