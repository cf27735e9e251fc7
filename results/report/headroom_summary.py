"""Headroom in words: what a terminal shows, and `summary.md`."""

from __future__ import annotations

from collections.abc import Iterator

from giaoban.counting import Count
from results.model.headroom import Bottleneck, Headroom, Point
from results.report.document import TONES, Block, Bullets, Heading, Par, Table, table
from results.report.evidence_list import NO_DOCUMENT, evidence
from results.report.markdown import markdown
from results.report.whatif_summary import margin, said_by

DEVICES = 12
"""Devices listed in the summary; the file has all."""


def headline(answer: Headroom) -> str:
    """How many more fit, in a line."""
    if answer.verdict == "invalid":
        return "INVALID – an emulation came to no result, so there is no answer"
    if answer.more < 0:
        return "FAIL – the bridges that there are do not meet the criteria by themselves"
    if not answer.more:
        return f"FAIL – no more bridge fits beside the {answer.existing} that there are"
    count = f"{answer.more} more {Count(answer.more):bridge fits|bridges fit}"
    whole = answer.existing + answer.more
    return f"PASS – {count} beside the {answer.existing} that there are ({whole} in all)"


def known_by(answer: Headroom) -> str:
    """By what the answer is known: its own verdict and its neighbour's."""
    said = []
    for more in (answer.more, answer.more + 1):
        point = answer.point(more)
        if point is not None:
            said.append(_point(point))
    return "; ".join(said)


def bottleneck_line(item: Bottleneck, answer: Headroom) -> str:
    """What is in the way, and where."""
    where = f"link {item.id} ({item.name})" if item.thing == "link" else item.name
    way = f", {item.direction}" if item.direction else ""
    how = "" if item.method == "arithmetic" else " (packet by packet)"
    return f"{item.more} more: then {item.criterion} at {where}{way}{how}"


def brief(answer: Headroom) -> Iterator[Block]:
    """What a terminal shows: the number, what is in the way, districts."""
    yield Par(headline(answer), bold=True, tone=TONES[answer.verdict])
    paced = f"; they join {answer.pace_s:g} s apart or more" if answer.more > 0 else ""
    yield Par(known_by(answer) + paced)
    yield _bottlenecks(answer)
    yield _districts(answer)


def _bottlenecks(answer: Headroom) -> Bullets:
    return Bullets([bottleneck_line(b, answer) for b in answer.bottlenecks], numbered=True)


def _districts(answer: Headroom) -> Table:
    return table(
        ("district", "more, all of them there", "then full", "with a larger device", "then full"),
        [
            (room.name, str(room.more), room.by, _count(room.links_more), room.links_by)
            for room in answer.districts
        ],
        right=(1, 3),
    )


def summary_md(answer: Headroom) -> str:
    """The text of `summary.md` (English, Markdown)."""
    return markdown(summary(answer))


def summary(answer: Headroom) -> Iterator[Block]:
    """All that a person wants to know of the headroom, in English."""
    yield Heading(headline(answer), 0)
    yield Par(answer.question_en)
    yield Par(
        f"Calls at {answer.profile} on {answer.device_name}. Further bridges hang on all routers "
        "in turn, each on a line like those that there are; they join "
        f"{answer.pace_s:g} s apart or more. {known_by(answer)}."
    )
    yield Heading("What is in the way")
    yield Par("In this order; each line holds once the ones before it are lifted.")
    yield _bottlenecks(answer)
    yield Par(
        "The device's admission is asked call by call, busiest seconds of links are added up; what "
        "is judged packet by packet says so."
    )
    yield Heading("Where")
    yield Par("If all further bridges hang on one router:")
    yield _districts(answer)
    yield Par("Calls that each direction of a link still carries:")
    yield table(
        ("link", "direction", "rate", "busiest second now", "more calls"),
        [
            (
                room.id,
                room.direction,
                f"{room.rate_mbps:g} Mb/s",
                f"{room.peak_pct:.1f} %",
                _count(room.more),
            )
            for room in answer.links
        ],
        right=(2, 3, 4),
    )
    yield Heading("Devices")
    yield Par("More calls that a device would hold, links aside:")
    yield table(
        ("device", "more", "figures"),
        [
            (room.name, str(room.more), "assumed" if room.assumed else "")
            for room in answer.devices[:DEVICES]
        ],
        right=(1,),
    )
    yield Heading("Judged")
    yield table(
        ("more", "verdict", "binds", "margin"),
        [
            (
                str(point.more),
                said_by(point.final),
                "–" if point.final.binding is None else point.final.binding.criterion,
                "–" if point.final.binding is None else margin(point.final.binding.margin_pct),
            )
            for point in answer.points
        ],
        right=(0, 3),
    )
    yield Heading("Evidence")
    yield evidence(answer.run_id, answer.inputs, more=[NO_DOCUMENT])


def _count(more: int | None) -> str:
    return "any number" if more is None else str(more)


def _point(point: Point) -> str:
    final = point.final
    binds = "" if final.binding is None else f" by {final.binding.criterion}"
    if final.verdict == "pass":
        binds = ""
    verdict, _, known = said_by(final).partition(" (")
    return f"{point.more} more: {verdict}{binds} ({known}"
