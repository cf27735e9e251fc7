"""Headroom in words: lines for a terminal, and `summary.md`."""

from __future__ import annotations

from giaoban.counting import Count
from results.model.headroom import Bottleneck, Headroom, Point
from results.report.markdown import escaped, table
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


def summary_md(answer: Headroom) -> str:
    """The text of `summary.md` (English, Markdown)."""
    answer = escaped(answer)
    lines = [
        f"# {headline(answer)}",
        "",
        answer.question_en,
        "",
        f"Calls at {answer.profile} on {answer.device_name}. Further bridges hang on all routers "
        "in turn, each on a line like those that there are; they join "
        f"{answer.pace_s:g} s apart or more. {known_by(answer)}.",
        "",
        "## What is in the way",
        "",
        "In this order; each line holds once the ones before it are lifted.",
        "",
        *(f"{n}. {bottleneck_line(b, answer)}" for n, b in enumerate(answer.bottlenecks, start=1)),
        "",
        "The device's admission is asked call by call, busiest seconds of links are added up; what "
        "is judged packet by packet says so.",
        "",
        "## Where",
        "",
        "If all further bridges hang on one router:",
        "",
    ]
    lines += table(
        ("district", "more", "then full", "with a larger device", "then full"),
        [
            (room.name, str(room.more), room.by, _count(room.links_more), room.links_by)
            for room in answer.districts
        ],
        right=(1, 3),
    )
    lines += ["Calls that each direction of a link still carries:", ""]
    lines += table(
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
    lines += ["## Devices", "", "More calls that a device would hold, links aside:", ""]
    lines += table(
        ("device", "more", "figures"),
        [
            (room.name, str(room.more), "assumed" if room.assumed else "")
            for room in answer.devices[:DEVICES]
        ],
        right=(1,),
    )
    lines += ["## Judged", ""]
    lines += table(
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
    lines += [
        "## Evidence",
        "",
        "- an estimate is no document for approval; emulations are in `confirmed/`",
        f"- run `{answer.run_id}`, seed {answer.inputs.seed}, code {answer.inputs.code}",
    ]
    for name in ("scenario", "province", "mcu", "criteria"):
        ref = getattr(answer.inputs, name)
        lines.append(f"- {name}: `{ref.path}` sha256 `{ref.sha256}`")
    return "\n".join(lines) + "\n"


def _count(more: int | None) -> str:
    return "any number" if more is None else str(more)


def _point(point: Point) -> str:
    final = point.final
    binds = "" if final.binding is None else f" by {final.binding.criterion}"
    if final.verdict == "pass":
        binds = ""
    verdict, _, known = said_by(final).partition(" (")
    return f"{point.more} more: {verdict}{binds} ({known}"
