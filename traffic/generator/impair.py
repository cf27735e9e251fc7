"""Impairments of streams that no scenario describes: intervals, the same for every stream."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from giaoban import tomlfile
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel
from giaoban.traffic.generator.cycle import Cycle
from giaoban.traffic.generator.windows import Impairer
from giaoban.traffic.impairments import Interval, TraceLoss
from giaoban.traffic.rtp import template
from giaoban.traffic.sender.injection import Injector
from giaoban.traffic.sender.stream_plan import StreamPlan


class ImpairmentFile(StrictModel):
    """What happens to the packets of each stream, in seconds from the first one."""

    schema_: Literal["giaoban.impairments/1"] = Field(alias="schema")
    interval: Annotated[list[Interval], Field(min_length=1)]
    """Impairments from when to when; intervals do not overlap."""


def load_intervals(path: Path, seconds: float) -> list[Interval]:
    """Read and validate, for a sending of so many seconds.

    Raises:
        InputError: a key or value is wrong, a trace is named instead of written down, intervals
            overlap, or one begins after the end.
    """
    found = tomlfile.load(path, ImpairmentFile).interval
    wrong: list[tomlfile.Mistake] = []
    for number, interval in enumerate(found):
        loss = interval.what.loss
        place = ("interval", number)
        if interval.to_s is not None and interval.to_s <= interval.from_s:
            wrong.append(
                ((*place, "to_s"), interval.to_s, Sentence("is not after from_s (allowed: later)"))
            )
        if isinstance(loss, TraceLoss) and loss.file is not None:
            where = (*place, "what", "loss", "file")
            wrong.append((where, loss.file, Sentence("is not read here (allowed: runs)")))
        if interval.from_s >= seconds:
            what = Sentence(
                "begins after the sending (allowed: below {seconds} s)", seconds=f"{seconds:g}"
            )
            wrong.append(((*place, "from_s"), interval.from_s, what))
    in_order = sorted(enumerate(found), key=lambda one: one[1].from_s)
    for (_, before), (number, after) in pairwise(in_order):
        if before.to_s is None or after.from_s < before.to_s:
            what = Sentence("overlaps another interval (allowed: one at a time)")
            wrong.append((("interval", number, "from_s"), after.from_s, what))
    if wrong:
        raise tomlfile.mistakes(path, wrong)
    return found


def impairers(cycle: Cycle, intervals: list[Interval], seed: int, start_ns: int) -> list[Impairer]:
    """One for each of the cycle's streams, each with draws of its own."""
    return [
        Injector(
            StreamPlan(
                index=index,
                bridge="stream",
                kind="video",
                direction="up",
                header_hex=template(stream).hex(),
                ssrc=stream.ssrc,
                first_sequence=stream.first_sequence,
                first_timestamp=stream.first_timestamp,
                seed=seed * 65_536 + index,
                impairments=intervals,
            ),
            start_ns,
        ).apply
        for index, stream in enumerate(cycle.ids)
    ]
