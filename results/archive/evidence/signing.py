"""Digital signatures with a PKCS#12 certificate: of a PDF in the file, of an evidence beside it.

Signatures are CMS (RFC 5652), in a PDF as PAdES (ETSI EN 319 142-1). What a signature covers is
checked by it; its own bytes are checked by writing them again. The certificate that signs is in the
signature, but not those above it, as nothing in a signature would show that they were altered.
"""

from __future__ import annotations

import asyncio
import io
import logging
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from giaoban.errors import InputError
from giaoban.files import read_file, refuse_if_others_read
from giaoban.sentence import Sentence
from giaoban.text import printable

# what does not hold is told by what is returned, and not also by tracebacks
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False


MOST_KEY = 2**20
"""Bytes of a certificate with its key."""


class Signature(NamedTuple):
    """Who signed, when (as the signature says), whether it holds and whether it is trusted.

    `trusted` is None where nobody said whom to trust; `wrong` says why it does not hold.
    """

    by: str
    at: datetime | None
    valid: bool
    trusted: bool | None
    wrong: str = ""

    @property
    def holds(self) -> bool:
        """Whether it is of this file, and of somebody who is trusted if anybody is."""
        return self.valid and self.trusted is not False


class Signer:
    """A certificate with its key. Raises `InputError`: no such file, wrong password, no key."""

    def __init__(self, path: Path, password: str) -> None:
        from pyhanko.sign import signers
        from pyhanko_certvalidator.registry import SimpleCertificateStore

        read_file(path, most=MOST_KEY, option="--sign")
        lock = password.encode() or None
        if lock is None:
            refuse_if_others_read(path, "a key without a password", "--sign")
        found = signers.SimpleSigner.load_pkcs12(str(path), passphrase=lock)
        if found is None:
            raise InputError(
                "--sign = {path}: is no PKCS#12 file with a key, or another password", path=path
            )
        self._signer = signers.SimpleSigner(
            found.signing_cert, found.signing_key, SimpleCertificateStore(), embed_roots=False
        )

    def pdf(self, data: bytes) -> bytes:
        """A sealed PDF with a signature after the seal, which nothing shows on the page."""
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import signers

        meta = signers.PdfSignatureMetadata(field_name="Giaoban", md_algorithm="sha256")
        writer = IncrementalPdfFileWriter(io.BytesIO(data))
        signed: io.BytesIO = signers.sign_pdf(writer, meta, self._signer)
        return signed.getvalue()

    def detached(self, data: bytes) -> bytes:
        """A signature of a file, to stand beside it (DER)."""
        from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes

        said = PdfCMSSignedAttributes(signing_time=datetime.now(UTC))
        made = asyncio.run(
            self._signer.async_sign_general_data(
                data, "sha256", detached=True, signed_attr_settings=said
            )
        )
        return bytes(made.dump())


def signatures(
    data: bytes, sealed_bytes: int, roots: list[Any]
) -> tuple[list[Signature], list[str]]:
    """What stands after a PDF's seal: its signatures, and what is not one.

    `roots` are the certificates of who may sign (`certificates`).
    """
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    found: list[Signature] = []
    try:
        reader = PdfFileReader(io.BytesIO(data))
        embedded: list[EmbeddedPdfSignature] = list(reader.embedded_regular_signatures)
        if not embedded:
            return [], ["something was added after the seal"]
        revisions = [m.end() for m in re.finditer(rb"%%EOF\r?\n?", data)]
        beyond = _beyond_signatures(reader, revisions.index(sealed_bytes))
        if beyond.replaced:
            return [], [f"the document: {what}" for what in beyond.replaced]
        last = embedded[-1]
        if last.evaluate_signature_coverage() < SignatureCoverageLevel.ENTIRE_FILE:
            return [], ["something was added after the signature"]
        if not _canonical_hex(data, last):
            return [], ["the signature: its own bytes were altered"]
        for each in embedded:
            found.append(_pdf_status(each, roots))
        if beyond.visible and not all(signature.trusted for signature in found):
            return found, ["the signature of somebody not trusted shows on a page (--trust)"]
    except Exception as error:
        return found, [f"the signature: {str(error) or type(error).__name__}"]
    return found, []


class _Beyond(NamedTuple):
    """What updates after the seal did: objects replaced, and whether a signature can be seen."""

    replaced: list[str]
    visible: bool


_MAY_CHANGE = {"/Catalog": {"/AcroForm", "/Extensions", "/DSS", "/Version"}, "/Page": {"/Annots"}}
"""Keys of objects that were there before, which a signature changes; of pages it adds a field."""


def _beyond_signatures(reader: Any, sealed: int) -> _Beyond:
    """Look at all that came after the sealed revision: only signatures may."""
    before: dict[Any, int] = {}
    for revision in range(sealed + 1):
        before |= dict.fromkeys(reader.xrefs.explicit_refs_in_revision(revision), revision)
    told = {reader.trailer.raw_get("/Info").reference} if "/Info" in reader.trailer else set()
    replaced, visible = [], False
    then = reader.get_historical_resolver(sealed)
    for revision in range(sealed + 1, reader.xrefs.total_revisions):
        now = reader.get_historical_resolver(revision)
        for ref in reader.xrefs.explicit_refs_in_revision(revision):
            if ref not in before or ref in told:
                continue
            old, new = then.get_object(ref), now.get_object(ref)
            kind = str(old.get("/Type", "")) if hasattr(old, "get") else ""
            if kind == "/Metadata":
                continue
            changed = {k for k in {*old, *new} if _raw(old, k) != _raw(new, k)} if kind else {"?"}
            if not changed <= _MAY_CHANGE.get(kind, set()):
                replaced.append(f"its object {ref.idnum} {kind[1:]} was replaced after the seal")
            elif kind == "/Page":
                fields = [field.get_object() for field in new.get("/Annots", [])]
                if any(str(field.get("/FT", "")) != "/Sig" for field in fields):
                    replaced.append(f"something was laid over a page (object {ref.idnum})")
                visible |= any(len({float(x) for x in field["/Rect"]}) > 1 for field in fields)
    return _Beyond(replaced, visible)


def _raw(of: Any, key: str) -> Any:
    return of.raw_get(key) if key in of else None


def _pdf_status(embedded: Any, roots: list[Any]) -> Signature:
    from pyhanko.sign.validation import validate_pdf_signature

    at = embedded.self_reported_timestamp
    status = validate_pdf_signature(
        embedded, _context(roots, at), key_usage_settings=_usage(), skip_diff=True
    )
    return _signature(status, at, roots)


def detached(data: bytes, der: bytes, roots: list[Any]) -> Signature:
    """Check a signature that stands beside a file; `roots` as of `signatures`."""
    from asn1crypto import cms
    from pyhanko.sign.validation.generic_cms import async_validate_detached_cms

    try:
        content = cms.ContentInfo.load(der, strict=True)
        if not _canonical(content, der):
            return Signature("?", None, False, None, "its own bytes were altered")
        signed = content["content"]
        at = _signing_time(signed["signer_infos"][0])
        status = asyncio.run(
            async_validate_detached_cms(
                data,
                signed,
                signer_validation_context=_context(roots, at),
                key_usage_settings=_usage(),
            )
        )
    except Exception as error:
        return Signature("?", None, False, None, str(error) or type(error).__name__)
    return _signature(status, at, roots)


def _signature(status: Any, at: datetime | None, roots: list[Any]) -> Signature:
    valid = bool(status.intact and status.valid)
    # one that is trusted itself is not asked for its time by the path's validation
    known = status.signing_cert.not_valid_before, status.signing_cert.not_valid_after
    in_time = known[0] <= (at or datetime.now(UTC)) <= known[1]
    wrong = "" if valid else Sentence("it is not of this file")
    return Signature(
        by=printable(str(status.signing_cert.subject.human_friendly), 200),
        at=at,
        valid=valid,
        trusted=bool(status.trusted and in_time) if roots else None,
        wrong=wrong,
    )


def _signing_time(info: Any) -> datetime | None:
    for attribute in info["signed_attrs"]:
        if attribute["type"].native == "signing_time":
            found = attribute["values"][0].native
            return found if isinstance(found, datetime) else None
    return None


def _context(roots: list[Any], at: datetime | None) -> Any:
    """Trust at the time that the signature says it was made; nothing is fetched from elsewhere."""
    from pyhanko_certvalidator import ValidationContext

    return ValidationContext(
        trust_roots=roots, allow_fetching=False, moment=at or datetime.now(UTC)
    )


def _usage() -> Any:
    from pyhanko.sign.validation.settings import KeyUsageConstraints

    return KeyUsageConstraints(
        key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False
    )


def certificates(paths: Sequence[Path]) -> list[Any]:
    """Certificates (PEM or DER) of who may sign. Raises `InputError`: a file that is none."""
    if not paths:
        return []
    from pyhanko.keys import load_cert_from_pemder

    found = []
    for path in paths:
        read_file(path, most=MOST_KEY, option="--trust")
        try:
            found.append(load_cert_from_pemder(str(path)))
            found[-1].not_valid_after  # noqa: B018 - what is none shows only when it is looked at
        except (OSError, ValueError) as error:
            raise InputError(
                "--trust = {path}: is no certificate (PEM or DER): {error}", path=path, error=error
            ) from None
    return found


def _canonical(content: Any, der: bytes) -> bool:
    """Whether the bytes are the only ones that say this: DER, and what no signature covers agrees.

    Versions follow from the rest (RFC 5652, 5.1 and 5.3), digest algorithms are the signer's.
    """
    if bytes(content.copy().dump(force=True)) != der:
        return False
    signed = content["content"]
    [info] = signed["signer_infos"]
    by_serial = info["sid"].name == "issuer_and_serial_number"
    said = [each.dump() for each in signed["digest_algorithms"]]
    return (
        content["content_type"].native == "signed_data"
        and info["version"].native == ("v1" if by_serial else "v3")
        and signed["version"].native == info["version"].native
        and signed["encap_content_info"]["content_type"].native == "data"
        and said == [info["digest_algorithm"].dump()]
    )


def _canonical_hex(data: bytes, embedded: Any) -> bool:
    """The same of a signature in a PDF: hexadecimal digits, then nothing but zeros."""
    from asn1crypto import cms

    start, length, rest, _ = embedded.byte_range
    gap = data[start + length : rest]
    if gap[:1] != b"<" or gap[-1:] != b">":
        return False
    digits = gap[1:-1]
    raw = bytes.fromhex(digits.decode("ascii"))
    content = cms.ContentInfo.load(raw)
    der = bytes(content.dump())
    bare = raw.startswith(der) and not any(raw[len(der) :])
    one_way = digits.decode("ascii") in (raw.hex(), raw.hex().upper())
    return bare and one_way and _canonical(content, der)
