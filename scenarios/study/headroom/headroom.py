"""How many more bridges fit: the search, the figures around the answer, and all written down."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from giaoban.mcu_sim.device import load_devices
from giaoban.mcu_sim.fit import use_by_calls
from giaoban.mcu_sim.sdp.h264 import LEVELS
from giaoban.processes.progress import Progress
from giaoban.processes.workers import Helpers
from giaoban.results.archive.store import Outcome, new_run
from giaoban.results.judge.criteria import LINK_PEAK, MCU_UNITS
from giaoban.results.model.result import Result
from giaoban.results.model.studies.headroom import (
    Bottleneck,
    Curve,
    DeviceRoom,
    Headroom,
    verdict_of,
)
from giaoban.results.model.studies.whatif import Judged
from giaoban.results.report.summaries.headroom_summary import summary_md
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.measure.assemble import inputs_of
from giaoban.scenarios.measure.unmodelled import not_judged
from giaoban.scenarios.study.headroom.arithmetic import Hop, spread
from giaoban.scenarios.study.headroom.bottlenecks import (
    HeadroomModel,
    bottlenecks,
    ground,
    rooms_of_links,
    rooms_of_routers,
)
from giaoban.scenarios.study.headroom.search import HeadroomSearch, largest
from giaoban.scenarios.study.seeds import Judge, SeedsJudge
from giaoban.scenarios.study.whatif import confirm
from giaoban.scenarios.study.whatif.apply import PACE_S, Base, ask, kept_pace_s
from giaoban.scenarios.study.whatif.join_pacing import slower
from giaoban.scenarios.study.whatif.judge import as_confirmed
from giaoban.scenarios.study.whatif.variant import Variant
from giaoban.sentence import Sentence
from giaoban.topology.network import Network
from giaoban.translation import SOURCE, Language

MOST_STEPS = 6


@dataclass(frozen=True)
class HeadroomRequest:
    """What is asked: how many more bridges beside those of a variant of a base.

    `seeds`: the number of other seeds that are tried first of each number.
    """

    base: Base
    variant: Variant
    confirm: bool = False
    engine: EngineName = EngineName.SANDBOX
    jobs: int = 1
    language: Language = SOURCE
    seeds: int = 0

    def more(self, count: int) -> Variant:
        """The variant with so many more bridges, at all routers in turn."""
        return self.variant.model_copy(update={"id": f"more-{count}", "more": count})


def at_own_seed(order: HeadroomRequest, judge: Judge, count: int) -> Result:
    """A number of further bridges, judged at the own seed."""
    return judge(ask(order.base, order.more(count)).question).result


def _at_other_seeds(order: HeadroomRequest, beside: Helpers, count: int, own: Result) -> Result:
    """Return the result for a number, judged by all seeds."""
    question = ask(order.base, order.more(count)).question
    return SeedsJudge(order.seeds, helpers=beside).settled(question, own)


def _judging(
    order: HeadroomRequest, judge: Judge, progress: Progress, beside: Helpers
) -> HeadroomSearch:
    return HeadroomSearch(
        partial(at_own_seed, order, judge),
        progress,
        beside,
        partial(_at_other_seeds, order, beside),
    )


def headroom(
    order: HeadroomRequest,
    *,
    judge: Judge,
    root: Path,
    now: datetime,
    progress: Progress,
    beside: Helpers,
) -> Outcome[Headroom]:
    """Search, judge the answer and its neighbour, emulate them if wanted, write `headroom.json`.

    What can be done at the same time as the rest is asked for `beside`.

    Raises:
        InputError: what the options say cannot be.
        MachineLacks: as the emulation.
    """
    began_s = time.monotonic()
    progress(Sentence("adding up"), 0.05)
    judging = _judging(order, judge, progress, beside)
    judging.expect(0)
    with ExitStack() as stack:
        here = ground(order.base, order.variant)
        question = here.question
        limits = bottlenecks(here)
        run = new_run(root, f"headroom-{question.plan.scenario_id}", now)
        folder = stack.enter_context(run)
        # nothing is drawn into a folder that is being removed
        stack.push(lambda kind, *_: beside.end() if kind is not None else None)
        first = limits[0].more if limits else 0
        judging.expect(first + 1)
        name, network = here.question.province.name, here.question.plan.network
        drawn = beside.ask(draw_map, name, network, _used_pct(here), folder.path, order.language)
        order, judging, more = _largest(order, judging, first, judge, progress, beside)
        emulated: dict[int, Judged] = {}
        if order.confirm:
            more, emulated = _confirmed(order, judging, more, folder.path, progress)
        for number in emulated:
            judging.passes(number)
        if more + 1 in judging.results:
            judging.passes(more + 1)
        points = [
            point.model_copy(update={"confirmed": emulated.get(point.more)})
            for point in judging.points()
        ]
        progress(Sentence("drawing"), 0.9)
        names = {**here.names, **_names_of_new(judging.results.get(more + 1))}
        chain = _with_streams(limits, judging.results, more, names)
        grid, curves = _curves(here, more, limits)
        new = len(question.scenario.new_bridges) + more + 1  # of the last that was asked
        answer = Headroom(
            run_id=folder.run_id,
            verdict=verdict_of(more, points),
            method=order.engine.value if order.confirm else "estimate",
            question_en=question.scenario.question,
            question_vi=question.scenario.question_vi,
            existing=len(question.plan.calls),
            profile=question.plan.profile.id,
            device=question.plan.device.id,
            device_name=question.plan.device.name,
            pace_s=kept_pace_s(order.base.pace_s or PACE_S, new),
            inputs=inputs_of(question),
            more=more,
            bottlenecks=chain[:4],
            routers=rooms_of_routers(here, more),
            links=rooms_of_links(here, more),
            devices=_devices(here),
            points=points,
            grid=grid,
            curves=curves,
            names={**names, question.plan.profile.id: question.plan.profile.name},
            not_judged=not_judged(question.profiles, [question.plan.profile.id]),
            seconds=round(time.monotonic() - began_s, 3),
        )
        folder.keep(answer, summary_md(answer, order.language))
        draw_plot(answer, folder.path, order.language)
        drawn()
        return folder.finished_with(answer)


def _largest(
    order: HeadroomRequest,
    judging: HeadroomSearch,
    first: int,
    judge: Judge,
    progress: Progress,
    beside: Helpers,
) -> tuple[HeadroomRequest, HeadroomSearch, int]:
    """The largest number, and with which pace and judgements: not haste ends the growth.

    Where what streams get ends it, bridges join more slowly; of several paces the first counts with
    which most of them fit.
    """
    best = last = (order, judging, _searched(judging, first))
    pace_s = PACE_S
    while last[2] >= 0:
        _, judging, number = last
        next_s = slower(order.base, judging.results.get(number + 1), pace_s)
        if next_s is None:
            break
        pace_s = next_s
        paced = replace(order, base=replace(order.base, pace_s=pace_s))
        judging = _judging(paced, judge, progress, beside)
        judging.expect(first + 1)
        last = (paced, judging, _searched(judging, first))
        best = max(best, last, key=lambda found: found[2])
    return best


def _searched(judging: HeadroomSearch, first: int) -> int:
    judging.passes(first)
    judging.look(0)  # where the curves of the picture begin
    return largest(first, judging)


def _confirmed(
    order: HeadroomRequest, judging: HeadroomSearch, more: int, folder: Path, progress: Progress
) -> tuple[int, dict[int, Judged]]:
    """The largest number that the emulation lets pass, and its word on that and the next.

    It begins at the estimate's answer. Where the emulation says otherwise, the next number is
    emulated too, up to `MOST_STEPS` times; one that comes to no result ends it. It emulates the own
    seed: a number that does not pass at another stays too much.
    """
    said: dict[int, Judged] = {}
    for _ in range(MOST_STEPS):
        wanted = [number for number in (more, more + 1) if number >= 0 and number not in said]
        if wanted:
            found = confirm.confirm(
                order.base,
                [
                    confirm.ConfirmationPoint(f"more-{number}", order.more(number))
                    for number in wanted
                ],
                folder=folder,
                engine=order.engine,
                jobs=order.jobs,
                progress=progress,
                language=order.language,
            )
            said |= {
                number: as_confirmed(name := f"more-{number}", found[name], order.engine)
                for number in wanted
            }
        if "invalid" in {judged.verdict for judged in said.values()}:
            break
        if more >= 0 and said[more].verdict != "pass":
            more -= 1
        elif said[more + 1].verdict == "pass" and not judging.fails_at_another(more + 1):
            more += 1
        else:
            break
    return more, said


def _with_streams(
    limits: Sequence[Bottleneck],
    results: Mapping[int, Result],
    more: int,
    names: Mapping[str, str],
) -> list[Bottleneck]:
    """The order of what runs out, with what listeners get in it where that ends the growth.

    What arithmetic says sooner was too careful: so many more were judged, and pass.
    """
    limits = [
        item.model_copy(update={"more": more}) if item.more < more else item for item in limits
    ]
    after = results.get(more + 1)
    binding = None if after is None else after.binding
    if binding is None or binding.cause != "stream":
        known = limits[0] if limits else None
        if known is not None and known.more != more and more >= 0:
            known = known.model_copy(update={"more": more, "method": "estimate"})
        return ([] if known is None else [known]) + list(limits[1:])
    first = Bottleneck(
        more=max(0, more),
        thing="stream",
        id=binding.place.id,
        name=" ".join((names.get(binding.place.id, binding.place.id), binding.place.detail or "")),
        criterion=binding.criterion,
        method="estimate",
    )
    return [first, *limits]


def _names_of_new(after: Result | None) -> dict[str, str]:
    """What people call the further bridge that fares worst where they are too many."""
    if after is None or after.binding is None:
        return {}
    return {new.id: new.name for new in after.question.new if new.id == after.binding.place.id}


def _curves(
    here: HeadroomModel, more: int, limits: Sequence[Bottleneck]
) -> tuple[list[int], list[Curve]]:
    """Margins by arithmetic of what arithmetic knows: the device's capacity, the fullest link. A
    device that is full does not become fuller."""
    last = limits[min(3, len(limits) - 1)].more if limits else 0
    end = max(more + 4, min(round(1.25 * last) + 1, 4 * max(more, 8)))
    grid = sorted({round(end * step / 60) for step in range(61)})
    plan = here.question.plan
    used_pct = use_by_calls(
        plan.device,
        plan.profile.resolution,
        len(plan.calls) + grid[-1],
        kbps=plan.line_kbps,
        content=plan.content is not None,
    )
    hops = {hop for router in here.routers for hop in here.growth.added[router]}
    units, links = [], []
    for number in grid:
        units.append(_margin(used_pct[len(plan.calls) + number], here.units_limit_pct))
        calls = spread(here.routers, number)
        peak_pct = max(here.growth.peak_pct(hop, calls) for hop in hops)
        links.append(_margin(peak_pct, here.link_limit_pct))
    return grid, [
        Curve(criterion=MCU_UNITS, margin_pct=units),
        Curve(criterion=LINK_PEAK, margin_pct=links),
    ]


def _margin(value_pct: float, limit_pct: float) -> float:
    return round(100 * (limit_pct - value_pct) / limit_pct, 3)


def _devices(here: HeadroomModel) -> list[DeviceRoom]:
    """Every device of the catalogue that does the calls, the one with most room first."""
    resolution = here.question.plan.profile.resolution
    found = []
    for device in load_devices(here.question.devices_path).device:
        if device.units_for(resolution) is None or resolution not in LEVELS:
            continue
        assumed = {key for key, _ in device.assumptions()}
        found.append(
            DeviceRoom(
                device=device.id,
                name=device.name,
                more=max(0, here.device_room(device)),
                assumed=bool(assumed & {"capacity", "levels", f"cost.{resolution}"}),
            )
        )
    return sorted(found, key=lambda room: (-room.more, room.device))


def _used_pct(here: HeadroomModel) -> dict[Hop, float]:
    """How much of the load that is allowed each direction has in use already."""
    return {
        hop: 100 * (100 * load.peak() / here.growth.rates[hop]) / here.link_limit_pct
        for hop, load in here.growth.now.items()
    }


def draw_map(
    name: str, network: Network, used_pct: Mapping[Hop, float], folder: Path, lang: Language
) -> None:
    """The network with what each line has in use of what it may have, in percent."""
    from giaoban.topology.map.draw import draw

    draw(
        network,
        folder / f"map.{lang}.svg",
        folder / f"map.{lang}.png",
        title=name,
        values=used_pct,
        what="headroom",
        lang=lang,
    )


def draw_plot(answer: Headroom, folder: Path, lang: Language) -> None:
    from giaoban.results.report.plots.headroom import write_plot

    write_plot(answer, folder, lang=lang)
