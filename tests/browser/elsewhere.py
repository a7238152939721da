"""A site of somebody else: files on another origin, that let pages read them or do not."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Elsewhere:
    """A running site; `asked` has the headers of every request."""

    url: str
    asked: list[Mapping[str, str]] = field(default_factory=list)


@contextmanager
def elsewhere(files: Mapping[str, bytes], *, is_open: bool, media_type: str) -> Iterator[Elsewhere]:
    """Serve files by path; `is_open` lets pages of any origin read them."""
    asked: list[Mapping[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(dict(self.headers))
            content = files.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content or b"")))
            if is_open:
                self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False  # joined at the end: no socket is left open
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield Elsewhere(f"http://127.0.0.1:{server.server_address[1]}", asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
