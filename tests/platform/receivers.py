"""Real servers on loopback that take what leaves the house, for tests; they keep what they got."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Got:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Reply = Callable[[Got, Any], None]
"""Answers by the handler (`send_response` …)."""


def plain(status: int = 200, body: bytes = b"{}", **headers: str) -> Reply:
    """The same answer to everybody."""

    def reply(_: Got, handler: Any) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return reply


@dataclass
class Receiver:
    """A server; `reply` may be changed while it runs."""

    port: int
    reply: Reply
    got: list[Got] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    """The names that TLS clients asked for."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what some tests are about."""


@contextmanager
def receiver(reply: Reply | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A running server."""

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            got = Got(self.command, self.path, headers, self.rfile.read(length))
            found.got.append(got)
            found.reply(got, self)

        do_GET = do_POST = _take  # noqa: N815  the names that the library calls

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with _Quiet(("127.0.0.1", 0), Handler) as server:
        found = Receiver(server.server_address[1], reply or plain())
        if tls is not None:
            tls.sni_callback = lambda _socket, name, _context: found.names.append(name)
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """(for a server of this name, for a client that trusts it)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / "server.pem", folder / "server.key"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain, private)
    return server, ssl.create_default_context(cafile=str(chain))
