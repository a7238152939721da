"""Serves the verifier's modules on loopback, with an empty page that maps them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from registry.verifier.modules import import_map, modules

_PREFIX = "/verifier"
# As strict as the page's own in what the engine could run into.
_POLICY = "require-trusted-types-for 'script'; trusted-types rootseal-svg"


@contextmanager
def serve_modules() -> Iterator[str]:
    """Address of the empty page, while the context is open."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = False  # joined at the end: no socket is left open
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        kind, content = _file(self.path)
        self.send_response(200 if content else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", _POLICY)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        pass


def _file(path: str) -> tuple[str, bytes]:
    if path == "/":
        imports = json.dumps({"imports": import_map(_PREFIX)})
        page = f'<!doctype html><script type="importmap">{imports}</script>'
        return "text/html; charset=utf-8", page.encode()
    found = {f"{_PREFIX}/{module.path}": module.content for module in modules()}
    return "text/javascript; charset=utf-8", found.get(path, b"")
