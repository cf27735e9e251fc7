"""What a variant changes, in words: a line a thing, in English and Vietnamese."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from giaoban.counting import counted
from scenarios.spec.question import Question
from scenarios.study.whatif.variant import Variant

MANY = 4
"""More bridges than this are told as a number."""


class Line(NamedTuple):
    """One thing that differs."""

    en: str
    vi: str


def changes(variant: Variant, question: Question, rates: dict[str, float]) -> list[Line]:
    """What differs from the scenario; `rates` are its links' in Mb/s."""
    return [
        *_bridges(question),
        *_device(variant, question),
        *_links(variant, rates),
        *_meetings(variant),
        *_pace(variant, question),
    ]


def _bridges(question: Question) -> Iterator[Line]:
    new = [call.name for call in question.plan.calls if call.new]
    if not new:
        return
    if len(new) <= MANY:
        names = ", ".join(new)
        yield Line(f"new bridges: {names}", f"điểm cầu mới: {names}")
    else:
        yield Line(f"{len(new)} new bridges", f"{len(new)} điểm cầu mới")


def _device(variant: Variant, question: Question) -> Iterator[Line]:
    device, profile = question.plan.device, question.plan.profile
    if variant.device is not None or variant.cards is not None:
        yield Line(f"device: {device.name}", f"thiết bị: {device.name}")
    if variant.profile is not None:
        yield Line(f"calls: {profile.name}", f"cuộc gọi: {profile.name}")


def _links(variant: Variant, rates: dict[str, float]) -> Iterator[Line]:
    for change in variant.links:
        for name, value in change.figures().items():
            if name == "rate_mbps":
                old = rates.get(change.link)
                yield Line(
                    f"link {change.link}: {value:g} Mb/s"
                    + ("" if old is None else f" instead of {old:g}"),
                    f"tuyến {change.link}: {_vi(value)} Mb/s"
                    + ("" if old is None else f" thay cho {_vi(old)}"),
                )
            else:
                yield Line(
                    f"link {change.link}: {name} = {value:g}",
                    f"tuyến {change.link}: {name} = {_vi(value)}",
                )
    for link in variant.new_links:
        figures = f"{link.rate_mbps:g} Mb/s, {link.km:g} km"
        figures_vi = f"{_vi(link.rate_mbps)} Mb/s, {_vi(link.km)} km"
        yield Line(
            f"new link {link.a} – {link.b}: {figures}",
            f"tuyến mới {link.a} – {link.b}: {figures_vi}",
        )
    for name in variant.without:
        yield Line(f"without {name}", f"không có {name}")


def _meetings(variant: Variant) -> Iterator[Line]:
    for meeting in variant.meetings:
        at = f" at {meeting.at}" if meeting.at else ""
        at_vi = f" tại {meeting.at}" if meeting.at else ""
        yield Line(
            f"another meeting of {counted(meeting.calls, 'call')}{at}",
            f"thêm một cuộc họp {meeting.calls} điểm cầu{at_vi}",
        )


def _pace(variant: Variant, question: Question) -> Iterator[Line]:
    if variant.pace_s is not None and any(call.new for call in question.plan.calls):
        yield Line(
            f"bridges join {variant.pace_s:g} s apart or more",
            f"các điểm cầu vào họp cách nhau ít nhất {_vi(variant.pace_s)} giây",
        )


def _vi(value: float) -> str:
    return f"{value:g}".replace(".", ",")
