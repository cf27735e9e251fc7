"""`giaoban meeting NAME`: a meeting of the regulation, from the system check to the hanging up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from giaoban.errors import InputError
from giaoban.files import sum_before_reading
from giaoban.processes.workers import cores
from giaoban.results.archive.store import Outcome
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.results.model.studies.meetings import PARTS, MeetingAnswer, Part
from giaoban.results.report.ci.answers import of_meeting
from giaoban.results.report.document import Par
from giaoban.results.report.meetings.meeting_summary import brief
from giaoban.scenarios.cli import folders, judging, language, options
from giaoban.scenarios.cli.output import AnswerAsJson, progress
from giaoban.scenarios.emulation.engine import EngineName, check_emulates
from giaoban.scenarios.load.plan import ROOM
from giaoban.scenarios.load.target import check_room, parse_target
from giaoban.scenarios.plan.question import held_with
from giaoban.scenarios.spec.meeting_catalogue import find, load_meeting
from giaoban.scenarios.study.meeting import check_at, hold
from giaoban.sentence import Sentence


def command(
    name: Annotated[
        str, typer.Argument(help="a meeting of the catalogue, or a file (TOML) that describes one")
    ],
    scenario: options.HeldWith = None,
    province: options.OtherProvince = None,
    only: Annotated[
        Part | None, typer.Option("--only", help="just this part: check (of the system) or course")
    ] = None,
    target: options.Target = None,
    authorised: options.Authorised = False,
    accounts: options.Accounts = None,
    room: options.Room = ROOM,
    no_register: options.NoRegister = False,
    no_options: options.NoOptions = False,
    engine: options.Engine = EngineName.SANDBOX,
    seed: options.Seed = None,
    jobs: options.Jobs = None,
    *,
    results: folders.Results,
    as_json: AnswerAsJson = False,
) -> int:
    """Hold a meeting: the check of the system before it, its course, its end.

    Every bridge connects, sends and is sent sound and picture; then the chair opens, calls others
    to speak one by one, and concludes; then all hang up. Each bridge is judged by itself.
    """
    judging.known_baseline(engine.value if target is None else "real-time")
    file, as_read = find(name), dict[Path, str]()
    sum_before_reading([file], as_read)
    meeting = load_meeting(file)
    with_what = held_with(scenario, province, as_read)
    if target is None and (authorised or accounts is not None):
        option = "--i-am-authorised" if authorised else "--accounts"
        raise InputError("{option}: is for a real device (allowed: with --target)", option=option)
    if target is not None:
        address = parse_target(target, authorised=authorised)
        if only == "course":
            raise InputError('--only = "course": is emulated alone (allowed: without --target)')
        with progress() as told:
            held = check_at(
                meeting,
                with_what,
                target=address,
                room=check_room(room),
                accounts=accounts,
                registers=not no_register,
                asks_options=not no_options,
                language=language.asked() or "vi",
                root=results,
                now=now_in_vietnam(),
                progress=told,
            )
        return _end(held, as_json=as_json)
    check_emulates(engine)
    with progress() as told:
        held = hold(
            meeting,
            with_what,
            parts=PARTS if only is None else [only],
            seed=seed,
            jobs=jobs or cores(),
            engine=engine,
            root=results,
            now=now_in_vietnam(),
            progress=told,
            language=language.asked() or "vi",
        )
    return _end(held, as_json=as_json)


def _end(held: Outcome[MeetingAnswer], *, as_json: bool) -> int:
    return judging.end_of(
        held,
        of_meeting(held.answer),
        *brief(held.answer, language.chosen()),
        Par(Sentence("run: {folder}", folder=held.folder)),
        as_json=as_json,
    )
