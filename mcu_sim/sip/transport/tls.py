"""TLS of SIP connections that peers open (RFC 3261 §26.2.1, RFC 8446), without waiting for any."""

from __future__ import annotations

import contextlib
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from giaoban.errors import InputError
from giaoban.files import read_file, refuse_if_others_read
from giaoban.mcu_sim.sip.message.addresses import Peer
from giaoban.mcu_sim.sip.transport.connection import Connection

MOST_BYTES = 1024 * 1024
"""Of a certificate with its chain, or of a key."""
_NOT_BEGUN = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "UNEXPECTED_MESSAGE")
"""What OpenSSL says of a first message that is none of TLS."""


@dataclass(frozen=True)
class Tls:
    """A port for TLS (0: the system picks one), and what the MCU shows there."""

    port: int
    context: ssl.SSLContext

    def accepted(self, sock: socket.socket, peer: Peer, now_s: float) -> Connection:
        """A connection that was accepted, as yet without handshake. Raises `OSError` if it is gone
        already; the socket is closed then."""
        try:
            secured = self.context.wrap_socket(
                sock, server_side=True, do_handshake_on_connect=False
            )
        except OSError:
            sock.close()
            raise
        return SecureConnection(secured, peer, now_s)


def load_tls(port: int, certificate: Path, key: Path) -> Tls:
    """TLS 1.2 or later (RFC 9325 §3.1.1) with a certificate and its key, both PEM.

    The certificate's file may have those that vouch for it behind it. Raises `InputError` for a
    key that others can read or that has a password, and for files that do not serve.
    """
    refuse_if_others_read(key, "a key", "--tls-key")
    read_file(certificate, "PEM", MOST_BYTES, "--tls-certificate")
    read_file(key, "PEM", MOST_BYTES, "--tls-key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION

    def asked() -> str:
        raise InputError(
            "--tls-key = {key}: has a password (allowed: a key without one, which "
            "nobody but its owner may read)",
            key=key,
        )

    try:
        context.load_cert_chain(certificate, key, asked)
    except ssl.SSLError as error:
        why = (error.reason or "no PEM").replace("_", " ").lower()
        raise InputError(
            "--tls-certificate = {certificate}, --tls-key = {key}: are no certificate "
            "with its key, in PEM: {why}",
            certificate=certificate,
            key=key,
            why=why,
        ) from None
    return Tls(port, context)


class SecureConnection(Connection):
    """A connection whose peer has opened it for TLS."""

    def __init__(self, secured: ssl.SSLSocket, peer: Peer, now_s: float) -> None:
        super().__init__(_Secured(secured), peer, now_s, opening=False)
        self.handshaking = True
        self._secured = secured
        self._has_to_write = False

    @property
    def writing(self) -> bool:
        """Whether it waits for being writable."""
        return self._has_to_write if self.handshaking else super().writing

    def read(self, now_s: float) -> list[bytes]:
        """The messages that are whole now; before the first, the handshake goes on."""
        if self.handshaking:
            self._shake_hands()
        return [] if self.handshaking or self.broken else super().read(now_s)

    def flush(self) -> int:
        """Write what can be written now; returns how many messages were finished."""
        return 0 if self.handshaking else super().flush()

    def _shake_hands(self) -> None:
        self._has_to_write = False
        try:
            self._secured.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLWantWriteError:
            self._has_to_write = True
        except ssl.SSLEOFError:
            self.broken = True
        except ssl.SSLError as error:
            self.broken = True
            reason = error.reason or ""
            self.protocol = "no TLS" if reason in _NOT_BEGUN else f"TLS ({_words(reason)})"
        except OSError:
            self.broken = True
        else:
            self.handshaking = False


class _Secured:
    """An `ssl.SSLSocket` with the errors of a plain one (`connection.Stream`)."""

    def __init__(self, secured: ssl.SSLSocket) -> None:
        self._secured = secured

    def fileno(self) -> int:
        return self._secured.fileno()

    def recv(self, size: int, /) -> bytes:
        try:
            data = self._secured.recv(size)
            # what is decrypted already makes no descriptor readable
            while pending := self._secured.pending():
                data += self._secured.recv(pending)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None
        return data

    def send(self, data: bytes, /) -> int:
        try:
            return self._secured.send(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None

    def getsockopt(self, level: int, option: int, /) -> int:
        return self._secured.getsockopt(level, option)

    def close(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # RFC 8446 §6.1: say so, if it can be said
            self._secured.unwrap()
        self._secured.close()


def _words(reason: str) -> str:
    return reason.replace("_", " ").lower() or "no handshake"
