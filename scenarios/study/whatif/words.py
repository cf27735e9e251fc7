"""What a variant changes, in words: a line a thing, in English and Vietnamese."""

from __future__ import annotations

from collections.abc import Iterator

from giaoban.counting import counted
from scenarios.spec.impairment_words import Words, decimal_vi
from scenarios.spec.question import Question
from scenarios.study.whatif.variant import Variant

MANY = 4
"""More bridges than this are told as a number."""


def changes(variant: Variant, question: Question, rates: dict[str, float]) -> list[Words]:
    """What differs from the scenario; `rates` are its links' in Mb/s."""
    return [
        *_bridges(question),
        *_device(variant, question),
        *_links(variant, rates),
        *_meetings(variant),
        *_pace(variant, question),
    ]


def _bridges(question: Question) -> Iterator[Words]:
    new = [call.name for call in question.plan.calls if call.new]
    if not new:
        return
    if len(new) <= MANY:
        names = ", ".join(new)
        yield Words(f"new bridges: {names}", f"điểm cầu mới: {names}")
    else:
        yield Words(f"{len(new)} new bridges", f"{len(new)} điểm cầu mới")


def _device(variant: Variant, question: Question) -> Iterator[Words]:
    device, profile = question.plan.device, question.plan.profile
    if variant.device is not None or variant.cards is not None:
        yield Words(f"device: {device.name}", f"thiết bị: {device.name}")
    if variant.profile is not None:
        yield Words(f"calls: {profile.name}", f"cuộc gọi: {profile.name}")


def _links(variant: Variant, rates: dict[str, float]) -> Iterator[Words]:
    for change in variant.links:
        for name, value in change.figures().items():
            if name == "rate_mbps":
                old = rates.get(change.link)
                yield Words(
                    f"link {change.link}: {value:g} Mb/s"
                    + ("" if old is None else f" instead of {old:g}"),
                    f"tuyến {change.link}: {decimal_vi(value)} Mb/s"
                    + ("" if old is None else f" thay cho {decimal_vi(old)}"),
                )
            else:
                yield Words(
                    f"link {change.link}: {name} = {value:g}",
                    f"tuyến {change.link}: {name} = {decimal_vi(value)}",
                )
    for link in variant.new_links:
        figures = f"{link.rate_mbps:g} Mb/s, {link.km:g} km"
        figures_vi = f"{decimal_vi(link.rate_mbps)} Mb/s, {decimal_vi(link.km)} km"
        yield Words(
            f"new link {link.a} – {link.b}: {figures}",
            f"tuyến mới {link.a} – {link.b}: {figures_vi}",
        )
    for name in variant.without:
        yield Words(f"without {name}", f"không có {name}")


def _meetings(variant: Variant) -> Iterator[Words]:
    for meeting in variant.meetings:
        at = f" at {meeting.at}" if meeting.at else ""
        at_vi = f" tại {meeting.at}" if meeting.at else ""
        yield Words(
            f"another meeting of {counted(meeting.calls, 'call')}{at}",
            f"thêm một cuộc họp {meeting.calls} điểm cầu{at_vi}",
        )


def _pace(variant: Variant, question: Question) -> Iterator[Words]:
    if variant.pace_s is not None and any(call.new for call in question.plan.calls):
        yield Words(
            f"bridges join {variant.pace_s:g} s apart or more",
            f"các điểm cầu vào họp cách nhau ít nhất {decimal_vi(variant.pace_s)} giây",
        )
