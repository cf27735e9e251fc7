"""An authority for tests: its root, who signs, who stamps times, and a server that says what was
revoked. It serves on this machine alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

PASSWORD = "bí mật"
SHA256 = hashes.SHA256()
USAGE = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


class Holder(NamedTuple):
    """A certificate with its key, and as a file (PEM)."""

    certificate: x509.Certificate
    key: Any
    pem: Path


class Authority:
    """A root, an issuer below it, a stamper and signers; what it revokes its server says."""

    def __init__(self, folder: Path, url: str, now: datetime) -> None:
        self.folder, self.url, self.now = folder, url, now.replace(microsecond=0)
        self.sends: Sequence[Holder] = ()
        """What stamps carry beside the stamper's certificate, all against the order of DER, as
        `openssl ts` may put them."""
        self.revoked: dict[int, datetime] = {}
        self.asked: list[str] = []
        self.root = self._made("Gốc", None, ca=True)
        self.issuer = self._made("Cơ quan chứng thực", self.root, ca=True)
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        self.stamper = self._made("Dấu thời gian", self.issuer, extra=[(purpose, True)])

    def signer(self, name: str, *, days: int = 30) -> tuple[Path, Holder]:
        """A PKCS#12 file of somebody who may sign (elliptic curve), and the certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        at = x509.AuthorityInformationAccess(
            [
                x509.AccessDescription(
                    AuthorityInformationAccessOID.OCSP,
                    x509.UniformResourceIdentifier(f"{self.url}/ocsp"),
                )
            ]
        )
        made = self._made(name, self.issuer, key=key, extra=[(at, False)], days=days)
        path = self.folder / f"{name}.p12"
        lock = serialization.BestAvailableEncryption(PASSWORD.encode())
        path.write_bytes(
            pkcs12.serialize_key_and_certificates(None, key, made.certificate, None, lock)
        )
        path.chmod(0o600)
        return path, made

    @property
    def chain(self) -> list[Path]:
        """The certificates above whoever signs or stamps."""
        return [self.root.pem, self.issuer.pem]

    def revoke(self, holder: Holder, at: datetime | None = None) -> None:
        """From now on the server says that it was revoked then."""
        self.revoked[holder.certificate.serial_number] = at or self.now

    def _made(
        self,
        name: str,
        by: Holder | None,
        *,
        key: Any = None,
        ca: bool = False,
        extra: Sequence[tuple[x509.ExtensionType, bool]] = (),
        days: int = 30,
    ) -> Holder:
        key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = {"key_cert_sign", "crl_sign"} if ca else {"digital_signature", "content_commitment"}
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(by.certificate.subject if by else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(days=60))
            .not_valid_after(self.now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**{u: u in usage for u in USAGE}), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
        )
        if by is not None:
            lists = x509.UniformResourceIdentifier(f"{self.url}/{'root' if ca else 'issuer'}.crl")
            point = x509.DistributionPoint([lists], None, None, None)
            made = made.add_extension(x509.CRLDistributionPoints([point]), critical=False)
            made = made.add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()),
                critical=False,
            )
        for extension, critical in extra:
            made = made.add_extension(extension, critical)
        certificate = made.sign(by.key if by else key, SHA256)
        path = self.folder / f"{name}.pem"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return Holder(certificate, key, path)

    # ------------------------------------------------------------------------ what the server says

    def crl(self, by: Holder) -> bytes:
        """Who was revoked of those that it issued (RFC 5280, 5)."""
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(by.certificate.subject)
            .last_update(self.now - timedelta(hours=1))
            .next_update(self.now + timedelta(days=7))
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()),
                critical=False,
            )
        )
        for serial, at in self.revoked.items():
            made = made.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
            )
        return made.sign(by.key, SHA256).public_bytes(serialization.Encoding.DER)

    def answer(self, question: bytes) -> bytes:
        """Whether one certificate was revoked (RFC 6960)."""
        asked = ocsp.load_der_ocsp_request(question)
        at = self.revoked.get(asked.serial_number)
        made = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                issuer_name_hash=asked.issuer_name_hash,
                issuer_key_hash=asked.issuer_key_hash,
                serial_number=asked.serial_number,
                algorithm=asked.hash_algorithm,
                cert_status=ocsp.OCSPCertStatus.REVOKED if at else ocsp.OCSPCertStatus.GOOD,
                this_update=self.now - timedelta(hours=1),
                next_update=self.now + timedelta(days=7),
                revocation_time=at,
                revocation_reason=None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.issuer.certificate)
        )
        for extension in asked.extensions:
            if isinstance(extension.value, x509.OCSPNonce):
                made = made.add_extension(extension.value, critical=False)
        return made.sign(self.issuer.key, SHA256).public_bytes(serialization.Encoding.DER)

    def stamp(self, question: bytes) -> bytes:
        """A time stamp of a sum (RFC 3161), with the stamper's certificate, or the whole chain."""
        der = self.stamper.certificate.public_bytes(serialization.Encoding.DER)
        key = self.stamper.key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        more = SimpleCertificateStore()
        for holder in self.sends:
            above = holder.certificate.public_bytes(serialization.Encoding.DER)
            more.register(asn1_x509.Certificate.load(above))
        stamper = DummyTimeStamper(
            asn1_x509.Certificate.load(der),
            keys.PrivateKeyInfo.load(key),
            more,
            fixed_dt=self.now,
        )
        answer = bytes(stamper.request_tsa_response(tsp.TimeStampReq.load(question)).dump())
        in_order = sorted([der, *(each.dump() for each in more)])
        assert b"".join(in_order) in answer
        return answer.replace(b"".join(in_order), b"".join(reversed(in_order)))


@contextmanager
def authority(folder: Path, now: datetime | None = None) -> Iterator[Authority]:
    """An authority with its server, which ends at the end; `now` is what its clock says."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made = {"/root.crl": there.root, "/issuer.crl": there.issuer}[self.path]
            self._say("application/pkix-crl", there.crl(made))

        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/ocsp":
                self._say("application/ocsp-response", there.answer(question))
            else:
                self._say("application/timestamp-reply", there.stamp(question))

        def _say(self, kind: str, body: bytes) -> None:
            there.asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there = Authority(
        folder, f"http://127.0.0.1:{server.server_address[1]}", now or datetime.now(UTC)
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
