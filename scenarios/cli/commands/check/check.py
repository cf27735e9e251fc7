"""`giaoban check SCENARIO`: the main job."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import typer

from giaoban.errors import InputError
from giaoban.results.archive.store import Outcome
from giaoban.results.judge.accepted_cases import AcceptedCases
from giaoban.results.judge.cases import Report
from giaoban.results.model.quantities import Method, Verdict
from giaoban.results.model.result import Result
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.results.report.ci import answers
from giaoban.results.report.document import TONES, Block, Heading, Par
from giaoban.results.report.summaries.check_summary import brief
from giaoban.results.report.summaries.sensitivity_summary import of_check
from giaoban.results.report.view.page import FILE
from giaoban.scenarios.cli import folders, judging, language, options
from giaoban.scenarios.cli.output import AnswerAsJson, progress
from giaoban.scenarios.cli.scenarios import of_project
from giaoban.scenarios.emulation.engine import EngineName, check_installed
from giaoban.scenarios.estimate.limits import reasons
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.scenarios.spec.meeting_catalogue import find
from giaoban.scenarios.spec.scenario import Scenario
from giaoban.scenarios.study.check import check, check_by_estimate
from giaoban.scenarios.study.seeds import helpers_for
from giaoban.scenarios.study.sensitivity.sensitivity import AnalysisOptions
from giaoban.sentence import N_, Sentence


def command(
    scenario: options.ScenarioIfAny = None,
    province: options.OtherProvince = None,
    engine: options.Engine = EngineName.SANDBOX,
    seed: options.Seed = None,
    seeds: options.OtherSeeds = None,
    pcap: Annotated[
        list[str] | None, typer.Option("--pcap", help="record this bridge as .pcapng (repeatable)")
    ] = None,
    meetings: Annotated[
        list[str] | None,
        typer.Option(
            "--meetings",
            metavar="NAME",
            help="try it in this meeting of the catalogue too, or in all (repeatable)",
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="every scenario of the project, one after another")
    ] = False,
    assumptions: Annotated[
        bool,
        typer.Option(
            "--sensitivity",
            help="say as long as what it holds: each assumed figure at other values, by estimate",
        ),
    ] = False,
    worlds: options.Worlds = 0,
    require_robust: options.RequireRobust = None,
    ranges: options.RangesFile = None,
    *,
    results: folders.Results,
    as_json: AnswerAsJson = False,
    by_estimate: Annotated[
        bool,
        typer.Option("--estimate", help="work it out in seconds, without emulation and annex"),
    ] = False,
) -> int:
    """Emulate an expansion before, during and after, and judge it.

    Without a scenario: the project's, if it has one (`--all`: all of them); else they are listed.

    The same question is judged by estimate at other seeds: it passes if at most one seed in eight
    fails, with 95 % confidence. What cannot be estimated is emulated at up to 3 other seeds, if
    --seeds says so.
    """
    if by_estimate and pcap:
        raise InputError(
            "--pcap: an estimate has no frames to record (allowed: without --estimate)"
        )
    method: Method = "estimate" if by_estimate else engine.value
    if every and scenario is not None:
        raise InputError("--all: means nothing with a scenario (allowed: one of them)")
    if not every:
        judging.known_baseline(method)

    wanted = None
    if assumptions or worlds or ranges is not None or require_robust is not None:
        wanted = AnalysisOptions.of(worlds, require_robust, ranges)

    # what is meant comes first: whoever named nothing is told so on any machine
    scenarios = of_project("check", every=every) if scenario is None else [scenario]
    held: Callable[..., Outcome[Result]] = check_by_estimate
    if not by_estimate:
        check_installed(engine)
        held = partial(check, engine=engine)

    def checked(scenario: Path) -> Checked:
        question = make_question(
            scenario,
            province_path=province,
            seed=seed,
            pcap=tuple(dict.fromkeys(pcap or ())),
            change=partial(_held_in, _named(meetings)) if meetings else None,
        )
        at_first = seeds if wanted is None else None
        # before what shows the progress has a thread
        with helpers_for(question, at_first) as helpers, progress() as told:
            outcome = held(
                question,
                root=results,
                now=now_in_vietnam(),
                progress=told,
                language=language.chosen(),
                seeds=seeds,
                wanted=wanted,
                helpers=helpers,
            )
        of = answers.of_check(outcome.answer)
        paths = (str(question.scenario_path), str(question.province_path))
        return Checked(replace(of, next=_next(question, province), files=paths), outcome)

    if every:
        accepted = judging.accepted_of_each([path.stem for path in scenarios], method)
        return _all(scenarios, checked, accepted, as_json=as_json)
    of = checked(scenarios[0])
    files = [Path(path) for path in of.report.files]
    return judging.end_of(of.outcome, of.report, *shown(of.outcome), as_json=as_json, files=files)


OF_ALL = {
    "pass": N_("PASS – {passed} of {n} {n:scenario|scenarios} {agreeing:passes|pass}"),
    "fail": N_("FAIL – {passed} of {n} {n:scenario|scenarios} {agreeing:passes|pass}"),
    "undecided": N_("UNDECIDED – {passed} of {n} {n:scenario|scenarios} {agreeing:passes|pass}"),
    "invalid": N_("INVALID – {passed} of {n} {n:scenario|scenarios} {agreeing:passes|pass}"),
}


class Checked(NamedTuple):
    """A run, and what CI is told of it; compared with what was accepted, if anything was."""

    report: Report
    outcome: Outcome[Result]
    told: Sequence[Block] = ()
    comparison: Mapping[str, Any] | None = None

    def against(self, accepted: AcceptedCases | None) -> Checked:
        """The same beside what was accepted of it."""
        if accepted is None:
            return self
        report, told, comparison = judging.against(self.report, accepted)
        return self._replace(report=report, told=told, comparison=comparison)

    def data(self) -> dict[str, Any]:
        more = {} if self.comparison is None else {"comparison": self.comparison}
        return {**json.loads(self.outcome.answer.to_json()), **more}


def _all(
    scenarios: list[Path],
    checked: Callable[[Path], Checked],
    accepted: Mapping[str, AcceptedCases],
    *,
    as_json: bool,
) -> int:
    """Each by itself, or beside what was accepted of it, and one answer about all: the worst."""
    done = [checked(scenario) for scenario in scenarios]
    found = [each.against(accepted.get(each.report.subject)) for each in done]
    verdicts = [each.report.verdict for each in found]
    verdict = next(v for v in ("fail", "invalid", "undecided", "pass") if v in verdicts)
    headline = headline_of_all(verdict, verdicts.count("pass"), len(found))
    report = Report(
        "check",
        "all",
        verdict,
        headline,
        [
            replace(
                case,
                id=f"{each.report.subject}/{case.id}",
                command=judging.alone(scenario),
                folder=str(each.outcome.folder),
                accepted_as=each.report.subject,
            )
            for scenario, each in zip(scenarios, found, strict=True)
            for case in each.report.cases
        ],
        next=next((each.report.next for each in found if each.report.verdict == "fail"), ""),
        files=tuple(dict.fromkeys(path for each in found for path in each.report.files)),
    )
    return judging.end(
        report,
        Par(headline, bold=True, tone=TONES[verdict]),
        *each_of(found),
        data=lambda: {"results": [each.data() for each in found]},
        as_json=as_json,
        files=[Path(path) for path in report.files],
        compared=True,
    )


def headline_of_all(verdict: Verdict, passed: int, n: int) -> Sentence:
    """`FAIL – 0 of 1 scenario passes`: the verb agrees with the one there is, or those that do."""
    return Sentence(OF_ALL[verdict], passed=passed, n=n, agreeing=1 if n == 1 else passed)


def each_of(found: list[Checked]) -> Iterator[Block]:
    """What each shows by itself, under its name: the answer about all has been given."""
    for each in found:
        yield Heading(each.report.subject, 1)
        yield from each.told
        yield from shown(each.outcome)


def _next(question: Question, province: Path | None) -> str:
    """What to try of a scenario that fails: the cheapest change that passes, or, where that cannot
    be estimated, each failure by itself."""
    command = "faults" if reasons(question.plan) else "whatif"
    other = [] if province is None else ["--province", str(province)]
    return shlex.join(["giaoban", command, str(question.scenario_path), *other])


def _named(meetings: list[str]) -> Literal["all"] | list[str]:
    """The meetings as a scenario would name them, whose folder is another than ours.

    Raises `InputError`: there is no such.
    """
    if meetings == ["all"]:
        return "all"
    found = []
    for name in dict.fromkeys(meetings):
        path = find(name)
        if not path.is_file():
            raise InputError("{path}: there is no such file", path=path)
        found.append(str(path.resolve()) if path == Path(name) else name)
    return found


def _held_in(meetings: Literal["all"] | list[str], scenario: Scenario) -> Scenario:
    return scenario.model_copy(update={"meetings": meetings})


def shown(outcome: Outcome[Result]) -> list[Block]:
    """The verdict as a table that can be read in ten seconds."""
    result, folder = outcome.answer, outcome.folder
    annex = (
        []
        if result.is_estimate
        else [Par(Sentence("annex: {folder}", folder=folder / "phu-luc.pdf"))]
    )
    page = Par(Sentence("page: {folder}", folder=folder / FILE))
    robust = [] if result.robustness is None else of_check(result.robustness)
    return [*brief(result, language.chosen()), *robust, *annex, page]
