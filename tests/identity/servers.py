"""A small certificate authority, HTTPS servers and a name server, all real, on loopback."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer, ThreadingUDPServer

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)
HTML_OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"


class Authority:
    """Signs certificates that nobody else trusts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        own = self._builder(self._name, self._key.public_key(), is_authority=True)
        self._certificate = own.sign(self._key, hashes.SHA256())

    @property
    def trusting(self) -> ssl.SSLContext:
        """A client's context that trusts this authority, checks names, and nothing less."""
        pem = self._certificate.public_bytes(serialization.Encoding.PEM)
        return ssl.create_default_context(cadata=pem.decode())

    def serving(self, host: str, *, is_expired: bool = False) -> ssl.SSLContext:
        """A server's context with a certificate for a host."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        builder = self._builder(name, key.public_key(), is_expired=is_expired).add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False
        )
        file = self._folder / f"{host}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _builder(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *,
        is_authority: bool = False,
        is_expired: bool = False,
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC) - (5 * DAY if is_expired else timedelta())
        authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(authority_key, critical=False)
        )


Answer = Callable[[socket.socket], None]  # what follows the request on the connection


@dataclass
class WebServer:
    """Answers each path as told; any other with 404. Counts connections, keeps requests."""

    port: int = 0
    paths: dict[str, bytes | Answer] = field(default_factory=dict)
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    def say(self, path: str, body: bytes) -> None:
        self.paths[path] = HTML_OK % (len(body), body)

    def answer(self, line: socket.socket) -> None:
        request = line.recv(65536)
        self.requests.append(request)
        path = request.split(b" ")[1].decode()
        answer = self.paths.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        if callable(answer):
            answer(line)
        else:
            line.sendall(answer)


@contextmanager
def https(tls: ssl.SSLContext, *, address: str = "127.0.0.1", port: int = 0) -> Iterator[WebServer]:
    """An HTTPS server at an address of this machine."""
    site = WebServer()

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            site.connections += 1
            try:
                with tls.wrap_socket(self.request, server_side=True) as line:
                    site.answer(line)
            except OSError:
                pass  # the client did not like us, which is what some tests are for

    with _serving(ThreadingTCPServer, Handler, address, port) as bound:
        site.port = bound
        yield site


@dataclass
class NameServer:
    """Knows what it was told. Each question of a name and kind takes the next of its answers."""

    port: int = 0
    zone: dict[tuple[str, str], list[list[str]]] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    is_silent: bool = False
    questions: list[tuple[str, str]] = field(default_factory=list)

    def know(self, name: str, kind: str, *answers: list[str]) -> None:
        self.zone[name, kind] = list(answers)

    def answer(self, wire: bytes) -> bytes | None:
        question = dns.message.from_wire(wire)
        asked = question.question[0]
        name, kind = asked.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(asked.rdtype)
        self.questions.append((name, kind))
        if self.is_silent:
            return None
        response = dns.message.make_response(question)
        response.flags |= dns.flags.RA
        answers = self.zone.get((name, kind))
        if name in self.codes:
            response.set_rcode(dns.rcode.Rcode(self.codes[name]))
        elif answers is not None:
            texts = answers.pop(0) if len(answers) > 1 else answers[0]
            response.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *texts))
        elif name not in {known for known, _ in self.zone}:
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()

    @property
    def resolver(self) -> dns.resolver.Resolver:
        """A client's resolver that asks this server alone."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = self.port
        return resolver


@contextmanager
def name_server() -> Iterator[NameServer]:
    server = NameServer()

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            wire, line = self.request
            answer = server.answer(wire)
            if answer is not None:
                line.sendto(answer, self.client_address)

    with _serving(ThreadingUDPServer, Handler, "127.0.0.1", 0) as bound:
        server.port = bound
        yield server


@contextmanager
def _serving(
    kind: type[ThreadingTCPServer] | type[ThreadingUDPServer],
    handler: type[BaseRequestHandler],
    address: str,
    port: int,
) -> Iterator[int]:
    kind = type(kind.__name__, (kind,), {"allow_reuse_address": True, "daemon_threads": True})
    with kind((address, port), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
