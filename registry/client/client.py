"""A typed client of the API (docs/openapi.json), which does not trust the server."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

import orjson

from registry.client.models import (
    MAX_CREDENTIALS,
    BatchOut,
    IntakeAnswer,
    Status,
    StatusChangeOut,
    StatusChanges,
)
from registry.client.reading import Reader
from registry.client.transport import NDJSON, Request
from registry.core.canonical import Canonicalization, credential_hash
from registry.errors import ConflictError

_LINES_AT_ONCE: Final = 64 * 2**10  # bytes of a stream that are sent in one piece


class Client(Reader):
    """A registry behind its API. What it answers is checked as far as that goes.

    `api_key` is needed to add, seal and change a status. `timeout` is in seconds: for a connection,
    for the head of an answer, and for as long as nothing worth mentioning passes.

    Raises, from any method: `InvalidInputError` and its kinds for what the server refuses,
    `ConflictError` for what is sound but not now, each with the server's `code`; `UnavailableError`
    for everything that says nothing: no answer, a server that is busy or down, an answer that is
    not one of this API. What a newer server adds to an answer is passed over.
    """

    def add(self, credentials: Sequence[bytes]) -> IntakeAnswer:
        """Add JSON credentials, at most `MAX_CREDENTIALS`: all, or none. Safe to repeat.

        The server hashes them, and must come to the hashes that they have.
        """
        hashes = tuple(credential_hash(each, Canonicalization.JCS) for each in credentials)
        body = b'{"credentials":[' + b",".join(credentials) + b"]}"
        with self._transport.ask(Request("POST", "/v1/credentials", body=body)) as answer:
            added = answer.read(IntakeAnswer)
            answer.require(added.hashes == hashes)
            answer.require(added.new + added.known == len(hashes))
            return added

    def add_lines(self, credentials: Iterable[bytes]) -> IntakeAnswer:
        """Add JSON credentials, each a line, as they come: all, or none. Safe to repeat.

        The server hashes them, and keeps no more than that.
        """
        body = _joined(credentials)
        ask = Request("POST", "/v1/credentials", body=body, media_type=NDJSON, may_repeat=False)
        with self._transport.ask(ask) as answer:
            return answer.read(IntakeAnswer)

    def add_hashes(
        self, hashes: Iterable[bytes], canonicalization: Canonicalization
    ) -> IntakeAnswer:
        """Add credentials by their hashes, so that they stay with the issuer. Safe to repeat.

        All, or none, of each `MAX_CREDENTIALS`.
        """
        new = known = 0
        left = iter(hashes)
        while some := list(islice(left, MAX_CREDENTIALS)):
            wanted = {
                "hashes": [digest.hex() for digest in some],
                "canonicalization": canonicalization.value,
            }
            ask = Request("POST", "/v1/credentials", body=orjson.dumps(wanted))
            with self._transport.ask(ask) as answer:
                added = answer.read(IntakeAnswer)
                answer.require(added.new + added.known == len(some))
            new, known = new + added.new, known + added.known
        return IntakeAnswer(new=new, known=known)

    def seal_batch(self) -> BatchOut | None:
        """Seal tonight's batch; None if nothing was added to it.

        If the answer is lost, look at `batches` first: asked again it would seal what came since.
        """
        ask = Request("POST", "/v1/batches", expected=(201,), may_repeat=False)
        try:
            with self._transport.ask(ask) as answer:
                found = answer.read(BatchOut)
                answer.require(found.seal is not None and found.tree_size is not None)
                return found
        except ConflictError as exc:
            if exc.code == "nothing-to-seal":
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
        """Ask for a status of credentials, or of a batch; the next nightly run carries it out.

        Safe to repeat.
        """
        wanted: dict[str, object] = {"status": status, "reason": reason}
        if seal is not None:
            wanted["seal"] = seal.hex()
        if hashes:
            wanted["hashes"] = [digest.hex() for digest in hashes]
        ask = Request("POST", "/v1/status-changes", body=orjson.dumps(wanted), expected=(202,))
        with self._transport.ask(ask) as answer:
            changes = answer.read(StatusChanges).changes
            answer.require(bool(changes) and all(each.status == status for each in changes))
            return changes

    def status_change(self, change_id: int) -> StatusChangeOut:
        """What became of a change that was asked for."""
        with self._transport.ask(Request("GET", f"/v1/status-changes/{change_id}")) as answer:
            found = answer.read(StatusChangeOut)
            answer.require(found.id == change_id)
            return found


def _joined(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines in larger pieces, as they come."""
    held = bytearray()
    for line in lines:
        held += line.rstrip(b"\r\n") + b"\n"
        if len(held) >= _LINES_AT_ONCE:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
