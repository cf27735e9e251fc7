"""The MCU's capacity used and left, and the load of links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from giaoban.results.judge.criteria import BESIDE_THE_RUN, LINK_PEAK
from giaoban.results.model.result import LinkResult, Phase, Result
from giaoban.results.report.annex.wording import AnnexWording
from giaoban.results.report.document import (
    Block,
    Cell,
    Head,
    Heading,
    Par,
    Table,
    aligned,
    capital,
    uncapital,
)
from giaoban.results.report.wording import shown_margin

LINKS_SHOWN = 10
"""Link directions in the table: the most loaded ones, the rest is in the result file."""
LEAST = 3
FULL_PCT = 100.0


def mcu(result: Result, say: AnnexWording) -> Iterator[Block]:
    """Units and ports used and left, and calls that were refused or given less."""
    yield Heading(say("mcu"))
    yield Par(say("device", device=say.of("mcu")))
    keys = (
        "phase", "share", "used of", "units", "units left", "ports", "ports left", "joined",
        "refused", "less",
    )  # fmt: skip
    yield Table(
        caption=say("mcu table"),
        head=[[Head(say(key)) for key in keys]],
        rows=[_mcu_row(phase, say) for phase in result.phases],
        widths=[15, 15, 27, 19, 15, 17, 13, 15, 14, 13],
        aligns=aligned("left", "center", len(keys) - 1),
        whole=True,
        small=True,
        ident="mcu-table",
    )
    yield Par(say("mcu note"), note=True)
    said = (
        ("refused list", _refused(result.phases, say)),
        ("less list", _given_less(result.phases, say)),
        ("commands", [say.command(command) for command in result.refused_commands]),
    )
    for key, items in said:
        if items:
            yield Par(say(key, items="; ".join(items)))


def _mcu_row(phase: Phase, say: AnnexWording) -> list[Cell]:
    mcu, number = phase.mcu, say.number
    texts = (
        say.phase(phase.name),
        say.percent(mcu.used_pct, 1),
        say.in_use(mcu),
        f"{number(mcu.units_used)} / {number(mcu.units_total)}",
        number(mcu.units_total - mcu.units_used),
        f"{number(mcu.ports_used)} / {number(mcu.ports_total)}",
        number(mcu.ports_total - mcu.ports_used),
        str(len(mcu.joined)),
        str(len(mcu.refused)),
        str(len(mcu.downspeeded)),
    )
    return [Cell(text) for text in texts]


def _refused(phases: Sequence[Phase], say: AnnexWording) -> list[str]:
    """One text for each reason, with the bridges it was given to."""
    by_code: dict[int, dict[str, None]] = {}
    for phase in phases:
        for call in phase.mcu.refused:
            by_code.setdefault(call.code, {})[say.bridge(call.bridge)] = None
    return [f"{say.refusal(code)}: {', '.join(who)}" for code, who in by_code.items()]


def _given_less(phases: Sequence[Phase], say: AnnexWording) -> list[str]:
    """One text for each step down, with the bridges it happened to."""
    by_step: dict[tuple[str, str], dict[str, None]] = {}
    for phase in phases:
        for call in phase.mcu.downspeeded:
            by_step.setdefault((call.asked, call.given), {})[say.bridge(call.bridge)] = None
    return [
        f"{say.resolution(asked)} → {say.resolution(given)}: {', '.join(who)}"
        for (asked, given), who in by_step.items()
    ]


class _Load(NamedTuple):
    """One direction of a link over all phases."""

    link: LinkResult
    peaks: list[float | None]
    drops: int

    @property
    def peak_pct(self) -> float:
        return max(peak or 0.0 for peak in self.peaks)


def _loads(phases: Sequence[Phase]) -> list[_Load]:
    """Return all directions, the most loaded first."""
    found: dict[tuple[str, str], _Load] = {}
    for index, phase in enumerate(phases):
        for link in phase.links:
            key = (link.id, link.direction)
            load = found.get(key) or _Load(link, [None] * len(phases), 0)
            load.peaks[index] = link.peak_pct
            found[key] = load._replace(drops=load.drops + link.dropped)
    return sorted(
        found.values(), key=lambda x: (-x.peak_pct, -x.drops, x.link.id, x.link.direction)
    )


def links(result: Result, say: AnnexWording) -> Iterator[Block]:
    """Yield the most loaded directions of links."""
    yield Heading(say("links"))
    loads = _loads(result.phases)
    shown = loads[:LINKS_SHOWN]
    count = len(result.phases)
    yield Table(
        caption=say("links table", shown=len(shown), count=len(loads)),
        head=[
            [
                Head(say("way"), rows=2),
                Head(say("rate"), rows=2),
                Head(say("peak"), columns=count),
                Head(say("drops"), rows=2),
            ],
            [Head(say.phase(phase.name)) for phase in result.phases],
        ],
        rows=[
            [
                Cell(capital(say.link(load.link.id, load.link.direction))),
                Cell(say.number(load.link.rate_mbps)),
                *(Cell(say.number(peak, 1)) for peak in load.peaks),
                Cell(say.number(load.drops)),
            ]
            for load in shown
        ],
        widths=[72, 22, *[54 / count] * count, 15],
        aligns=aligned("left", "right", count + 2),
        ident="links-table",
    )
    others = f" {say('links note of other traffic')}" if result.background else ""
    yield Par(f"{say('links note')}{others}", note=True)


def limits(result: Result, say: AnnexWording) -> Iterator[Block]:
    """What limits a further expansion: the MCU's room, the busiest link, the least margins."""
    if not result.is_judged:
        yield Par(say("limits invalid"))
        return
    # what people hear and see does not get worse by the mere number of bridges
    grows = result.binding is not None and result.binding.cause != "stream"
    if grows and (binding := say.binding(result.binding, result)):
        yield Par(binding)
    thresholds = {c.id: c.threshold for c in result.criteria}
    if result.phases:
        yield from _room(result, say)
        yield from _busiest(result, thresholds.get(LINK_PEAK), say)
    # how many seeds or meetings fail is no quantity that a further bridge uses up
    known = [c for c in result.criteria if c.margin_pct is not None and c.id not in BESIDE_THE_RUN]
    least = sorted(known, key=lambda c: c.margin_pct or 0.0)[:LEAST]
    if least:
        items = (
            f"{_lower(say.criterion(c))} ({say.percent(shown_margin(c.margin_pct))})" for c in least
        )
        yield Par(say("least", criteria="; ".join(items)))


def _room(result: Result, say: AnnexWording) -> Iterator[Block]:
    """How many more calls the device takes, as its admission said when the run was measured."""
    mcu, more, number = result.phases[-1].mcu, result.more_calls, say.number
    if more is None or not mcu.joined:
        return
    key = "room" if more.to_limit else "room past limit" if more.to_full else "no room"
    told = say(
        key,
        used=say.percent(mcu.used_pct, 1),
        of=say.in_use(mcu),
        limit=number(more.limit_pct),
        more=more.to_limit,
        most=more.to_full,
        resolution=say.resolution(more.resolution),
    )
    yield Par(told)


def _busiest(result: Result, limit_pct: float | None, say: AnnexWording) -> Iterator[Block]:
    loads = _loads(result.phases)
    if limit_pct is None or not loads:
        return
    load = loads[0]
    rate, peak = load.link.rate_mbps, load.peak_pct
    key = "busiest" if peak <= limit_pct else "busiest over"
    if limit_pct > FULL_PCT:  # no line carries more, whatever is allowed
        limit_pct = FULL_PCT
        key = "busiest" if peak < FULL_PCT else "busiest full"
    told = say(
        key,
        link=say.link_within(load.link.id, load.link.direction),
        pct=say.beside(peak, limit_pct),
        rate=say.number(rate),
        limit=say.number(limit_pct),
        left=say.number(rate * (limit_pct - peak) / 100, 1),
    )
    yield Par(told)


def _lower(text: str) -> str:
    """The first letter small, unless it begins a name."""
    return text if text[:2].isupper() else uncapital(text)
