"""Load tests: what each was asked, where it was made, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from giaoban.results.model.studies.load import LoadCriterion, LoadResult
from giaoban.results.report.annex.wording import AnnexWording
from giaoban.results.report.document import (
    Align,
    Block,
    Cell,
    Head,
    Heading,
    Par,
    Table,
    bullets,
    uncapital,
)
from giaoban.results.report.summaries.load_summary import (
    FAILURE_CAUSES,
    why_nobody_dialled_again,
)

LAST_BACK = "last-back"
_STORM = (LAST_BACK, "bridges-missing")
"""Criteria of a storm itself, by which its row of the table is judged."""


def loads(answers: Sequence[LoadResult], say: AnnexWording, *, assumed_at: int) -> Iterator[Block]:
    """Yield the section; `assumed_at` is the section that lists the assumptions."""
    yield Heading(say("load"))
    yield Par(say("load intro", tests=len(answers)))
    named = [(say("load run", number=number), answer) for number, answer in enumerate(answers, 1)]
    alike: dict[str, list[str]] = {}
    for name, answer in named:
        told = _told(answer, AnnexWording(answer))
        alike.setdefault(told, []).append(name)
    for told, names in alike.items():
        listed = ", ".join(names[:1] + [uncapital(name) for name in names[1:]])
        yield Par(say("load told", name=listed, told=told))
    yield Par(say("load came of it"))
    yield bullets([_came_of_it(name, a, AnnexWording(a)) for name, a in named])
    # where nobody dialled again a row of noughts would say that the storm was withstood
    if storms := [
        (name, answer) for name, answer in named
        if answer.storm is not None and not why_nobody_dialled_again(answer)
    ]:  # fmt: skip
        yield _storms(storms, say)
        yield Par(_storms_note([answer for _, answer in storms], say, assumed_at), note=True)
    if calls := [(name, answer) for name, answer in named if answer.storm is None]:
        yield from _calls(calls, say)
    chosen = [
        f"{name}: {_criterion(c, say)}" for name, answer in named for c in answer.criteria
        if c.set_here and answer.verdict != "invalid"
    ]  # fmt: skip
    if chosen:
        yield Par(say("load set", limits="; ".join(chosen)))


def _told(answer: LoadResult, say: AnnexWording) -> str:
    sentences = [_asked(answer, say), _where(answer, say)]
    if answer.place != "target":
        sentences.append(say("load device", device=answer.server))
    return " ".join(sentences)


def _came_of_it(name: str, answer: LoadResult, say: AnnexWording) -> str:
    """Return the verdict of a test and its media."""
    parts = [_verdict(answer, say)]
    if answer.verdict != "invalid":
        for m in answer.media:
            if m.calls:
                good = m.calls - sum(m.missed.values())
                parts.append(say(f"load came {m.medium}", complete=good, count=m.calls))
        if why := why_nobody_dialled_again(answer):
            parts.append(say.gettext(why))
        parts += [say(f"load lacks {operation}") for operation in answer.lacking]
    named = say("load named", name=uncapital(name), told=answer.run_id)
    return f"{named}: {'; '.join(parts)}"


def _asked(answer: LoadResult, say: AnnexWording) -> str:
    what = answer.what
    media = what.get("media") or []
    count = len(media) if isinstance(media, list) else 0
    with_media = say(("load media none", "load media", "load media both")[min(count, 2)])
    return say(
        f"load {what['shape']}",
        bridges=_number(what.get("bridges"), say),
        rate=_number(what.get("rate_per_s"), say),
        n=what.get("rate_per_s"),
        seconds=_number(what.get("seconds"), say),
        told=with_media,
        away=_number(what.get("outage_s"), say),
        count=1 if what.get("bridges") == 1 else 2,
    )


def _where(answer: LoadResult, say: AnnexWording) -> str:
    return say(f"load in {answer.place}", address=answer.server.removeprefix("sip:"))


def _verdict(answer: LoadResult, say: AnnexWording) -> str:
    if answer.verdict == "invalid":
        return say("load invalid")
    failed = [c for c in answer.criteria if c.ok is False]
    total = sum(c.ok is not None for c in answer.criteria)
    if not total:
        return say("load none judged")
    said = say("load pass", count=total)
    if failed:
        said = say(
            "load fail",
            failed=len(failed),
            count=total,
            criteria="; ".join(_criterion(c, say) for c in failed),
        )
    unknown = len(answer.criteria) - total
    return say("load unjudged", told=said, count=unknown) if unknown else said


def _criterion(c: LoadCriterion, say: AnnexWording) -> str:
    name = say.either(c.name_en, c.name_vi)
    limit = f"≤\u00a0{say.amount(c.threshold, c.unit)}"
    return say(
        "load criterion",
        name=uncapital(name),
        value=say.amount(c.value, c.unit),
        limit=limit,
    )


def _storms(storms: Sequence[tuple[str, LoadResult]], say: AnnexWording) -> Table:
    keys = (
        "test", "back-off", "storm cut", "storm back", "attempts", "half back", "last back",
        "last limit", "result",
    )  # fmt: skip
    aligns: list[Align] = ["left", "center", *(["right"] * 6), "center"]  # type: ignore[list-item]
    return Table(
        caption=say("storms table"),
        head=[[Head(say(key)) for key in keys]],
        rows=[_storm_row(name, answer, say) for name, answer in storms],
        widths=[19, 18, 17, 17, 15, 21, 21, 17, 18],
        aligns=aligns,
        whole=True,
        small=True,
    )


def _storm_row(name: str, answer: LoadResult, say: AnnexWording) -> list[Cell]:
    storm = answer.storm
    assert storm is not None
    own = [c for c in answer.criteria if c.id in _STORM]
    limits = [c.threshold for c in own if c.id == LAST_BACK]
    texts = [
        str(storm.cut_off), str(storm.back), str(storm.attempts),
        say.number(storm.half_back_s, 1), say.number(storm.last_back_s, 1),
        say.number(limits[0]) if limits else "–",
    ]  # fmt: skip
    met = all(c.ok for c in own)
    verdict = "void" if answer.verdict == "invalid" else "met" if met else "not met"
    if answer.verdict == "invalid":
        texts = ["–"] * len(texts)
    return [
        Cell(name),
        Cell(say("yes" if storm.back_off == "random" else "no")),
        *map(Cell, texts),
        Cell(say(verdict), bold=verdict != "met"),
    ]


def _storms_note(answers: Sequence[LoadResult], say: AnnexWording, assumed_at: int) -> str:
    limits = [c for answer in answers for c in answer.criteria if c.id == LAST_BACK]
    note = say("storms note")
    if any(not c.set_here for c in limits):
        note += " " + say("storms assumed", section=assumed_at)
    return note


def _calls(calls: Sequence[tuple[str, LoadResult]], say: AnnexWording) -> Iterator[Block]:
    columns: list[tuple[str, float, Align]] = [
        ("test", 19, "left"),
        ("tried calls", 17, "right"),
        ("set up", 18, "right"),
        ("not set up", 43, "center"),
        ("setup p95", 20, "right"),
        ("standing", 20, "right"),
        ("result", 21, "center"),
    ]
    yield Table(
        caption=say("calls table"),
        head=[[Head(say(key)) for key, _, _ in columns]],
        rows=[_calls_row(name, answer, say) for name, answer in calls],
        widths=[width for _, width, _ in columns],
        aligns=[align for _, _, align in columns],
        whole=True,
        small=True,
    )
    yield Par(say("calls note", more=""), note=True)


def _calls_row(name: str, answer: LoadResult, say: AnnexWording) -> list[Cell]:
    s = answer.sessions
    failed = {
        cause: count
        for o in answer.operations
        if o.operation == "invite"
        for cause, count in o.failed.items()
    }
    why = "; ".join(
        say.gettext(FAILURE_CAUSES[cause], count=say.number(n)) for cause, n in failed.items()
    )
    cells = [
        Cell(say.number(s.attempts)),
        Cell(say.number(s.established)),
        Cell(say.number(s.refused), sub=why),
        Cell(say.number(s.setup.p95_ms if s.setup else None, 1)),
        Cell(say.number(s.capacity)),
    ]
    if answer.verdict == "invalid":
        cells = [Cell("–")] * len(cells)
    verdict = {"pass": "met", "fail": "not met", "invalid": "void"}[answer.verdict]
    return [Cell(name), *cells, Cell(say(verdict), bold=verdict != "met")]


def _number(value: object, say: AnnexWording, digits: int = 2) -> str:
    return say.number(float(value), digits) if isinstance(value, int | float) else "–"
