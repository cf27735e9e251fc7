"""A server for one page on this machine's loopback.

The answer to any other path is 404. A request whose Host is not this server's is refused, so that a
foreign page whose name resolves to the loopback cannot read the run (DNS rebinding).
"""

from __future__ import annotations

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from urllib.parse import urlsplit

from giaoban.errors import InputError, strerror

LOOPBACK = "127.0.0.1"
_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class PageServer(ThreadingHTTPServer):
    """Serves one page at `url` until it is shut down."""

    daemon_threads = True

    def __init__(self, page: str, port: int = 0) -> None:
        """Port 0 takes a free one. Raises `InputError` if the port is taken."""
        self.body = page.encode()
        try:
            super().__init__((LOOPBACK, port), _Handler)
        except OSError as error:
            raise InputError(
                "--port {port}: {why} (without --port a free one is taken)",
                port=port,
                why=strerror(error),
            ) from None
        self.hosts = {f"{name}:{self.server_port}" for name in (LOOPBACK, "localhost")}

    def server_bind(self) -> None:
        """Bind as the library does, but look up no name for the address."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.socket.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    server_version = "giaoban"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        if self.headers.get("Host", "").lower() not in self.server.hosts:
            self._send(HTTPStatus.FORBIDDEN, b"only this machine's own address is served\n")
        elif urlsplit(self.path).path != "/":
            self._send(HTTPStatus.NOT_FOUND, b"only the page at / is served\n")
        else:
            self._send(HTTPStatus.OK, self.server.body, "text/html; charset=utf-8")

    def _send(self, status: HTTPStatus, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Write no log of requests."""
