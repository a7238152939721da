"""Somebody's webhook: a real HTTP server that takes messages, or fails as it is told to."""

import base64
import hashlib
import hmac
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

SECRET = b"twenty-four bytes or more, secret"
SECRET_TEXT = "whsec_" + base64.b64encode(SECRET).decode()
HANG = 0  # instead of a status


@dataclass(frozen=True)
class Message:
    """A message as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:  # Any: as it was sent
        return orjson.loads(self.body)

    @property
    def is_signed(self) -> bool:
        """Whether it is, by a computation of the specification's that shares no code with ours."""
        content = self.id + "." + self.headers["webhook-timestamp"] + "." + self.body.decode()
        key = base64.b64decode(SECRET_TEXT.split("_", 1)[1])
        digest = hmac.new(key, content.encode(), hashlib.sha256).digest()
        return self.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


@dataclass
class Hook:
    """What the next answers are, and what came. After the last of `statuses` all is taken."""

    statuses: list[int] = field(default_factory=list)
    came: list[Message] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/very-secret-path?token=hidden"

    def answer(self, message: Message) -> int:
        self.came.append(message)
        return self.statuses.pop(0) if self.statuses else 204


@contextmanager
def webhook(tls: ssl.SSLContext | None = None) -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = hook.answer(Message(self.path, headers, body))
            if status == HANG:
                # Each drop comes well within any timeout of a single read.
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not hook.ended.wait(0.02):
                    try:
                        self.wfile.write(b"x")
                    except OSError:
                        break
                return
            self.send_response(status)
            self.send_header("Location", hook.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    hook.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield hook
    finally:
        hook.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
