"""web3's provider for one node, over our own connections (`registry.chain.wire`).

The one that web3 brings logs addresses, which may hold API keys, retries by itself, and has no
limit on an answer's size or on the time of one that trickles in; requests, on which it stands,
takes longer than a node nearby.
"""

from collections.abc import Sequence
from typing import Any, Final

import orjson
from web3.providers import JSONBaseProvider
from web3.types import RPCResponse

from registry.chain.wire import StatusError, Wire

_OK: Final = 200
_BAD_REQUEST: Final = 400


class Provider(JSONBaseProvider):
    """Puts requests and batches to one node. Raises `wire.FAILURES`; safe between threads.

    Returns the JSON that comes back, whatever that is: nothing is judged here.
    """

    def __init__(self, url: str, *, timeout: float) -> None:
        super().__init__()
        self._wire = Wire(url, timeout=timeout)

    def make_request(self, method: str, params: object) -> RPCResponse:
        """Put one question (JSON-RPC 2.0 §4)."""
        found: RPCResponse = self._exchange(_question(1, method, params))
        return found

    def make_batch_request(
        self, requests: Sequence[tuple[str, object]]
    ) -> list[RPCResponse] | RPCResponse:
        """Put several questions at once (JSON-RPC 2.0 §6), numbered from zero."""
        questions = [_question(number, *question) for number, question in enumerate(requests)]
        found: list[RPCResponse] | RPCResponse = self._exchange(questions)
        return found

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _exchange(self, question: object) -> Any:  # noqa: ANN401 - JSON of any shape
        status, body = self._wire.post(orjson.dumps(question))
        # Some providers send the errors of JSON-RPC, and nothing else, as HTTP 400.
        if status != _OK and not (status == _BAD_REQUEST and _holds_error(body)):
            raise StatusError(status)
        # Not the standard library's parser: it overflows the stack on deeply nested input.
        return orjson.loads(body)


def _question(number: int, method: str, params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def _holds_error(body: bytes) -> bool:
    try:
        content: object = orjson.loads(body)
    except ValueError:
        return False
    return isinstance(content, dict) and isinstance(content.get("error"), dict)
