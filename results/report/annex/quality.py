"""Criteria, and the quality at every bridge before, during and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from giaoban.results.judge.criteria import (
    AUDIO_LOSS,
    BESIDE_THE_RUN,
    LONGEST_FREEZE,
    MOS,
    PICTURE_ARTEFACTS,
    SLIDES_FROZEN,
    SLIDES_NOT_SHOWN,
)
from giaoban.results.model.result import CriterionResult, Phase, Result
from giaoban.results.model.streams import BridgeResult, StreamResult
from giaoban.results.report.annex.wording import AnnexWording
from giaoban.results.report.annex.words import WORDS
from giaoban.results.report.criteria_table import criteria_table
from giaoban.results.report.document import (
    NOTHING,
    Block,
    Cell,
    Head,
    Heading,
    Par,
    Table,
    aligned,
    capital,
)
from giaoban.results.report.meetings_table import every_meeting
from giaoban.results.report.seed_words import spreads
from giaoban.results.report.unmodelled_words import unrated_sound
from giaoban.results.report.wording import FIGURES_ALONE, NOT_SHOWN, margin_of, shown_margin

UNINTERRUPTED = frozenset(
    {
        AUDIO_LOSS, PICTURE_ARTEFACTS, LONGEST_FREEZE, MOS, SLIDES_FROZEN,
        SLIDES_NOT_SHOWN,
    }
)  # fmt: skip
"""The criteria of what is heard and seen, in which interruptions by failures are not counted."""
Read = Callable[[StreamResult], float | None]


def criteria(result: Result, say: AnnexWording) -> Iterator[Block]:
    """Each criterion with value, limit, margin and source."""
    yield Heading(say("criteria"))
    caption = say("criteria table")
    yield criteria_table(result.criteria, AnnexCriteriaWording(result, say), "paper", caption)
    yield Par(say("criteria note"), note=True)
    if not result.is_judged:
        yield Par(say.gettext(FIGURES_ALONE), note=True)
        return
    for told in unrated_sound(result.unmodelled):
        yield Par(say.say(told), note=True)
    for limit in say.unjudged_limits(result):
        yield Par(limit, note=True)
    if delays := say.device_delays(result):
        yield Par(delays, note=True)
    if result.faults:
        yield Par(say("criteria faults"), note=True)
    yield from other_seeds(result, say)
    yield from every_meeting(result, say)


def other_seeds(result: Result, say: AnnexWording) -> Iterator[Block]:
    """How far each criterion's value goes apart at other seeds."""
    found = spreads(result)
    if not found or result.seeds is None:
        return
    keys = ("criterion", "seeds least", "seeds median", "seeds largest", "limit", "seeds not met")
    yield Table(
        caption=say("seeds table", count=result.seeds.tried),
        head=[[Head(say(key)) for key in keys]],
        rows=[
            [
                Cell(say.criterion(c)),
                *(
                    Cell(say.in_unit(value, c))
                    for value in (spread.least, spread.median, spread.largest)
                ),
                Cell(say.limit(c)),
                Cell(f"{spread.failed} / {result.seeds.tried}", bold=spread.failed > 0),
            ]
            for c, spread in found
        ],
        widths=[55, 22, 22, 22, 24, 18],
        aligns=["left", "right", "right", "right", "right", "center"],
        small=True,
        ident="seeds-table",
    )


def met(ok: bool | None, say: AnnexWording) -> str:
    return NOTHING if ok is None else say("met" if ok else "not met")


class AnnexCriteriaWording:
    """What the columns of criteria hold, in the language of a document."""

    def __init__(self, result: Result, say: AnnexWording) -> None:
        self._result, self._say = result, say
        self.in_unit, self.limit, self.source = say.in_unit, say.limit, say.source

    def heading(self, key: str) -> str:
        return self._say(key) if key in WORDS else capital(self._say.text(key))

    def criterion(self, c: CriterionResult) -> str:
        return self._say.criterion(c)

    def margin(self, c: CriterionResult) -> str:
        left = margin_of(c) if self._result.is_judged else None
        return NOTHING if left is None else self._say.percent(shown_margin(left))

    def ok(self, c: CriterionResult) -> bool | None:
        return c.met if self._result.is_judged else None

    def met(self, c: CriterionResult) -> str:
        if self._result.is_judged and not c.shown:
            return self._say.gettext(NOT_SHOWN)
        return met(self.ok(c), self._say)

    def where(self, c: CriterionResult) -> str:
        """The place, and what else a reader is to know of the value."""
        say = self._say
        nowhere = c.ok and (c.value == 0 or c.id in BESIDE_THE_RUN)
        where = "" if nowhere else say.place(c.place)
        if c.value is None and c.place is None:
            where = say("nothing")
        notes = [where]
        if c.id in UNINTERRUPTED and self._result.faults:
            notes.append(say("without faults"))
        if not self._result.is_judged:
            return "; ".join(filter(None, notes))
        if c.past_preferred and c.preferred is not None:
            notes.append(say("past preferred", limit=say.in_unit(c.preferred, c)))
        if basis := say.artefacts(c):
            notes.append(basis)
        if comparison := say.comparison(c):
            notes.append(comparison)
        return "; ".join(filter(None, notes))


def bridges(result: Result, say: AnnexWording) -> Iterator[Block]:
    """From mouth to ear, delay variation, packets missed and MOS of every bridge's worst stream in
    each phase, then pictures."""
    yield Heading(say("bridges"))
    time, plain = say.time_ms, say.number
    columns: list[tuple[str, Read, Callable[..., float], Callable[[float | None], str]]] = [
        ("mouth to ear", lambda s: s.mouth_to_ear_ms, max, time),
        ("variation", lambda s: s.ipdv_ms if s.kind == "audio" else None, max, time),
        ("missed", lambda s: s.listener_lost_pct, max, plain),
        ("mos", lambda s: s.mos_listening, min, plain),
    ]
    rows = []
    for bridge, here in _by_phase(result.phases).items():
        cells = [Cell(say.bridge(bridge))]
        for _, read, worst, shown in columns:
            cells += [Cell(shown(_extreme(found, read, worst))) for found in here]
        rows.append(cells)
    yield _phase_table("bridges table", [key for key, *_ in columns], rows, result.phases, say)
    scales = dict.fromkeys(s.mos_scale for s in result.streams if s.mos_scale)
    lengths = (
        say("seconds", start=say.phase(p.name), end=say.number(p.seconds, 1)) for p in result.phases
    )
    yield Par(
        say(
            "bridges note", scale="".join(say(scale) for scale in scales), phases="; ".join(lengths)
        ),
        note=True,
    )
    if result.faults:
        yield Par(say("bridges faults"), note=True)
    yield from _video(result, say)


def _video(result: Result, say: AnnexWording) -> Iterator[Block]:
    columns: list[tuple[str, Read, int]] = [
        ("bad frames", _bad_frames, 0),
        ("freezes", lambda s: s.freezes, 0),
        ("freeze max", lambda s: s.freeze_ms_max, 0),
        ("frozen", lambda s: s.freeze_pct, 1),
    ]
    rows = []
    for bridge, here in _by_phase(result.phases).items():
        figures = [([_extreme(b, read, max) for b in here], digits) for _, read, digits in columns]
        if any(value for values, _ in figures for value in values):
            cells = [Cell(say.number(v, digits)) for values, digits in figures for v in values]
            rows.append([Cell(say.bridge(bridge)), *cells])
    if rows:
        yield _phase_table("video table", [key for key, *_ in columns], rows, result.phases, say)
        yield Par(say("video note"), note=True)
    elif any(s.frames_sent is not None for s in result.streams):
        yield Par(say("no bad video"))


def _phase_table(
    caption: str,
    keys: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    phases: Sequence[Phase],
    say: AnnexWording,
) -> Table:
    """A bridge a row, and for each key a column a phase."""
    count = len(phases)
    heads = [Head(say(key), columns=count) for key in keys]
    return Table(
        caption=say(caption),
        head=[
            [Head(say("bridge"), rows=2), *heads],
            [Head(say.phase(p.name)) for _ in keys for p in phases],
        ],
        rows=rows,
        widths=[41, *[122 / (len(keys) * count)] * (len(keys) * count)],
        aligns=aligned("left", "right", len(keys) * count),
        small=True,
    )


def _by_phase(phases: Sequence[Phase]) -> dict[str, list[BridgeResult | None]]:
    found = [{bridge.id: bridge for bridge in phase.bridges} for phase in phases]
    order = dict.fromkeys(key for each in found for key in each)
    return {bridge: [each.get(bridge) for each in found] for bridge in order}


def _extreme(
    bridge: BridgeResult | None, read: Read, worst: Callable[[list[float]], float]
) -> float | None:
    values = [value for s in bridge.streams if (value := read(s)) is not None] if bridge else []
    return worst(values) if values else None


def _bad_frames(stream: StreamResult) -> int | None:
    """Frames that were not shown: lost, built on one that was, or too late."""
    if stream.frames_lost is None or stream.frames_undecodable is None:
        return None
    return stream.frames_lost + stream.frames_undecodable + (stream.frames_late or 0)
