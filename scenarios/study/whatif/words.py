"""What a variant changes, buys and lowers, in words: a line a thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from giaoban.results.report.display_names import DisplayNames
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.whatif.apply import kept_pace_s
from giaoban.scenarios.study.whatif.variant import Variant
from giaoban.sentence import N_, Sentence, message

MANY = 4
"""More bridges than this are told as a number."""


def changes(
    variant: Variant,
    question: Question,
    rates: dict[str, float],
    names: Mapping[str, str],
    link_ends: Mapping[str, tuple[str, str]],
) -> list[Sentence]:
    """What differs from the scenario; `rates` are its links' in Mb/s, `names` what people call
    nodes and links, and `link_ends` the routers of links, those that have failed too."""
    named = DisplayNames(names=names, link_ends=link_ends)
    return [
        *_bridges(question),
        *_device(variant, question),
        *_calls(variant, question),
        *_links(variant, question, rates, named),
        *_new_links(variant, named),
        *_without(variant, named),
        *_meetings(variant, named),
        *_pace(variant, question),
    ]


def purchases(
    variant: Variant,
    question: Question,
    rates: dict[str, float],
    names: Mapping[str, str],
    link_ends: Mapping[str, tuple[str, str]],
) -> list[Sentence]:
    """Return those of the changes that have to be bought: a device, faster lines, new links.

    The arguments are those of `changes`.
    """
    named = DisplayNames(names=names, link_ends=link_ends)
    faster = [
        change
        for change in variant.links
        if change.rate_mbps is not None and change.rate_mbps > rates.get(change.link, 0.0)
    ]
    bought = variant.model_copy(update={"links": faster})
    return [
        *_device(variant, question),
        *_links(bought, question, rates, named),
        *_new_links(variant, named),
    ]


def _bridges(question: Question) -> Iterator[Sentence]:
    new = [call.name for call in question.plan.calls if call.new]
    if not new:
        return
    if len(new) <= MANY:
        names = ", ".join(new)
        yield message(N_("new bridges: {names}"), names=names)
    else:
        yield message(N_("{n} new bridges"), n=len(new))


def _device(variant: Variant, question: Question) -> Iterator[Sentence]:
    if variant.device is not None or variant.cards is not None:
        yield message(N_("device: {name}"), name=question.plan.device.name)


def _calls(variant: Variant, question: Question) -> Iterator[Sentence]:
    if variant.profile is not None:
        yield message(N_("calls: {name}"), name=question.plan.profile.name)


def _links(
    variant: Variant, question: Question, rates: dict[str, float], named: DisplayNames
) -> Iterator[Sentence]:
    policed = {link.id for link in question.plan.network.links if link.profiles}
    for change in variant.links:
        for name, value in change.figures().items():
            if name == "rate_mbps":
                old = rates.get(change.link)
                text = N_("{link}: {rate} Mb/s instead of {old}")
                if old is None:
                    text = N_("{link}: {rate} Mb/s")
                elif change.link in policed and value < old:
                    text = N_("{link}: shaped at its ends to {rate} Mb/s instead of {old}")
                yield message(text, link=named.link(change.link), rate=float(value), old=old)
            else:
                text = N_("{link}: {name} = {value}")
                where = named.link(change.link)
                yield message(text, link=where, name=name, value=float(value))


def _new_links(variant: Variant, named: DisplayNames) -> Iterator[Sentence]:
    for link in variant.new_links:
        yield message(
            N_("new link {ends}: {rate} Mb/s, {km} km"),
            ends=message("{a} – {b}", a=named.thing(link.a), b=named.thing(link.b)),
            rate=link.rate_mbps,
            km=link.km,
        )


def _without(variant: Variant, named: DisplayNames) -> Iterator[Sentence]:
    for name in variant.without:
        yield message(N_("without {name}"), name=named.link_or_router(name))


def _meetings(variant: Variant, named: DisplayNames) -> Iterator[Sentence]:
    for meeting in variant.meetings:
        text = N_("another meeting of {calls} {calls:call|calls}")
        if meeting.at:
            text = N_("another meeting of {calls} {calls:call|calls} at {router}")
        at = named.thing(meeting.at or "")
        yield message(text, calls=meeting.calls, router=at)


def _pace(variant: Variant, question: Question) -> Iterator[Sentence]:
    new = sum(call.new for call in question.plan.calls)
    if variant.pace_s is not None and new:
        pace_s = kept_pace_s(variant.pace_s, new)
        yield message(N_("bridges join {pace:g} s apart or more"), pace=pace_s)
