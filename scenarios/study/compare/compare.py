"""Two states of inputs → what changed for whom, in a run folder with a map."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from giaoban.errors import InvalidRun
from giaoban.processes.progress import Progress
from giaoban.processes.workers import Helpers
from giaoban.results.archive.store import Outcome, new_run
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.result import FAR_PCT
from giaoban.results.model.studies.compared import Compared, InputChange, ScenarioCompared
from giaoban.results.report.summaries.compared_summary import summary_md
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.limits import reasons
from giaoban.scenarios.measure.assemble import criteria_of
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.compare import effects, inputs
from giaoban.scenarios.study.compare.effects import ComparedSide, side_of
from giaoban.scenarios.study.compare.sides import ComparedPair
from giaoban.scenarios.study.engine import (
    EMULATING,
    emulate_points,
    estimate_points,
    with_summary,
)
from giaoban.scenarios.study.whatif.apply import Base, ask
from giaoban.scenarios.study.whatif.judge import CONFIRMED
from giaoban.scenarios.study.whatif.variant import UnnamedVariant
from giaoban.sentence import N_, Sentence, said_by
from giaoban.translation import Language

MAP = "map.svg"
TOLERANCE_POINTS = 10.0
"""What a margin may lose before that is worse, where everything is still met."""


@dataclass(frozen=True)
class CompareRequest:
    """What is asked. `old` and `new` say what is compared, for people."""

    pairs: Sequence[ComparedPair]
    old: str
    new: str
    tolerance_points: float = TOLERANCE_POINTS
    confirm: bool = False
    engine: EngineName = EngineName.SANDBOX
    jobs: int = 1


@dataclass(frozen=True)
class CompareOutcome(Outcome[Compared]):
    """A finished comparison; `files` are the new inputs, scenarios first."""

    files: list[Path]


@dataclass(frozen=True)
class _Asked:
    """A pair whose sides were read, and what of the inputs is another."""

    pair: ComparedPair
    old: Question | None
    new: Question | None
    changed: list[InputChange]

    @property
    def both(self) -> tuple[Question, Question] | None:
        return None if self.old is None or self.new is None else (self.old, self.new)

    @property
    def why_not(self) -> list[Sentence]:
        """Why it cannot be estimated."""
        return [] if self.new is None else reasons(self.new.plan)

    @property
    def why_old_not(self) -> list[Sentence]:
        """Why the old side cannot be estimated."""
        return [] if self.old is None else reasons(self.old.plan)


def compare(
    order: CompareRequest,
    *,
    root: Path,
    now: datetime,
    progress: Progress,
    workers: Helpers,
    language: Language = "vi",
) -> CompareOutcome:
    """Judge both sides by estimate, what is near by emulation if wanted, and write it down.

    Raises:
        InputError: a side that cannot be read, told before anything is judged.
        MachineLacks: as the emulation.
    """
    began_s = time.monotonic()
    asked = [_ask(pair) for pair in order.pairs]
    found = _judged(asked, workers, progress)
    name = order.pairs[0].name if len(order.pairs) == 1 else "scenarios"
    with new_run(root, f"compare-{name}", now) as folder:
        emulated = _emulated(asked, found, order, folder.path, progress, language)
        lines = [_line(each, found, emulated, order) for each in asked]
        answer = Compared(
            run_id=folder.run_id,
            verdict=verdict_of(lines),
            method=order.engine.value if order.confirm else "estimate",
            old=order.old,
            new=order.new,
            tolerance_points=order.tolerance_points,
            scenarios=lines,
            seconds=round(time.monotonic() - began_s, 3),
        )
        progress(Sentence("drawing"), 0.95)
        _draw(asked, lines, found, folder.path / MAP, language)
        folder.keep(answer, summary_md(answer, language))
        final = folder.finish(answer.FILE)
    sides = [each.pair.new for each in asked if each.pair.new is not None]
    files = [side.scenario_path for side in sides] + [side.province_path for side in sides]
    return CompareOutcome(final, answer, list(dict.fromkeys(files)))


def verdict_of(lines: Iterable[ScenarioCompared]) -> Verdict:
    """Whether anything is worse; what changed and could not be judged says nothing of that."""
    found = list(lines)
    if any(line.state == "not-judged" for line in found):
        return "invalid"
    return "fail" if any(line.state in ("worse", "gone") for line in found) else "pass"


def _ask(pair: ComparedPair) -> _Asked:
    before, after = _question(pair.old), _question(pair.new)
    changed = [] if before is None or after is None else _changed(before, after)
    return _Asked(pair, before, after, changed)


def _changed(before: Question, after: Question) -> list[InputChange]:
    """What is another in any file that the answer hangs on: that it is the same must be sure."""
    changed = [
        *inputs.changes("scenario", before.scenario_path, after.scenario_path),
        *inputs.changes("province", before.province_path, after.province_path),
        *inputs.changes("criteria", before.criteria_path, after.criteria_path),
    ]
    if before.plan.device != after.plan.device:  # others of the file have no part in it
        changed += inputs.changes("devices", before.devices_path, after.devices_path)
    files = zip([*before.files, *before.meetings], [*after.files, *after.meetings], strict=False)
    changed += [
        InputChange(file="scenario", name=b.name, key=b.name, old="…", new="…")
        for a, b in files
        if before.as_read[a] != after.as_read[b]
    ]
    return changed


def _question(base: Base | None) -> Question | None:
    if base is None:
        return None
    question = ask(base, UnnamedVariant(id="as-it-is")).question
    criteria_of(question)  # also where both sides are the same, and neither is judged
    return question


Sides = Mapping[tuple[str, str], ComparedSide]
"""By pair and side."""


def _judged(
    asked: Sequence[_Asked], workers: Helpers, progress: Progress
) -> dict[tuple[str, str], ComparedSide]:
    """Both sides of what differs, and the one side of what is new."""
    wanted: dict[str, Question] = {}
    keys: dict[str, tuple[str, str]] = {}
    for each in asked:
        if not any(not change.words for change in each.changed) and each.both is not None:
            continue
        for side, question in (("old", each.old), ("new", each.new)):
            if question is not None and not reasons(question.plan) and each.new is not None:
                name = f"{each.pair.name}-{side}"
                wanted[name], keys[name] = question, (each.pair.name, side)
    found = estimate_points(
        wanted, side_of, progress, workers=workers, told=N_("estimating {variant}")
    )
    return {keys[name]: side for name, side in found.items()}


def _near(each: _Asked, found: Sides) -> bool:
    """Whether an emulation has to say: near a limit, another verdict, or nothing estimated."""
    new, old = found.get((each.pair.name, "new")), found.get((each.pair.name, "old"))
    if each.new is None:
        return False
    if new is None:
        return bool(each.why_not) and bool(each.changed)
    known = [c.margin_pct for c in new.result.criteria if c.margin_pct is not None]
    return min(known, default=0.0) < FAR_PCT or (
        old is not None and old.result.verdict != new.result.verdict
    )


def _emulated(
    asked: Sequence[_Asked],
    found: Sides,
    order: CompareRequest,
    folder: Path,
    progress: Progress,
    language: Language,
) -> dict[tuple[str, str], ComparedSide | InvalidRun]:
    if not order.confirm:
        return {}
    points: dict[str, Question] = {}
    keys: dict[str, tuple[str, str]] = {}
    for each in asked:
        if not _near(each, found):
            continue
        sides = [("new", each.new)]
        sides += [("old", each.old)] if each.why_not or each.why_old_not else []
        for side, question in sides:
            if question is not None:
                name = f"{each.pair.name}-{side}"
                points[name], keys[name] = question, (each.pair.name, side)
    made = emulate_points(
        points,
        folder / CONFIRMED,
        order.engine,
        progress,
        told=EMULATING,
        look=with_summary(language, side_of),
        jobs=order.jobs,
    )
    return {keys[name]: found for name, found in made.items()}


def _line(
    each: _Asked,
    found: Sides,
    emulated: Mapping[tuple[str, str], ComparedSide | InvalidRun],
    order: CompareRequest,
) -> ScenarioCompared:
    name = each.pair.name
    made = partial(
        ScenarioCompared,
        id=name,
        inputs=each.changed,
    )
    if each.new is None:
        return made(state="gone", old=None, new=None)
    if each.both is not None and not any(not change.words for change in each.changed):
        return made(state="same", old=None, new=None)
    confirmed = emulated.get((name, "new"))
    if isinstance(confirmed, InvalidRun):
        return _not_judged(made, "invalid", _why_invalid(confirmed))
    new = confirmed or found.get((name, "new"))
    before = emulated.get((name, "old"), found.get((name, "old")))
    run = f"{CONFIRMED}/{name}-new" if confirmed is not None else None
    method = "estimate" if confirmed is None else order.engine.value
    if new is None:
        return _not_judged(made, None, each.why_not)
    now = new.result
    if now.verdict == "invalid":
        return _not_judged(made, "invalid", _why_invalid(new))
    judged = partial(made, new=now.verdict, reasons=now.reasons, method=method, run=run)
    if each.both is None:
        return judged(state="new" if now.verdict == "pass" else "worse", old=None)
    if not isinstance(before, ComparedSide) or before.result.verdict == "invalid":
        if now.verdict == "pass":
            return judged(state="changed", old=None)
        why = each.why_old_not if before is None else _why_invalid(before)
        said = [Sentence("as it was: {why}", why=reason) for reason in why]
        return _not_judged(made, None if before is None else now.verdict, said)
    then = before.result
    margins = effects.margins(then, now, order.tolerance_points)
    networks = each.both[0].plan.network, each.both[1].plan.network
    bridges = effects.bridges(before, new, networks, each.changed)
    state = effects.state_of(then.verdict, now.verdict, margins, bridges, order.tolerance_points)
    return judged(state=state, old=then.verdict, margins=margins, bridges=bridges)


def _why_invalid(side: ComparedSide | InvalidRun) -> list[Sentence]:
    """Return why a side gave no verdict."""
    if isinstance(side, InvalidRun):
        return [said_by(side)]
    return [Sentence(reason) for reason in side.result.reasons]


def _not_judged(
    made: Callable[..., ScenarioCompared], new: Verdict | None, why: Sequence[Sentence]
) -> ScenarioCompared:
    return made(
        state="not-judged",
        old=None,
        new=new,
        reasons=[reason.en for reason in why],
        reasons_vi=[reason.vi for reason in why],
    )


def _draw(
    asked: Sequence[_Asked],
    lines: Sequence[ScenarioCompared],
    found: Sides,
    path: Path,
    language: Language,
) -> None:
    """The map of the scenario that is worst off: what was changed and who is worse has a ring."""
    ranked = sorted(
        zip(asked, lines, strict=True),
        key=lambda pair: (pair[1].state != "worse", pair[1].state in ("same", "gone")),
    )
    each, line = ranked[0]
    question = each.new or each.old
    if question is None or line.state in ("same", "gone"):
        return
    from giaoban.topology.map.draw import draw

    network = question.plan.network
    there = {link.id for link in network.links} | {node.id for node in network.nodes}
    changed = {change.at for change in line.inputs if change.at and not change.words}
    changed |= {bridge.bridge for bridge in line.bridges if bridge.points > 0}
    drawn = found.get((each.pair.name, "new"))
    before = {b.id for b in each.old.plan.network.bridges} if each.old is not None else there
    draw(
        network,
        path,
        title=question.province.name,
        values=None if drawn is None else drawn.result.link_peaks,
        lang=language,
        new=[b.id for b in network.bridges if b.id not in before],
        changed=changed & there,
    )
