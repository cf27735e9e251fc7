"""Headroom in words: what a terminal shows, and `summary.md`."""

from __future__ import annotations

from collections.abc import Iterator

from giaoban.results.model.places import Place
from giaoban.results.model.studies.headroom import Bottleneck, Headroom, Point
from giaoban.results.report.display_names import DisplayNames
from giaoban.results.report.document import TONES, Block, Bullets, Heading, Par, Table, pars, table
from giaoban.results.report.evidence_list import NO_DOCUMENT, evidence
from giaoban.results.report.markdown import markdown
from giaoban.results.report.summaries.whatif_summary import criterion, said_by
from giaoban.results.report.summaries.whatif_summary import known_by as known
from giaoban.results.report.unmodelled_words import unrated_sound
from giaoban.results.report.wording import VERDICTS, margin
from giaoban.sentence import Both, Sentence, joined
from giaoban.translation import SOURCE, Language, pgettext, translator

DEVICES = 12
"""Devices listed in the summary; the file has all."""
ADDED_UP = Sentence(
    "The device's admission is asked call by call, busiest seconds of links are added up; what is "
    "judged packet by packet says so."
)
BY_SUMS_ALONE = Sentence(
    "At one router by these sums alone: what delays and losses allow there is not judged. A "
    "variant with more and more_at of giaoban whatif judges it."
)


def headline(answer: Headroom) -> Sentence:
    if answer.verdict == "invalid":
        return Sentence("INVALID – an emulation came to no result, so there is no answer")
    if answer.verdict == "undecided":
        return Sentence(
            "UNDECIDED – at {n} more {n:bridge|bridges} some seeds fail, and too few were judged",
            n=answer.more + 1,
        )
    if answer.more < 0:
        return Sentence("FAIL – the bridges that there are do not meet the criteria by themselves")
    if not answer.more:
        return Sentence(
            "FAIL – no more bridge fits beside the {existing} that there {existing:is|are}",
            existing=answer.existing,
        )
    return Sentence(
        "PASS – {n} more {n:bridge fits|bridges fit} beside the {existing} that there "
        "{existing:is|are} ({whole} in all)",
        n=answer.more,
        existing=answer.existing,
        whole=answer.existing + answer.more,
    )


def known_by(answer: Headroom) -> Sentence:
    """By what the answer is known: its own verdict and its neighbour's."""
    points = [answer.point(more) for more in (answer.more, answer.more + 1)]
    return joined("; ", [_point(point) for point in points if point is not None])


def bottleneck_line(item: Bottleneck, answer: Headroom) -> Sentence:
    where = _where(item, answer)
    if item.method != "arithmetic":
        where = Sentence("{place} (packet by packet)", place=where)
    return Sentence(
        "{more} more: then {criterion} at {place}",
        more=item.more,
        criterion=_named(item.criterion, answer),
        place=where,
    )


def _where(item: Bottleneck, answer: Headroom) -> Sentence:
    if item.thing == "link" and item.direction:
        return DisplayNames(names=answer.names).direction(item.id, item.direction)
    return _stream(item, answer) if item.thing == "stream" else Sentence(item.name)


def _stream(item: Bottleneck, answer: Headroom) -> Sentence:
    """What listeners get, which answers have as `Cư Jút audio down`."""
    name = answer.names.get(item.id, item.id)
    detail = item.name.removeprefix(name).strip()
    return DisplayNames(names=answer.names).place(
        Place(kind="bridge", id=item.id, detail=detail or None)
    )


def _named(ident: str, answer: Headroom) -> Sentence:
    """A criterion by its name, as what was judged has it."""
    every = (margin for point in answer.points for margin in point.final.margins)
    names = {margin.criterion: Both(margin.name_en, margin.name_vi) for margin in every}
    return names.get(ident, Sentence(ident))


def brief(answer: Headroom) -> Iterator[Block]:
    """What a terminal shows: the number, what is in the way, routers."""
    yield Par(headline(answer), bold=True, tone=TONES[answer.verdict])
    said = known_by(answer)
    if answer.more > 0:
        said = Sentence(
            "{known}; they join {pace:g} s apart or more", known=said, pace=answer.pace_s
        )
    yield Par(said)
    yield _bottlenecks(answer)
    yield _routers(answer)
    yield from pars([ADDED_UP, *_not_by_router(answer)], "quiet")
    yield from pars(unrated_sound(answer.not_judged), "quiet")


def _bottlenecks(answer: Headroom) -> Bullets:
    return Bullets([bottleneck_line(b, answer) for b in answer.bottlenecks], numbered=True)


def _not_by_router(answer: Headroom) -> Iterator[Sentence]:
    """What the numbers by router leave out, and where it ends the growth at all of them in turn."""
    yield BY_SUMS_ALONE
    first = answer.bottlenecks[0] if answer.bottlenecks else None
    if first is not None and first.thing == "stream":
        yield Sentence(
            "At all routers in turn it ends before anything is full, by {criterion} at {place}: so "
            "it may at one router, before the number that the table has.",
            criterion=_named(first.criterion, answer),
            place=_where(first, answer),
        )


def _routers(answer: Headroom) -> Table:
    named = DisplayNames(names=answer.names)
    return table(
        (
            *(Sentence("router"), Sentence("more by sums, all there"), Sentence("then full")),
            *(Sentence("with a larger device"), Sentence("then full")),
        ),
        [
            (
                room.name,
                str(room.more),
                named.filled(room.by),
                _count(room.links_more),
                named.filled(room.links_by),
            )
            for room in answer.routers
        ],
        right=(1, 3),
    )


def summary_md(answer: Headroom, language: Language = SOURCE) -> str:
    return markdown(summary(answer), translator(language).say)


def summary(answer: Headroom) -> Iterator[Block]:
    named = DisplayNames(names=answer.names)
    yield Heading(headline(answer), 0)
    yield Par(Both(answer.question_en, answer.question_vi))
    yield Par(
        Sentence(
            "Calls at {profile} on {device}. Further bridges hang on all routers in turn, each on "
            "a line like those that there are; they join {pace:g} s apart or more. {known}.",
            profile=answer.names.get(answer.profile, answer.profile),
            device=answer.device_name,
            pace=answer.pace_s,
            known=known_by(answer),
        )
    )
    yield Heading(Sentence("What is in the way"))
    yield Par(Sentence("In this order; each line holds once the ones before it are lifted."))
    yield _bottlenecks(answer)
    yield Par(ADDED_UP)
    yield from pars(unrated_sound(answer.not_judged))
    yield Heading(Sentence("Where"))
    yield Par(Sentence("If all further bridges hang on one router:"))
    yield _routers(answer)
    yield from pars(_not_by_router(answer))
    yield Par(Sentence("Calls that each direction of a link still carries:"))
    yield table(
        (
            *(Sentence("direction of a link"), Sentence(pgettext("link", "rate"))),
            *(Sentence("busiest second now"), Sentence("more calls")),
        ),
        [
            (
                named.direction(room.id, room.direction),
                Sentence("{rate:g} Mb/s", rate=room.rate_mbps),
                Sentence("{pct:.1f} %", pct=room.peak_pct),
                _count(room.more),
            )
            for room in answer.links
        ],
        right=(1, 2, 3),
    )
    yield Heading(Sentence("Devices"))
    yield Par(Sentence("More calls that a device would hold, links aside:"))
    yield table(
        (Sentence("device"), Sentence(pgettext("bridges", "more")), Sentence("figures")),
        [
            (room.name, str(room.more), Sentence("assumed") if room.assumed else "")
            for room in answer.devices[:DEVICES]
        ],
        right=(1,),
    )
    yield Heading(Sentence("Judged"))
    yield table(
        (
            *(Sentence(pgettext("bridges", "more")), Sentence(pgettext("table", "verdict"))),
            *(Sentence("binds"), Sentence("margin")),
        ),
        [
            (
                str(point.more),
                _said_by(point),
                "–" if point.final.binding is None else criterion(point.final, point.final.binding),
                "–" if point.final.binding is None else margin(point.final.binding.margin_pct),
            )
            for point in answer.points
        ],
        right=(0, 3),
    )
    yield Heading(Sentence("Evidence"))
    yield evidence(answer.run_id, answer.inputs, more=[NO_DOCUMENT])


def _said_by(point: Point) -> Sentence:
    """Return a point's verdict; of one that passes, whether only its own seed was judged."""
    words, judged = said_by(point.final), point.judged
    if point.confirmed is not None or judged.verdict != "pass" or judged.seeds is not None:
        return words
    return Sentence("{verdict}, own seed alone", verdict=words)


def _count(more: int | None) -> str:
    return Sentence("any number") if more is None else str(more)


def _point(point: Point) -> Sentence:
    final = point.final
    verdict, how = VERDICTS[final.verdict], known(final)
    if final.binding is None or final.verdict == "pass":
        return Sentence(
            "{more} more: {verdict} ({known})", more=point.more, verdict=verdict, known=how
        )
    return Sentence(
        "{more} more: {verdict} by {criterion} ({known})",
        more=point.more,
        verdict=verdict,
        criterion=criterion(final, final.binding),
        known=how,
    )
