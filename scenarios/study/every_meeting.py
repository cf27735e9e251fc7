"""An expansion tried in the meetings of the catalogue: what is near a limit is emulated.

A meeting is estimated first. If it passes with everything far from its limit, that is its answer;
else, and where it cannot be estimated, it is emulated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from giaoban import tomlfile
from giaoban.errors import InputError, InvalidRun
from giaoban.progress import Progress
from giaoban.results.judge.criteria import CALLS_AS_ASKED, CALLS_SET_UP, MCU_UNITS
from giaoban.results.judge.verdict import with_meetings
from giaoban.results.model.result import FAR_PCT, MeetingChecked, Result
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.estimate.limits import reasons
from giaoban.scenarios.measure.assemble import Answer
from giaoban.scenarios.spec.meeting_catalogue import (
    CataloguedMeeting,
    course_scenario,
    load_meeting,
)
from giaoban.scenarios.spec.question import Question, question_from
from giaoban.scenarios.study.emulation_process import EmulationJob, emulate_all, result_of
from giaoban.sentence import N_, Sentence
from giaoban.workers import cores

EXACT = (MCU_UNITS, CALLS_SET_UP, CALLS_AS_ASKED)
"""Criteria whose value does not depend on any packet."""


@dataclass(frozen=True)
class AskedMeeting:
    """A meeting of the catalogue, and its course as a question."""

    meeting: CataloguedMeeting
    question: Question


def meetings_of(question: Question) -> list[AskedMeeting]:
    """The meetings that a question is to be tried in as well.

    Raises:
        InputError: a mistake in one of them, before anything is emulated.
    """
    scenario, path = question.scenario, question.scenario_path
    found: dict[str, AskedMeeting] = {}
    for file in question.meetings:
        meeting = load_meeting(file)
        if meeting.id in found:
            loc = (("id",), meeting.id, Sentence("another of the meetings has it"))
            raise tomlfile.mistakes(file, [loc])
        if absent := list(meeting.absent(question.province, scenario.new_bridges)):
            raise tomlfile.mistakes(file, absent)
        try:
            held = course_scenario(meeting, scenario, question.province)
            asked = question_from(
                held, path, question.province, question.province_path, seed=question.plan.seed
            )
        except InputError as error:
            raise InputError("{file}: {error}", file=file, error=error) from None
        found[meeting.id] = AskedMeeting(meeting, asked)
    return list(found.values())


def in_every_meeting(
    asked: Sequence[AskedMeeting],
    answer: Answer,
    folder: Path,
    engine: EngineName | None,
    progress: Progress,
) -> Answer:
    """The answer, judged by these meetings as well; engine None: by estimate alone.

    `folder` is the run's, in which each that is emulated has its result.

    Raises:
        InvalidRun, MachineLacks: as an emulation.
    """
    if not asked:
        return answer
    known = answer.result.names
    checked: dict[str, MeetingChecked] = {}
    to_emulate: dict[str, AskedMeeting] = {}
    for number, each in enumerate(asked):
        meeting = each.meeting
        progress(Sentence("estimating the meetings"), number / len(asked))
        untold = reasons(each.question.plan)
        if untold and engine is None:
            checked[meeting.id] = _untried(meeting, each.question, untold)
            continue
        if not untold:
            result = estimate(each.question, meeting.id).result
            checked[meeting.id] = _checked(meeting, result, known)
            if engine is None or is_far(result):
                continue
        to_emulate[meeting.id] = each
    if engine is not None:
        emulated = emulate_all(
            (
                EmulationJob(ident, each.question, engine, _place(folder, ident), result_of)
                for ident, each in to_emulate.items()
            ),
            len(to_emulate),
            at_once=cores(),
            told=N_("{done} of {count} meetings"),
            progress=progress,
        )
        for ident, each in to_emulate.items():
            of = emulated[ident].found
            if isinstance(of, InvalidRun):
                raise of
            checked[ident] = _checked(each.meeting, of, known)
    in_order = [checked[each.meeting.id] for each in asked]
    return replace(answer, result=with_meetings(answer.result, answer.criteria, in_order))


def is_far(result: Result) -> bool:
    """Whether it passes with every margin large enough for an estimate to be believed."""
    margins = [c.margin_pct for c in result.criteria if c.id not in EXACT]
    return result.verdict == "pass" and all(m is not None and m >= FAR_PCT for m in margins)


def _place(folder: Path, ident: str) -> Path:
    place = folder / "meetings" / ident
    place.mkdir(parents=True)
    return place


def _untried(
    meeting: CataloguedMeeting, question: Question, reasons: Sequence[str]
) -> MeetingChecked:
    return MeetingChecked(
        id=meeting.id,
        name=meeting.name,
        name_vi=meeting.name_vi,
        article=meeting.article_in(question.province.regulation),
        engine=None,
        verdict=None,
        untried="failures" if question.plan.faults else "size",
        reasons=list(reasons),
    )


def _checked(
    meeting: CataloguedMeeting, result: Result, known: Mapping[str, str]
) -> MeetingChecked:
    binding = result.binding
    margins = [c.margin_pct for c in result.criteria if c.margin_pct is not None]
    return MeetingChecked(
        id=meeting.id,
        name=meeting.name,
        name_vi=meeting.name_vi,
        article=meeting.article_in(result.question.regulation),
        engine=result.engine.name,
        verdict=result.verdict,
        reasons=result.reasons,
        reason_codes=result.reason_codes,
        binding=result.binding,
        bound=None if binding is None else result.criterion(binding.criterion),
        names={ident: name for ident, name in result.names.items() if ident not in known},
        margin_pct=min(margins, default=None),
    )
