"""An expansion tried in the meetings of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from giaoban import tomlfile
from giaoban.errors import InputError, InvalidRun
from giaoban.processes.progress import Progress
from giaoban.processes.workers import Helpers, InlineWorker
from giaoban.results.judge.verdict import with_meetings
from giaoban.results.model.result import MeetingChecked, Result
from giaoban.results.model.seeds import OTHER_SEEDS
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.limits import reasons
from giaoban.scenarios.measure.assemble import Answer
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.spec.meeting_catalogue import (
    CataloguedMeeting,
    course_scenario,
    load_meeting,
)
from giaoban.scenarios.study.engine import judge_points
from giaoban.scenarios.study.seeds import SeedsJudge
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
    found = judge_points(
        {each.meeting.id: each.question for each in asked},
        folder / "meetings",
        engine,
        progress,
        estimating=N_("estimating the meetings"),
        told=N_("{done} of {count} {count:meeting|meetings}"),
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
            case list():
                about |= {"untried": "failures" if each.question.plan.faults else "emulated"}
                in_order.append(untried(meeting.id, of, **about))
            case _:
                own = of if reasons(each.question.plan) else judge.settled(each.question, of)
                in_order.append(checked(meeting.id, own, answer.result.names, **about))
    return replace(answer, result=with_meetings(answer.result, answer.criteria, in_order))


def checked(ident: str, of: Result, known: Mapping[str, str], **about: Any) -> MeetingChecked:
    """Return the answer of a meeting, to stand beside the answer of the check.

    Args:
        known: the names of bridges and routers that the answer has.
        about: the name of the meeting and its article.
    """
    return MeetingChecked(
        id=ident,
        engine=of.engine.name,
        verdict=of.verdict,
        reasons=of.reasons,
        reason_codes=of.reason_codes,
        binding=of.binding,
        seeds=of.seeds,
        bound=None if of.binding is None else of.criterion(of.binding.criterion),
        margin_pct=min(
            (c.margin_pct for c in of.criteria if c.margin_pct is not None), default=None
        ),
        names={node: name for node, name in of.names.items() if node not in known},
        accepted=of.accepted,
        **about,
    )


def untried(ident: str, why: Sequence[Sentence], **about: Any) -> MeetingChecked:
    """Return a meeting that was not tried, with the reasons; `about` as of `checked`."""
    about |= {"reasons": [each.en for each in why], "reasons_vi": [each.vi for each in why]}
    return MeetingChecked(id=ident, engine=None, verdict=None, **about)
