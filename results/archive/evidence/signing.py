"""Digital signatures with a PKCS#12 certificate: of a PDF in the file, of an evidence beside it.

Signatures are CMS (RFC 5652), in a PDF as PAdES (ETSI EN 319 142-1): level B-B by itself, B-T with
a time stamp (RFC 3161), B-LTA where the certificates above are given too; then what tells that
none had been revoked is put into the PDF, under a time stamp of the whole file. What a signature
covers is checked by it; its own bytes are checked by writing them again (`canonical`). The
certificate that signs is in the signature, but not those above it.

Whoever has no time stamp says himself when he signed. With one the chain is judged at its time, by
what the file carries: nothing is ever fetched to check.
"""

from __future__ import annotations

import asyncio
import io
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from giaoban.errors import InputError
from giaoban.files import read_file, refuse_if_others_read
from giaoban.results.archive.evidence.canonical import (
    STAMP,
    Kind,
    canonical,
    in_hex,
    keep_vouched,
    values,
)
from giaoban.sentence import Sentence
from giaoban.text import printable

# what does not hold is told by what is returned, and not also by tracebacks
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False


MOST_KEY = 2**20
"""Bytes of a certificate with its key."""
STAMP_S = 30
"""Seconds that a time-stamping authority may take."""
FIELD, STAMP_FIELD = "Giaoban", "GiaobanStamp"
"""What a PDF's signature is called that this program made, and its stamp of the whole file. Both
are covered by what they name, so nobody passes for another program by another name."""
CONTENT_HINT = "1.2.840.113549.1.9.16.2.4"
"""The signed attribute that describes what is signed (RFC 2634, 2.9): so is known beside a file
that this program made its signature."""
HINT = "giaoban"


class Stamp(NamedTuple):
    """A time stamp: by whom, when, whether it holds and whether its issuer is trusted."""

    by: str
    at: datetime
    valid: bool
    trusted: bool | None

    @property
    def holds(self) -> bool:
        """Whether it is of this file, and by somebody who is trusted if anybody is."""
        return self.valid and self.trusted is not False


class Signature(NamedTuple):
    """Who signed, when (as the signature says), whether it holds and whether it is trusted.

    `trusted` is None where nobody said whom to trust; `wrong` says why it does not hold. `stamp` is
    what proves when it was there; `lasting`: the file carries what tells that nothing had been
    revoked then, under a stamp of its own (PAdES B-LTA). `unchecked`: another program made it, with
    bytes of its own that nothing signs, so that nobody can tell whether they were altered
    (`canonical`); the file it is of was not. Of one that this program made everybody can.
    """

    by: str
    at: datetime | None
    valid: bool
    trusted: bool | None
    wrong: str = ""
    stamp: Stamp | None = None
    lasting: bool = False
    unchecked: bool = False

    @property
    def holds(self) -> bool:
        """Whether it, and its stamp, are of this file and of those who are trusted, if any are, and
        all of it can be checked."""
        stamped = self.stamp is None or self.stamp.holds
        return self.valid and self.trusted is not False and stamped and not self.unchecked


class Stamping(NamedTuple):
    """Who stamps (`url`, RFC 3161 over HTTP), and the certificates above signer and stamp.

    Without certificates there is only a stamp; with them the signature lasts (`Signature.lasting`).
    """

    url: str
    chain: Sequence[Any] = ()


def make_stamping(url: str, chain: Sequence[Path]) -> Stamping | None:
    """What was asked for on the command line. Raises `InputError` that names the option."""
    if not url:
        if chain:
            raise InputError(
                "--chain: needs --timestamp: without a time stamp nothing proves when it was signed"
            )
        return None
    if not re.fullmatch(r"https?://[!-~]{1,500}", url):
        raise InputError(
            '--timestamp = "{url}": is no address of a time-stamping authority '
            "(allowed: http://… or https://…)",
            url=url,
        )
    return Stamping(url, certificates(chain, option="--chain"))


def _stamper(url: str) -> Any:
    """Asks an authority for stamps; a certificate of theirs that nothing vouches for is known, but
    not carried: a chain may well come without its root."""
    from pyhanko.sign.timestamps import HTTPTimeStamper

    class Stamper(HTTPTimeStamper):  # type: ignore[misc]  # has no types
        async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> Any:
            token = await super().async_timestamp(message_digest, md_algorithm)
            self.cert_registry.register_multiple(keep_vouched(token))
            return token

    return Stamper(url, timeout=STAMP_S)


def _hint() -> Any:
    """The signed attribute of a signature beside a file that this program makes."""
    from asn1crypto import cms, core

    class ContentHints(core.Sequence):  # type: ignore[misc]  # has no types
        _fields: ClassVar = [
            ("content_description", core.UTF8String, {"optional": True}),
            ("content_type", cms.ContentType),
        ]

    said = core.Any(ContentHints({"content_description": HINT, "content_type": "data"}))
    return cms.CMSAttribute({"type": CONTENT_HINT, "values": cms.SetOfAny([said])})


def _hinted(signer: Any, said: Any) -> Any:
    """The same signer, whose signatures say besides that this program made them."""
    from pyhanko.sign import signers
    from pyhanko.sign.attributes import CMSAttributeProvider
    from pyhanko.sign.signers.pdf_cms import GenericCMSSignedAttributeProviderSpec

    class Hint(CMSAttributeProvider):  # type: ignore[misc]  # has no types
        async def get_attribute(self, dry_run: bool = False) -> Any:
            return _hint()

    class Spec(GenericCMSSignedAttributeProviderSpec):  # type: ignore[misc]  # has no types
        def signed_attr_providers(self, *args: Any, **options: Any) -> Iterator[Any]:
            yield from super().signed_attr_providers(*args, **options)
            yield Hint()

    made = signers.SimpleSigner(
        signer.signing_cert, signer.signing_key, signer.cert_registry, embed_roots=False
    )
    mechanism = made.get_signature_mechanism_for_digest
    made.signed_attr_prov_spec = Spec(said, made.signing_cert, mechanism, None)
    return made


class Signer:
    """A certificate with its key. Raises `InputError`: no such file, wrong password, no key."""

    def __init__(self, path: Path, password: str, stamping: Stamping | None = None) -> None:
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
        self._between = list(found.cert_registry)
        self._stamping = stamping
        self._stamper = _stamper(stamping.url) if stamping else None

    def pdf(self, data: bytes, at: datetime | None = None) -> bytes:
        """A sealed PDF with a signature after the seal, which nothing shows on the page.

        `at` is the time that it states, now if not said. Raises `InputError`: no stamp was to be
        had, or the certificates cannot be checked.
        """
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.pdf_utils.reader import PdfFileReader
        from pyhanko.sign import signers
        from pyhanko.sign.fields import SigSeedSubFilter
        from pyhanko.sign.signers.pdf_signer import (
            DSSContentSettings,
            PdfSigningSession,
            TimestampDSSContentSettings,
        )

        class Plain(signers.PdfSigner):  # type: ignore[misc]  # has no types
            """Leaves the PDF at its version: for some curves pyHanko would make it 2.0, which is no
            PDF/A-3 any more; and states the time that was asked for."""

            def register_extensions(self, *_: object, **__: object) -> None:
                return

            def init_signing_session(self, *args: Any, **options: Any) -> PdfSigningSession:
                session: PdfSigningSession = super().init_signing_session(*args, **options)
                session.system_time = at or session.system_time
                return session

        lasting = bool(self._stamping and self._stamping.chain)
        with self._refused():
            meta = signers.PdfSignatureMetadata(
                field_name=FIELD,
                timestamp_field_name=STAMP_FIELD,
                md_algorithm="sha256",
                subfilter=SigSeedSubFilter.PADES,
                embed_validation_info=lasting,
                use_pades_lta=lasting,
                validation_context=self._fetching(at) if lasting else None,
                # all that is carried stands under the stamp of the whole file, which comes last
                dss_settings=DSSContentSettings(
                    include_vri=False,
                    next_ts_settings=TimestampDSSContentSettings(
                        include_vri=False, update_before_ts=True
                    ),
                ),
                signer_key_usage=set(),
            )
            writer = IncrementalPdfFileWriter(io.BytesIO(data))
            signer = Plain(meta, self._signer, timestamper=self._stamper)
            made: io.BytesIO = signer.sign_pdf(writer)
        signed = made.getvalue()
        embedded = PdfFileReader(io.BytesIO(signed)).embedded_signatures
        written = [in_hex(signed, each) for each in embedded]
        self._check(all(each is not None and canonical(*each) for each in written))
        return signed

    def detached(self, data: bytes) -> bytes:
        """A signature of a file, to stand beside it (DER). Raises `InputError`: no stamp."""
        from asn1crypto import cms
        from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes

        said = PdfCMSSignedAttributes(signing_time=datetime.now(UTC))
        hinted = _hinted(self._signer, said)
        with self._refused():
            made = asyncio.run(
                hinted.async_sign_general_data(
                    data,
                    "sha256",
                    detached=True,
                    signed_attr_settings=said,
                    timestamper=self._stamper,
                )
            )
        der = bytes(made.dump())
        self._check(canonical(cms.ContentInfo.load(der), der))
        return der

    def _check(self, checkable: bool) -> None:
        """Raises `InputError` for what `verify` could not tell from a signature that was altered:
        then a stamp has what no signature covers."""
        if not checkable:
            url = "" if self._stamping is None else self._stamping.url
            raise InputError(
                "--timestamp = {url}: its stamps have parts that nothing signs, so that nobody "
                "could tell whether they were altered (allowed: another authority)",
                url=url,
            )

    def _fetching(self, at: datetime | None) -> Any:
        """Who is asked whether anything was revoked: whom the certificates themselves name."""
        from pyhanko_certvalidator import ValidationContext

        assert self._stamping is not None
        roots = [cert for cert in self._stamping.chain if cert.self_issued]
        return ValidationContext(
            trust_roots=roots,
            other_certs=[*self._stamping.chain, *self._between],
            allow_fetching=True,
            revocation_mode="hard-fail",
            moment=at,
            retroactive_revinfo=at is not None,
        )

    @contextmanager
    def _refused(self) -> Iterator[None]:
        """What others than this program did not do, as an error of the option that asked for it."""
        from pyhanko.sign.general import SigningError
        from pyhanko.sign.timestamps.common_utils import TimestampRequestError
        from pyhanko_certvalidator.errors import PathError, ValidationError

        try:
            yield
        except (TimestampRequestError, OSError) as error:
            if self._stamping is None:
                raise
            raise InputError(
                '--timestamp = "{url}": gave no time stamp: {why}',
                url=self._stamping.url,
                why=printable(str(error) or type(error).__name__, 300),
            ) from None
        except (SigningError, PathError, ValidationError) as error:
            raise InputError(
                "--sign: the certificate, or that of the time stamp, does not stand: {why}",
                why=printable(str(error.__cause__ or error), 300),
            ) from None


BYTE_RANGE = b"/ByteRange"
"""In the open in every PDF signature: it says which bytes are signed (ISO 32000-1, 12.8.1)."""


def signatures(
    data: bytes, sealed_bytes: int, roots: list[Any], stamp_roots: list[Any] | None = None
) -> tuple[list[Signature], list[str]]:
    """What stands after a PDF's seal: its signatures, and what is not one.

    `roots` are the certificates of who may sign, `stamp_roots` of who may stamp (`certificates`);
    the same if nothing is said.
    """
    if BYTE_RANGE not in data[sealed_bytes:]:  # known without the libraries that signatures take
        return [], [Sentence("something was added after the seal")]
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    found: list[Signature] = []
    try:
        reader = PdfFileReader(io.BytesIO(data))
        embedded: list[EmbeddedPdfSignature] = list(reader.embedded_signatures)
        if not any(each.sig_object_type == "/Sig" for each in embedded):
            return [], [Sentence("something was added after the seal")]
        revisions = [m.end() for m in re.finditer(rb"%%EOF\r?\n?", data)]
        beyond = _beyond_signatures(reader, revisions.index(sealed_bytes))
        if beyond.replaced:
            return [], [Sentence("the document: {what}", what=what) for what in beyond.replaced]
        if embedded[-1].evaluate_signature_coverage() < SignatureCoverageLevel.ENTIRE_FILE:
            return [], [Sentence("something was added after the signature")]
        if any(
            each.evaluate_signature_coverage() < SignatureCoverageLevel.ENTIRE_REVISION
            for each in embedded
        ):
            return [], [Sentence("the signature: it does not cover what was there before it")]
        written = in_hex(data, embedded[-1])
        checked = written is not None and _all_signed(*written)
        ours = embedded[-1].field_name in (FIELD, STAMP_FIELD)
        if ours and not checked:
            return [], [Sentence("the signature: its own bytes were altered")]
        known = _Known(roots, roots if stamp_roots is None else stamp_roots, _carried(reader))
        found = _pdf_signatures(embedded, known)
        if not checked:
            found[-1] = found[-1]._replace(unchecked=found[-1].valid)
        if beyond.visible and not all(signature.trusted for signature in found):
            return found, [
                Sentence("the signature of somebody not trusted shows on a page (--trust)")
            ]
    except Exception as error:
        return found, [Sentence("the signature: {why}", why=str(error) or type(error).__name__)]
    return found, []


def _all_signed(content: Any, der: bytes, kind: Kind = "data") -> bool:
    """Whether no byte of a signature can be altered unseen; not of one that is not understood."""
    try:
        return canonical(content, der, kind)
    except (ValueError, TypeError, KeyError):
        return False


class _Known(NamedTuple):
    """Who may sign, who may stamp, and what the file carries to check them by."""

    roots: list[Any]
    stamp_roots: list[Any]
    carried: Any

    def signer(self, at: datetime | None) -> Any:
        return _context(self.roots, at, self.carried)

    def stamper(self, at: datetime | None) -> Any:
        return _context(self.stamp_roots, at, self.carried)


def _carried(reader: Any) -> Any:
    """The certificates and answers about revocation that a PDF carries (/DSS), or None."""
    from pyhanko.sign.validation.dss import DocumentSecurityStore
    from pyhanko.sign.validation.errors import NoDSSFoundError

    try:
        return DocumentSecurityStore.read_dss(reader)
    except NoDSSFoundError:
        return None


def _pdf_signatures(embedded: Sequence[Any], known: _Known) -> list[Signature]:
    """All signatures, each with what stamps it; a stamp of the whole file stamps all before it."""
    from pyhanko.sign.validation import validate_pdf_timestamp

    later: list[tuple[int, Stamp]] = []
    for each in embedded:
        if each.sig_object_type != "/Sig":
            at = _stamped_at(each.signed_data)
            status = validate_pdf_timestamp(each, known.stamper(at), skip_diff=True)
            later.append((each.signed_revision, _stamp(status, known.stamp_roots)))
    found = []
    for each in embedded:
        if each.sig_object_type == "/Sig":
            after = [stamp for revision, stamp in later if revision > each.signed_revision]
            answers = known.carried is not None and (known.carried.crls or known.carried.ocsps)
            found.append(_pdf_status(each, known, after, lasting=bool(after and answers)))
    return found


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
    replaced: list[str] = []
    visible = False
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
                replaced.append(
                    Sentence(
                        "its object {number} {kind} was replaced after the seal",
                        number=ref.idnum,
                        kind=kind[1:],
                    )
                )
            elif kind == "/Page":
                fields = [field.get_object() for field in new.get("/Annots", [])]
                if any(str(field.get("/FT", "")) != "/Sig" for field in fields):
                    replaced.append(
                        Sentence(
                            "something was laid over a page (object {number})", number=ref.idnum
                        )
                    )
                visible |= any(len({float(x) for x in field["/Rect"]}) > 1 for field in fields)
    return _Beyond(replaced, visible)


def _raw(of: Any, key: str) -> Any:
    return of.raw_get(key) if key in of else None


def _pdf_status(
    embedded: Any, known: _Known, after: Sequence[Stamp], *, lasting: bool
) -> Signature:
    from pyhanko.sign.validation import validate_pdf_signature

    at = embedded.self_reported_timestamp
    token = _token(embedded.signer_info)
    stamped = None if token is None else _stamped_at(token)
    proved = min([*([stamped] if stamped else []), *(stamp.at for stamp in after)], default=None)
    status = validate_pdf_signature(
        embedded,
        known.signer(proved or at),
        ts_validation_context=known.stamper(stamped or at),
        key_usage_settings=_usage(),
        skip_diff=True,
    )
    own = status.timestamp_validity
    stamps = [*([_stamp(own, known.stamp_roots)] if own is not None else []), *after]
    return _signature(status, at, known.roots, proved, stamps, lasting=lasting)


def _stamped_at(signed: Any) -> datetime:
    """The time of a time-stamp token (RFC 3161, 2.4.2)."""
    found: datetime = signed["encap_content_info"]["content"].parsed["gen_time"].native
    return found


def _stamp(status: Any, roots: list[Any]) -> Stamp:
    return Stamp(
        by=printable(str(status.signing_cert.subject.human_friendly), 200),
        at=status.timestamp,
        valid=bool(status.intact and status.valid),
        trusted=bool(status.trusted) if roots else None,
    )


def detached(
    data: bytes, der: bytes, roots: list[Any], stamp_roots: list[Any] | None = None
) -> Signature:
    """Check a signature that stands beside a file; roots as of `signatures`."""
    from asn1crypto import cms
    from pyhanko.sign.validation.generic_cms import async_validate_detached_cms

    try:
        content = cms.ContentInfo.load(der, strict=True)
        checked = _all_signed(content, der)
        signed = content["content"]
        known = _Known(roots, roots if stamp_roots is None else stamp_roots, None)
        at = _signing_time(signed["signer_infos"][0])
        token = _token(signed["signer_infos"][0])
        stamped = None if token is None else _stamped_at(token)
        status = asyncio.run(
            async_validate_detached_cms(
                data,
                signed,
                signer_validation_context=known.signer(stamped or at),
                ts_validation_context=known.stamper(stamped or at),
                key_usage_settings=_usage(),
            )
        )
    except Exception as error:
        return Signature("?", None, False, None, str(error) or type(error).__name__)
    own = status.timestamp_validity
    stamps = [] if own is None else [_stamp(own, known.stamp_roots)]
    found = _signature(status, at, roots, stamped, stamps)
    if checked or not found.valid:
        return found
    hints = [a.dump() for a in signed["signer_infos"][0]["signed_attrs"]]
    if _hint().dump() in hints:
        return found._replace(valid=False, wrong=Sentence("its own bytes were altered"))
    return found._replace(unchecked=True)


def _attribute(attributes: Any, kind: str) -> Any:
    """The first value of an attribute; None: there is no such one."""
    found = (each["values"][0] for each in attributes if each["type"].native == kind)
    return next(found, None)


def _token(info: Any) -> Any:
    stamp = _attribute(values(info["unsigned_attrs"]), STAMP)
    return None if stamp is None else stamp["content"]


def _signature(
    status: Any,
    at: datetime | None,
    roots: list[Any],
    proved: datetime | None = None,
    stamps: Sequence[Stamp] = (),
    *,
    lasting: bool = False,
) -> Signature:
    valid = bool(status.intact and status.valid)
    # one that is trusted itself is not asked for its time by the path's validation
    known = status.signing_cert.not_valid_before, status.signing_cert.not_valid_after
    in_time = known[0] <= (proved or at or datetime.now(UTC)) <= known[1]
    wrong = "" if valid else Sentence("it is not of this file")
    # the first stamp proves when it was there; one that does not hold is told instead
    told = next((stamp for stamp in stamps if not stamp.holds), None) or next(iter(stamps), None)
    return Signature(
        by=printable(str(status.signing_cert.subject.human_friendly), 200),
        at=at,
        valid=valid,
        trusted=bool(status.trusted and in_time) if roots else None,
        wrong=wrong,
        stamp=told,
        lasting=lasting,
    )


def _signing_time(info: Any) -> datetime | None:
    stated = _attribute(info["signed_attrs"], "signing_time")
    found = None if stated is None else stated.native
    return found if isinstance(found, datetime) else None


def _context(roots: list[Any], at: datetime | None, carried: Any = None) -> Any:
    """Trust at the time that is stated or stamped; nothing is fetched from elsewhere.

    Where the file carries answers about revocation, every certificate needs one; they were asked
    for just after the time that is judged.
    """
    from pyhanko_certvalidator import ValidationContext

    said: dict[str, Any] = {
        "trust_roots": roots,
        "allow_fetching": False,
        "moment": at or datetime.now(UTC),
    }
    if carried is None:
        return ValidationContext(other_certs=roots, **said)
    said |= {"retroactive_revinfo": True, "other_certs": list(roots)}
    if carried.crls or carried.ocsps:
        # who is an anchor itself could sign no list of those that were revoked
        named = {each.subject.hashable for each in roots}
        below = [each for each in roots if each.issuer.hashable in named and not each.self_issued]
        said["trust_roots"] = [each for each in roots if each not in below]
        said["revocation_mode"] = "hard-fail"
    return carried.as_validation_context(said)


def _usage() -> Any:
    from pyhanko.sign.validation.settings import KeyUsageConstraints

    return KeyUsageConstraints(
        key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False
    )


def certificates(paths: Sequence[Path], option: str = "--trust") -> list[Any]:
    """Certificates (PEM or DER) that an option names. Raises `InputError`: a file that is none."""
    if not paths:
        return []
    from pyhanko.keys import load_cert_from_pemder

    found = []
    for path in paths:
        read_file(path, most=MOST_KEY, option=option)
        try:
            found.append(load_cert_from_pemder(str(path)))
            found[-1].not_valid_after  # noqa: B018 - what is none shows only when it is looked at
        except (OSError, ValueError) as error:
            raise InputError(
                "{option} = {path}: is no certificate (PEM or DER): {error}",
                option=option,
                path=path,
                error=error,
            ) from None
    return found
