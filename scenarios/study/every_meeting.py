"""An expansion tried in the meetings of the catalogue: what is near a limit is emulated.

A meeting is estimated first. If it passes with everything far from its limit, that is its answer;
else, and where something fails in its course, which cannot be estimated, it is emulated.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from giaoban.errors import InvalidRun
from giaoban.progress import Progress
from giaoban.workers import cores
from results.judge.verdict import with_meetings
from results.model.result import MeetingChecked, Result
from scenarios.emulation.engine import EngineName
from scenarios.estimate.estimate import estimate
from scenarios.estimate.limits import reasons
from scenarios.measure.assemble import Answer
from scenarios.spec.meeting_catalogue import (
    CataloguedMeeting,
    course_scenario,
    load_meeting,
    named,
)
from scenarios.spec.question import Question, question_from
from scenarios.study.emulation_process import EmulationJob, emulate_all

FAR_PCT = 5.0
"""A meeting with a smaller margin is emulated. An estimate's delays are off by under 0.1 ms of
limits of 150 to 400 ms (docs/estimate.md); the rest is for what nobody has thought of."""
EXACT = ("mcu-units", "every-call-set-up", "every-call-as-asked")
"""Criteria whose value does not depend on any packet."""


def in_every_meeting(
    question: Question,
    answer: Answer,
    folder: Path,
    engine: EngineName | None,
    progress: Progress,
) -> Answer:
    """The answer, judged by the meetings that the scenario names as well; None: estimate them all.

    Raises:
        InputError: a mistake in a meeting.
        InvalidRun, MachineLacks: as an emulation.
    """
    found = _meetings(question)
    if not found:
        return answer
    checked: dict[str, MeetingChecked] = {}
    to_emulate: dict[str, tuple[CataloguedMeeting, Question]] = {}
    for number, (meeting, asked) in enumerate(found):
        progress("meetings", number / len(found))
        untold = reasons(asked.plan)
        if untold and engine is None:
            checked[meeting.id] = _untried(meeting, untold)
            continue
        if not untold:
            result = estimate(asked, meeting.id).result
            checked[meeting.id] = _checked(meeting, result)
            if engine is None or _is_far(result):
                continue
        to_emulate[meeting.id] = (meeting, asked)
    if engine is not None:
        emulated = emulate_all(
            (
                EmulationJob(ident, asked, engine, _place(folder, ident), _result)
                for ident, (_, asked) in to_emulate.items()
            ),
            len(to_emulate),
            at_once=cores(),
            told="{} of {} meetings".format,
            progress=progress,
        )
        for ident, (meeting, _) in to_emulate.items():
            of = emulated[ident].found
            if isinstance(of, InvalidRun):
                raise of
            checked[ident] = _checked(meeting, of)
    in_order = [checked[meeting.id] for meeting, _ in found]
    return replace(answer, result=with_meetings(answer.result, answer.criteria, in_order))


def _meetings(question: Question) -> list[tuple[CataloguedMeeting, Question]]:
    scenario, path = question.scenario, question.scenario_path
    found = []
    for file in named(scenario.meetings, path):
        meeting = load_meeting(file)
        held = course_scenario(meeting, scenario, question.province)
        seed = question.plan.seed
        asked = question_from(held, path, question.province, question.province_path, seed=seed)
        found.append((meeting, asked))
    return found


def _is_far(result: Result) -> bool:
    """Whether it passes with every margin large."""
    margins = [c.margin_pct for c in result.criteria if c.id not in EXACT]
    return result.verdict == "pass" and all(m is not None and m >= FAR_PCT for m in margins)


def _place(folder: Path, ident: str) -> Path:
    place = folder / "meetings" / ident
    place.mkdir(parents=True)
    return place


def _result(answer: Answer, _captures: Path) -> Result:
    return answer.result


def _untried(meeting: CataloguedMeeting, reasons: list[str]) -> MeetingChecked:
    return MeetingChecked(
        id=meeting.id,
        name=meeting.name,
        name_vi=meeting.name_vi,
        article=meeting.article,
        engine=None,
        verdict=None,
        reasons=reasons,
    )


def _checked(meeting: CataloguedMeeting, result: Result) -> MeetingChecked:
    margins = [c.margin_pct for c in result.criteria if c.margin_pct is not None]
    return MeetingChecked(
        id=meeting.id,
        name=meeting.name,
        name_vi=meeting.name_vi,
        article=meeting.article,
        engine=result.engine.name,
        verdict=result.verdict,
        reasons=result.reasons,
        binding=result.binding,
        margin_pct=min(margins, default=None),
    )
