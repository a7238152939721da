"""HTTP/1.1 as uvicorn speaks it, but refusals are problems, and stalled connections end.

Named by its path in `registry.cli.serving`.
"""

import asyncio
import sys
from typing import Any, Final  # Any: uvicorn's own type of what an app keeps

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from api.problems import RETRY_SECONDS, problem_response
from api.requests import REQUEST_ID, log_request, name_request

PATIENCE: Final = "patience"  # under which the app keeps how many seconds a caller has
MAX_CONNECTIONS: Final = 512  # half of the files that a process may usually have open
_CODES: Final = {400: "bad-request", 431: "headers-too-large", 501: "not-implemented"}


class Protocol(H11Protocol):
    """One connection. Looked at every `PATIENCE` seconds: it must have moved in between."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        state: dict[str, Any] = self.app_state
        self._patience = float(state.get(PATIENCE, 30))
        self._has_refused = self._has_drained = False
        self._unsent = 0
        self._idle_since: RequestResponseCycle | None = None
        self._next_look = self.loop.call_later(self._patience, self._look)
        if len(self.connections) > MAX_CONNECTIONS:
            self._refuse(503, "busy", "too many connections", {"Retry-After": str(RETRY_SECONDS)})

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop looking."""
        self._next_look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read, unless the answer to that was given already."""
        if not self._has_refused:
            super().data_received(data)

    def shutdown(self) -> None:
        """Let what runs finish; what was refused has."""
        if self._has_refused:
            self.transport.close()
        else:
            super().shutdown()

    def resume_writing(self) -> None:
        """Note that the caller reads."""
        self._has_drained = True
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, or too long for a header."""
        fault = sys.exception()
        status = fault.error_status_hint if isinstance(fault, h11.RemoteProtocolError) else 400
        # Without what stands after the colon: that repeats what was sent.
        detail = msg if fault is None else f"{msg} {fault}".split(":")[0]
        self._refuse(status, _CODES.get(status, "bad-request"), detail, {})

    def _look(self) -> None:
        unsent = self.transport.get_write_buffer_size()
        if self._has_refused or (unsent >= self._unsent > 0 and not self._has_drained):
            self.transport.abort()  # to close would wait for the caller to read
            return
        self._unsent, self._has_drained = unsent, False
        current: RequestResponseCycle | None = self.cycle  # which uvicorn takes for never absent
        is_busy = current is not None and not current.response_complete
        if not is_busy and unsent == 0 and self._idle_since is current:
            self._end_idle()
        self._idle_since = None if is_busy else current
        self._next_look = self.loop.call_later(self._patience, self._look)

    def _end_idle(self) -> None:
        """End a connection on which no request came, or only a part of its head."""
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._refuse(408, "request-timeout", "the request's head did not come", {})
        else:
            self.transport.close()

    def _refuse(self, status: int, code: str, detail: str, headers: dict[str, str]) -> None:
        """Answer with a problem, say no more, and drop what else comes until the next look."""
        self._has_refused = True
        self._unset_keepalive_if_required()
        if self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.close()  # in the middle of another answer
            return
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        headers |= {"Connection": "close", REQUEST_ID: name_request([])}
        answer = problem_response(status, code, detail, instance="/", headers=headers)
        events = (
            h11.Response(status_code=status, headers=answer.raw_headers),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        )
        self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        log_request("", None, status, 0)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()
