"""One point, computed wherever a worker runs: this machine's cores, or a cluster's."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

from giaoban.errors import InputError, MachineLacks
from giaoban.files import refuse_changed
from giaoban.mcu_sim.device import DEFAULT_PATH as DEVICES
from giaoban.results.judge.criteria import DEFAULT_PATH as CRITERIA
from giaoban.results.judge.criteria import LINK_PEAK, MCU_UNITS
from giaoban.results.model.places import Place
from giaoban.results.model.studies.sweep import SINGLE_POINT, SweepPoint
from giaoban.results.report.display_names import DisplayNames
from giaoban.results.report.screen_wording import place_words
from giaoban.scenarios.estimate.static import second_limit_pct, shortfall, static_loads
from giaoban.scenarios.measure.assemble import criteria_of, names_of
from giaoban.scenarios.plan.identity import code_identity
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.plan.recordings import files_of
from giaoban.scenarios.spec.project import project_of
from giaoban.scenarios.study.seeds import SeedsJudge
from giaoban.scenarios.study.sweep.axes import NONE, GridPoint
from giaoban.scenarios.study.whatif.apply import LIST, Base, ask, kept_pace_s
from giaoban.scenarios.study.whatif.cut_away import NoMeetingLeft, UnreachableBridges
from giaoban.scenarios.study.whatif.join_pacing import with_slower_joins
from giaoban.sentence import N_, Sentence


@dataclass(frozen=True)
class Task:
    """What a worker is given. Paths are the same on all machines; `code` is the program's hash.

    `as_read`: all files that the point depends on, with their sums when the sweep began, but for
    the program's own: they may lie elsewhere on another machine, and are in `code`. `intact`: the
    same point before anything failed, of one at which something does.
    """

    spot: GridPoint
    scenario: str
    province: str
    phase_s: float | None
    pace_s: float | None
    method: str
    seeds: int
    code: str
    key: str
    as_read: tuple[tuple[str, str], ...]
    intact: SweepPoint | None = None

    @property
    def before(self) -> Task:
        """The point at which nothing has failed yet; itself where nothing does."""
        if self.spot.failure == NONE:
            return self
        task = replace(self, spot=self.spot._replace(failure=NONE))
        return replace(task, key=key_of(task))

    @property
    def base(self) -> Base:
        return Base(
            Path(self.scenario),
            Path(self.province),
            self.spot.seed,
            self.phase_s,
            self.pace_s,
            self.sums,
        )

    @property
    def sums(self) -> dict[Path, str]:
        """Those of all files in `as_read`, when the sweep began."""
        return {Path(path): summed for path, summed in self.as_read}


def files_of_point(base: Base, bridges: str) -> list[Path]:
    """All files that a point with these further bridges depends on, but for the program's own."""
    files = [base.scenario_path, base.province_path]
    own = (DEVICES.resolve(), CRITERIA.resolve())
    catalogues = (base.devices_path, project_of(base.scenario_path).criteria)
    files += [path for path in catalogues if path.resolve() not in own]
    files += files_of(base.scenario, base.scenario_path)
    if bridges.lower().endswith(LIST):
        files.append(Path(bridges))
    return files


def key_of(task: Task) -> str:
    """The hash of all that a point depends on: its place, the bytes of all files, the program.

    The point before a failure depends on nothing else.
    """
    told = asdict(replace(task, intact=None))
    told |= {"key": "", "scenario": "", "province": ""}
    told["as_read"] = [summed for _, summed in task.as_read]  # wherever the files lie
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def solve(task: Task) -> SweepPoint:
    """Judge one point.

    Raises:
        InputError: a file that it depends on was changed since the sweep began: the point would
            stand under the key of another.
        MachineLacks: the program is another one than the sweep's.
    """
    if task.code != _own_code():
        raise MachineLacks(
            "a worker of the cluster runs another version of giaoban",
            N_("install the same version on all machines of the cluster"),
        )
    try:
        return _solved(task)
    finally:  # also where it went wrong: by half a file, or by one that is gone
        refuse_changed(task.sums)


def _solved(task: Task) -> SweepPoint:
    """The point by the files as they are now.

    Something fails in a meeting that is going on. So a point with a failure passes only if the
    meeting passes before it, nobody is cut off who could have been kept, and what is left passes.
    Its verdict is never better than that of the same point without the failure. Where no meeting is
    left although nobody could have been kept, or that is accepted, there is nothing to judge.
    """
    intact = task.intact
    if intact is not None and intact.verdict != "pass":
        return intact.model_copy(update={"failure": task.spot.failure, "key": task.key})
    try:
        asked = ask(task.base, task.spot.variant)
    except NoMeetingLeft as error:
        if error.cut_off.needlessly:
            return _cut_off(task, error.cut_off, in_meeting=0)
        return _refused(task, error.said, len(error.cut_off.bridges))
    except InputError as error:
        return _refused(task, error.said)
    try:
        if asked.cut_off.needlessly:
            left = len(static_loads(asked.question.plan).joined)
            return _cut_off(task, asked.cut_off, in_meeting=left)
        return _judged(task, asked.question, len(asked.cut_off.bridges))
    except InputError as error:
        return _refused(task, error.said, len(asked.cut_off.bridges))


def _judged(task: Task, question: Question, cut_off: int) -> SweepPoint:
    loads = static_loads(question.plan)
    criteria = criteria_of(question)
    limits = {c.id: c.threshold for c in criteria.criterion}
    found = _point(
        task,
        verdict="pass",
        method="arithmetic",
        in_meeting=len(loads.joined),
        cut_off=cut_off,
        used_pct=round(loads.use.pct, 3),
        peak_pct=round(loads.worst_link().peak_pct, 3),
    )
    units_limit, link_limit = limits[MCU_UNITS], limits[LINK_PEAK]
    if (short := shortfall(loads, units_limit, link_limit)) is not None:
        return _fails(found, question, short.criterion, short.place)
    if task.method == "arithmetic":
        if loads.worst_link().peak_pct > second_limit_pct(criteria):
            worst = loads.worst_link()
            return _fails(found, question, LINK_PEAK, worst.place)
        return found
    judged = with_slower_joins(task.base, task.spot.variant, question, SeedsJudge(task.seeds))
    result, seeds = judged.result, judged.result.seeds
    binding = result.binding
    pace_s, new = judged.variant.pace_s, sum(call.new for call in judged.question.plan.calls)
    where = place_words(None if binding is None else binding.place, result)
    return found.model_copy(
        update={
            "verdict": result.verdict,
            "method": "estimate",
            "binding": None if binding is None else binding.criterion,
            "where": str(where),
            "where_vi": where.vi,
            "margin_pct": None if binding is None else binding.margin_pct,
            "pace_s": None if pace_s is None else kept_pace_s(pace_s, new),
            "seeds_tried": 0 if seeds is None else seeds.tried,
            "seeds_passed": 0 if seeds is None else seeds.passed,
            "fails_at_seed": None if seeds is None or seeds.first is None else seeds.first.seed,
            "seeds_needed": None if seeds is None else seeds.needed,
        }
    )


def _fails(found: SweepPoint, question: Question, criterion: str, place: Place) -> SweepPoint:
    """The same point, which arithmetic alone rules out."""
    plan = question.plan
    where = DisplayNames(names=names_of(plan) | plan.network.link_names).place(place)
    update = {"binding": criterion, "where": str(where), "where_vi": where.vi}
    return found.model_copy(update={"verdict": "fail", **update})


def _point(task: Task, **found: object) -> SweepPoint:
    """With its place on each axis; what no axis has, as the scenario's files say it."""
    spot, base = task.spot, task.base
    place = {
        "bridges": spot.bridges,
        "profile": spot.profile or base.scenario.profile,
        "device": spot.device or base.scenario.device or base.province.mcu.device,
        "failure": spot.failure or NONE,
        "seed": base.scenario.seed if spot.seed is None else spot.seed,
    }
    return SweepPoint.model_validate({**place, "key": task.key, **found})


def _cut_off(task: Task, cut_off: UnreachableBridges, *, in_meeting: int) -> SweepPoint:
    """A point at which bridges are gone needlessly, whatever becomes of those that are left."""
    count = Sentence("{n} {n:bridge|bridges} cut off", n=len(cut_off.needlessly))
    return _point(
        task,
        verdict="fail",
        method="arithmetic",
        in_meeting=in_meeting,
        cut_off=len(cut_off.bridges),
        binding=SINGLE_POINT,
        where=str(count),
        where_vi=count.vi,
        why=str(cut_off.reason),
        why_vi=cut_off.reason.vi,
    )


def _refused(task: Task, why: Sentence, cut_off: int = 0) -> SweepPoint:
    return _point(
        task,
        verdict="refused",
        method="none",
        in_meeting=0,
        cut_off=cut_off,
        why=str(why),
        why_vi=why.vi,
    )


@cache
def _own_code() -> str:
    return code_identity()
