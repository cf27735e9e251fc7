"""`giaoban verify FILE…`: is this what the run produced?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, cast

import typer

from giaoban.errors import LONGEST_LINE, MOST_TOLD, InputError
from giaoban.files import MOST_ANSWER, read_file, shown
from giaoban.results.archive.evidence.pack import open_evidence
from giaoban.results.archive.evidence.signing import Signature, Stamp
from giaoban.results.archive.evidence.verify import (
    SIGNATURE_ENDING,
    VerifiedFile,
    together,
    verify,
)
from giaoban.results.model.run_ids import VIETNAM, now_in_vietnam
from giaoban.results.report.document import Par, Tone, pars, plain
from giaoban.results.report.wording import VERDICTS
from giaoban.scenarios.cli import folders, language
from giaoban.scenarios.cli.output import AsJson, print_blocks, print_json, progress
from giaoban.sentence import N_, Both, Sentence, joined
from giaoban.text import printable
from giaoban.translation import pgettext, translator

ALTERED, UNKNOWN = 1, 2
_NAMES = {
    "evidence": pgettext("verify", "evidence"),
    "pdf": N_("annex (PDF)"),
    "docx": N_("annex (DOCX)"),
    "page": N_("page"),
    "unknown": N_("file"),
}

ROLES = {
    "scenario": pgettext("input", "scenario"),
    "province": pgettext("input", "province"),
    "devices": pgettext("input", "devices"),
    "criteria": pgettext("input", "criteria"),
    "meeting": pgettext("input", "meeting"),
    "file": pgettext("input", "file"),
}
"""What an input is of a run."""


def command(
    files: Annotated[
        list[Path], typer.Argument(help="evidence, annexes: PDF or DOCX", metavar="FILE…")
    ],
    again: Annotated[
        bool, typer.Option("--rerun", help="also run each evidence again, and compare")
    ] = False,
    trust: Annotated[
        list[Path] | None,
        typer.Option(
            "--trust", metavar="CERT", help="certificate of who must have signed (repeatable)"
        ),
    ] = None,
    trust_stamp: Annotated[
        list[Path] | None,
        typer.Option(
            "--trust-stamp",
            metavar="CERT",
            help="certificate of who may stamp the time, if it is not among those of --trust",
        ),
    ] = None,
    *,
    results: folders.Results,
    as_json: AsJson = False,
) -> int:
    """Tell whether files are intact, of which run and inputs they are, or what was altered.

    Exit code 0: intact, and of the same run where there are several; 1: something was altered, does
    not belong together, is not signed by who is trusted (--trust), came out differently when it was
    run again, or has a signature of another program of which not all can be checked; 2: a file is
    none of ours, so that nothing can be said of it.
    """
    found = [verify(path, trust or (), trust_stamp or ()) for path in _documents(files)]
    if again and not any(f.kind == "evidence" for f in found):
        raise InputError("--rerun: none of the files is an evidence, which alone has the inputs")
    apart = together(found)
    differing = {f.path: _again(f, results) for f in found if again and f.kind == "evidence"}
    if as_json:
        print_json(_as_json(found, apart, differing))
    else:
        # what a file says of itself may be anything
        lines = [*_told(found, apart, differing), _advice(found, apart, differing)]
        print_blocks(
            *(replace(p, text=printable(language.say(plain(p.text)), LONGEST_LINE)) for p in lines)
        )
    bad = apart or any(differing.values()) or not all(f.intact for f in found if f.ours)
    return ALTERED if bad else 0 if all(f.ours for f in found) else UNKNOWN


def _documents(files: Sequence[Path]) -> list[Path]:
    """Without the signatures beside them, which are looked at with what they are of."""
    given = set(files)
    signatures = {path for path in given if path.with_name(path.stem) in given}
    return [p for p in files if p not in signatures or p.suffix != SIGNATURE_ENDING]


def _again(finding: VerifiedFile, results: Path) -> list[str]:
    """What differs when it is run again. What was altered is not run: it would prove nothing."""
    opened = open_evidence(read_file(finding.path, most=MOST_ANSWER))
    if opened.altered or opened.proof is None:
        return [Sentence("was altered, so it is not run again")]
    from giaoban.scenarios.study.rerun import (
        rerun,  # the emulator and all, which nothing else here needs
    )

    with progress() as told:
        return rerun(opened.proof, opened.files, root=results, now=now_in_vietnam(), progress=told)


def _told(
    found: Sequence[VerifiedFile], apart: Sequence[str], differing: dict[Path, list[str]]
) -> Iterator[Par]:
    for finding in found:
        kind = Sentence(_NAMES[finding.kind])
        what = Sentence("{path}: {kind}", path=shown(finding.path), kind=kind)
        if not finding.ours:
            unknown = Sentence("{what}: UNKNOWN, none of ours", what=what)
            if finding.kind == "page":  # it may well be
                unknown = Sentence("{what}: UNKNOWN, as of every page", what=what)
            yield Par(unknown, bold=True, tone="doubt")
            yield Par(Sentence("  {line}", line=finding.foreign), tone="doubt")
        elif finding.altered:
            yield Par(Sentence("{what}: ALTERED", what=what), bold=True, tone="bad")
            altered = (Sentence("  {line}", line=line) for line in finding.altered[:MOST_TOLD])
            yield from pars(altered, "bad")
            if (more := len(finding.altered) - MOST_TOLD) > 0:
                yield Par(Sentence("  and {more:,} more", more=more), tone="bad")
        elif finding.unsigned:
            yield Par(
                Sentence("{what}: NOT SIGNED by anybody who is trusted", what=what),
                bold=True,
                tone="bad",
            )
        else:
            intact = Sentence("{what}: {intact}", what=what, intact=_intact(finding))
            yield Par(intact, bold=True, tone="good" if finding.intact else "bad")
        if finding.unsigned:
            yield Par(Sentence("  {why}", why=finding.unsigned), tone="bad")
        for signature in finding.signed:
            told = Sentence("  {signature}", signature=_signature(signature))
            yield Par(told, tone="good" if signature.holds else "bad")
        for run in finding.runs:
            yield Par(
                Sentence(
                    "  run {run_id}: {verdict}, seed {seed}, code {code}",
                    run_id=run.run_id,
                    verdict=Sentence(VERDICTS.get(run.verdict, run.verdict)),
                    seed=run.seed,
                    code=run.code,
                )
            )
            none = Sentence("none: there is no evidence")
            yield Par(Sentence("  sum {sum}", sum=run.sum or none))
            inputs = (
                Sentence(
                    "    {role} {name}: {sum}",
                    role=Sentence(ROLES.get(item.role, item.role)),
                    name=item.name,
                    sum=item.sha256,
                )
                for item in run.inputs
            )
            yield from pars(inputs, "quiet")
        if finding.path in differing:
            lines = differing[finding.path]
            said = Sentence("NOT THE SAME") if lines else Sentence("the same measures and verdict")
            yield Par(
                Sentence("  run again: {said}", said=said),
                bold=True,
                tone="bad" if lines else "good",
            )
            yield from pars((Sentence("    {line}", line=line) for line in lines), "bad")
            if other := _by_another(finding):
                yield Par(Sentence("    {line}", line=other), tone="doubt")
    yield from (
        Par(Sentence("do not belong together: {each}", each=each), bold=True, tone="bad")
        for each in apart
    )


def _advice(
    found: Sequence[VerifiedFile], apart: Sequence[str], differing: dict[Path, list[str]]
) -> Par:
    """What to do now, in one line: the worst of all that was found."""

    def named(which: Iterable[VerifiedFile]) -> dict[str, object]:
        """All of them: whoever is told of one may use the others."""
        paths = [str(shown(finding.path)) for finding in which]
        return {"path": ", ".join(paths), "n": len(paths)} if paths else {}

    said, tone = _best(found), "good"
    if of := named(f for f in found if f.altered):
        said, tone = Sentence(DO_NOT_USE, **of), "bad"
    elif of := named(f for f in found if f.unsigned):
        said, tone = Sentence(ASK_FOR_SIGNED, **of), "bad"
    elif of := named(f for f in found if f.ours and not f.intact and not _unchecked(f)):
        said, tone = Sentence(DO_NOT_TRUST, **of), "bad"
    elif apart:
        said, tone = Sentence(NOT_TOGETHER), "bad"
    elif of := named(f for f in found if differing.get(f.path)):
        said, tone = Sentence(ANOTHER_ANSWER, **of), "bad"
    elif of := named(f for f in found if _unchecked(f)):
        said, tone = Sentence(CHECK_SIGNATURE, **of), "bad"
    elif of := named(f for f in found if not f.ours):
        said, tone = Sentence(NONE_OF_OURS, **of), "doubt"
    elif of := named(f for f in found if f.draft):
        said, tone = Sentence(FOR_INFORMATION, **of), "doubt"
    return Par(Sentence("What to do: {said}", said=said), bold=True, tone=cast(Tone, tone))


def _unchecked(finding: VerifiedFile) -> bool:
    """Whether nothing is wrong but that not all of a signature can be checked."""
    other = all(each._replace(unchecked=False).holds for each in finding.signed)
    return any(each.unchecked for each in finding.signed) and other and not finding.altered


def _best(found: Sequence[VerifiedFile]) -> Sentence:
    if not all(finding.signed for finding in found):
        return Sentence(ASK_WHOSE)
    trusted = all(each.trusted for finding in found for each in finding.signed)
    return Sentence(USE if trusted else COMPARE_SIGNER)


DO_NOT_USE = N_(
    "do not use {path}, which {n:is not as it was|are not as they were} made; ask whoever issued "
    "{n:it for the file|them for the files} again"
)
ASK_FOR_SIGNED = N_(
    "ask whoever issued {path} for the signed {n:file|files}: nothing shows that "
    "{n:it is|they are} of those you trust"
)
DO_NOT_TRUST = N_(
    "do not rely on {path}, whose {n:signature does|signatures do} not hold; ask whoever issued "
    "{n:it for the file|them for the files} again"
)
CHECK_SIGNATURE = N_(
    "check the {n:signature|signatures} of {path} with the program that made {n:it|them}, or ask "
    "whoever issued {n:it for the file|them for the files} signed by giaoban annex --sign"
)
NOT_TOGETHER = N_(
    "do not use these together, they are of different runs; ask whoever issued them for one set"
)
ANOTHER_ANSWER = N_(
    "do not rely on {path}: the same inputs gave another answer; send both to whoever issued it"
)
NONE_OF_OURS = N_(
    "nothing can be said of {path}; ask for the PDF, DOCX or evidence as giaoban wrote it"
)
FOR_INFORMATION = N_(
    "read {path} for information only: {n:it is a draft, and no document|they are drafts, and no "
    "documents} for approval"
)
ASK_WHOSE = N_(
    "use it if it came to you safely: it is as it was made, but by whom, only a signature shows"
)
COMPARE_SIGNER = N_(
    "compare the name of who signed with who should have, or name their certificate: --trust CERT"
)
USE = N_("nothing, it can be used: it is as it was made, and signed by those you trust")
"""What to do."""


def _by_another(finding: VerifiedFile) -> str:
    from giaoban.scenarios.study.rerun import by_another

    return by_another(finding.proof.manifest) if finding.proof else ""


def _intact(finding: VerifiedFile) -> str:
    """Whoever has this program can seal anything: only a signature says by whom it was made."""
    draft = Sentence(", a draft") if finding.draft else ""
    if not all(signature.holds for signature in finding.signed):
        return Sentence(
            "intact as sealed, but its signature cannot be relied on{draft}", draft=draft
        )
    by = ", ".join(dict.fromkeys(signature.by for signature in finding.signed))
    if by:
        return Sentence("intact, signed by {by}{draft}", by=_signer(by), draft=draft)
    return Sentence("intact as sealed, signed by nobody{draft}", draft=draft)


PARTS_OF_NAMES = {
    "Common Name": N_("Common Name"),
    "Organization": N_("Organization"),
    "Organizational Unit": N_("Organizational Unit"),
    "Title": N_("Title"),
    "Email Address": N_("Email Address"),
    "Serial Number": N_("Serial Number"),
    "Locality": N_("Locality"),
    "State/Province": N_("State/Province"),
    "Country": N_("Country"),
}
"""What a certificate's parts of a name are called (X.520), as the library that reads it writes."""
_PART = re.compile(rf"(?:^|(?<=, ))({'|'.join(map(re.escape, PARTS_OF_NAMES))})(?=: )")


def _signer(by: str) -> Both:
    """Whose certificate it is, each part of the name by what it is: a name may hold a comma."""
    say = translator("vi")
    return Both(by, _PART.sub(lambda part: say.gettext(PARTS_OF_NAMES[part[1]]), by))


def _moment(at: datetime) -> Both:
    """Of files that were signed together, one time of the day."""
    here = at.astimezone(VIETNAM)
    return Both(f"{here:%Y-%m-%d %H:%M:%S %Z}", f"{here:%H:%M:%S} ngày {here:%d/%m/%Y} (UTC+7)")


def _signature(signature: Signature) -> str:
    by, at, valid, trusted, wrong, stamp, lasting, unchecked = signature
    by = _signer(by)
    when = joined(", ", ["", _moment(at)]) if at else ""
    if not valid:
        return Sentence(
            "signature by {by}{when}: DOES NOT HOLD: {wrong}", by=by, when=when, wrong=wrong
        )
    known = {
        None: Sentence("nobody was named to be trusted (--trust)"),
        True: Sentence("trusted"),
        False: Sentence("NOT TRUSTED"),
    }
    said = N_("signature by {by}{when}: holds; {known}{stamped}")
    if unchecked:
        said = N_(
            "signature by {by}{when}: is of this file; {known}{stamped}; but PARTS OF IT ARE NOT "
            "SIGNED, as other programs write them: nobody can tell whether those were altered"
        )
    return Sentence(
        said,
        by=by,
        when=when,
        known=known[trusted],
        stamped="" if stamp is None else Sentence("; {stamp}", stamp=_stamp(stamp, lasting)),
    )


def _stamp(stamp: Stamp, lasting: bool) -> Sentence:
    said = {"by": _signer(stamp.by), "at": _moment(stamp.at)}
    if not stamp.valid:
        return Sentence("its time stamp by {by}, {at}, DOES NOT HOLD", **said)
    if stamp.trusted is False:
        return Sentence("its time stamp by {by}, {at}, is NOT TRUSTED (--trust-stamp)", **said)
    if not lasting:
        return Sentence("its time, {at}, is stamped by {by}", **said)
    return Sentence(
        "its time, {at}, is stamped by {by}, and that nothing had been revoked then is in the file",
        **said,
    )


def _as_json(
    found: Sequence[VerifiedFile], apart: Sequence[str], differing: dict[Path, list[str]]
) -> dict[str, object]:
    files = []
    for f in found:
        signed = [
            {
                **s._asdict(),
                "at": s.at and s.at.isoformat(),
                "holds": s.holds,
                "stamp": s.stamp and {**s.stamp._asdict(), "at": s.stamp.at.isoformat()},
            }
            for s in f.signed
        ]
        files.append(
            {
                "file": str(f.path),
                "kind": f.kind,
                "ours": f.ours,
                "foreign": f.foreign,
                "intact": f.intact,
                "altered": f.altered,
                "unsigned": f.unsigned,
                "draft": f.draft,
                "runs": [run.model_dump() for run in f.runs],
                "signatures": signed,
                "rerun": differing.get(f.path),
            }
        )
    return {"files": files, "apart": list(apart)}
