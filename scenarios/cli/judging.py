"""The end of every command that judges, and its options for CI: `--junit`, `--markdown`,
`--annotations`, `--code-quality` and `--baseline`.

The options are the same at each, added to it in `giaoban.scenarios.cli.app`; what they ask for is
kept here. What is wrong with input is told in the same ways.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from giaoban.errors import GiaobanError, InputError, for_terminal
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.scenarios.cli import language
from giaoban.sentence import Sentence

if TYPE_CHECKING:
    from giaoban.results.archive.store import Outcome
    from giaoban.results.judge.accepted_cases import AcceptedCases
    from giaoban.results.judge.cases import Report
    from giaoban.results.model.quantities import FoundBy, Verdict
    from giaoban.results.report.document import Block

WITH_BASELINE = frozenset(
    ("check", "whatif", "headroom", "sensitivity", "load", "meeting", "calendar", "faults")
)
JUDGING = WITH_BASELINE | {"compare"}
"""Commands that judge; those with `--baseline`, and `compare`, which has an old side itself."""
REPORTS = ("--junit", "--markdown", "--annotations", "--code-quality")
IN_CI = "In CI"
"""What the help calls them."""
FORMATS = ("github", "none")


@dataclass
class CiOptions:
    """What one command line asks for."""

    words: Sequence[str] = ()
    began_s: float = field(default_factory=time.monotonic)
    command: str = ""
    junit: Path | None = None
    markdown: Path | None = None
    annotations: str | None = None
    code_quality: Path | None = None
    baseline: str | None = None

    @property
    def annotates(self) -> bool:
        """Whether GitHub's workflow commands are wanted; there they are without being asked for."""
        if self.annotations is not None:
            return self.annotations == "github"
        return os.environ.get("GITHUB_ACTIONS") == "true"


ci_options = CiOptions()


def begin(words: Sequence[str]) -> None:
    """A command line begins; nothing is asked for yet."""
    global ci_options
    ci_options = CiOptions(words=list(words))


def _options(
    _junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="write JUnit XML for CI")
    ] = None,
    _markdown: Annotated[
        Path | None,
        typer.Option("--markdown", metavar="FILE", help="append a summary ($GITHUB_STEP_SUMMARY)"),
    ] = None,
    _annotations: Annotated[
        str | None,
        typer.Option(
            "--annotations",
            metavar="[github|none]",
            help="what is wrong at its file and line (github in GitHub Actions)",
        ),
    ] = None,
    _code_quality: Annotated[
        Path | None,
        typer.Option("--code-quality", metavar="FILE", help="the same as GitLab reads it (JSON)"),
    ] = None,
    _baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="NAME",
            help="compare with an accepted answer; with --all a folder of them or of runs",
        ),
    ] = None,
) -> None: ...


def options(command: str) -> list[Any]:
    """Those of a command, as click has them; what is given is kept in `ci_options`."""
    alone = typer.Typer(add_completion=False)
    alone.command()(_options)
    made: Any = typer.main.get_command(alone)
    found = []
    for option in made.params:
        name = option.name.lstrip("_")
        if name == "baseline" and command not in WITH_BASELINE:
            continue
        option.expose_value = False
        option.callback = _keep(command, name)
        option.rich_help_panel = IN_CI
        option.is_eager = True  # a mistake in another option is told in these ways, too
        found.append(option)
    return found


def _keep(command: str, name: str) -> Callable[[Any, Any, Any], Any]:
    def keep(_context: Any, _option: Any, value: Any) -> Any:
        ci_options.command = command
        if name == "annotations" and value is not None and value not in FORMATS:
            raise InputError(
                '{option} = "{value}": is not known (allowed: {allowed})',
                option="--annotations",
                value=value,
                allowed=", ".join(FORMATS),
            )
        if name in ("junit", "markdown", "code_quality"):
            value = None if value is None else Path(value)
            writable(value)
        setattr(ci_options, name, value)
        return value

    return keep


def writable(path: Path | None) -> None:
    """Told before minutes of emulation, and not after. Raises `InputError`."""
    if path is None:
        return
    if path.is_dir():
        what = Sentence("is a folder")
    elif not path.parent.is_dir():
        what = Sentence("{path} is no folder", path=path.parent)
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        what = Sentence("may not be written")
    else:
        return
    raise InputError(
        "{path}: {what} (allowed: the name of a file to be written)", path=path, what=what
    )


def folder_of_baselines() -> Path:
    """Where baselines are looked for by name."""
    from giaoban.scenarios.spec.project import current

    return current().baselines


def known_baseline(method: FoundBy) -> None:
    """Read the baseline before anything is judged by `method`.

    Raises `InputError`: as `read_cases`.
    """
    if ci_options.baseline is not None and ci_options.command != "faults":
        from giaoban.results.judge.accepted_cases import read_cases

        read_cases(ci_options.baseline, folder_of_baselines(), ci_options.command, method)


def accepted_of_each(subjects: Sequence[str], method: FoundBy) -> Mapping[str, AcceptedCases]:
    """What is accepted of each of the scenarios, where `--baseline` is a folder; nothing without.

    Raises `InputError`: as `accepted_in`.
    """
    if ci_options.baseline is None:
        return {}
    from giaoban.results.archive.stored_report import accepted_in

    return accepted_in(
        Path(ci_options.baseline),
        ci_options.command,
        subjects,
        method,
        now_in_vietnam().date(),
    )


def against(
    report: Report, accepted: AcceptedCases
) -> tuple[Report, list[Block], Mapping[str, Any]]:
    """The report as a baseline has it, what a terminal shows of that, and the same for `--json`."""
    from giaoban.results.judge.accepted_cases import against_cases
    from giaoban.results.report.document import TONES, Par

    by_criteria: Verdict = report.verdict
    report, found = against_cases(report, accepted)
    tones: Mapping[str, Any] = {"worse": "bad", "better": "good", "other": ""}
    senses = {
        "worse": Sentence("worse: {change}").msgid,
        "better": Sentence("better: {change}").msgid,
        "other": "{change}",
    }
    lines = [
        Par(Sentence("  {change}", change=Sentence(senses[c.sense], change=c.line)),
            tone=tones[c.sense])
        for c in found
    ]  # fmt: skip
    said = Sentence("by the criteria alone:")
    head = Par(report.headline, bold=True, tone=TONES[report.verdict])
    comparison = {
        "baseline": accepted.name,
        "verdict": report.verdict,
        "by_criteria": by_criteria,
        "changes": [{"sense": c.sense, "case": c.case, "what": str(c.what)} for c in found],
    }
    return report, [head, *lines, Par(said, tone="quiet")], comparison


def end(
    report: Report,
    *shown: Block,
    data: Callable[[], Mapping[str, Any]],
    as_json: bool,
    folder: Path | None = None,
    files: Sequence[Path] = (),
    compared: bool = False,
) -> int:
    """Print the answer and write what is asked for; the exit code.

    Args:
        report: the answer in cases, its verdict by the criteria.
        shown: what a terminal shows, the verdict first.
        data: the answer for `--json`.
        folder: of the run.
        compared: the baseline has been taken into account.
        files: the inputs in which the line that causes what fails is looked for.
    """
    from giaoban.results.judge.accepted_cases import read_cases
    from giaoban.results.report.ci.commands import Commands, without
    from giaoban.results.report.document import Par
    from giaoban.scenarios.cli.output import EXIT_CODES, print_blocks, print_json

    blocks: list[Block] = list(shown)
    extra: dict[str, Any] = {}
    if ci_options.baseline is not None and report.command != "faults" and not compared:
        accepted = read_cases(
            ci_options.baseline, folder_of_baselines(), report.command, report.method
        )
        report, told, extra["comparison"] = against(report, accepted)
        blocks = [*told, *blocks]
    if files:
        report = replace(report, files=[str(path) for path in files])
    commands = Commands(
        without([word for word in ci_options.words if word != "--json"], REPORTS),
        folder,
        _accepted_as(report) if folder is not None and report.command in WITH_BASELINE else "",
    )
    if report.verdict == "fail" and report.next:
        blocks.append(Par(Sentence("next: {command}", command=report.next), tone="quiet"))
    _write(report, commands)
    if as_json:
        print_json({**data(), **extra})
    else:
        print_blocks(*blocks)
    return EXIT_CODES[report.verdict]


def end_of(
    outcome: Outcome[Any],
    report: Report,
    *shown: Block,
    as_json: bool,
    files: Sequence[Path] = (),
) -> int:
    """As `end`, of a command that leaves a run."""
    return end(
        report,
        *shown,
        data=lambda: json.loads(outcome.answer.to_json()),
        as_json=as_json,
        folder=outcome.folder,
        files=files,
    )


def _accepted_as(report: Report) -> str:
    """The name by which a run is accepted: that of the baseline it was compared with, so that the
    next is compared with it, or what the run is about."""
    from giaoban.results.judge.baseline import NAME

    given = ci_options.baseline
    by_name = given is not None and re.fullmatch(NAME, given) and not Path(given).is_dir()
    return given if given is not None and by_name else report.subject


def alone(path: Path) -> str:
    """Return the command line for one scenario in place of --all, with its other options.

    Of a folder of baselines the scenario's own is named; a folder of runs has none to name.
    """
    from giaoban.results.judge.accepted_cases import is_of_cases
    from giaoban.results.report.ci.commands import without

    command, *rest = without(ci_options.words, [*REPORTS, "--baseline"])
    words = ["giaoban", command, str(path), *(w for w in rest if w not in ("--all", "--json"))]
    if ci_options.baseline is not None:
        accepted = Path(ci_options.baseline) / path.name
        if accepted.is_file() and is_of_cases(accepted):
            words += ["--baseline", str(accepted)]
    return shlex.join(words)


def _write(report: Report, commands: Any) -> None:
    """The files and lines that are asked for, each whatever became of the others. Raises the first
    error."""
    wrong: list[GiaobanError] = []
    for write in (_write_junit, _write_markdown, _write_annotations):
        try:
            write(report, commands)
        except GiaobanError as error:
            wrong.append(error)
    if wrong:
        raise wrong[0]


def _write_junit(report: Report, commands: Any) -> None:
    if ci_options.junit is not None:
        from giaoban.files import write_whole
        from giaoban.results.report.ci.junit import junit_xml

        seconds = time.monotonic() - ci_options.began_s
        write_whole(ci_options.junit, junit_xml(report, commands, seconds).encode())


def _write_markdown(report: Report, commands: Any) -> None:
    if ci_options.markdown is not None:
        from giaoban.files import writing
        from giaoban.results.report.ci.job_summary import job_summary
        from giaoban.results.report.markdown import markdown

        text = markdown(job_summary(report, commands), language.say)
        with writing(ci_options.markdown), ci_options.markdown.open("a", encoding="utf-8") as file:
            file.write(text + "\n")


def _write_annotations(report: Report, _commands: Any) -> None:
    if ci_options.code_quality is not None or ci_options.annotates:
        from giaoban.results.report.ci.annotations import of_report

        _annotate(of_report(report, language.say))


def _annotate(found: Sequence[Any]) -> None:
    from giaoban.files import write_whole
    from giaoban.results.report.ci import annotations

    if ci_options.code_quality is not None:
        write_whole(ci_options.code_quality, annotations.code_quality(found).encode())
    if ci_options.annotates:  # on standard error, which has no JSON in it
        for line in annotations.github(found):
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def failed(error: GiaobanError) -> None:
    """What ended a command that judges, in the ways that are asked for."""
    if not ci_options.command:
        return
    from giaoban.results.judge.cases import Case, Report
    from giaoban.results.report.ci.commands import Commands, without

    lines = for_terminal(error).split("\n")
    unwritten: GiaobanError | None = None
    if ci_options.code_quality is not None or ci_options.annotates:
        from giaoban.results.report.ci.annotations import of_error

        try:
            _annotate(of_error(error, lines))
        except GiaobanError as another:
            unwritten = another
    words = without([word for word in ci_options.words if word != "--json"], REPORTS)
    plain = [word for word in words[1:] if not word.startswith("-")]
    named = [word for word in plain if Path(word).suffix] or plain or [ci_options.command]
    subject = Path(named[0]).stem.replace(" ", "-")
    report = Report(
        ci_options.command,
        subject,
        "invalid",
        Sentence("INVALID – there is no answer: {why}", why=lines[0]),
        [Case("run", "invalid", lines, kind=type(error).__name__)],
    )
    kept, code_quality, annotations = ci_options, ci_options.code_quality, ci_options.annotations
    ci_options.code_quality, ci_options.annotations = None, "none"  # told above, at their lines
    try:
        _write(report, Commands(words))
    finally:
        kept.code_quality, kept.annotations = code_quality, annotations
    if unwritten is not None:
        raise unwritten
