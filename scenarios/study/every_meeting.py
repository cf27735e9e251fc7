"""An expansion tried in the meetings of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from giaoban import tomlfile
from giaoban.errors import InputError, InvalidRun
from giaoban.processes.progress import Progress
from giaoban.processes.workers import Helpers, InlineWorker
from giaoban.results.judge.verdict import with_meetings
from giaoban.results.model.result import MeetingChecked
from giaoban.results.model.seeds import OTHER_SEEDS
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.measure.assemble import Answer
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.spec.meeting_catalogue import (
    CataloguedMeeting,
    course_scenario,
    load_meeting,
)
from giaoban.scenarios.study.seeds import SeedsJudge
from giaoban.scenarios.study.variations import Untried, checked, try_each, untried
from giaoban.sentence import N_, Sentence


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
    scenario = question.scenario
    found: dict[str, AskedMeeting] = {}
    for file in question.meetings:
        meeting = load_meeting(file)
        if meeting.id in found:
            loc = (("id",), meeting.id, Sentence("another of the meetings has it"))
            raise tomlfile.mistakes(file, [loc])
        if absent := list(meeting.absent(question.province, scenario.new_bridges)):
            raise tomlfile.mistakes(file, absent)
        try:
            asked = question.with_scenario(course_scenario(meeting, scenario, question.province))
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
    *,
    seeds: int | None = None,
    helpers: Helpers | None = None,
) -> Answer:
    """Return the answer, judged by these meetings as well; engine None: by estimate alone.

    `folder` is the run's, in which each that is emulated has its result. `seeds`: the number of
    other seeds that each meeting is judged by as well; None: as a check.

    Raises:
        InvalidRun, MachineLacks: as an emulation.
    """
    if not asked:
        return answer
    count = OTHER_SEEDS if seeds is None else seeds
    judge = SeedsJudge(count, helpers=helpers or InlineWorker())
    found = try_each(
        {each.meeting.id: each.question for each in asked},
        folder / "meetings",
        engine,
        progress,
        estimating=Sentence("estimating the meetings"),
        told=N_("{done} of {count} {count:meeting|meetings}"),
        by_seeds=judge.settled,
    )
    in_order: list[MeetingChecked] = []
    for each in asked:
        meeting, of = each.meeting, found[each.meeting.id]
        about: dict[str, Any] = {
            "name": meeting.name,
            "name_vi": meeting.name_vi,
            "article": meeting.article_in(each.question.province.regulation),
        }
        match of:
            case InvalidRun():
                raise of
            case Untried(why):
                about |= {"untried": "failures" if each.question.plan.faults else "emulated"}
                in_order.append(untried(meeting.id, why, **about))
            case _:
                known = answer.result.names
                in_order.append(checked(meeting.id, of, known, **about))
    return replace(answer, result=with_meetings(answer.result, answer.criteria, in_order))
