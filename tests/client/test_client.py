"""The client against a real server on a real chain."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import pytest

from registry.chain.devnet import Devnet
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
from registry.wiring import Registry
from tests.anvil import Anvil, anvil, anvil_process
from tests.elsewhere import Elsewhere, elsewhere, key_of, night

__all__ = ["anvil", "anvil_process"]

# Much more than what is on its way when a server refuses it.
MANY = [b'{"n": %d, "more": "%s"}' % (number, b"x" * 1000) for number in range(50_000)]
JCS, RAW = Canonicalization.JCS, Canonicalization.RAW


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, anvil_process: Devnet
) -> Iterator[tuple[Elsewhere, Registry]]:
    folder = tmp_path_factory.mktemp("elsewhere")
    with elsewhere(folder, anvil_process.url) as found, found.registry(0) as registry:
        yield found, registry


@dataclass
class There:
    """The client of an issuer, and what is behind the API."""

    client: Client
    url: str
    issuer: bytes
    registry: Registry


@pytest.fixture
def there(place: tuple[Elsewhere, Registry]) -> Iterator[There]:
    """For an issuer of the test's own."""
    issuer = secrets.token_bytes(20)
    with Client(place[0].url, key_of(place[1], issuer)) as client:
        yield There(client, place[0].url, issuer, place[1])


def test_an_issuer_and_a_verifier_need_nothing_else(
    place: tuple[Elsewhere, Registry],
    anvil: Anvil,  # so that the next test's chain knows nothing of it
) -> None:
    del anvil
    registry = place[1]
    issuer = registry.issuer
    client = Client(place[0].url, key_of(registry, issuer))
    badges = [b'{"n": %d}' % number for number in range(3)]
    pdf = b"%PDF"
    assert client.seal_batch() is None
    added = client.add([badges[0], b'{\n  "n": 1.0\n}'])
    assert (added.new, added.known) == (2, 0)
    assert added.hashes == tuple(document_hash({"n": number}) for number in range(2))
    added = client.add_lines(badges)
    assert (added.new, added.known) == (1, 2)
    assert client.add_hashes([sha256(pdf).digest()], RAW).new == 1
    assert client.add_lines(iter([badges[0] + b"\r\n"])).known == 1
    sealed = client.seal_batch()
    assert sealed is not None
    assert sealed.seal is not None
    assert (sealed.tree_size, sealed.state, sealed.issuer) == (4, "sealed", issuer)
    night(registry)

    hashes = [*(document_hash({"n": number}) for number in range(3)), sha256(pdf).digest()]
    receipts = list(client.receipts(hashes))
    assert [client.receipt(digest, issuer=issuer) for digest in hashes] == receipts
    leaves = list(client.leaves(sealed.seal))
    for digest, receipt in zip(hashes, receipts, strict=True):
        assert isinstance(receipt, Receipt)
        assert leaves[receipt.leaf_index] == leaf_hash(salt=receipt.salt, credential_hash=digest)
    [batch] = client.batches_with_seal(sealed.seal)
    assert (batch.state, batch.anchors[0].chain) == ("final", 31337)
    assert list(client.batches(issuer=issuer)) == [batch]
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
    night(registry)
    assert client.status_change(change.id).done_at is not None
    assert client.verify(badges[0], saved).verdict is Verdict.INVALID
    [whole] = client.change_status("suspended", seal=sealed.seal)
    assert whole.leaf_indexes is None
    client.close()


def test_receipts_come_in_their_order_with_what_is_not_there(there: There) -> None:
    client = there.client
    known = [document_hash({"of": number}) for number in range(70)]  # more than come at once
    client.add_hashes(known, JCS)
    client.seal_batch()
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
            assert answer.code == "not-sealed"
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
        there.client.seal_batch()
    found = list(there.client.batches(issuer=there.issuer, limit=2))
    assert len({batch.seal for batch in found}) == 5
    assert found == list(there.client.batches(issuer=there.issuer))
    assert set(map(str, found)) <= set(map(str, there.client.batches()))
    assert list(there.client.batches(issuer=b"\x01" * 20)) == []


def test_what_the_server_refuses_is_said_with_its_place(there: There) -> None:
    client = there.client
    with pytest.raises(InvalidInputError, match="line 2"):
        client.add_lines([b'{"n": 1}', b"{"])
    for wrong in (b"{", b"[]", b'{}, {"n": 1}', b'{}], "hash": [{}'):
        with pytest.raises(InvalidInputError):
            client.add([b'{"n": 1}', wrong])
    with pytest.raises(InvalidInputError):
        client.add([])
    assert client.seal_batch() is None
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
                nobody.seal_batch()
            with pytest.raises(NotAllowedError):
                nobody.add_lines(MANY)
            with pytest.raises(NotAllowedError):
                nobody.change_status("revoked", seal=bytes(32))
    assert there.registry.store.open_count(there.issuer) == 0


def test_a_stream_that_breaks_off_adds_nothing(there: There) -> None:
    def broken() -> Iterator[bytes]:
        for number in range(5000):
            yield b'{"n": %d}' % number
        raise RuntimeError("the roster's disk went away")

    with pytest.raises(RuntimeError):
        there.client.add_lines(broken())
    assert there.registry.store.open_count(there.issuer) == 0


def test_a_server_that_is_not_there_says_nothing() -> None:
    client = Client("http://127.0.0.1:9", timeout=1)
    with pytest.raises(UnavailableError):
        client.receipt(bytes(32))
    client.close()
