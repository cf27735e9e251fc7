"""Is a signature written in the only way there is? What no signature covers could be altered else.

A CMS structure (RFC 5652) signs its content and its signed attributes. All that is beside them
follows from them, or is a certificate: the signer's, which a signed attribute names by its sum
(RFC 5035), or one that is signed by another beside it. Others write time stamps, and may put their
certificates in any order (RFC 5652, 10.2.3: a set, of which only what is signed has to be DER).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Literal

Kind = Literal["data", "tst_info"]
STAMP = "signature_time_stamp_token"
"""The attribute with a time stamp of the signature (RFC 3161, appendix A)."""


def canonical(content: Any, der: bytes, kind: Kind = "data") -> bool:
    """Whether the bytes are the only ones that say this: DER, and what no signature covers agrees.

    Versions follow from the rest (RFC 5652, 5.1 and 5.3), digest algorithms are the signer's. A
    time stamp of the signature (RFC 3161) stands beside the signed attributes, and is looked at so
    itself.
    """
    if _written_anew(content, kind) != der:
        return False
    signed = content["content"]
    [info] = signed["signer_infos"]
    by_serial = info["sid"].name == "issuer_and_serial_number"
    version = "v1" if by_serial else "v3"
    said = [each.dump() for each in signed["digest_algorithms"]]
    return (
        content["content_type"].native == "signed_data"
        and info["version"].native == version
        and signed["version"].native == (version if kind == "data" else "v3")
        and signed["encap_content_info"]["content_type"].native == kind
        and said == [info["digest_algorithm"].dump()]
        and not list(values(signed["crls"]))
        and len(vouched(signed)) == len(list(values(signed["certificates"])))
        and all(map(_stamp, _unsigned(info)))
    )


def _written_anew(content: Any, kind: Kind) -> bytes:
    """The same in DER, but that the certificates of each time stamp keep their order."""
    whole = content.copy()
    _unchanged(whole)
    written = bytes(whole.dump(force=True))
    tokens = [content]
    if kind == "data":
        attributes = [a for i in content["content"]["signer_infos"] for a in _unsigned(i)]
        tokens = [t for a in attributes if a["type"].native == STAMP for t in a["values"]]
    for token in tokens:
        told = [each.dump() for each in values(token["content"]["certificates"])]
        # a stamp stands behind all that is signed, so it is the last place that has them
        before, sorted_ones, after = written.rpartition(b"".join(sorted(told)))
        if sorted_ones:
            written = before + b"".join(told) + after
    return written


def _unchanged(part: Any) -> None:
    """What is read takes nothing in it for changed.

    asn1crypto takes what is left out as its default for changed, and so does all that this is in:
    each is written anew whenever it is asked for, twice as often a level higher.
    """
    from asn1crypto.core import Sequence, SequenceOf

    if isinstance(part, Sequence):
        within = [part[name] for name in part]
    elif isinstance(part, SequenceOf):
        within = list(part)
    else:
        return
    for each in within:
        _unchanged(each)
    part._mutated = False


def _unsigned(info: Any) -> Iterable[Any]:
    return values(info["unsigned_attrs"])


def in_hex(data: bytes, embedded: Any) -> tuple[Any, bytes, Kind] | None:
    """What `canonical` asks of a signature or stamp in a PDF.

    None: its digits are of both cases, as another program may write them (ISO 32000-2, 7.3.4.3), or
    are followed by others than zeros. Nothing signs that, and this program writes neither.
    """
    from asn1crypto import cms

    start, length, rest, _ = embedded.byte_range
    gap = data[start + length : rest]
    digits = gap[1:-1]
    raw = bytes.fromhex(digits.decode("ascii"))
    content = cms.ContentInfo.load(raw)
    der = bytes(content.dump())
    bare = raw.startswith(der) and not any(raw[len(der) :])
    one_way = gap.decode("ascii") in (f"<{raw.hex()}>", f"<{raw.hex().upper()}>")
    kind: Kind = "data" if embedded.sig_object_type == "/Sig" else "tst_info"
    return (content, der, kind) if bare and one_way else None


def values(found: Any) -> Iterable[Any]:
    """What a set that may be left out holds."""
    from asn1crypto.core import Void

    return () if isinstance(found, Void) else found


def _stamp(attribute: Any) -> bool:
    """Whether an attribute that is not signed is one time stamp, and no more."""
    if attribute["type"].native != STAMP:
        return False
    [token] = attribute["values"]
    return canonical(token, bytes(token.dump()), "tst_info")


def vouched(signed: Any) -> list[Any]:
    """The certificates of which no byte can be altered unseen: the signer's, any that a signed
    attribute names by its sum, and any that is signed by another of these.

    The highest of a chain without its root is none of them, unless its sum is named: whoever signed
    it is not there to check it by.
    """
    from cryptography import x509

    [info] = signed["signer_infos"]
    sums = set(_named_sums(info))
    found = [each.chosen for each in values(signed["certificates"])]
    loaded = [x509.load_der_x509_certificate(each.dump()) for each in found]
    known = [
        _is_signers(each, info) or any((name, _sum(name, each)) in sums for name in _SUMS)
        for each in found
    ]
    left = list(range(len(found)))
    while True:
        kept = [i for i in left if known[i] or any(_issued(loaded[i], loaded[by]) for by in left)]
        if kept == left:
            return [found[i] for i in kept]
        left = kept


def keep_vouched(token: Any) -> list[Any]:
    """Take out of a time stamp what nothing vouches for, and return that.

    Nobody signs which certificates come with a stamp (RFC 5652, 5.1), and whoever checks it may
    have them from elsewhere (RFC 3161, 2.4.1: only the signer's is to be there).
    """
    from asn1crypto import cms

    signed = token["content"]
    every, kept = list(values(signed["certificates"])), vouched(signed)
    if len(kept) == len(every):
        return []
    signed["certificates"] = cms.CertificateSet([each for each in every if each.chosen in kept])
    return [each.chosen for each in every if each.chosen not in kept]


_SUMS = ("sha1", "sha256", "sha384", "sha512")


def _sum(name: str, certificate: Any) -> bytes:
    return hashlib.new(name, certificate.dump()).digest()


def _named_sums(info: Any) -> Iterator[tuple[str, bytes]]:
    """The sums of certificates that signed attributes name (RFC 2634, RFC 5035)."""
    for attribute in values(info["signed_attrs"]):
        kind = attribute["type"].native
        if kind not in ("signing_certificate", "signing_certificate_v2"):
            continue
        for value in attribute["values"]:
            for each in value["certs"]:
                of = "sha1"
                if kind == "signing_certificate_v2":
                    of = each["hash_algorithm"]["algorithm"].native
                yield of, each["cert_hash"].native


def _is_signers(certificate: Any, info: Any) -> bool:
    sid = info["sid"]
    if sid.name != "issuer_and_serial_number":
        return bool(certificate.key_identifier == sid.chosen.native)
    serial = sid.chosen["serial_number"].native
    return bool(certificate.issuer == sid.chosen["issuer"] and certificate.serial_number == serial)


def _issued(certificate: Any, by: Any) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(by)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
