"""Is a file what it was when it was made, of which run, and do several belong together?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from giaoban.files import MOST_ANSWER, bounded, read_file
from giaoban.results.archive.evidence import pack
from giaoban.results.archive.evidence.signing import Signature, certificates, detached, signatures
from giaoban.results.model.about import About, InputSum, RunSum
from giaoban.results.model.manifest import Manifest, Proof
from giaoban.results.report.docx import seal as seal_docx
from giaoban.results.report.pdf import seal as seal_pdf
from giaoban.sentence import N_, Sentence

Kind = Literal["evidence", "pdf", "docx", "page", "unknown"]
MOST_DOCUMENT, MOST_SIGNATURE = 32 * 2**20, 2**20
_TOO_LARGE = Sentence("it is larger than {most} MiB", most=MOST_DOCUMENT >> 20)
_PAGE = N_(
    "a page shows a run, and nothing in it tells whether it was altered: verify the evidence, of "
    "which giaoban view makes the page"
)
_MARKS = (b"giaoban", b"Giaoban")
SIGNATURE_ENDING = ".p7s"
"""A detached signature (CMS, RFC 5652) stands beside what it is of."""


class VerifiedFile(NamedTuple):
    """What was found about one file. `altered`: nothing, or what is not as it was made.

    `unsigned` says that it is not signed, where somebody was named who must have signed it; `ours`
    is false where nothing in it says that this program made it: nobody can say whether such a file
    was altered, and `foreign` says why it is none of ours.
    """

    path: Path
    kind: Kind
    altered: list[str]
    runs: list[RunSum]
    signed: list[Signature]
    draft: bool = False
    proof: Proof | None = None
    unsigned: str = ""
    ours: bool = True
    foreign: str = ""

    @property
    def intact(self) -> bool:
        """Whether nothing was altered, every signature holds, and none is missing."""
        holds = all(signature.holds for signature in self.signed)
        return self.ours and not self.altered and not self.unsigned and holds


class _Roots(NamedTuple):
    """Certificates of who may sign, and of who may stamp the time."""

    sign: list[Any]
    stamp: list[Any]


def verify(
    path: Path, trust: Sequence[Path] = (), trust_stamp: Sequence[Path] = ()
) -> VerifiedFile:
    """Look at one file. `trust` are certificates (PEM or DER) of who may sign: then one of them
    must have, as whoever alters a file can also take the signature away. `trust_stamp` are those of
    who may stamp the time, if they are others.

    Raises `InputError`: it cannot be read at all; a certificate that is none.
    """
    sign = certificates(trust)
    roots = _Roots(sign, certificates(trust_stamp, "--trust-stamp") or sign)
    found = _look(path, roots)
    if roots.sign and found.ours and not found.signed:
        return found._replace(unsigned=Sentence(_UNSIGNED[found.kind]))
    return found


_UNSIGNED: Mapping[Kind, str] = {
    "pdf": N_("is not signed"),
    "evidence": N_("is not signed: no signature beside it (.p7s)"),
    "docx": N_("is not signed: a DOCX cannot be (signed can be: the PDF, the evidence)"),
}


def _look(path: Path, roots: _Roots) -> VerifiedFile:
    data = read_file(path, most=MOST_ANSWER)
    if data[:4] == b"%PDF" or path.suffix.lower() == ".pdf":
        return _pdf(path, data, roots)
    if seal_docx.is_docx(data) or path.suffix.lower() == ".docx":
        if len(data) > MOST_DOCUMENT:
            return _foreign(path, "docx", _TOO_LARGE)
        found = seal_docx.unsealed(data)
        if found.about is None and not any(mark in data for mark in _MARKS):
            return _foreign(path, "docx", Sentence("it has no seal, and nothing of ours"))
        return VerifiedFile(path, "docx", found.altered, *_told(found.about, []))
    if pack.is_evidence(data) or path.name.endswith(pack.ENDING):
        return _evidence(path, data, roots)
    if data[:1000].lstrip().lower().startswith(b"<!doctype html"):
        return _foreign(path, "page", Sentence(_PAGE))
    return _foreign(path, "unknown", Sentence("it is no evidence and no annex"))


def _foreign(path: Path, kind: Kind, why: Sentence) -> VerifiedFile:
    return VerifiedFile(path, kind, [], [], [], ours=False, foreign=why)


def _evidence(path: Path, data: bytes, roots: _Roots) -> VerifiedFile:
    if not pack.is_evidence(data) and not any(mark in data for mark in _MARKS):
        return _foreign(path, "evidence", Sentence("it is no evidence"))
    opened = pack.open_evidence(data)
    runs = [] if opened.proof is None else [run_sum(opened.proof)]
    signed = []
    beside = path.with_name(path.name + SIGNATURE_ENDING)
    if beside.is_file():
        signed = [detached(data, read_file(beside, most=MOST_SIGNATURE), *roots)]
    return VerifiedFile(path, "evidence", opened.altered, runs, signed, False, opened.proof)


def _pdf(path: Path, data: bytes, roots: _Roots) -> VerifiedFile:
    if len(data) > MOST_DOCUMENT:
        return _foreign(path, "pdf", _TOO_LARGE)
    found = seal_pdf.unsealed(data)
    if found is None and not any(mark in data for mark in _MARKS):
        return _foreign(path, "pdf", Sentence("it has no seal, and nothing of ours"))
    if found is None:
        return VerifiedFile(path, "pdf", [Sentence("the seal: it is missing or damaged")], [], [])
    altered = list(found.altered)
    signed: list[Signature] = []
    if found.rest:
        with bounded(str(path)):  # what is compressed in it may unpack to anything
            signed, wrong = signatures(data, len(data) - len(found.rest), *roots)
        altered += wrong
    return VerifiedFile(path, "pdf", altered, *_told(found.about, signed))


def _told(
    about: About | None, signed: list[Signature]
) -> tuple[list[RunSum], list[Signature], bool]:
    return (about.runs if about else []), signed, bool(about and about.draft)


def run_sum(proof: Proof) -> RunSum:
    """What an evidence says of its run."""
    manifest: Manifest = proof.manifest
    sums = {kept.path: kept.sha256 for kept in manifest.files}
    return RunSum(
        run_id=manifest.run_id,
        kind=manifest.kind,
        verdict=manifest.verdict,
        seed=manifest.seed,
        code=manifest.code,
        sum=proof.sum,
        inputs=[
            InputSum(role=item.role, name=item.name, sha256=sums[item.path])
            for item in manifest.inputs
            if item.path in sums
        ],
    )


def together(findings: Sequence[VerifiedFile]) -> list[Sentence]:
    """What does not belong together: documents of other runs than the evidence that is there."""
    evidence = {f.runs[0].run_id: f for f in findings if f.kind == "evidence" and f.runs}
    if not evidence:
        return []
    wrong = []
    for finding in findings:
        if finding.kind == "evidence":
            continue
        named = {run.run_id: run for run in finding.runs}
        if finding.runs and not named.keys() & evidence.keys():
            wrong.append(
                Sentence(
                    "{path}: is of other runs ({named})", path=finding.path, named=", ".join(named)
                )
            )
        for run_id in named.keys() & evidence.keys():
            if named[run_id].sum != evidence[run_id].runs[0].sum:
                wrong.append(
                    Sentence(
                        "{path}: its sum of {run_id} is not that of {evidence}",
                        path=finding.path,
                        run_id=run_id,
                        evidence=evidence[run_id].path,
                    )
                )
    return wrong
