"""`giaoban verify FILE…`: is this what the run produced?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from giaoban.errors import LONGEST_LINE, MOST_TOLD, InputError
from giaoban.files import MOST_ANSWER, read_file
from giaoban.text import printable
from results import RUNS
from results.archive.evidence.pack import open_evidence
from results.archive.evidence.signing import Signature
from results.archive.evidence.verify import Finding, together, verify
from scenarios.cli.output import print_json, progress

ALTERED = 1
_NAMES = {"evidence": "evidence", "pdf": "annex (PDF)", "docx": "annex (DOCX)", "unknown": "file"}


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
    results: Annotated[
        Path, typer.Option("--results", help="folder for runs made again, if they differ")
    ] = RUNS,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> int:
    """Tell whether files are intact, of which run and inputs they are, or what was altered.

    Exit code 0: intact, and of the same run where there are several; 1: something was altered, does
    not belong together, is not signed by who is trusted (--trust), or came out differently when it
    was run again.
    """
    found = [verify(path, trust or ()) for path in files]
    if again and not any(f.kind == "evidence" for f in found):
        raise InputError("--rerun: none of the files is an evidence, which alone has the inputs")
    apart = together(found)
    differing = {f.path: _again(f, results) for f in found if again and f.kind == "evidence"}
    if as_json:
        print_json(_as_json(found, apart, differing))
    else:
        _show(found, apart, differing)
    bad = apart or any(differing.values()) or not all(f.intact for f in found)
    return ALTERED if bad else 0


def _again(finding: Finding, results: Path) -> list[str]:
    """What differs when it is run again. What was altered is not run: it would prove nothing."""
    opened = open_evidence(read_file(finding.path, most=MOST_ANSWER))
    if opened.altered or opened.proof is None:
        return ["was altered, so it is not run again"]
    from scenarios.study.rerun import rerun  # the emulator and all, which nothing else here needs

    with progress() as told:
        return rerun(opened.proof, opened.files, root=results, now=datetime.now(), progress=told)


def _show(found: Sequence[Finding], apart: Sequence[str], differing: dict[Path, list[str]]) -> None:
    for finding in found:
        what = f"{finding.path}: {_NAMES[finding.kind]}"
        if finding.altered:
            _say(f"{what}: {'ALTERED' if finding.ours else 'NOT ONE OF OURS'}", "bold red")
            for line in finding.altered[:MOST_TOLD]:
                _say(f"  {line}", "red")
            if (more := len(finding.altered) - MOST_TOLD) > 0:
                _say(f"  and {more:,} more", "red")
        elif finding.unsigned:
            _say(f"{what}: NOT SIGNED by anybody who is trusted", "bold red")
        else:
            _say(f"{what}: {_intact(finding)}", "bold green")
        if finding.unsigned:
            _say(f"  {finding.unsigned}", "red")
        for signature in finding.signed:
            good = "green" if signature.holds else "red"
            _say(f"  {_signature(signature)}", good)
        for run in finding.runs:
            _say(f"  run {run.run_id}: {run.verdict}, seed {run.seed}, code {run.code}")
            _say(f"  sum {run.sum or 'none: there is no evidence'}")
            for item in run.inputs:
                _say(f"    {item.role} {item.name}: {item.sha256}", "dim")
        if finding.path in differing:
            lines = differing[finding.path]
            said = "NOT THE SAME" if lines else "the same measures and verdict"
            _say(f"  run again: {said}", "bold red" if lines else "bold green")
            for line in lines:
                _say(f"    {line}", "red")
            if other := _by_another(finding):
                _say(f"    {other}", "yellow")
    for line in apart:
        _say(f"do not belong together: {line}", "bold red")


def _by_another(finding: Finding) -> str:
    from scenarios.study.rerun import by_another

    return by_another(finding.proof.manifest) if finding.proof else ""


def _intact(finding: Finding) -> str:
    """Whoever has this program can seal anything: only a signature says by whom it was made."""
    draft = ", a draft" if finding.draft else ""
    by = ", ".join(dict.fromkeys(signature.by for signature in finding.signed))
    return f"intact, signed by {by}{draft}" if by else f"intact as sealed, signed by nobody{draft}"


def _signature(signature: Signature) -> str:
    by, at, valid, trusted, wrong = signature
    when = f", {at:%Y-%m-%d %H:%M:%S %Z}" if at else ""
    if not valid:
        return f"signature by {by}{when}: DOES NOT HOLD: {wrong}"
    known = {
        None: "nobody was named to be trusted (--trust)",
        True: "trusted",
        False: "NOT TRUSTED",
    }
    return f"signature by {by}{when}: holds; {known[trusted]}"


def _as_json(
    found: Sequence[Finding], apart: Sequence[str], differing: dict[Path, list[str]]
) -> dict[str, object]:
    files = []
    for f in found:
        signed = [
            {**s._asdict(), "at": s.at and s.at.isoformat(), "holds": s.holds} for s in f.signed
        ]
        files.append(
            {
                "file": str(f.path),
                "kind": f.kind,
                "ours": f.ours,
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


def _say(line: str, style: str = "") -> None:
    shown = printable(line, LONGEST_LINE)
    Console().print(shown, style=style, soft_wrap=True, highlight=False, markup=False)
