"""Failures: those of a check itself, and all that were tried by `giaoban faults`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from giaoban.results.model.faults import FaultImpact
from giaoban.results.model.result import Result
from giaoban.results.model.studies.failures import FailureResult, FaultsAnswer, SinglePoint
from giaoban.results.report.annex.wording import AnnexWording
from giaoban.results.report.document import (
    Align,
    Block,
    Cell,
    Head,
    Par,
    Table,
    bullets,
    capital,
    toned,
    uncapital,
)
from giaoban.results.report.summaries.failures_summary import (
    own_cut_off,
    state_of,
    verdict_words,
    with_its_own,
)

NAMED = 4
"""More bridges than this are told as a number."""


def own(result: Result, say: AnnexWording) -> Iterator[Block]:
    """What the failures that a scenario made did to each bridge."""
    rows, calm = [], []
    for fault in result.faults:
        for hit in fault.bridges:
            if hit.noticed:
                rows.append(
                    [Cell(say.fault_told(fault)), Cell(say.bridge(hit.bridge)), *_hit(hit, say)]
                )
        if untouched := sum(not hit.noticed for hit in fault.bridges):
            calm.append(
                say(
                    "of bridges",
                    name=say.fault_told(fault),
                    shown=untouched,
                    count=len(fault.bridges),
                )
            )
    keys = ("failure", "bridge", "sound away", "picture away", "by mending", "lost", "cut off",
            "picture again", "from mending")  # fmt: skip
    aligns: list[Align] = ["left", "left", "right", "right", "right", "right", "center", "right",
                           "right", "center"]  # fmt: skip
    if rows:
        yield Table(
            caption=say("own faults table"),
            head=[[Head(say(key)) for key in (*keys, "call")]],
            rows=rows,
            widths=[29, 19, 14, 14, 15, 11, 16, 15, 15, 15],
            aligns=aligns,
            small=True,
        )
        yield Par(say("own faults note"), note=True)
    if calm:
        yield Par(say("calm", bridges="; ".join(calm)))


def _hit(hit: FaultImpact, say: AnnexWording) -> list[Cell]:
    cut = say("behind") if hit.behind else say("yes")
    if not hit.cut_off:
        cut = say("no")
    elif hit.accepted:
        cut = say("cut off, accepted")
    texts = (
        say.number(hit.sound_interruption_ms, 0),
        say.number(hit.picture_interruption_ms, 0),
        say.number(hit.restored_interruption_ms, 0),
        say.number(hit.packets_lost),
        cut,
        say.number(hit.picture_again_ms, 0),
        say.number(hit.restored_to_picture_ms, 0),
        say("kept") if hit.call_kept else say("again", times=hit.redials),
    )
    bold = hit.cut_off and not hit.accepted
    return [Cell(text, bold=bold and text == cut) for text in texts]


def concluded(answer: FaultsAnswer, say: AnnexWording, *, told_at: int) -> Iterator[Par]:
    """The verdict on all that was tried, in a sentence; `told_at`: the section with all of it.

    Compared with a baseline it is the comparison's; what the criteria say comes after it.
    """
    criteria = _by_criteria(answer, say, told_at)
    compared = answer.comparison
    if compared is None or answer.verdict == "invalid":
        yield Par(say("faults about", told=criteria), bold=answer.verdict != "pass")
        return
    key, worse = f"faults compared {answer.verdict}", len(compared.worse)
    said = say(key, name=compared.baseline, why=compared.reason.rstrip("."), worse=worse)
    yield Par(say("faults about", told=said), bold=answer.verdict != "pass")
    yield Par(say("faults alone", told=criteria), bold=answer.by_criteria != "pass")


def _by_criteria(answer: FaultsAnswer, say: AnnexWording, told_at: int) -> str:
    count = Counter(f.verdict for f in answer.failures)
    every, verdict = len(answer.failures), answer.by_criteria
    if verdict == "pass":
        accepted = sum(f.accepted is not None for f in answer.failures)
        more = say("faults accepted", count=accepted) if accepted else ""
        more += say("faults untried", count=len(answer.untried)) if answer.untried else ""
        return say("faults pass", count=every, more=more, section=told_at)
    word = "faults fail" if verdict == "fail" else "faults invalid"
    return say(word, found=count[verdict], count=every, section=told_at)


def tried(answer: FaultsAnswer, say: AnnexWording) -> Iterator[Block]:
    """Yield how many were tried, the worst, single points of failure, and a row for each."""
    count = Counter(f.verdict for f in answer.failures)
    accepted = sum(f.accepted is not None for f in answer.failures)
    if not answer.whole:
        whole = say("some tried")
        if answer.untried:
            whole = f"{whole} {say('some left', count=len(answer.untried))}"
    elif answer.untried:
        whole = say("usual tried", count=len(answer.untried))
    else:
        whole = say("all tried")
    if accepted:
        whole = f"{say('of them accepted', count=accepted)} {whole}"
    yield Par(
        say(
            "tried",
            count=len(answer.failures),
            bridges=len(answer.bridges),
            met=count["pass"],
            failed=count["fail"],
            invalid=count["invalid"] + count["not-judged"],
            more=whole,
        )
    )
    yield from _worst(answer, say)
    yield from points(answer, say)
    keys = ("failure", "result", "longest", "at", "by mending", "lost", "bridges cut", "peak load")
    yield Table(
        caption=say("faults table"),
        head=[[Head(say(key)) for key in keys]],
        rows=[_row(f, answer, say) for f in sorted(answer.failures, key=_badness)],
        widths=[58, 17, 17, 23, 14, 12, 12, 12],
        aligns=["left", "center", "right", "left", "right", "right", "right", "right"],
        small=True,
        ident="failures-table",
    )
    if answer.estimated:
        emulated = [say.failure(f) for f in answer.failures if f.emulated]
        said = say("faults estimated", count=len(answer.estimated), emulated="; ".join(emulated))
        yield Par(said, note=True)
    yield Par(say("faults note"), note=True)


def points(answer: FaultsAnswer, say: AnnexWording) -> Iterator[Block]:
    """The single points of failure, or that there is none as far as was tried."""
    if found := answer.single_points:
        yield Par(say("points", bridges=len(found)))
        yield bullets([f"{_point(point, answer, say)}" for point in found])
    elif (
        answer.whole
        and not answer.untried
        and all(failure.verdict != "invalid" for failure in answer.failures)
    ):
        yield Par(say("no points"))
    else:
        yield Par(say("no points tried"))


def _worst(answer: FaultsAnswer, say: AnnexWording) -> Iterator[Block]:
    names = {f.id: say.failure(f) for f in answer.failures}
    longest = answer.interrupts_longest
    slowest = None if longest is None else longest.slowest
    if longest is None or slowest is None:
        known = any(f.interruption_ms is not None for f in answer.failures)
        measured = any(f.bridges for f in answer.failures)
        nothing = "all behind" if measured else "no interruption known"
        yield Par(say("no interruption" if known else nothing))
    else:
        yield Par(
            say(
                "worst interruption mending" if slowest.mended else "worst interruption",
                ms=say.beside(slowest.ms, answer.interruption_limit_ms),
                bridge=say.bridge(slowest.at or ""),
                failure=uncapital(names[longest.id]),
                limit=say.number(answer.interruption_limit_ms),
            )
        )
    worst = answer.most_loaded
    if worst is not None:
        yield Par(
            say(
                "worst load",
                pct=say.beside(worst.peak_pct, answer.link_limit_pct),
                link=say.link_within(worst.id, worst.direction),
                failure=uncapital(names.get(worst.failure, worst.failure)),
                limit=say.number(answer.link_limit_pct),
            )
        )


def _badness(failure: FailureResult) -> tuple[int, int, int, float, str]:
    """What cannot be judged first, then what fails, who is cut off, and for how long."""
    rank = ("invalid", "fail", "not-judged", "pass").index(failure.verdict)
    needless, cut = len(failure.lost_needlessly), len(failure.cut_off)
    return rank, -needless, -cut, -(failure.slowest.ms if failure.slowest else 0.0), failure.id


def _row(failure: FailureResult, answer: FaultsAnswer, say: AnnexWording) -> list[Cell]:
    if failure.verdict == "not-judged":
        verdict = capital(say.say(verdict_words(failure, answer)))
    elif state_of(failure) == "accepted":
        verdict = say("accepted")
    else:
        verdict = say({"pass": "met", "fail": "not met", "invalid": "void"}[failure.verdict])
    at = failure.interruption_at
    load = failure.worst_link
    busiest = "–" if load is None else say.number(load.peak_pct, 1)
    row = [
        Cell(say.failure(failure)),
        Cell(verdict, bold=failure.verdict in ("fail", "invalid")),
        Cell(say.number(failure.interruption_ms, 0), sub=_slow_case(failure, say)),
        Cell(say.bridge(at) if at else "–"),
        Cell(say.number(failure.restored_interruption_ms, 0)),
        Cell(say.number(failure.packets_lost) if failure.bridges else "–"),
        Cell(str(len(failure.cut_off)) if failure.bridges else "–"),
        Cell(busiest),
    ]
    return toned(row, "bad") if failure.verdict == "fail" else row


def _slow_case(failure: FailureResult, say: AnnexWording) -> str:
    """Return the interruption in the slow case, below the one of this run's seed."""
    if failure.slow is None:
        return ""
    return say("slow case", ms=say.number(failure.slow.interruption_ms, 0))


def _point(point: SinglePoint, answer: FaultsAnswer, say: AnnexWording) -> str:
    name = uncapital(say.either(point.name_en, point.name_vi))
    who, served_alone = (
        say.listed(bridges)
        if len(bridges) <= NAMED
        else say("many bridges", shown=len(bridges), count=len(answer.bridges))
        for bridges in (point.cut_off, own_cut_off(point, answer))
    )
    who = say.say(with_its_own(who, served_alone))
    reasons = [say.either(each.reason, each.reason_vi) for each in point.reasons]
    if point.is_accepted:
        return say("point accepted", failure=name, bridges=who, why="; ".join(reasons))
    return say("point", failure=name, bridges=who)
