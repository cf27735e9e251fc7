"""`giaoban verify FILE…`: is this what the run produced?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, cast

import typer

from giaoban.errors import LONGEST_LINE, MOST_LINES, InputError
from giaoban.files import MOST_ANSWER, read_file, shown
from giaoban.results.archive.evidence.pack import open_evidence
from giaoban.results.archive.evidence.verify import VerifiedFile, verify
from giaoban.results.model.manifest import Proof
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.results.report.document import Par, Tone, pars, plain
from giaoban.results.report.wording import VERDICTS
from giaoban.scenarios.cli import folders, language
from giaoban.scenarios.cli.output import AsJson, print_blocks, print_json, progress
from giaoban.sentence import N_, Sentence
from giaoban.text import printable
from giaoban.translation import pgettext

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
    *,
    results: folders.Results,
    as_json: AsJson = False,
) -> int:
    """Compare annexes with the evidence of their run, and evidences with their own sums.

    Exit code 0: intact; 1: a file was altered, is not listed in the evidence, or came out
    differently when it was run again; 2: a file is not one of the program's, or the evidence that
    it is compared with is missing.
    """
    found = verify(files)
    if again and not any(f.kind == "evidence" for f in found):
        raise InputError("--rerun: none of the files is an evidence, which alone has the inputs")
    differing = {f.path: _again(f, results) for f in found if again and f.kind == "evidence"}
    if as_json:
        print_json({"files": [_as_json(f, differing) for f in found]})
    else:
        # names in a file may hold any character
        lines = [*_report(found, differing), _advice(found, differing)]
        print_blocks(
            *(replace(p, text=printable(language.say(plain(p.text)), LONGEST_LINE)) for p in lines)
        )
    bad = any(differing.values()) or not all(f.intact for f in found if f.ours)
    return ALTERED if bad else 0 if all(f.ours for f in found) else UNKNOWN


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


def _report(files: Sequence[VerifiedFile], differing: Mapping[Path, list[str]]) -> Iterator[Par]:
    for file in files:
        kind = Sentence(_NAMES[file.kind])
        what = Sentence("{path}: {kind}", path=shown(file.path), kind=kind)
        if not file.ours:
            unknown = Sentence("{what}: UNKNOWN", what=what)
            yield Par(unknown, bold=True, tone="doubt")
            yield Par(Sentence("  {line}", line=file.foreign), tone="doubt")
        elif file.altered:
            yield Par(Sentence("{what}: ALTERED", what=what), bold=True, tone="bad")
            yield from pars(
                (Sentence("  {line}", line=line) for line in file.altered[:MOST_LINES]), "bad"
            )
        else:
            yield Par(
                Sentence("{what}: {state}", what=what, state=_state(file)), bold=True, tone="good"
            )
        if file.proof is not None:
            yield from _run(file.proof)
        if file.path in differing:
            yield from _rerun(file, differing[file.path])


def _state(file: VerifiedFile) -> Sentence:
    draft = Sentence(", a draft") if file.draft else ""
    if file.appended:
        return Sentence(
            "intact{draft}; something was appended after it was written, such as a signature",
            draft=draft,
        )
    return Sentence("intact{draft}", draft=draft)


def _run(proof: Proof) -> Iterator[Par]:
    manifest = proof.manifest
    yield Par(
        Sentence(
            "  run {run_id}: {verdict}, seed {seed}, code {code}",
            run_id=manifest.run_id,
            verdict=Sentence(VERDICTS.get(manifest.verdict, manifest.verdict)),
            seed=manifest.seed,
            code=manifest.code,
        )
    )
    yield Par(Sentence("  sum {sum}", sum=proof.sum))
    sums = {kept.path: kept.sha256 for kept in manifest.files}
    inputs = (
        Sentence(
            "    {role} {name}: {sum}",
            role=Sentence(ROLES.get(item.role, item.role)),
            name=item.name,
            sum=sums.get(item.path, ""),
        )
        for item in manifest.inputs
    )
    yield from pars(inputs, "quiet")


def _rerun(file: VerifiedFile, lines: Sequence[str]) -> Iterator[Par]:
    result = Sentence("NOT THE SAME") if lines else Sentence("the same measures and verdict")
    yield Par(
        Sentence("  run again: {said}", said=result), bold=True, tone="bad" if lines else "good"
    )
    yield from pars((Sentence("    {line}", line=line) for line in lines), "bad")
    if other := _by_another(file):
        yield Par(Sentence("    {line}", line=other), tone="doubt")


def _advice(files: Sequence[VerifiedFile], differing: Mapping[Path, list[str]]) -> Par:
    """Return the line that says what to do; it follows from the worst state of a file."""

    def named(which: Iterable[VerifiedFile]) -> dict[str, object]:
        paths = [str(shown(file.path)) for file in which]
        return {"path": ", ".join(paths), "n": len(paths)} if paths else {}

    advice, tone = Sentence(USE), "good"
    if of := named(f for f in files if f.altered):
        advice, tone = Sentence(DO_NOT_USE, **of), "bad"
    elif of := named(f for f in files if differing.get(f.path)):
        advice, tone = Sentence(ANOTHER_ANSWER, **of), "bad"
    elif of := named(f for f in files if not f.ours):
        advice, tone = Sentence(NOT_COMPARED, **of), "doubt"
    elif of := named(f for f in files if f.draft):
        advice, tone = Sentence(FOR_INFORMATION, **of), "doubt"
    return Par(Sentence("What to do: {said}", said=advice), bold=True, tone=cast(Tone, tone))


DO_NOT_USE = N_(
    "do not use {path}, which {n:is not as it was|are not as they were} made; ask whoever issued "
    "{n:it for the file|them for the files} again"
)
ANOTHER_ANSWER = N_(
    "do not rely on {path}: the same inputs gave another answer; send both to whoever issued it"
)
NOT_COMPARED = N_(
    "nothing can be said of {path}; ask for the PDF or DOCX as giaoban wrote it, with its evidence"
)
FOR_INFORMATION = N_(
    "read {path} for information only: {n:it is a draft, and no document|they are drafts, and no "
    "documents} for approval"
)
USE = N_(
    "use it if the evidence came to you safely: it is as it was made, but by whom, only a "
    "signature shows"
)
"""What to do."""


def _by_another(file: VerifiedFile) -> str:
    from giaoban.scenarios.study.rerun import by_another

    return by_another(file.proof.manifest) if file.proof else ""


def _as_json(file: VerifiedFile, differing: Mapping[Path, list[str]]) -> dict[str, object]:
    manifest = file.proof.manifest if file.proof else None
    return {
        "file": str(file.path),
        "kind": file.kind,
        "ours": file.ours,
        "foreign": file.foreign,
        "intact": file.intact,
        "appended": file.appended,
        "altered": file.altered,
        "draft": file.draft,
        "run": manifest and manifest.run_id,
        "verdict": manifest and manifest.verdict,
        "seed": manifest and manifest.seed,
        "code": manifest and manifest.code,
        "sum": file.proof and file.proof.sum,
        "rerun": differing.get(file.path),
    }
