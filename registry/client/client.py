"""A typed client of the API (docs/openapi.json). What it gets is checked as far as that goes.

Raises, from any method: `InvalidInputError` and its kinds for what the server refuses,
`ConflictError` for what is sound but not now, `UnavailableError` for everything that says nothing:
no answer, a server that is busy or down, an answer that is not one of this API.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, Self, TypeVar

import orjson
from pydantic import ValidationError

from registry.client.models import (
    MAX_CREDENTIALS,
    BatchOut,
    BatchPage,
    IntakeAnswer,
    IssuerOut,
    ReceiptLine,
    SealBatches,
    Status,
    StatusChangeOut,
    StatusChanges,
)
from registry.client.transport import Answer, Body, RefusedError, Transport, error_of
from registry.core.address import format_address
from registry.core.canonical import Canonicalization
from registry.core.receipt import Receipt, parse_receipt
from registry.core.report import Report, conclude
from registry.core.wire import FROM_JSON, WireModel
from registry.errors import InvalidInputError, RootsealError

_M = TypeVar("_M", bound=WireModel)
_NDJSON: Final = "application/x-ndjson"
_LEAF: Final = re.compile(rb"[0-9a-f]{64}")
HASHES_AT_ONCE: Final = 1000  # of one request for receipts


class Client:
    """A registry behind its API.

    `api_key` is needed to add, seal and change a status; `timeout` is in seconds, without progress.
    """

    def __init__(self, base_url: str, *, api_key: str | None = None, timeout: float = 30) -> None:
        self._transport = Transport(base_url, api_key=api_key, timeout=timeout)

    def __repr__(self) -> str:
        return f"Client({self._transport!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    # -- for everybody -----------------------------------------------------------------------

    def verify(
        self,
        credential: bytes | None = None,
        receipt: bytes | None = None,
        *,
        credential_hash: bytes | None = None,
        issuer: bytes | None = None,
    ) -> Report:
        """The server's report on a credential, which is sent to it: its word, and no proof."""
        files: dict[str, tuple[str, bytes] | tuple[None, str]] = {}
        if credential is not None:
            files["credential"] = ("credential", credential)
        if receipt is not None:
            files["receipt"] = ("receipt", receipt)
        if credential_hash is not None:
            files["hash"] = (None, credential_hash.hex())
        if issuer is not None:
            files["issuer"] = (None, format_address(issuer))
        if not files:
            raise InvalidInputError("nothing to verify: give a credential, a hash or a receipt")
        ask = self._transport.ask("POST", "/v1/verify", files=files, expected=(200, 503))
        with ask as answer:
            report = _read(Report, answer)
            try:
                if conclude(report.checks).verdict is report.verdict:
                    return report
            except ValueError:
                pass  # a check that there is not
            raise answer.unreadable("a verdict that does not follow from its checks")

    def receipt(self, credential_hash: bytes, *, issuer: bytes | None = None) -> Receipt:
        """The receipt of a credential; pending until an anchor is final."""
        path = f"/v1/credentials/{credential_hash.hex()}/receipt"
        with self._transport.ask("GET", path, query=_of(issuer)) as answer:
            body = answer.body()
            try:
                found = parse_receipt(body)
            except InvalidInputError as exc:
                raise answer.unreadable("no receipt") from exc
            _require(answer, found.credential_hash == credential_hash)
            return found

    def receipts(
        self, hashes: Sequence[bytes], *, issuer: bytes | None = None
    ) -> Iterator[Receipt | RootsealError]:
        """The receipt of each credential in their order, or why there is none."""
        for start in range(0, len(hashes), HASHES_AT_ONCE):
            yield from self._receipts(hashes[start : start + HASHES_AT_ONCE], issuer)

    def _receipts(
        self, hashes: Sequence[bytes], issuer: bytes | None
    ) -> Iterator[Receipt | RootsealError]:
        wanted: dict[str, object] = {"hashes": [digest.hex() for digest in hashes]}
        if issuer is not None:
            wanted["issuer"] = format_address(issuer)
        with self._transport.ask("POST", "/v1/receipts", body=orjson.dumps(wanted)) as answer:
            lines = answer.lines()
            for digest in hashes:
                line = _parsed(ReceiptLine, answer, next(lines, b""))
                _require(answer, line.hash == digest)
                if line.receipt is not None:
                    _require(answer, line.receipt.credential_hash == digest)
                    yield line.receipt
                elif line.problem is not None:
                    yield error_of(line.problem, repr(self._transport))
                else:
                    raise answer.unreadable("neither receipt nor problem")
            _require(answer, next(lines, None) is None)

    def batches(self, *, issuer: bytes | None = None, limit: int = 100) -> Iterator[BatchOut]:
        """Batches from the newest to the oldest, page by page of at most `limit`."""
        cursor: str | None = None
        while True:
            query = {**_of(issuer), "cursor": cursor, "limit": str(min(limit, 100))}
            with self._transport.ask("GET", "/v1/batches", query=query) as answer:
                page = _read(BatchPage, answer)
                # Or a server could lead in circles.
                _require(answer, bool(page.batches) or page.next is None)
                _require(answer, page.next != cursor or page.next is None)
            yield from page.batches
            if page.next is None:
                return
            cursor = page.next

    def batches_with_seal(self, seal: bytes) -> tuple[BatchOut, ...]:
        """The batches with a seal: more than one if several issuers sealed equal sets."""
        with self._transport.ask("GET", f"/v1/batches/{seal.hex()}") as answer:
            found = _read(SealBatches, answer)
            _require(answer, all(batch.seal == seal for batch in found.batches))
            return found.batches

    def leaves(self, seal: bytes) -> Iterator[bytes]:
        """Every leaf under a seal, ascending: with them it can be computed again."""
        with self._transport.ask("GET", f"/v1/batches/{seal.hex()}/leaves") as answer:
            lines = answer.lines()
            for line in chain([next(lines, b"")], lines):  # no batch is empty
                _require(answer, _LEAF.fullmatch(line) is not None)
                yield bytes.fromhex(line.decode("ascii"))

    def issuer(self, address: bytes) -> IssuerOut:
        """What the contract and the registry say of an issuer."""
        path = f"/v1/issuers/{format_address(address)}"
        with self._transport.ask("GET", path) as answer:
            found = _read(IssuerOut, answer)
            _require(answer, found.address == address)
            return found

    # -- for issuers -------------------------------------------------------------------------

    def add_lines(self, credentials: Iterable[bytes]) -> IntakeAnswer:
        """Add JSON credentials, each a line, as they come: all, or none. Safe to repeat.

        The server hashes them, and keeps no more than that.
        """
        body = (line.rstrip(b"\r\n") + b"\n" for line in credentials)
        return self._add(body, _NDJSON)

    def add_hashes(
        self, hashes: Sequence[bytes], canonicalization: Canonicalization
    ) -> IntakeAnswer:
        """Add credentials by their hashes, so that they stay with the issuer. Safe to repeat.

        All, or none, of each `MAX_CREDENTIALS`.
        """
        new = known = 0
        for start in range(0, len(hashes), MAX_CREDENTIALS):
            some = hashes[start : start + MAX_CREDENTIALS]
            wanted = {
                "hashes": [digest.hex() for digest in some],
                "canonicalization": canonicalization.value,
            }
            answer = self._add(orjson.dumps(wanted), "application/json")
            new, known = new + answer.new, known + answer.known
        return IntakeAnswer(new=new, known=known)

    def _add(self, body: Body, media_type: str) -> IntakeAnswer:
        ask = self._transport.ask("POST", "/v1/credentials", body=body, media_type=media_type)
        with ask as answer:
            return _read(IntakeAnswer, answer)

    def seal(self) -> BatchOut | None:
        """Seal tonight's batch; None if nothing was added to it."""
        try:
            with self._transport.ask("POST", "/v1/batches", expected=(201,)) as answer:
                return _read(BatchOut, answer)
        except RefusedError as exc:
            if exc.reason == "nothing-to-seal":
                return None
            raise

    def change_status(
        self,
        status: Status,
        *,
        hashes: Sequence[bytes] = (),
        seal: bytes | None = None,
        reason: str = "unspecified",
    ) -> tuple[StatusChangeOut, ...]:
        """Ask for a status of credentials, or of a batch; the next nightly run carries it out."""
        wanted: dict[str, object] = {"status": status, "reason": reason}
        if seal is not None:
            wanted["seal"] = seal.hex()
        if hashes:
            wanted["hashes"] = [digest.hex() for digest in hashes]
        body = orjson.dumps(wanted)
        ask = self._transport.ask("POST", "/v1/status-changes", body=body, expected=(202,))
        with ask as answer:
            return _read(StatusChanges, answer).changes

    def status_change(self, change_id: int) -> StatusChangeOut:
        """What became of a change that was asked for."""
        path = f"/v1/status-changes/{change_id}"
        with self._transport.ask("GET", path) as answer:
            found = _read(StatusChangeOut, answer)
            _require(answer, found.id == change_id)
            return found


def _of(issuer: bytes | None) -> dict[str, str | None]:
    return {"issuer": None if issuer is None else format_address(issuer)}


def _read(model: type[_M], answer: Answer) -> _M:
    return _parsed(model, answer, answer.body())


def _parsed(model: type[_M], answer: Answer, data: bytes) -> _M:
    """Read an answer. What a newer server may have added is passed over."""
    try:
        return model.model_validate_json(
            data, by_alias=True, by_name=False, context=FROM_JSON, extra="ignore"
        )
    except ValidationError as exc:
        raise answer.unreadable(f"no {model.__name__}") from exc


def _require(answer: Answer, holds: bool) -> None:  # noqa: FBT001 - as an assertion
    if not holds:
        raise answer.unreadable("an answer to another question")
