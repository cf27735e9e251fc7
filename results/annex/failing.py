"""Failures: those of a check itself, and all that were tried by `giaoban faults`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from results.annex.document import Align, Block, Cell, Head, Par, Table, bullets
from results.annex.tongue import Tongue
from results.failures import FailureResult, FaultsAnswer, SinglePoint
from results.faults import FaultImpact
from results.model import Result

NAMED = 4
"""More bridges than this are told as a number."""


def own(result: Result, say: Tongue) -> Iterator[Block]:
    """What the failures that a scenario made did to each bridge."""
    rows, calm = [], []
    for fault in result.faults:
        for hit in fault.bridges:
            if _noticed(hit):
                rows.append([Cell(say.fault(fault)), Cell(say.bridge(hit.bridge)), *_hit(hit, say)])
        if untouched := sum(not _noticed(hit) for hit in fault.bridges):
            calm.append(say("of bridges", say.fault(fault), untouched, len(fault.bridges)))
    keys = ("failure", "bridge", "interruption", "lost", "cut off", "picture again", "from mending")
    aligns: list[Align] = ["left", "left", "right", "right", "center", "right", "right", "center"]
    if rows:
        yield Table(
            caption=say("own faults table"),
            head=[[Head(say(key)) for key in (*keys, "call")]],
            rows=rows,
            widths=[36, 26, 18, 13, 18, 18, 18, 16],
            aligns=aligns,
            small=True,
        )
        yield Par(say("own faults note"), note=True)
    if calm:
        yield Par(say("calm", "; ".join(calm)))


def _noticed(hit: FaultImpact) -> bool:
    return bool(hit.interruption_ms or hit.packets_lost or hit.cut_off or hit.redials)


def _hit(hit: FaultImpact, say: Tongue) -> list[Cell]:
    cut = say("no") if not hit.cut_off else say("behind") if hit.behind else say("yes")
    texts = (
        say.number(hit.interruption_ms, 0),
        say.number(hit.packets_lost),
        cut,
        say.number(hit.picture_again_ms, 0),
        say.number(hit.restored_to_picture_ms, 0),
        say("kept") if hit.call_kept else say("again", hit.redials),
    )
    return [Cell(text, bold=hit.cut_off and text == cut) for text in texts]


def tried(answer: FaultsAnswer, say: Tongue) -> Iterator[Block]:
    """How many were tried, the worst of them, single points of failure, and a row for each."""
    count = Counter(f.verdict for f in answer.failures)
    whole = say("all tried" if answer.whole else "some tried")
    yield Par(
        say("tried", len(answer.failures), len(answer.bridges), count["pass"], count["fail"],
            count["invalid"], whole)
    )  # fmt: skip
    yield from _worst(answer, say)
    points = answer.single_points
    if points:
        yield Par(say("points", len(points)))
        yield bullets([f"{_point(point, answer, say)}" for point in points])
    else:
        yield Par(say("no points"))
    keys = ("failure", "result", "longest", "at", "lost", "bridges cut", "load")
    yield Table(
        caption=say("faults table"),
        head=[[Head(say(key)) for key in keys]],
        rows=[_row(f, say) for f in sorted(answer.failures, key=_badness)],
        widths=[60, 20, 19, 24, 13, 15, 14],
        aligns=["left", "center", "right", "left", "right", "right", "right"],
        small=True,
    )
    yield Par(say("faults note"), note=True)


def _worst(answer: FaultsAnswer, say: Tongue) -> Iterator[Block]:
    names = {f.id: say.failure(f) for f in answer.failures}
    longest = min(
        (f for f in answer.failures if f.interruption_ms), key=_by_interruption, default=None
    )
    if longest is None:
        yield Par(say("no interruption"))
    else:
        yield Par(
            say(
                "worst interruption",
                say.number(longest.interruption_ms, 0),
                say.bridge(longest.interruption_at or ""),
                _inside(names[longest.id]),
                say.number(answer.interruption_limit_ms, 0),
            )
        )
    worst = min(answer.links, key=lambda w: (-w.peak_pct, w.id, w.direction), default=None)
    if worst is not None:
        yield Par(
            say(
                "worst load",
                say.number(worst.peak_pct, 1),
                say.link(worst.id, worst.direction),
                _inside(names.get(worst.failure, worst.failure)),
                say.number(answer.link_limit_pct),
            )
        )


def _by_interruption(failure: FailureResult) -> tuple[float, str]:
    return -(failure.interruption_ms or 0.0), failure.id


def _badness(failure: FailureResult) -> tuple[int, int, int, float, str]:
    """What cannot be judged first, then what fails, who is cut off, and for how long."""
    rank = {"invalid": 0, "fail": 1, "pass": 2}[failure.verdict]
    needless, cut = len(failure.lost_needlessly), len(failure.cut_off)
    return rank, -needless, -cut, *_by_interruption(failure)


def _row(failure: FailureResult, say: Tongue) -> list[Cell]:
    verdict = {"pass": "met", "fail": "not met", "invalid": "void"}[failure.verdict]
    at = failure.interruption_at
    load = failure.worst_link
    return [
        Cell(say.failure(failure)),
        Cell(say(verdict), bold=failure.verdict != "pass"),
        Cell(say.number(failure.interruption_ms, 0)),
        Cell(say.bridge(at) if at else "–"),
        Cell(say.number(failure.packets_lost) if failure.bridges else "–"),
        Cell(str(len(failure.cut_off)) if failure.bridges else "–"),
        Cell("–" if load is None else say.number(load.peak_pct, 1)),
    ]


def _point(point: SinglePoint, answer: FaultsAnswer, say: Tongue) -> str:
    ident = point.element.id
    match point.element.kind:
        case "link":
            what = say.names.both_ways(ident)
            name = what if ident.startswith("access-") else say("point link", what)
        case "mcu":
            name = say("point mcu")
        case kind:
            name = say(f"point {kind}", say.bridge(ident))
    who = (
        say.listed(point.cut_off)
        if len(point.cut_off) <= NAMED
        else say("many bridges", len(point.cut_off), len(answer.bridges))
    )
    return say("point", name, who)


def _inside(text: str) -> str:
    """A name within a sentence."""
    return text[:1].lower() + text[1:]
