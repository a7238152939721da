"""A JSON-RPC proxy that stands between the chain adapter and a node, and misbehaves on demand."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any  # JSON-RPC is JSON of any shape


class Fault(StrEnum):
    """What goes wrong with the answer to one question."""

    DROP = "connection dropped, question not passed on"
    LOSE = "question passed on, answer lost"
    HANG = "no answer in time"
    TRICKLE = "answer in drops, never ending"
    CUT = "connection cut within the answer"
    HTTP_400 = "HTTP 400"
    HTTP_404 = "HTTP 404"
    HTTP_413 = "HTTP 413"
    HTTP_429 = "HTTP 429"
    HTTP_500 = "HTTP 500"
    HTTP_502 = "HTTP 502"
    REDIRECT = "HTTP 302"
    BLANK = "an empty body"
    NOT_JSON = "malformed JSON"
    NOT_TEXT = "bytes that are no UTF-8"
    DEEP = "JSON nested beyond any depth"
    BATCH = "a JSON array"
    RPC_ERROR = "a JSON-RPC error"
    ODD_ERROR = "a JSON-RPC error that is a string"
    NULL = "result null"
    NO_RESULT = "neither result nor error"
    WRONG_TYPE = "a result of the wrong type"


@dataclass(frozen=True)
class Refusal:
    """A JSON-RPC error, in a node's own words."""

    text: str
    number: int = -32000
    details: object = None


Rule = Callable[[list[Any]], Fault | Refusal | None]
Lie = Callable[[Any], Any]
ANY = "any method"  # for which there is no rule of its own

_STATUS = {
    Fault.HTTP_400: 400,
    Fault.HTTP_404: 404,
    Fault.HTTP_413: 413,
    Fault.HTTP_429: 429,
    Fault.HTTP_500: 500,
    Fault.HTTP_502: 502,
    Fault.REDIRECT: 302,
}
_BODY = {
    Fault.BLANK: b"",
    Fault.NOT_JSON: b'{"jsonrpc": "2.0", "result": "0x1',
    Fault.NOT_TEXT: b"\xff\xfe\xfd",
    Fault.DEEP: b"[" * 100_000,
    Fault.BATCH: b"[]",
    Fault.RPC_ERROR: b'{"jsonrpc":"2.0","id":0,"error":{"code":-32603,"message":"internal error"}}',
    Fault.ODD_ERROR: b'{"jsonrpc":"2.0","id":0,"error":"unwell"}',
    Fault.NULL: b'{"jsonrpc":"2.0","id":0,"result":null}',
    Fault.NO_RESULT: b'{"jsonrpc":"2.0","id":0}',
    Fault.WRONG_TYPE: b'{"jsonrpc":"2.0","id":0,"result":true}',
}


# Of one answer among several; all others befall the whole batch.
_OF_ONE = frozenset(
    {Fault.RPC_ERROR, Fault.ODD_ERROR, Fault.NULL, Fault.NO_RESULT, Fault.WRONG_TYPE}
)


def _refusal(refusal: Refusal) -> bytes:
    error = {"code": refusal.number, "message": refusal.text, "data": refusal.details}
    return json.dumps({"jsonrpc": "2.0", "id": 0, "error": error}).encode()


class RpcProxy:
    """Passes questions on to a node, except as told. `asked` remembers every method.

    `exchanges` counts the questions of each request: more than one is a batch, of which each is
    treated as if alone. `batches`, if set, is what a batch as such is answered.
    """

    def __init__(self, port: int) -> None:
        self.exchanges: list[int] = []
        self.batches: Callable[[list[Any]], tuple[Fault | None, Any]] | None = None
        self.asked: list[str] = []
        self.questions: list[tuple[str, list[Any]]] = []
        self.ended = threading.Event()
        self._target = port
        self._rules: dict[str, Rule] = {}
        self._lies: dict[str, Lie] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False  # joined at the end: no socket is left open

    @property
    def url(self) -> str:
        """Where the proxy answers."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fail(self, method: str, fault: Fault | Refusal, *, times: int | None = None) -> None:
        """Let a method fail, for good or a number of times."""
        left = [times]

        def rule(_parameters: list[Any]) -> Fault | Refusal | None:
            if left[0] is None:
                return fault
            left[0] -= 1
            return fault if left[0] >= 0 else None

        self._rules[method] = rule

    def fail_if(self, method: str, rule: Rule) -> None:
        """Let a method fail as a rule says that looks at its parameters."""
        self._rules[method] = rule

    def lie(self, method: str, lie: Lie) -> None:
        """Change the result of a method."""
        self._lies[method] = lie

    def behave(self) -> None:
        """Pass everything on as it is."""
        self._rules.clear()
        self._lies.clear()

    @contextmanager
    def running(self) -> Iterator["RpcProxy"]:
        """Serve while the context is open."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self.ended.set()
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def answer_all(self, body: bytes) -> tuple[Fault | None, bytes]:
        """As `answer`, for one question or a batch."""
        content = json.loads(body)
        self.exchanges.append(len(content) if isinstance(content, list) else 1)
        if not isinstance(content, list):
            return self.answer(body)
        answers: list[Any] = []
        for question in content:
            fault, answer = self.answer(json.dumps(question).encode())
            if fault is not None and fault not in _OF_ONE:
                return fault, answer
            answers.append({**json.loads(answer), "id": question["id"]})
        fault, changed = (None, answers) if self.batches is None else self.batches(answers)
        return fault, json.dumps(changed).encode()

    def answer(self, question: bytes) -> tuple[Fault | None, bytes]:
        """Return the fault that applies to a question, and what to answer."""
        content = json.loads(question)
        method, parameters = content["method"], content["params"]
        self.asked.append(method)
        self.questions.append((method, parameters))
        rule = self._rules.get(method, self._rules.get(ANY))
        fault = None if rule is None else rule(parameters)
        if isinstance(fault, Refusal):
            return None, _refusal(fault)
        if fault not in {None, Fault.LOSE, Fault.CUT, Fault.TRICKLE}:
            return fault, _BODY.get(fault, b"")
        answer = self._forward(question)
        if method in self._lies:
            changed = json.loads(answer)
            changed.pop("error", None)  # a liar has an answer to everything
            changed["result"] = self._lies[method](changed.get("result"))
            answer = json.dumps(changed).encode()
        return fault, answer

    def _forward(self, question: bytes) -> bytes:
        node = HTTPConnection("127.0.0.1", self._target, timeout=20)
        try:
            node.request("POST", "/", question, {"Content-Type": "application/json"})
            return node.getresponse().read()
        finally:
            node.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(_Public):
            def do_POST(self) -> None:
                question = self.rfile.read(int(self.headers["Content-Length"]))
                fault, answer = proxy.answer_all(question)
                if fault in {Fault.DROP, Fault.LOSE}:
                    return
                if fault is Fault.HANG:
                    proxy.ended.wait(20)
                    return
                self._send(fault, answer)

            def _send(self, fault: Fault | None, answer: bytes) -> None:
                self.send_response(200 if fault is None else _STATUS.get(fault, 200))
                if fault is Fault.REDIRECT:
                    self.send_header("Location", proxy.url)
                length = 10_000 if fault is Fault.TRICKLE else len(answer)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                if fault is Fault.TRICKLE:
                    # Each drop comes well within any timeout of a single read.
                    while not proxy.ended.wait(0.02):
                        try:
                            self.wfile.write(b" ")
                        except OSError:
                            break
                    return
                self.wfile.write(answer[:-1] if fault is Fault.CUT else answer)

        return Handler


class _Public(BaseHTTPRequestHandler):
    """Answers pages of any origin, and logs nothing."""

    def do_OPTIONS(self) -> None:
        # A browser asks first whether a page of another origin may put a question.
        self.send_response(204)
        self.send_header("Access-Control-Allow-Headers", "Content-Type")
        self.end_headers()

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass
