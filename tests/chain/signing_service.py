"""A signing service for tests: JSON-RPC over HTTP, eth-account behind it, honest unless told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any  # JSON of any shape

from eth_account import Account

# A JSON-RPC answer but for its frame, the bytes of a body, or None for hanging up.
Answer = Callable[[dict[str, Any]], dict[str, Any] | bytes | None]

_NUMBERS = ("type", "chainId", "nonce", "value", "gas", "maxFeePerGas", "maxPriorityFeePerGas")


class SigningService:
    """Answers eth_signTransaction with what `answer` makes of the transaction asked for."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.asked: list[dict[str, Any]] = []
        self.answer: Answer = lambda wanted: {"result": self.raw(wanted)}
        self.status = 200
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False  # joined at the end: no socket is left open

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def raw(self, wanted: dict[str, Any], **changes: object) -> str:
        """Sign what is wanted, but for the changes."""
        fields = {n: v for n, v in wanted.items() if n != "from"}
        fields |= {n: int(fields[n], 16) for n in _NUMBERS}
        signed = Account.from_key(self.key).sign_transaction(fields | changes)
        return "0x" + bytes(signed.raw_transaction).hex()

    @contextmanager
    def running(self) -> Iterator["SigningService"]:
        """Serve while the context is open."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert question["method"] == "eth_signTransaction"
                (wanted,) = question["params"]
                service.asked.append(wanted)
                answer = service.answer(wanted)
                if answer is None:
                    return  # hang up
                if not isinstance(answer, bytes):
                    answer = json.dumps({"jsonrpc": "2.0", "id": question["id"], **answer}).encode()
                self.send_response(service.status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
