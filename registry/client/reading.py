"""The part of the client that asks: verification, receipts, batches, issuers."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, Self

import orjson

from registry.client.answers import Answer
from registry.client.models import BatchOut, BatchPage, IssuerOut, ReceiptLine, SealBatches
from registry.client.refusals import error_of
from registry.client.transport import NDJSON, STATUS_LIST, TEXT, Files, Request, Transport
from registry.core.address import format_address
from registry.core.receipt import Receipt, parse_receipt
from registry.core.report import Report, Verdict, conclude
from registry.core.tiles import leaves_of_seal
from registry.core.tree import leaf_hash, root_from_proof, seal_hash
from registry.errors import InvalidInputError, RootsealError, VerificationError

_LEAF: Final = re.compile(rb"[0-9a-f]{64}")
_HASHES_AT_ONCE: Final = 1000  # of one request for receipts, whose answer has some 2 MB
_MAX_PAGE: Final = 100


class Reader:
    """What everybody may ask a registry. Raises as `Client`."""

    def __init__(self, base_url: str, api_key: str | None = None, *, timeout: float = 30) -> None:
        self._transport = Transport(base_url, api_key=api_key, timeout=timeout)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def verify(
        self,
        credential: bytes | None = None,
        receipt: bytes | None = None,
        *,
        credential_hash: bytes | None = None,
        issuer: bytes | None = None,
    ) -> Report:
        """The server's report on a credential, which is sent to it: its word, and no proof."""
        files = _files(credential, receipt, credential_hash, issuer)
        if not files.keys() - {"issuer"}:
            raise InvalidInputError("nothing to verify: give a credential, a hash or a receipt")
        ask = Request("POST", "/v1/verify", files=files, expected=(200, 503))
        with self._transport.ask(ask) as answer:
            report = answer.read(Report)
            is_undetermined = report.verdict is Verdict.UNDETERMINED
            answer.require(is_undetermined == (answer.status == 503))
            try:
                concluded = conclude(report.checks)
            except ValueError as exc:  # a check that there is not, or twice
                raise answer.unreadable("no report of this version") from exc
            answer.require(concluded.verdict is report.verdict)
            return report

    def receipt(self, credential_hash: bytes, *, issuer: bytes | None = None) -> Receipt:
        """The receipt of a credential; pending until an anchor is final."""
        path = f"/v1/credentials/{credential_hash.hex()}/receipt"
        with self._transport.ask(Request("GET", path, _of(issuer))) as answer:
            try:
                found = parse_receipt(answer.body())
            except InvalidInputError as exc:
                raise answer.unreadable("no receipt") from exc
            answer.require(found.credential_hash == credential_hash and _leads_to_seal(found))
            return found

    def receipts(
        self, hashes: Iterable[bytes], *, issuer: bytes | None = None
    ) -> Iterator[Receipt | RootsealError]:
        """For each credential, in their order, its receipt, or the error that says why not."""
        left = iter(hashes)
        while some := list(islice(left, _HASHES_AT_ONCE)):
            yield from self._receipts(some, issuer)

    def _receipts(
        self, hashes: list[bytes], issuer: bytes | None
    ) -> Iterator[Receipt | RootsealError]:
        wanted: dict[str, object] = {"hashes": [digest.hex() for digest in hashes]}
        if issuer is not None:
            wanted["issuer"] = format_address(issuer)
        ask = Request("POST", "/v1/receipts", body=orjson.dumps(wanted), accept=NDJSON)
        with self._transport.ask(ask) as answer:
            lines = answer.lines()
            for digest in hashes:
                line = answer.parsed(ReceiptLine, next(lines, b""))
                answer.require(line.hash == digest)
                yield self._of_line(line, answer)
            answer.require(next(lines, None) is None)

    def _of_line(self, line: ReceiptLine, answer: Answer) -> Receipt | RootsealError:
        found, problem = line.receipt, line.problem
        answer.require((found is None) != (problem is None))
        if problem is not None:
            return error_of(problem, status=problem.status, source=self._transport.source)
        if found is None or found.credential_hash != line.hash or not _leads_to_seal(found):
            raise answer.unreadable("a receipt that is none of this credential")
        return found

    def batches(self, *, issuer: bytes | None = None, limit: int = _MAX_PAGE) -> Iterator[BatchOut]:
        """Batches from the newest to the oldest, page by page of at most `limit`."""
        seen: set[str] = set()
        query: dict[str, str | None] = {**_of(issuer), "limit": str(min(limit, _MAX_PAGE))}
        while True:
            with self._transport.ask(Request("GET", "/v1/batches", query)) as answer:
                page = answer.read(BatchPage)
                # Or a server could lead in circles, or through empty rooms, for ever.
                answer.require(page.next not in seen and (bool(page.batches) or not page.next))
            yield from page.batches
            if page.next is None:
                return
            seen.add(page.next)
            query["cursor"] = page.next

    def batches_with_seal(self, seal: bytes) -> tuple[BatchOut, ...]:
        """The batches with a seal: more than one if several issuers sealed equal sets."""
        with self._transport.ask(Request("GET", f"/v1/batches/{seal.hex()}")) as answer:
            found = answer.read(SealBatches)
            answer.require(found.seal == seal and bool(found.batches))
            answer.require(all(batch.seal == seal for batch in found.batches))
            return found.batches

    def leaves(self, seal: bytes) -> Iterator[bytes]:
        """Every leaf under a seal, ascending.

        `UnavailableError` after the last, or before, unless all of them together have that seal.
        """
        ask = Request("GET", f"/v1/batches/{seal.hex()}/leaves", accept=TEXT)
        with self._transport.ask(ask) as answer:
            try:
                yield from leaves_of_seal(map(_leaf, answer.lines()), seal)
            except InvalidInputError as exc:
                raise answer.unreadable("leaves that do not have this seal") from exc

    def leaves_as_shown(self, seal: bytes) -> Iterator[bytes]:
        """The same as the server shows them, for whoever judges them. Raises `NotFoundError`."""
        ask = Request("GET", f"/v1/batches/{seal.hex()}/leaves", accept=TEXT)
        with self._transport.ask(ask) as answer:
            try:
                yield from map(_leaf, answer.lines())
            except InvalidInputError as exc:
                raise answer.unreadable("leaves") from exc

    def status_list(self, issuer: bytes, number: int) -> bytes:
        """A status list of an issuer, as it is published. Raises `NotFoundError`."""
        path = f"/v1/issuers/{format_address(issuer)}/status-lists/{number}"
        with self._transport.ask(Request("GET", path, accept=STATUS_LIST)) as answer:
            return answer.body()

    def issuer(self, address: bytes) -> IssuerOut:
        """What the contract and the registry say of an issuer."""
        path = f"/v1/issuers/{format_address(address)}"
        with self._transport.ask(Request("GET", path)) as answer:
            found = answer.read(IssuerOut)
            answer.require(found.address == address)
            return found


def _leads_to_seal(receipt: Receipt) -> bool:
    """Whether the receipt holds together. Whether its seal is anchored is another question."""
    leaf = leaf_hash(salt=receipt.salt, credential_hash=receipt.credential_hash)
    try:
        root = root_from_proof(leaf, receipt.proof)
    except VerificationError:
        return False
    return seal_hash(merkle_root=root, tree_size=receipt.tree_size) == receipt.seal


def _files(
    credential: bytes | None,
    receipt: bytes | None,
    credential_hash: bytes | None,
    issuer: bytes | None,
) -> Files:
    parts: dict[str, tuple[str, bytes] | tuple[None, str] | None] = {
        "credential": None if credential is None else ("credential", credential),
        "receipt": None if receipt is None else ("receipt", receipt),
        "hash": None if credential_hash is None else (None, credential_hash.hex()),
        "issuer": None if issuer is None else (None, format_address(issuer)),
    }
    return {name: part for name, part in parts.items() if part is not None}


def _leaf(line: bytes) -> bytes:
    if _LEAF.fullmatch(line) is None:
        raise InvalidInputError("not a leaf")
    return bytes.fromhex(line.decode("ascii"))


def _of(issuer: bytes | None) -> dict[str, str | None]:
    return {"issuer": None if issuer is None else format_address(issuer)}
